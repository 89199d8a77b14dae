//! @NAME@: the share of rows on whose label (0 or 1) the score is right.

use assay_sdk::{
    seal, unseal, Batch, ByteReader, ByteWriter, Call, Component, Config, Error, Fold, Metric, Result, Roles, Schema, Sink,
    Source,
};

const MAGIC: &str = "@NAME@/1";

struct Accuracy {
    cut: f64,
}

/// Only counts, so that neither batches nor the order of merges matter.
struct State {
    label: usize, // where they stand in the batches
    score: usize,
    right: i64,
    rows: i64,
}

impl Component for Accuracy {
    const ID: &'static str = "@NAME@";
    fn new(config: &Config<'_>) -> Result<Self> {
        Ok(Accuracy { cut: config.f64_in("/cut", 0.0..=1.0)? })
    }
}

impl Fold for Accuracy {
    type State = State;
    type Row = Metric;

    fn begin(&self, _: &Call<'_>, schema: &Schema, roles: &Roles<'_>, _: Option<&Source<'_>>) -> Result<State> {
        let at = |role: &str| schema.require(&roles.require(role)?);
        Ok(State { label: at("label")?, score: at("score")?, right: 0, rows: 0 })
    }

    fn update(&self, _: &Call<'_>, state: &mut State, batch: &Batch<'_>) -> Result<()> {
        let (labels, scores) = (batch.column(state.label), batch.column(state.score));
        for row in 0..batch.rows() {
            let (label, score) = (labels.number(row)?, scores.number(row)?);
            if (label != 0.0 && label != 1.0) || score.is_nan() {
                let message = "a label must be 0 or 1 and a score must be a number";
                return Err(Error::invalid_data(message).row(row as i64));
            }
            state.right += i64::from((score >= self.cut) == (label == 1.0));
            state.rows += 1;
        }
        Ok(())
    }

    fn merge(&self, _: &Call<'_>, into: &mut State, from: &State) -> Result<()> {
        into.right += from.right;
        into.rows += from.rows;
        Ok(())
    }

    fn save(&self, _: &Call<'_>, state: &State, out: &Sink<'_>) -> Result<()> {
        let mut bytes = ByteWriter::new();
        bytes.i64(state.right);
        bytes.i64(state.rows);
        out.put("counts", "application/octet-stream", &seal(MAGIC, &bytes.take()))
    }

    fn restore(&self, call: &Call<'_>, schema: &Schema, roles: &Roles<'_>, saved: &Source<'_>) -> Result<State> {
        let mut state = self.begin(call, schema, roles, None)?;
        let stored = saved.bytes("counts")?;
        let mut bytes = ByteReader::new(unseal(MAGIC, &stored)?); // CORRUPT_ARTIFACT if altered
        state.right = bytes.i64()?;
        state.rows = bytes.i64()?;
        bytes.end()?;
        if state.right < 0 || state.right > state.rows {
            return Err(Error::corrupt("a count is out of range"));
        }
        Ok(state)
    }

    fn finish(&self, _: &Call<'_>, state: &State, _: Option<&Sink<'_>>) -> Result<Vec<Metric>> {
        if state.rows == 0 {
            return Err(Error::invalid_data("there are no rows to judge"));
        }
        Ok(vec![Metric {
            name: "accuracy".into(),
            value: state.right as f64 / state.rows as f64,
            n: state.rows,
            higher_is_better: true,
            ..Metric::default()
        }])
    }
}

assay_sdk::plugin! { manifest: include_bytes!("../manifest.json"), components: [Accuracy: [fold]] }

#[cfg(test)]
mod tests {
    use super::*;
    use assay_sdk::testing::{Rows, Setting, TestHost};
    use assay_sdk::{Field, Table, Type};

    #[test]
    fn half_of_the_rows_are_right() {
        let mut rows = Table::new(&Schema { fields: vec![Field::new("p", Type::F64), Field::new("y", Type::I64)] });
        for (score, label) in [(0.9, 1), (0.2, 0), (0.5, 0), (0.4, 1)] {
            rows.column(0).f64(score);
            rows.column(1).i64(label);
        }
        let host = TestHost::new();
        let accuracy: Accuracy = host.component(&[("/cut", Setting::F64(0.5))]).unwrap();
        let played = Rows { table: &rows, roles: vec![("label", "y"), ("score", "p")] };
        let found = host.fold_with(&accuracy, &played, None).unwrap();
        assert_eq!((found[0].value, found[0].n), (0.5, 4));
        assert!(host.fold(&accuracy, &rows, None).unwrap_err().message().contains("label"));
    }
}
