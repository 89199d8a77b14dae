//! @NAME@: learns the mean of the label over a share of the rows, and answers it for every row.

use assay_sdk::{
    seal, unseal, Batch, ByteReader, ByteWriter, Call, Component, Config, Error, Field, Host, Model, Random, Result, Schema,
    Scorer, Sink, Source, Table, Trainer, Training, Type,
};

const MAGIC: &str = "@NAME@/1";

struct MeanGuess {
    host: Host,
    scale: f64,
    share: f64,
}

impl Component for MeanGuess {
    const ID: &'static str = "@NAME@";
    fn new(config: &Config<'_>) -> Result<Self> {
        let (scale, share) = (config.f64_in("/scale", 0.0..=10.0)?, config.f64_in("/share", 0.01..=1.0)?);
        Ok(MeanGuess { host: config.host(), scale, share })
    }
}

impl Trainer for MeanGuess {
    fn fit(&self, call: &Call<'_>, data: &Training<'_>, model: &Sink<'_>) -> Result<()> {
        // By the call's seed; number n is the same however the rows are cut into batches.
        let random = Random::new(self.host, call, 0);
        let (mut sum, mut rows, mut n) = (0.0, 0.0, 0);
        // Polls for cancellation.
        data.train.scan(&[&data.train.label()?], |batch| {
            let labels = batch.column(0);
            for row in 0..batch.rows() {
                n += 1;
                if random.uniform(n - 1) >= self.share {
                    continue;
                }
                let label = labels.number(row)?; // null is NaN
                if !label.is_finite() {
                    return Err(Error::invalid_data("a label is missing or not a finite number").row(row as i64));
                }
                sum += label;
                rows += 1.0;
            }
            Ok(())
        })?;
        if rows == 0.0 {
            return Err(Error::invalid_data("there are no rows to learn from"));
        }
        call.metric("train_mean", 0, sum / rows);
        let mut out = ByteWriter::new();
        out.f64(self.scale * sum / rows);
        model.put("mean", "application/octet-stream", &seal(MAGIC, &out.take()))
    }
}

struct Mean {
    answer: f64,
}

impl Scorer for MeanGuess {
    type Model = Mean;
    fn load(&self, _: &Call<'_>, stored: &Source<'_>) -> Result<Mean> {
        let stored = stored.bytes("mean")?;
        let mut bytes = ByteReader::new(unseal(MAGIC, &stored)?); // CORRUPT_ARTIFACT if altered
        let mean = Mean { answer: bytes.f64()? };
        bytes.end()?;
        if !mean.answer.is_finite() {
            return Err(Error::corrupt("the mean is not finite")); // whoever can write it can seal it
        }
        Ok(mean)
    }
}

impl Model for Mean {
    // Check your columns here.
    fn bind(&mut self, _: &Schema) -> Result<Schema> {
        Ok(Schema { fields: vec![Field::new("prediction", Type::F64)] })
    }
    fn score(&self, _: &Call<'_>, batch: &Batch<'_>, out: &mut Table) -> Result<()> {
        (0..batch.rows()).for_each(|_| out.column(0).f64(self.answer));
        Ok(())
    }
}

assay_sdk::plugin! { manifest: include_bytes!("../manifest.json"), components: [MeanGuess: [trainer, scorer]] }

#[cfg(test)]
mod tests {
    use super::*;
    use assay_sdk::testing::{Rows, Setting, TestHost};

    #[test]
    fn every_row_gets_the_scaled_mean() {
        let mut table = Table::new(&Schema { fields: vec![Field::nullable("y", Type::F64)] });
        [0.0, 1.0, 2.0].iter().for_each(|label| table.column(0).f64(*label));
        let host = TestHost::new();
        let guess: MeanGuess = host.component(&[("/scale", Setting::F64(2.0)), ("/share", Setting::F64(1.0))]).unwrap();
        let mut model = host.fit(&guess, &Rows { table: &table, roles: vec![("label", "y")] }).unwrap();
        assert_eq!(host.score(&guess, &model, &table).unwrap(), vec![2.0; 3]);
        model[0].1[9] ^= 1;
        assert!(host.score(&guess, &model, &table).is_err());
        table.column(0).null();
        assert!(host.fit(&guess, &Rows { table: &table, roles: vec![("label", "y")] }).is_err());
    }
}
