//! @NAME@: how much more or less often cells are empty than in the reference.

use assay_sdk::{
    seal, unseal, Batch, ByteReader, ByteWriter, Call, Component, Config, Drift, Error, Fold, Result, Roles, Schema, Sink, Source,
};

const MAGIC: &str = "@NAME@/1";

struct EmptyCells {
    threshold: f64,
}

/// Only counts, so that neither batches nor the order of merges matter.
#[derive(Default)]
struct Counts {
    column: String,
    rows: i64,
    empty: i64,
    reference_rows: i64, // none when there is no reference
    reference_empty: i64,
}

fn share(part: i64, all: i64) -> f64 {
    if all == 0 {
        return 0.0;
    }
    part as f64 / all as f64
}

fn load(source: &Source<'_>) -> Result<Vec<Counts>> {
    let stored = source.bytes("counts")?;
    let mut bytes = ByteReader::new(unseal(MAGIC, &stored)?); // CORRUPT_ARTIFACT if altered
    let mut state = Vec::new();
    for _ in 0..bytes.count(40)? {
        let counts = Counts {
            column: bytes.text()?,
            rows: bytes.i64()?,
            empty: bytes.i64()?,
            reference_rows: bytes.i64()?,
            reference_empty: bytes.i64()?,
        };
        let sound = |part: i64, all: i64| part >= 0 && part <= all;
        if !sound(counts.empty, counts.rows) || !sound(counts.reference_empty, counts.reference_rows) {
            return Err(Error::corrupt("a count is out of range"));
        }
        state.push(counts);
    }
    bytes.end()?;
    Ok(state)
}

impl Component for EmptyCells {
    const ID: &'static str = "@NAME@";
    fn new(config: &Config<'_>) -> Result<Self> {
        Ok(EmptyCells { threshold: config.f64_in("/threshold", 0.0..=1.0)? })
    }
}

impl Fold for EmptyCells {
    type State = Vec<Counts>;
    type Row = Drift;

    fn begin(
        &self,
        _: &Call<'_>,
        schema: &Schema,
        _: &Roles<'_>,
        reference: Option<&Source<'_>>,
    ) -> Result<Vec<Counts>> {
        let columns = schema.fields.iter().map(|field| field.name.clone());
        let mut state: Vec<Counts> = columns.map(|column| Counts { column, ..Counts::default() }).collect();
        if let Some(source) = reference {
            for known in load(source)? {
                for counts in state.iter_mut().filter(|counts| counts.column == known.column) {
                    counts.reference_rows = known.rows;
                    counts.reference_empty = known.empty;
                }
            }
        }
        Ok(state)
    }

    fn update(&self, _: &Call<'_>, state: &mut Vec<Counts>, batch: &Batch<'_>) -> Result<()> {
        for counts in state {
            let cells = batch.named(&counts.column)?;
            counts.rows += batch.rows() as i64;
            counts.empty += (0..batch.rows()).filter(|row| cells.is_null(*row)).count() as i64;
        }
        Ok(())
    }

    fn merge(&self, _: &Call<'_>, into: &mut Vec<Counts>, from: &Vec<Counts>) -> Result<()> {
        for (into, from) in into.iter_mut().zip(from) {
            into.rows += from.rows;
            into.empty += from.empty;
        }
        Ok(())
    }

    fn save(&self, _: &Call<'_>, state: &Vec<Counts>, out: &Sink<'_>) -> Result<()> {
        let mut bytes = ByteWriter::new();
        bytes.u64(state.len() as u64);
        for counts in state {
            bytes.text(&counts.column);
            [counts.rows, counts.empty, counts.reference_rows, counts.reference_empty].iter().for_each(|n| bytes.i64(*n));
        }
        out.put("counts", "application/octet-stream", &seal(MAGIC, &bytes.take()))
    }

    fn restore(&self, _: &Call<'_>, _: &Schema, _: &Roles<'_>, saved: &Source<'_>) -> Result<Vec<Counts>> {
        load(saved)
    }

    fn finish(&self, _: &Call<'_>, state: &Vec<Counts>, _: Option<&Sink<'_>>) -> Result<Vec<Drift>> {
        let compared = state.iter().filter(|counts| counts.reference_rows > 0);
        Ok(compared
            .map(|counts| {
                let before = share(counts.reference_empty, counts.reference_rows);
                let change = (share(counts.empty, counts.rows) - before).abs();
                Drift {
                    column: counts.column.clone(),
                    statistic: "change_of_empty_share".into(),
                    value: change,
                    p_value: None,
                    threshold: self.threshold,
                    drifted: change > self.threshold,
                    n_ref: counts.reference_rows,
                    n_cur: counts.rows,
                }
            })
            .collect())
    }
}

assay_sdk::plugin! { manifest: include_bytes!("../manifest.json"), components: [EmptyCells: [fold]] }

#[cfg(test)]
mod tests {
    use super::*;
    use assay_sdk::testing::{Setting, TestHost};
    use assay_sdk::{Field, Table, Type};

    fn rows(cells: &[Option<f64>]) -> Table {
        let mut table = Table::new(&Schema { fields: vec![Field::nullable("x", Type::F64)] });
        cells.iter().for_each(|cell| table.column(0).maybe_f64(*cell));
        table
    }

    #[test]
    fn a_column_that_lost_its_cells_has_drifted() {
        let host = TestHost::new();
        let detector: EmptyCells = host.component(&[("/threshold", Setting::F64(0.05))]).unwrap();
        let (before, now) = (rows(&[Some(1.0), Some(2.0), None, Some(4.0)]), rows(&[None, None]));
        let mut reference = host.saved(&detector, &before, None).unwrap();
        let half = host.saved(&detector, &rows(&[None]), Some(&reference)).unwrap();
        let (found, _) = host.merged(&detector, &now.schema(), &half, &half).unwrap();
        assert_eq!(found, host.fold(&detector, &now, Some(&reference)).unwrap());
        assert_eq!((found[0].value, found[0].drifted, found[0].n_cur), (0.75, true, 2));
        reference[0].1[9] ^= 1;
        assert!(host.fold(&detector, &now, Some(&reference)).is_err());
    }
}
