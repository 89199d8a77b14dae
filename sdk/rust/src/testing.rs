// SPDX-License-Identifier: Apache-2.0
//! A host in memory, for unit tests of components: calls, settings, rows and bundles, through the same structs that a
//! real host uses.
//!
//! ```text
//! let mut rows = Table::new(&Schema { fields: vec![Field::new("x", Type::F64)] });
//! rows.column(0).f64(1.5);
//! let host = TestHost::new();
//! let detector = host.component::<Mine>(&[("/share", Setting::F64(0.1))]).unwrap();
//! let answer = host.fold(&detector, &rows, None).unwrap();
//! ```

use std::cell::RefCell;
use std::mem::{size_of, zeroed};
use std::os::raw::{c_int, c_void};

use crate::abi::*;
use crate::batch::{Batch, Schema};
use crate::error::Result;
use crate::host::*;
use crate::plugin::{Component, Fold, Model, Scorer, Trainer, Training};
use crate::table::Table;

/// Stored entries by name, in the order they were written.
pub type Bundle = Vec<(String, Vec<u8>)>;

/// A setting's value.
#[derive(Clone, Debug)]
pub enum Setting {
    F64(f64),
    I64(i64),
    Boolean(bool),
    Text(String),
}

/// Rows, and which columns play which part.
pub struct Rows<'a> {
    pub table: &'a Table,
    pub roles: Vec<(&'a str, &'a str)>,
}

/// Lends everything that an operation needs. `stop` makes every operation see a cancel.
pub struct TestHost {
    pub seed: u64,
    pub stop: bool,
}

impl Default for TestHost {
    fn default() -> TestHost {
        TestHost { seed: 1, stop: false }
    }
}

impl TestHost {
    pub fn new() -> TestHost {
        TestHost::default()
    }
    fn raw_call(&self) -> assay_call {
        unsafe extern "C" fn should_stop(call: *const assay_call) -> assay_status {
            let host = &*((*call).host_data as *const TestHost);
            if host.stop { ASSAY_E_CANCELLED } else { ASSAY_OK }
        }
        let mut raw: assay_call = unsafe { zeroed() };
        raw.struct_size = size_of::<assay_call>() as u32;
        raw.seed = self.seed;
        raw.max_threads = 1;
        raw.host_data = self as *const TestHost as *mut c_void;
        raw.should_stop = Some(should_stop);
        raw
    }
    /// A component with exactly these settings, by JSON pointer.
    pub fn component<C: Component>(&self, settings: &[(&str, Setting)]) -> Result<C> {
        let settings: Vec<(String, Setting)> =
            settings.iter().map(|(pointer, value)| (pointer.to_string(), value.clone())).collect();
        let mut raw: assay_config = unsafe { zeroed() };
        raw.struct_size = size_of::<assay_config>() as u32;
        raw.host_data = &settings as *const _ as *mut c_void;
        raw.json = raw_str("{}");
        raw.get_f64 = Some(get_f64);
        raw.get_i64 = Some(get_i64);
        raw.get_bool = Some(get_bool);
        raw.get_str = Some(get_str);
        // Without services: what comes of `Random` and `Scratch` is the same.
        C::new(&unsafe { Config::new(&raw) })
    }
    /// Trains and answers the model.
    pub fn fit<C: Trainer>(&self, component: &C, rows: &Rows<'_>) -> Result<Bundle> {
        let raw = self.raw_call();
        let call = unsafe { Call::new(&raw) };
        let (lent, store) = (LentRows::new(rows), RefCell::new(Bundle::new()));
        let (dataset, sink) = (lent.dataset(), sink_into(&store));
        unsafe {
            let data = Training { train: Dataset::new(call, &dataset), valid: None, warm_start: None };
            component.fit(&call, &data, &Sink::new(call, &sink))?;
        }
        Ok(store.into_inner())
    }
    /// Loads a model, binds it to the columns of `rows`, scores them and answers the first output column.
    pub fn score<C: Scorer>(&self, component: &C, model: &Bundle, rows: &Table) -> Result<Vec<f64>> {
        let raw = self.raw_call();
        let call = unsafe { Call::new(&raw) };
        let source = source_from(model);
        let mut model = component.load(&call, &unsafe { Source::new(call, &source) })?;
        let output = model.bind(&rows.schema())?;
        let mut out = Table::new(&output);
        with_batch(rows, |batch| model.score(&call, batch, &mut out))?;
        with_batch(&out, |batch| (0..batch.rows()).map(|row| batch.column(0).number(row)).collect())
    }
    /// Runs a fold over all rows in one batch, against a saved state if `reference` is given.
    pub fn fold<C: Fold>(&self, component: &C, rows: &Table, reference: Option<&Bundle>) -> Result<Vec<C::Row>> {
        self.fold_with(component, &Rows { table: rows, roles: vec![] }, reference)
    }
    /// The same with columns that play roles.
    pub fn fold_with<C: Fold>(
        &self,
        component: &C,
        rows: &Rows<'_>,
        reference: Option<&Bundle>,
    ) -> Result<Vec<C::Row>> {
        let raw = self.raw_call();
        let call = unsafe { Call::new(&raw) };
        let state = self.state(component, rows, reference)?;
        component.finish(&call, &state, None)
    }
    /// The saved state of a fold over all rows, such as a reference.
    pub fn saved<C: Fold>(&self, component: &C, rows: &Table, reference: Option<&Bundle>) -> Result<Bundle> {
        let raw = self.raw_call();
        let call = unsafe { Call::new(&raw) };
        let state = self.state(component, &Rows { table: rows, roles: vec![] }, reference)?;
        self.save(component, &call, &state)
    }
    /// Restores both states, merges the second into the first and answers the result.
    pub fn merged<C: Fold>(
        &self,
        component: &C,
        schema: &Schema,
        into: &Bundle,
        from: &Bundle,
    ) -> Result<(Vec<C::Row>, Bundle)> {
        let raw = self.raw_call();
        let call = unsafe { Call::new(&raw) };
        let restore = |bundle: &Bundle| unsafe {
            let source = source_from(bundle);
            component.restore(&call, schema, &Roles::new(std::ptr::null()), &Source::new(call, &source))
        };
        let mut into = restore(into)?;
        component.merge(&call, &mut into, &restore(from)?)?;
        Ok((component.finish(&call, &into, None)?, self.save(component, &call, &into)?))
    }

    fn state<C: Fold>(&self, component: &C, rows: &Rows<'_>, reference: Option<&Bundle>) -> Result<C::State> {
        let raw = self.raw_call();
        let call = unsafe { Call::new(&raw) };
        let source = reference.map(source_from);
        let reference = source.as_ref().map(|raw| unsafe { Source::new(call, raw) });
        let lent = LentRows::new(rows);
        let roles = unsafe { Roles::new(&*lent.roles) };
        let mut state = component.begin(&call, &rows.table.schema(), &roles, reference.as_ref())?;
        with_batch(rows.table, |batch| component.update(&call, &mut state, batch))?;
        Ok(state)
    }
    fn save<C: Fold>(&self, component: &C, call: &Call<'_>, state: &C::State) -> Result<Bundle> {
        let store = RefCell::new(Bundle::new());
        let sink = sink_into(&store);
        component.save(call, state, &unsafe { Sink::new(*call, &sink) })?;
        Ok(store.into_inner())
    }
}

/// Lends the rows of a table as one batch.
pub fn with_batch<T>(rows: &Table, work: impl FnOnce(&Batch<'_>) -> Result<T>) -> Result<T> {
    let array = OwnedArray(rows.clone().into_array()?);
    let schema = rows.schema();
    work(&unsafe { Batch::new(&schema, &array.0) }?)
}

// ---- The structs behind it ----

unsafe fn setting<'a>(config: *const assay_config, pointer: assay_str) -> Option<&'a Setting> {
    let settings = &*((*config).host_data as *const Vec<(String, Setting)>);
    let pointer = text_of(pointer);
    settings.iter().find(|(name, _)| *name == pointer).map(|(_, value)| value)
}

macro_rules! getter {
    ($name:ident, $out:ty, $($pattern:pat => $value:expr),+) => {
        unsafe extern "C" fn $name(config: *const assay_config, at: assay_str, out: *mut $out) -> assay_status {
            match setting(config, at) {
                $(Some($pattern) => { *out = $value; ASSAY_OK })+
                Some(_) => ASSAY_E_INVALID_CONFIG,
                None => ASSAY_E_NOT_FOUND,
            }
        }
    };
}
getter!(get_f64, f64, Setting::F64(value) => *value, Setting::I64(value) => *value as f64);
getter!(get_i64, i64, Setting::I64(value) => *value);
getter!(get_bool, i32, Setting::Boolean(value) => i32::from(*value));
getter!(get_str, assay_str, Setting::Text(value) => raw_str(value));

struct LentRows<'a> {
    rows: &'a Rows<'a>,
    roles: Box<assay_roles>,
}

impl<'a> LentRows<'a> {
    fn new(rows: &'a Rows<'a>) -> LentRows<'a> {
        unsafe extern "C" fn get(
            roles: *const assay_roles,
            role: assay_str,
            index: u32,
            out: *mut assay_str,
        ) -> assay_status {
            let (rows, role) = (&*((*roles).host_data as *const Rows<'_>), text_of(role));
            match rows.roles.iter().filter(|(name, _)| *name == role).nth(index as usize) {
                Some((_, column)) => {
                    *out = raw_str(column);
                    ASSAY_OK
                }
                None => ASSAY_E_NOT_FOUND,
            }
        }
        let mut roles: Box<assay_roles> = Box::new(unsafe { zeroed() });
        roles.struct_size = size_of::<assay_roles>() as u32;
        roles.host_data = rows as *const Rows<'_> as *mut c_void;
        roles.get = Some(get);
        LentRows { rows, roles }
    }
    fn dataset(&self) -> assay_dataset {
        let mut raw: assay_dataset = unsafe { zeroed() };
        raw.struct_size = size_of::<assay_dataset>() as u32;
        raw.host_data = self.rows as *const Rows<'_> as *mut c_void;
        raw.row_count = self.rows.table.rows() as i64;
        raw.digest = raw_str("");
        raw.roles = &*self.roles;
        raw.schema = Some(dataset_schema);
        raw.scan = Some(dataset_scan);
        raw
    }
}

unsafe extern "C" fn dataset_schema(
    dataset: *const assay_dataset,
    _: *const assay_call,
    out: *mut ArrowSchema,
) -> assay_status {
    let rows = &*((*dataset).host_data as *const Rows<'_>);
    std::ptr::write(out, rows.table.schema().export());
    ASSAY_OK
}

struct Stream {
    schema: Schema,
    batch: Option<ArrowArray>,
}

// The chosen columns in one batch.
unsafe extern "C" fn dataset_scan(
    dataset: *const assay_dataset,
    _: *const assay_call,
    options: *const assay_scan_options,
    out: *mut ArrowArrayStream,
) -> assay_status {
    let rows = &*((*dataset).host_data as *const Rows<'_>);
    let mut table = rows.table.clone();
    if let Some(options) = options.as_ref().filter(|options| !options.columns.is_null()) {
        let names = std::slice::from_raw_parts(options.columns, options.column_count as usize);
        let schema = rows.table.schema();
        let wanted: Option<Vec<usize>> = names.iter().map(|name| schema.find(&text_of(*name))).collect();
        match wanted {
            Some(wanted) => table.choose(&wanted),
            None => return ASSAY_E_NOT_FOUND,
        }
    }
    unsafe extern "C" fn get_schema(stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
        std::ptr::write(out, (*((*stream).private_data as *const Stream)).schema.export());
        0
    }
    unsafe extern "C" fn get_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
        let next = (*((*stream).private_data as *mut Stream)).batch.take();
        std::ptr::write(out, next.unwrap_or_else(|| zeroed()));
        0
    }
    unsafe extern "C" fn release(stream: *mut ArrowArrayStream) {
        let mut stream_data = Box::from_raw((*stream).private_data as *mut Stream);
        drop(stream_data.batch.take().map(OwnedArray));
        (*stream).release = None;
    }
    let schema = table.schema();
    let batch = match table.into_array() {
        Ok(batch) => Some(batch),
        Err(error) => return error.status(),
    };
    let stream = Box::into_raw(Box::new(Stream { schema, batch }));
    std::ptr::write(
        out,
        ArrowArrayStream {
            get_schema: Some(get_schema),
            get_next: Some(get_next),
            get_last_error: None,
            release: Some(release),
            private_data: stream.cast(),
        },
    );
    ASSAY_OK
}

fn source_from(bundle: &Bundle) -> assay_source {
    struct Reading(*const [u8]);
    unsafe extern "C" fn entry(source: *const assay_source, index: u32, out: *mut assay_str) -> assay_status {
        let bundle: &Bundle = &*((*source).host_data as *const Bundle);
        match bundle.get(index as usize) {
            Some((name, _)) => {
                *out = raw_str(name);
                ASSAY_OK
            }
            None => ASSAY_E_NOT_FOUND,
        }
    }
    // Reads are short on purpose: real ones may be.
    unsafe extern "C" fn read(
        reader: *const assay_reader,
        _: *const assay_call,
        buffer: *mut c_void,
        capacity: u64,
        got: *mut u64,
    ) -> assay_status {
        let reading = &mut *((*reader).host_data as *mut Reading);
        let rest = &*reading.0;
        let size = rest.len().min(capacity as usize).min(7);
        std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), size);
        reading.0 = &rest[size..];
        *got = size as u64;
        ASSAY_OK
    }
    unsafe extern "C" fn close(reader: *const assay_reader) {
        drop(Box::from_raw((*reader).host_data as *mut Reading));
    }
    unsafe extern "C" fn open(
        source: *const assay_source,
        _: *const assay_call,
        name: assay_str,
        out: *mut assay_reader,
    ) -> assay_status {
        let name = text_of(name);
        match (*((*source).host_data as *const Bundle)).iter().find(|(each, _)| *each == name) {
            Some((_, bytes)) => {
                (*out).size = bytes.len() as u64;
                (*out).host_data = Box::into_raw(Box::new(Reading(&bytes[..]))).cast();
                (*out).read = Some(read);
                (*out).close = Some(close);
                ASSAY_OK
            }
            None => ASSAY_E_NOT_FOUND,
        }
    }
    let mut raw: assay_source = unsafe { zeroed() };
    raw.struct_size = size_of::<assay_source>() as u32;
    raw.host_data = bundle as *const Bundle as *mut c_void;
    raw.entry = Some(entry);
    raw.open = Some(open);
    raw
}

fn sink_into(store: &RefCell<Bundle>) -> assay_sink {
    struct Writing {
        store: *const RefCell<Bundle>,
        entry: (String, Vec<u8>),
    }
    unsafe extern "C" fn write(
        writer: *const assay_writer,
        _: *const assay_call,
        data: *const c_void,
        size: u64,
        taken: *mut u64,
    ) -> assay_status {
        let writing = &mut *((*writer).host_data as *mut Writing);
        let size = (size as usize).min(4093);
        writing.entry.1.extend_from_slice(std::slice::from_raw_parts(data.cast(), size));
        *taken = size as u64;
        ASSAY_OK
    }
    unsafe extern "C" fn finish(writer: *const assay_writer, _: *const assay_call) -> assay_status {
        let writing = Box::from_raw((*writer).host_data as *mut Writing);
        (*writing.store).borrow_mut().push(writing.entry);
        ASSAY_OK
    }
    unsafe extern "C" fn abort(writer: *const assay_writer) {
        drop(Box::from_raw((*writer).host_data as *mut Writing));
    }
    unsafe extern "C" fn open(
        sink: *const assay_sink,
        _: *const assay_call,
        name: assay_str,
        _: assay_str,
        out: *mut assay_writer,
    ) -> assay_status {
        let store = (*sink).host_data as *const RefCell<Bundle>;
        (*out).host_data = Box::into_raw(Box::new(Writing { store, entry: (text_of(name), Vec::new()) })).cast();
        (*out).write = Some(write);
        (*out).finish = Some(finish);
        (*out).abort = Some(abort);
        ASSAY_OK
    }
    let mut raw: assay_sink = unsafe { zeroed() };
    raw.struct_size = size_of::<assay_sink>() as u32;
    raw.host_data = store as *const RefCell<Bundle> as *mut c_void;
    raw.open = Some(open);
    raw
}
