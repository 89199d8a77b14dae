// SPDX-License-Identifier: Apache-2.0
//! Reading Arrow data: a `Schema` is a copy that you may keep; a `Batch` and its `Column`s are views of the host's
//! memory.

use std::ffi::CStr;
use std::marker::PhantomData;

use crate::abi::*;
use crate::error::{Error, Result};

/// Arrow formats g, l, b, u and +l of l. Anything else is `Other`: present, but not readable through `Column`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    F64,
    I64,
    Boolean,
    Utf8,
    ListI64,
    Other,
}

impl Type {
    pub fn name(self) -> &'static str {
        match self {
            Type::F64 => "f64",
            Type::I64 => "i64",
            Type::Boolean => "bool",
            Type::Utf8 => "utf8",
            Type::ListI64 => "list<i64>",
            Type::Other => "another type",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub kind: Type,
    pub nullable: bool,
}

impl Field {
    /// A column that holds no nulls.
    pub fn new(name: &str, kind: Type) -> Field {
        Field { name: name.into(), kind, nullable: false }
    }
    pub fn nullable(name: &str, kind: Type) -> Field {
        Field { name: name.into(), kind, nullable: true }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    pub fields: Vec<Field>,
}

impl Schema {
    /// Copies what `schema` (a struct) says; it stays the caller's.
    pub(crate) unsafe fn copy(schema: &ArrowSchema) -> Result<Schema> {
        if schema.release.is_none() || text(schema.format) != "+s" {
            let message = "the schema of a batch must be a struct (Arrow format +s)";
            return Err(Error::new(ASSAY_E_INVALID_ARGUMENT, message));
        }
        let mut fields = Vec::new();
        for i in 0..schema.n_children {
            let child = &**schema.children.offset(i as isize);
            fields.push(Field {
                name: text(child.name),
                kind: type_of(child),
                nullable: child.flags & ARROW_FLAG_NULLABLE != 0,
            });
        }
        Ok(Schema { fields })
    }
    /// The first column of this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
    /// As `find`, but a missing column is INVALID_DATA that names it and those that are there.
    pub fn require(&self, name: &str) -> Result<usize> {
        self.find(name).ok_or_else(|| {
            let there: Vec<&str> = self.fields.iter().take(20).map(|field| field.name.as_str()).collect();
            let message = format!("column '{}' is missing; there are {}", name, there.join(", "));
            Error::invalid_data(message).column(name)
        })
    }
}

unsafe fn text(raw: *const std::os::raw::c_char) -> String {
    if raw.is_null() {
        return String::new();
    }
    CStr::from_ptr(raw).to_string_lossy().into_owned()
}

unsafe fn type_of(schema: &ArrowSchema) -> Type {
    if !schema.dictionary.is_null() {
        return Type::Other;
    }
    match text(schema.format).as_str() {
        "g" => Type::F64,
        "l" => Type::I64,
        "b" => Type::Boolean,
        "u" => Type::Utf8,
        "+l" if schema.n_children == 1 && text((**schema.children).format) == "l" => Type::ListI64,
        _ => Type::Other,
    }
}

unsafe fn bit(bits: *const u8, i: i64) -> bool {
    (*bits.offset((i >> 3) as isize) >> (i & 7)) & 1 != 0
}

/// Some rows.
pub struct Batch<'a> {
    schema: &'a Schema,
    array: &'a ArrowArray,
}

impl<'a> Batch<'a> {
    /// # Safety
    /// `array` must be as the Arrow C data interface says, of the types of `schema`.
    pub unsafe fn new(schema: &'a Schema, array: &'a ArrowArray) -> Result<Batch<'a>> {
        if array.n_children != schema.fields.len() as i64 || array.length < 0 || array.offset < 0 {
            let message = format!(
                "a batch has {} columns, its schema {}",
                array.n_children,
                schema.fields.len()
            );
            return Err(Error::new(ASSAY_E_INVALID_ARGUMENT, message));
        }
        for (i, field) in schema.fields.iter().enumerate() {
            let child = &**array.children.add(i);
            if child.length < array.offset + array.length || child.offset < 0 || child.n_buffers < 1 {
                let message = format!("column '{}' is shorter than its batch", field.name);
                return Err(Error::new(ASSAY_E_INVALID_ARGUMENT, message).column(&field.name));
            }
        }
        Ok(Batch { schema, array })
    }
    pub fn rows(&self) -> usize {
        self.array.length as usize
    }
    pub fn columns(&self) -> usize {
        self.schema.fields.len()
    }
    pub fn schema(&self) -> &'a Schema {
        self.schema
    }
    /// Panics when there is no such column, as indexing does.
    pub fn column(&self, index: usize) -> Column<'a> {
        let field = &self.schema.fields[index];
        let array: &'a ArrowArray = unsafe { &**self.array.children.add(index) };
        let validity = |array: &ArrowArray| match array.null_count {
            0 => std::ptr::null(),
            _ if array.n_buffers < 1 => std::ptr::null(),
            _ => unsafe { *array.buffers as *const u8 },
        };
        Column {
            field,
            array,
            offset: self.array.offset + array.offset,
            rows: self.rows(),
            validity: validity(array),
            parent_validity: validity(self.array),
            parent_offset: self.array.offset,
            lent: PhantomData,
        }
    }
    /// INVALID_DATA when there is no such column.
    pub fn named(&self, name: &str) -> Result<Column<'a>> {
        Ok(self.column(self.schema.require(name)?))
    }
}

/// One column of a batch. Rows count from 0 whatever the Arrow offsets are; one past the last panics.
pub struct Column<'a> {
    field: &'a Field,
    array: &'a ArrowArray,
    offset: i64,
    rows: usize,
    validity: *const u8,
    parent_validity: *const u8,
    parent_offset: i64,
    lent: PhantomData<&'a [u8]>,
}

impl<'a> Column<'a> {
    pub fn name(&self) -> &'a str {
        &self.field.name
    }
    pub fn kind(&self) -> Type {
        self.field.kind
    }
    pub fn rows(&self) -> usize {
        self.rows
    }
    pub fn is_numeric(&self) -> bool {
        matches!(self.kind(), Type::F64 | Type::I64 | Type::Boolean)
    }
    pub fn is_null(&self, row: usize) -> bool {
        self.at(row);
        let (row, parent) = (row as i64, self.parent_validity);
        unsafe {
            (!self.validity.is_null() && !bit(self.validity, self.offset + row))
                || (!parent.is_null() && !bit(parent, self.parent_offset + row))
        }
    }
    /// The raw values of all rows; what stands in a null row is unspecified.
    pub fn f64s(&self) -> Result<&'a [f64]> {
        self.expect(Type::F64)?;
        Ok(unsafe { self.values() })
    }
    pub fn i64s(&self) -> Result<&'a [i64]> {
        self.expect(Type::I64)?;
        Ok(unsafe { self.values() })
    }
    /// f64, i64 and bool (0 or 1) as a double; null is NaN.
    pub fn number(&self, row: usize) -> Result<f64> {
        if self.is_null(row) {
            return Ok(f64::NAN);
        }
        unsafe {
            match self.kind() {
                Type::F64 => Ok(self.values::<f64>()[row]),
                Type::I64 => Ok(self.values::<i64>()[row] as f64),
                Type::Boolean => Ok(f64::from(u8::from(bit(self.buffer(1).cast(), self.at(row))))),
                _ => Err(self.wrong_type("a number")),
            }
        }
    }
    /// The text of one row that is not null; INVALID_DATA when it is not UTF-8.
    pub fn text(&self, row: usize) -> Result<&'a str> {
        self.expect(Type::Utf8)?;
        let at = self.at(row) as usize;
        let bytes = unsafe {
            let ends = self.buffer(1) as *const i32;
            let (from, to) = (*ends.add(at), *ends.add(at + 1));
            if to <= from || from < 0 {
                return Ok("");
            }
            std::slice::from_raw_parts((self.buffer(2) as *const u8).add(from as usize), (to - from) as usize)
        };
        std::str::from_utf8(bytes).map_err(|_| {
            Error::invalid_data(format!("column '{}' holds a text that is not UTF-8", self.name()))
                .column(self.name())
                .row(row as i64)
        })
    }

    fn at(&self, row: usize) -> i64 {
        assert!(row < self.rows, "row {} of {} in column '{}'", row, self.rows, self.name());
        self.offset + row as i64
    }
    unsafe fn buffer(&self, i: usize) -> *const std::os::raw::c_void {
        *self.array.buffers.add(i)
    }
    unsafe fn values<T>(&self) -> &'a [T] {
        if self.rows == 0 {
            return &[];
        }
        std::slice::from_raw_parts((self.buffer(1) as *const T).offset(self.offset as isize), self.rows)
    }
    fn wrong_type(&self, wanted: &str) -> Error {
        Error::invalid_data(format!("column '{}' is {}, not {}", self.name(), self.kind().name(), wanted))
            .column(self.name())
    }
    fn expect(&self, wanted: Type) -> Result<()> {
        if self.kind() == wanted {
            return Ok(());
        }
        Err(self.wrong_type(wanted.name()))
    }
}
