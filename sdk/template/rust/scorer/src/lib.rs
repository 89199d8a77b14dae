//! @NAME@: scores with weights that were made elsewhere. The model's entry weights.txt has a column and its weight in
//! each line.

use assay_sdk::{
    Batch, Call, Component, Config, Error, Field, Model, Result, Schema, Scorer, Source, Table, Type,
};

struct WeightedSum {
    offset: f64,
}

impl Component for WeightedSum {
    const ID: &'static str = "@NAME@";
    fn new(config: &Config<'_>) -> Result<Self> {
        Ok(WeightedSum { offset: config.f64_in("/offset", -1e6..=1e6)? })
    }
}

struct Weights {
    offset: f64,
    weights: Vec<(String, f64)>,
    at: Vec<usize>, // where the columns stand in the batches
}

fn weight(line: &str) -> Option<(String, f64)> {
    let mut words = line.split_whitespace();
    let (column, weight) = (words.next()?, words.next()?.parse::<f64>().ok()?);
    Some((column.to_string(), weight)).filter(|_| weight.is_finite() && words.next().is_none())
}

impl Scorer for WeightedSum {
    type Model = Weights;
    fn load(&self, _: &Call<'_>, stored: &Source<'_>) -> Result<Weights> {
        let text = String::from_utf8(stored.bytes("weights.txt")?).map_err(|_| Error::corrupt("it is no text"))?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let weights: Option<Vec<_>> = lines.map(weight).collect();
        let weights = weights.ok_or_else(|| Error::corrupt("weights.txt has a line that is no column and its weight"))?;
        Ok(Weights { offset: self.offset, weights, at: Vec::new() })
    }
}

impl Model for Weights {
    fn bind(&mut self, input: &Schema) -> Result<Schema> {
        self.at = self.weights.iter().map(|(column, _)| input.require(column)).collect::<Result<_>>()?;
        Ok(Schema { fields: vec![Field::new("prediction", Type::F64)] })
    }
    fn score(&self, _: &Call<'_>, batch: &Batch<'_>, out: &mut Table) -> Result<()> {
        let columns: Vec<_> = self.at.iter().map(|at| batch.column(*at)).collect();
        for row in 0..batch.rows() {
            let mut sum = self.offset;
            for (column, (_, weight)) in columns.iter().zip(&self.weights) {
                let value = column.number(row)?;
                if value.is_finite() {
                    sum += weight * value; // an empty cell adds nothing
                }
            }
            out.column(0).f64(sum);
        }
        Ok(())
    }
}

assay_sdk::plugin! { manifest: include_bytes!("../manifest.json"), components: [WeightedSum: [scorer]] }

#[cfg(test)]
mod tests {
    use super::*;
    use assay_sdk::testing::{Setting, TestHost};

    #[test]
    fn columns_are_added_up_by_their_weights() {
        let fields = vec![Field::nullable("y", Type::I64), Field::nullable("x", Type::F64)];
        let mut rows = Table::new(&Schema { fields });
        rows.column(0).i64(2);
        rows.column(0).i64(4);
        rows.column(1).f64(1.0);
        rows.column(1).null();
        let host = TestHost::new();
        let sum: WeightedSum = host.component(&[("/offset", Setting::F64(10.0))]).unwrap();
        let model = |text: &str| vec![("weights.txt".to_string(), text.as_bytes().to_vec())];
        assert_eq!(host.score(&sum, &model("x 2\ny -0.5\n"), &rows).unwrap(), vec![11.0, 8.0]);
        assert!(host.score(&sum, &model("z 1\n"), &rows).unwrap_err().message().contains("'z' is missing"));
        assert!(host.score(&sum, &model("x two\n"), &rows).is_err());
    }
}
