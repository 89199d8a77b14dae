//! @NAME@: finds columns with too many empty cells.

use assay_sdk::{
    seal, unseal, Batch, ByteReader, ByteWriter, Call, Component, Config, Finding, Error, Fold, Result, Roles, Schema, Severity, Sink, Source,
};

const MAGIC: &str = "@NAME@/1";

struct FewEmptyCells {
    most: f64,
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

impl Component for FewEmptyCells {
    const ID: &'static str = "@NAME@";
    fn new(config: &Config<'_>) -> Result<Self> {
        Ok(FewEmptyCells { most: config.f64_in("/most", 0.0..=1.0)? })
    }
}

impl Fold for FewEmptyCells {
    type State = Vec<Counts>;
    type Row = Finding;

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

    fn finish(&self, _: &Call<'_>, state: &Vec<Counts>, _: Option<&Sink<'_>>) -> Result<Vec<Finding>> {
        let found = state.iter().filter(|counts| share(counts.empty, counts.rows) > self.most);
        Ok(found
            .map(|counts| Finding {
                severity: Severity::Error,
                rule: "few_empty_cells".into(),
                column: counts.column.clone(),
                row_count: counts.empty,
                sample_rows: Vec::new(),
                message: format!("{} of {} cells are empty", counts.empty, counts.rows),
            })
            .collect())
    }
}

assay_sdk::plugin! { manifest: include_bytes!("../manifest.json"), components: [FewEmptyCells: [fold]] }

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
    fn a_column_with_too_many_empty_cells_is_found() {
        let host = TestHost::new();
        let validator: FewEmptyCells = host.component(&[("/most", Setting::F64(0.25))]).unwrap();
        assert!(host.fold(&validator, &rows(&[Some(1.0), None, Some(3.0), Some(4.0)]), None).unwrap().is_empty());
        let found = host.fold(&validator, &rows(&[Some(1.0), None, None]), None).unwrap();
        assert_eq!((found[0].column.as_str(), found[0].row_count), ("x", 2));
    }
}
