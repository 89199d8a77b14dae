// SPDX-License-Identifier: Apache-2.0
//! A drift detector: which share of a window's numbers lies outside of the range that the reference held. The same as
//! ../../out_of_range.cc: both write the same bytes, and a state of one is a reference for the other.

use assay_sdk::{
    seal, unseal, Batch, ByteReader, ByteWriter, Call, Component, Config, Drift, Error, Fold, Result, Roles, Schema, Sink,
    Source, Type,
};

const MAGIC: &str = "out-of-range/1";
const ENTRY: &str = "ranges";

#[derive(Clone)]
struct Range {
    rows: i64, // that hold a number
    low: f64,
    high: f64,
}

impl Range {
    fn new() -> Range {
        Range { rows: 0, low: f64::INFINITY, high: f64::NEG_INFINITY }
    }
    fn add(&mut self, value: f64) {
        self.rows += 1;
        // A zero of either sign is one number.
        self.low = self.low.min(value + 0.0);
        self.high = self.high.max(value + 0.0);
    }
    fn join(&mut self, other: &Range) {
        self.rows += other.rows;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }
    fn save(&self, out: &mut ByteWriter) {
        out.i64(self.rows);
        out.f64(self.low);
        out.f64(self.high);
    }
    fn load(stored: &mut ByteReader<'_>) -> Result<Range> {
        let out = Range { rows: stored.i64()?, low: stored.f64()?, high: stored.f64()? };
        if out.rows < 0 || (out.rows > 0) != (out.low <= out.high) {
            return Err(Error::corrupt("a range is none"));
        }
        Ok(out)
    }
}

struct Watched {
    name: String,
    seen: Range,
    reference: Range, // without rows when there is none
    outside: i64,
}

struct OutOfRange {
    threshold: f64,
}

fn load(source: &Source<'_>) -> Result<Vec<Watched>> {
    let stored = source.bytes(ENTRY)?;
    let mut bytes = ByteReader::new(unseal(MAGIC, &stored)?);
    let mut state = Vec::new();
    for _ in 0..bytes.count(64)? {
        let column = Watched {
            name: bytes.text()?,
            seen: Range::load(&mut bytes)?,
            reference: Range::load(&mut bytes)?,
            outside: bytes.i64()?,
        };
        if column.outside < 0 || column.outside > column.seen.rows {
            return Err(Error::corrupt("a count is out of range"));
        }
        state.push(column);
    }
    bytes.end()?;
    Ok(state)
}

impl Component for OutOfRange {
    const ID: &'static str = "out-of-range";
    fn new(config: &Config<'_>) -> Result<Self> {
        Ok(OutOfRange { threshold: config.f64_in("/threshold", 0.0..=1.0)? })
    }
}

impl Fold for OutOfRange {
    type State = Vec<Watched>;
    type Row = Drift;

    fn begin(
        &self,
        _: &Call<'_>,
        schema: &Schema,
        _: &Roles<'_>,
        reference: Option<&Source<'_>>,
    ) -> Result<Vec<Watched>> {
        let numbers = schema.fields.iter().filter(|field| matches!(field.kind, Type::F64 | Type::I64));
        let mut state: Vec<Watched> = numbers
            .map(|field| Watched {
                name: field.name.clone(),
                seen: Range::new(),
                reference: Range::new(),
                outside: 0,
            })
            .collect();
        if let Some(source) = reference {
            for known in load(source)? {
                for column in state.iter_mut().filter(|column| column.name == known.name) {
                    column.reference = known.seen.clone();
                }
            }
        }
        Ok(state)
    }

    fn update(&self, _: &Call<'_>, state: &mut Vec<Watched>, batch: &Batch<'_>) -> Result<()> {
        for watched in state {
            let column = batch.named(&watched.name)?;
            for row in 0..batch.rows() {
                let value = column.number(row)?;
                if value.is_nan() {
                    continue; // empty cells are another plugin's business
                }
                watched.seen.add(value);
                if value < watched.reference.low || value > watched.reference.high {
                    watched.outside += 1;
                }
            }
        }
        Ok(())
    }

    fn merge(&self, _: &Call<'_>, into: &mut Vec<Watched>, from: &Vec<Watched>) -> Result<()> {
        for (into, from) in into.iter_mut().zip(from) {
            into.seen.join(&from.seen);
            into.outside += from.outside;
        }
        Ok(())
    }

    fn save(&self, _: &Call<'_>, state: &Vec<Watched>, out: &Sink<'_>) -> Result<()> {
        let mut bytes = ByteWriter::new();
        bytes.u64(state.len() as u64);
        for column in state {
            bytes.text(&column.name);
            column.seen.save(&mut bytes);
            column.reference.save(&mut bytes);
            bytes.i64(column.outside);
        }
        out.put(ENTRY, "application/octet-stream", &seal(MAGIC, &bytes.take()))
    }

    fn restore(&self, _: &Call<'_>, _: &Schema, _: &Roles<'_>, saved: &Source<'_>) -> Result<Vec<Watched>> {
        load(saved)
    }

    fn finish(&self, _: &Call<'_>, state: &Vec<Watched>, _: Option<&Sink<'_>>) -> Result<Vec<Drift>> {
        let against = state.iter().filter(|column| column.reference.rows > 0);
        Ok(against
            .map(|column| {
                let share = if column.seen.rows == 0 { 0.0 } else { column.outside as f64 / column.seen.rows as f64 };
                Drift {
                    column: column.name.clone(),
                    statistic: "share_out_of_range".into(),
                    value: share,
                    p_value: None,
                    threshold: self.threshold,
                    drifted: share > self.threshold,
                    n_ref: column.reference.rows,
                    n_cur: column.seen.rows,
                }
            })
            .collect())
    }
}

assay_sdk::plugin! { manifest: include_bytes!("../../manifest.json"), components: [OutOfRange: [fold]] }
