// SPDX-License-Identifier: Apache-2.0
//! Writing Arrow data: a `Table` is filled column by column, or from the rows of one of the three fixed result tables.

use std::ffi::CString;
use std::os::raw::c_void;
use std::ptr;

use crate::abi::*;
use crate::batch::{Field, Schema, Type};
use crate::error::{Error, Result};

/// Values of one column, in Arrow's own layout. Appending another type than the column's panics: a plugin's bug.
#[derive(Clone, Debug)]
pub struct ColumnBuilder {
    field: Field,
    rows: usize,
    nulls: i64,
    valid: Vec<u8>,
    bits: Vec<u8>,
    f64s: Vec<f64>,
    i64s: Vec<i64>,
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl ColumnBuilder {
    fn new(field: Field) -> ColumnBuilder {
        let ends = if matches!(field.kind, Type::Utf8 | Type::ListI64) { vec![0] } else { vec![] };
        let (valid, bits, f64s, i64s, bytes) = Default::default();
        ColumnBuilder { field, rows: 0, nulls: 0, valid, bits, f64s, i64s, ends, bytes }
    }
    pub fn f64(&mut self, value: f64) {
        self.expect(Type::F64);
        self.f64s.push(value);
        self.present(true);
    }
    pub fn maybe_f64(&mut self, value: Option<f64>) {
        match value {
            Some(value) => self.f64(value),
            None => self.null(),
        }
    }
    pub fn i64(&mut self, value: i64) {
        self.expect(Type::I64);
        self.i64s.push(value);
        self.present(true);
    }
    pub fn boolean(&mut self, value: bool) {
        self.expect(Type::Boolean);
        push_bit(&mut self.bits, self.rows, value);
        self.present(true);
    }
    pub fn utf8(&mut self, value: &str) {
        self.expect(Type::Utf8);
        self.bytes.extend_from_slice(value.as_bytes());
        self.push_end(self.bytes.len());
        self.present(true);
    }
    pub fn list(&mut self, values: &[i64]) {
        self.expect(Type::ListI64);
        self.i64s.extend_from_slice(values);
        self.push_end(self.i64s.len());
        self.present(true);
    }
    pub fn null(&mut self) {
        match self.field.kind {
            Type::F64 => self.f64s.push(0.0),
            Type::I64 => self.i64s.push(0),
            Type::Boolean => push_bit(&mut self.bits, self.rows, false),
            Type::Utf8 => self.push_end(self.bytes.len()),
            Type::ListI64 => self.push_end(self.i64s.len()),
            Type::Other => {}
        }
        self.nulls += 1;
        self.present(false);
    }

    fn expect(&self, kind: Type) {
        let field = &self.field;
        assert!(field.kind == kind, "column '{}' takes {}, not {}", field.name, field.kind.name(), kind.name());
    }
    fn push_end(&mut self, end: usize) {
        assert!(end <= i32::MAX as usize, "column '{}' of a result is larger than 2 GiB", self.field.name);
        self.ends.push(end as i32);
    }
    fn present(&mut self, there: bool) {
        push_bit(&mut self.valid, self.rows, there);
        self.rows += 1;
    }
    fn export(self) -> ArrowArray {
        let (rows, nulls) = (self.rows as i64, self.nulls);
        let mut kept = Kept::default();
        // An array without nulls may leave out its validity.
        let mut buffers = vec![if nulls > 0 { kept.keep_bytes(self.valid) } else { ptr::null() }];
        let mut children = Vec::new();
        match self.field.kind {
            Type::F64 => buffers.push(kept.keep_f64s(self.f64s)),
            Type::I64 => buffers.push(kept.keep_i64s(self.i64s)),
            Type::Boolean => buffers.push(kept.keep_bytes(self.bits)),
            Type::Utf8 => {
                buffers.push(kept.keep_ends(self.ends));
                buffers.push(kept.keep_bytes(self.bytes));
            }
            Type::ListI64 => {
                buffers.push(kept.keep_ends(self.ends));
                let mut items = Kept::default();
                let count = self.i64s.len() as i64;
                let values = items.keep_i64s(self.i64s);
                children.push(items.array(count, 0, vec![ptr::null(), values], vec![]));
            }
            Type::Other => {}
        }
        kept.array(rows, nulls, buffers, children)
    }
}

fn push_bit(bits: &mut Vec<u8>, at: usize, value: bool) {
    if at % 8 == 0 {
        bits.push(0);
    }
    bits[at / 8] |= u8::from(value) << (at % 8);
}

/// Columns of equal length.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<ColumnBuilder>,
}

impl Table {
    pub fn new(schema: &Schema) -> Table {
        Table { columns: schema.fields.iter().cloned().map(ColumnBuilder::new).collect() }
    }
    /// Panics when there is no such column, as indexing does.
    pub fn column(&mut self, index: usize) -> &mut ColumnBuilder {
        &mut self.columns[index]
    }
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.rows)
    }
    pub fn schema(&self) -> Schema {
        Schema { fields: self.columns.iter().map(|column| column.field.clone()).collect() }
    }
    pub(crate) fn choose(&mut self, wanted: &[usize]) {
        self.columns = wanted.iter().map(|index| self.columns[*index].clone()).collect();
    }
    /// The rows as an Arrow struct array that owns them.
    pub fn into_array(self) -> Result<ArrowArray> {
        let rows = self.rows();
        for column in &self.columns {
            if column.rows != rows {
                let message = format!("column '{}' of a result has {} rows of {}", column.field.name, column.rows, rows);
                return Err(Error::internal(message));
            }
        }
        let children = self.columns.into_iter().map(ColumnBuilder::export).collect();
        Ok(Kept::default().array(rows as i64, 0, vec![ptr::null()], children))
    }
}

/// What an exported array points into.
#[derive(Default)]
struct Kept {
    bytes: Vec<Vec<u8>>,
    f64s: Vec<f64>,
    i64s: Vec<i64>,
    ends: Vec<i32>,
    buffers: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
}

// An empty Vec has no buffer; Arrow wants an aligned one all the same.
fn start_of<T>(values: &[T]) -> *const c_void {
    static NOTHING: u64 = 0;
    if values.is_empty() {
        return (&NOTHING as *const u64).cast();
    }
    values.as_ptr().cast()
}

impl Kept {
    fn keep_bytes(&mut self, bytes: Vec<u8>) -> *const c_void {
        let at = start_of(&bytes);
        self.bytes.push(bytes);
        at
    }
    fn keep_f64s(&mut self, values: Vec<f64>) -> *const c_void {
        self.f64s = values;
        start_of(&self.f64s)
    }
    fn keep_i64s(&mut self, values: Vec<i64>) -> *const c_void {
        self.i64s = values;
        start_of(&self.i64s)
    }
    fn keep_ends(&mut self, values: Vec<i32>) -> *const c_void {
        self.ends = values;
        start_of(&self.ends)
    }
    fn array(mut self, rows: i64, nulls: i64, buffers: Vec<*const c_void>, children: Vec<ArrowArray>) -> ArrowArray {
        self.buffers = buffers;
        self.children = children.into_iter().map(|child| Box::into_raw(Box::new(child))).collect();
        let kept = Box::into_raw(Box::new(self));
        let (buffers, children) = unsafe { (&mut (*kept).buffers, &mut (*kept).children) };
        ArrowArray {
            length: rows,
            null_count: nulls,
            offset: 0,
            n_buffers: buffers.len() as i64,
            n_children: children.len() as i64,
            buffers: buffers.as_mut_ptr(),
            children: children.as_mut_ptr(),
            dictionary: ptr::null_mut(),
            release: Some(release_array),
            private_data: kept.cast(),
        }
    }
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    let kept = Box::from_raw((*array).private_data as *mut Kept);
    for child in &kept.children {
        let mut child = Box::from_raw(*child);
        // None when it was moved out, as Arrow allows.
        if let Some(release) = child.release {
            release(&mut *child);
        }
    }
    (*array).release = None;
}

struct KeptSchema {
    _format: CString,
    _name: CString,
    children: Vec<*mut ArrowSchema>,
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    let kept = Box::from_raw((*schema).private_data as *mut KeptSchema);
    for child in &kept.children {
        let mut child = Box::from_raw(*child);
        if let Some(release) = child.release {
            release(&mut *child);
        }
    }
    (*schema).release = None;
}

fn one_schema(format: &str, name: &str, flags: i64, children: Vec<ArrowSchema>) -> ArrowSchema {
    let c_string = |text: &str| CString::new(text.replace('\0', "?")).expect("no zero byte is left");
    let (format, name) = (c_string(format), c_string(name));
    let (format_at, name_at) = (format.as_ptr(), name.as_ptr());
    let children = children.into_iter().map(|child| Box::into_raw(Box::new(child))).collect();
    let kept = Box::into_raw(Box::new(KeptSchema { _format: format, _name: name, children }));
    let children = unsafe { &mut (*kept).children };
    ArrowSchema {
        format: format_at,
        name: name_at,
        metadata: ptr::null(),
        flags,
        n_children: children.len() as i64,
        children: children.as_mut_ptr(),
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: kept.cast(),
    }
}

impl Schema {
    /// The same as an Arrow schema of a struct.
    pub fn export(&self) -> ArrowSchema {
        let child = |field: &Field| {
            let (format, items) = match field.kind {
                Type::F64 => ("g", vec![]),
                Type::I64 => ("l", vec![]),
                Type::Boolean => ("b", vec![]),
                Type::Utf8 => ("u", vec![]),
                Type::ListI64 => ("+l", vec![one_schema("l", "item", 0, vec![])]),
                Type::Other => ("n", vec![]),
            };
            one_schema(format, &field.name, if field.nullable { ARROW_FLAG_NULLABLE } else { 0 }, items)
        };
        one_schema("+s", "", 0, self.fields.iter().map(child).collect())
    }
}

/// A row of one of the three fixed result tables.
pub trait Row {
    /// The id of the capability whose table it is.
    const CAPABILITY: &'static str;
    fn schema() -> Schema;
    fn append(&self, table: &mut Table);
}

/// What an evaluator answers. An empty slice is all rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    pub name: String,
    pub value: f64,
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub slice: String,
    pub n: i64,
    pub higher_is_better: bool,
}

/// What a drift detector answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    pub column: String,
    pub statistic: String,
    pub value: f64,
    pub p_value: Option<f64>,
    pub threshold: f64,
    pub drifted: bool,
    pub n_ref: i64,
    pub n_cur: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// What a validator answers. An empty column is the whole table.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub severity: Severity,
    pub rule: String,
    pub column: String,
    pub row_count: i64,
    pub sample_rows: Vec<i64>,
    pub message: String,
}

impl Row for Metric {
    const CAPABILITY: &'static str = ASSAY_CAP_EVALUATOR_V1;
    fn schema() -> Schema {
        Schema {
            fields: vec![
                Field::new("name", Type::Utf8),
                Field::new("value", Type::F64),
                Field::nullable("ci_low", Type::F64),
                Field::nullable("ci_high", Type::F64),
                Field::new("slice", Type::Utf8),
                Field::new("n", Type::I64),
                Field::new("higher_is_better", Type::Boolean),
            ],
        }
    }
    fn append(&self, table: &mut Table) {
        table.column(0).utf8(&self.name);
        table.column(1).f64(self.value);
        table.column(2).maybe_f64(self.ci_low);
        table.column(3).maybe_f64(self.ci_high);
        table.column(4).utf8(&self.slice);
        table.column(5).i64(self.n);
        table.column(6).boolean(self.higher_is_better);
    }
}

impl Row for Drift {
    const CAPABILITY: &'static str = ASSAY_CAP_DRIFT_V1;
    fn schema() -> Schema {
        Schema {
            fields: vec![
                Field::new("column", Type::Utf8),
                Field::new("statistic", Type::Utf8),
                Field::new("value", Type::F64),
                Field::nullable("p_value", Type::F64),
                Field::new("threshold", Type::F64),
                Field::new("drifted", Type::Boolean),
                Field::new("n_ref", Type::I64),
                Field::new("n_cur", Type::I64),
            ],
        }
    }
    fn append(&self, table: &mut Table) {
        table.column(0).utf8(&self.column);
        table.column(1).utf8(&self.statistic);
        table.column(2).f64(self.value);
        table.column(3).maybe_f64(self.p_value);
        table.column(4).f64(self.threshold);
        table.column(5).boolean(self.drifted);
        table.column(6).i64(self.n_ref);
        table.column(7).i64(self.n_cur);
    }
}

impl Row for Finding {
    const CAPABILITY: &'static str = ASSAY_CAP_VALIDATOR_V1;
    fn schema() -> Schema {
        Schema {
            fields: vec![
                Field::new("severity", Type::Utf8),
                Field::new("rule", Type::Utf8),
                Field::new("column", Type::Utf8),
                Field::new("row_count", Type::I64),
                Field::new("sample_rows", Type::ListI64),
                Field::new("message", Type::Utf8),
            ],
        }
    }
    fn append(&self, table: &mut Table) {
        let severity = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        table.column(0).utf8(severity);
        table.column(1).utf8(&self.rule);
        table.column(2).utf8(&self.column);
        table.column(3).i64(self.row_count);
        table.column(4).list(&self.sample_rows);
        table.column(5).utf8(&self.message);
    }
}
