// SPDX-License-Identifier: Apache-2.0
//! What the host lends to an operation: the call, settings, roles, datasets and bundles. All are thin handles that
//! are valid until the function that received them returns; lifetimes say so.

use std::ffi::CStr;
use std::mem::{size_of, zeroed};
use std::ops::RangeInclusive;
use std::os::raw::c_char;
use std::ptr;

use crate::abi::*;
use crate::batch::{Batch, Schema};
use crate::error::{Error, Result};
use crate::services::Host;

pub(crate) fn raw_str(text: &str) -> assay_str {
    raw_bytes(text.as_bytes())
}
pub(crate) fn raw_bytes(bytes: &[u8]) -> assay_str {
    assay_str { data: bytes.as_ptr() as *const c_char, size: bytes.len() as u64 }
}
/// The bytes of a string of the host, as text; what is not UTF-8 is replaced.
///
/// # Safety
/// `text` must be as the header says.
pub(crate) unsafe fn text_of(text: assay_str) -> String {
    if text.size == 0 || text.data.is_null() {
        return String::new();
    }
    let bytes = std::slice::from_raw_parts(text.data as *const u8, text.size as usize);
    String::from_utf8_lossy(bytes).into_owned()
}
/// A function that the contract lets nobody leave out.
pub(crate) fn given<F>(function: Option<F>, what: &str) -> Result<F> {
    function.ok_or_else(|| Error::new(ASSAY_E_INVALID_ARGUMENT, format!("the host passed no {}", what)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    Debug = ASSAY_LOG_DEBUG as isize,
    Info = ASSAY_LOG_INFO as isize,
    Warning = ASSAY_LOG_WARNING as isize,
    Error = ASSAY_LOG_ERROR as isize,
}

/// The operation: seed, thread budget, stop, progress. Usable from any thread until the operation returns.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    raw: &'a assay_call,
}
// SAFETY: the contract makes every callback of a call [call]: any thread.
unsafe impl Send for Call<'_> {}
unsafe impl Sync for Call<'_> {}

impl<'a> Call<'a> {
    /// For hosts and tests.
    ///
    /// # Safety
    /// `raw` must be as the header says.
    pub unsafe fn new(raw: &'a assay_call) -> Call<'a> {
        Call { raw }
    }
    /// All randomness of the operation comes from it.
    pub fn seed(&self) -> u64 {
        self.raw.seed
    }
    /// How many threads may be busy, the calling one included; at least 1.
    pub fn max_threads(&self) -> usize {
        self.raw.max_threads.max(1) as usize
    }
    /// The host wants to stop. Ask at least every 250 ms of work; scans do.
    pub fn should_stop(&self) -> bool {
        self.stop() != ASSAY_OK
    }
    /// CANCELLED or DEADLINE once the host wants to stop: `call.check()?`.
    pub fn check(&self) -> Result<()> {
        match self.stop() {
            ASSAY_OK => Ok(()),
            ASSAY_E_DEADLINE => Err(Error::new(ASSAY_E_DEADLINE, "the operation ran past its deadline")),
            status => Err(Error::new(status, "the operation was cancelled")),
        }
    }
    pub fn progress(&self, fraction_done: f64, what: &str) {
        if let Some(progress) = self.raw.progress {
            unsafe { progress(self.raw, fraction_done, raw_str(what)) }
        }
    }
    pub fn log(&self, level: Log, message: &str) {
        if let Some(log) = self.raw.log {
            unsafe { log(self.raw, level as i32, raw_str(message)) }
        }
    }
    /// A value over time, such as a training loss per round.
    pub fn metric(&self, name: &str, step: i64, value: f64) {
        if let Some(metric) = self.raw.metric {
            unsafe { metric(self.raw, raw_str(name), step, value) }
        }
    }
    pub fn raw(&self) -> &'a assay_call {
        self.raw
    }
    fn stop(&self) -> assay_status {
        self.raw.should_stop.map_or(ASSAY_OK, |should_stop| unsafe { should_stop(self.raw) })
    }
}

/// Settings by JSON pointer ("/max_depth"). A missing one, one of another type and one out of range is
/// INVALID_CONFIG that carries the pointer.
#[derive(Clone, Copy)]
pub struct Config<'a> {
    raw: &'a assay_config,
    host: Host,
}

impl<'a> Config<'a> {
    /// For hosts and tests.
    ///
    /// # Safety
    /// `raw` must be as the header says.
    pub unsafe fn new(raw: &'a assay_config) -> Config<'a> {
        Config::with_host(raw, Host::new(ptr::null()))
    }
    /// The same with a host that has services.
    ///
    /// # Safety
    /// `raw` must be as the header says.
    pub unsafe fn with_host(raw: &'a assay_config, host: Host) -> Config<'a> {
        Config { raw, host }
    }
    /// Whoever gives the settings; valid as long as the component.
    pub fn host(&self) -> Host {
        self.host
    }
    pub fn f64(&self, pointer: &str) -> Result<f64> {
        let mut value = 0.0;
        let get = given(self.raw.get_f64, "get_f64")?;
        Config::answered(unsafe { get(self.raw, raw_str(pointer), &mut value) }, pointer, "a number")?;
        Ok(value)
    }
    pub fn i64(&self, pointer: &str) -> Result<i64> {
        let mut value = 0;
        let get = given(self.raw.get_i64, "get_i64")?;
        Config::answered(unsafe { get(self.raw, raw_str(pointer), &mut value) }, pointer, "an integer")?;
        Ok(value)
    }
    pub fn boolean(&self, pointer: &str) -> Result<bool> {
        let mut value = 0;
        let get = given(self.raw.get_bool, "get_bool")?;
        Config::answered(unsafe { get(self.raw, raw_str(pointer), &mut value) }, pointer, "true or false")?;
        Ok(value != 0)
    }
    pub fn text(&self, pointer: &str) -> Result<String> {
        let mut value = raw_str("");
        let get = given(self.raw.get_str, "get_str")?;
        Config::answered(unsafe { get(self.raw, raw_str(pointer), &mut value) }, pointer, "a string")?;
        Ok(unsafe { text_of(value) })
    }
    /// The same with a range, both ends included: hosts check settings, but a plugin need not trust them.
    pub fn f64_in(&self, pointer: &str, range: RangeInclusive<f64>) -> Result<f64> {
        let value = self.f64(pointer)?;
        in_range(range.contains(&value), pointer, value, range)
    }
    pub fn i64_in(&self, pointer: &str, range: RangeInclusive<i64>) -> Result<i64> {
        let value = self.i64(pointer)?;
        in_range(range.contains(&value), pointer, value, range)
    }
    /// The whole document, canonical JSON.
    pub fn json(&self) -> String {
        unsafe { text_of(self.raw.json) }
    }

    fn answered(status: assay_status, pointer: &str, wanted: &str) -> Result<()> {
        let what = match status {
            ASSAY_OK => return Ok(()),
            ASSAY_E_NOT_FOUND => "is missing",
            _ => "is of another type",
        };
        let message = format!("setting {} {}; it must be {}", pointer, what, wanted);
        Err(Error::invalid_config(message).pointer(pointer))
    }
}

fn in_range<T: std::fmt::Display>(good: bool, pointer: &str, value: T, range: RangeInclusive<T>) -> Result<T> {
    if good {
        return Ok(value);
    }
    let (low, high) = (range.start(), range.end());
    let message = format!("setting {} is {}; it must be from {} to {}", pointer, value, low, high);
    Err(Error::invalid_config(message).pointer(pointer))
}

/// Which columns play which part: "label", "weight", "group", "timestamp", "score", "reference_score".
#[derive(Clone, Copy)]
pub struct Roles<'a> {
    raw: Option<&'a assay_roles>,
}

impl<'a> Roles<'a> {
    /// For hosts and tests; null is no roles.
    ///
    /// # Safety
    /// `raw` must be null or as the header says.
    pub unsafe fn new(raw: *const assay_roles) -> Roles<'a> {
        Roles { raw: raw.as_ref() }
    }
    /// The `index`-th column that plays `role`.
    pub fn get(&self, role: &str, index: u32) -> Option<String> {
        let raw = self.raw?;
        let mut column = raw_str("");
        match unsafe { raw.get?(raw, raw_str(role), index, &mut column) } {
            ASSAY_OK => Some(unsafe { text_of(column) }),
            _ => None,
        }
    }
    pub fn all(&self, role: &str) -> Vec<String> {
        (0..).map_while(|index| self.get(role, index)).collect()
    }
    /// INVALID_DATA that names the role when no column plays it.
    pub fn require(&self, role: &str) -> Result<String> {
        self.get(role, 0).ok_or_else(|| {
            Error::invalid_data(format!("no column plays the role '{}'", role))
                .hint(&format!("say which column is the {}", role))
        })
    }
    pub fn label(&self) -> Result<String> {
        self.require("label")
    }
}

/// Rows that can be read more than once.
#[derive(Clone, Copy)]
pub struct Dataset<'a> {
    call: Call<'a>,
    raw: &'a assay_dataset,
}

impl<'a> Dataset<'a> {
    pub(crate) unsafe fn new(call: Call<'a>, raw: &'a assay_dataset) -> Dataset<'a> {
        Dataset { call, raw }
    }
    pub fn row_count(&self) -> Option<i64> {
        Some(self.raw.row_count).filter(|count| *count >= 0)
    }
    pub fn digest(&self) -> String {
        unsafe { text_of(self.raw.digest) }
    }
    pub fn roles(&self) -> Roles<'a> {
        unsafe { Roles::new(self.raw.roles) }
    }
    pub fn label(&self) -> Result<String> {
        self.roles().label()
    }
    pub fn schema(&self) -> Result<Schema> {
        let mut out = OwnedSchema(unsafe { zeroed() });
        let schema = given(self.raw.schema, "schema of the dataset")?;
        match unsafe { schema(self.raw, self.call.raw(), &mut out.0) } {
            ASSAY_OK => unsafe { Schema::copy(&out.0) },
            status => Err(Error::new(status, "reading the schema of the dataset failed")),
        }
    }
    /// Calls `each` for the batches in order, with `columns` in the order wanted (empty is all); polls for
    /// cancellation before each. INVALID_DATA names a wanted column that is missing.
    pub fn scan(&self, columns: &[&str], mut each: impl FnMut(&Batch<'_>) -> Result<()>) -> Result<()> {
        let names: Vec<assay_str> = columns.iter().map(|name| raw_str(name)).collect();
        let options = assay_scan_options {
            struct_size: size_of::<assay_scan_options>() as u32,
            flags: 0,
            batch_rows: 0,
            columns: if names.is_empty() { ptr::null() } else { names.as_ptr() },
            column_count: names.len() as u64,
        };
        let mut stream = OwnedStream(unsafe { zeroed() });
        let scan = given(self.raw.scan, "scan of the dataset")?;
        let status = unsafe { scan(self.raw, self.call.raw(), &options, &mut stream.0) };
        if status == ASSAY_E_NOT_FOUND || status == ASSAY_E_INVALID_ARGUMENT {
            let there = self.schema()?;
            for name in columns {
                there.require(name)?;
            }
        }
        if status != ASSAY_OK {
            return Err(Error::new(status, "reading the rows of the dataset failed"));
        }
        let mut schema = OwnedSchema(unsafe { zeroed() });
        let get_schema = given(stream.0.get_schema, "get_schema")?;
        if unsafe { get_schema(&mut stream.0, &mut schema.0) } != 0 {
            return Err(self.broken(&mut stream));
        }
        let schema = unsafe { Schema::copy(&schema.0) }?;
        let get_next = given(stream.0.get_next, "get_next")?;
        loop {
            self.call.check()?;
            let mut array = OwnedArray(unsafe { zeroed() });
            if unsafe { get_next(&mut stream.0, &mut array.0) } != 0 {
                return Err(self.broken(&mut stream));
            }
            if array.0.release.is_none() {
                return Ok(());
            }
            each(&unsafe { Batch::new(&schema, &array.0) }?)?;
        }
    }

    fn broken(&self, stream: &mut OwnedStream) -> Error {
        if let Err(stopped) = self.call.check() {
            return stopped; // a stream that ends because of a stop is a stop
        }
        let why = stream.0.get_last_error.map_or(ptr::null(), |get| unsafe { get(&mut stream.0) });
        let why = if why.is_null() {
            "the host does not say why".into()
        } else {
            unsafe { CStr::from_ptr(why) }.to_string_lossy().into_owned()
        };
        Error::new(ASSAY_E_IO, format!("reading the rows of the dataset failed: {}", why))
    }
}

macro_rules! owned {
    ($name:ident, $raw:ident) => {
        pub(crate) struct $name(pub $raw);
        impl Drop for $name {
            fn drop(&mut self) {
                if let Some(release) = self.0.release {
                    unsafe { release(&mut self.0) }
                }
            }
        }
    };
}
owned!(OwnedSchema, ArrowSchema);
owned!(OwnedArray, ArrowArray);
owned!(OwnedStream, ArrowArrayStream);

/// A stored bundle, such as a model or the state of a fold: named entries.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    call: Call<'a>,
    raw: &'a assay_source,
}

/// The largest entry that `Source::bytes` reads: a stored model is no reason to run out of memory.
pub const ENTRY_LIMIT_BYTES: u64 = 4 << 30;

impl<'a> Source<'a> {
    pub(crate) unsafe fn new(call: Call<'a>, raw: &'a assay_source) -> Source<'a> {
        Source { call, raw }
    }
    pub fn names(&self) -> Vec<String> {
        let name_of = |index| {
            let mut name = raw_str("");
            match unsafe { self.raw.entry?(self.raw, index, &mut name) } {
                ASSAY_OK => Some(unsafe { text_of(name) }),
                _ => None,
            }
        };
        (0..).map_while(name_of).collect()
    }
    pub fn has(&self, name: &str) -> bool {
        self.names().iter().any(|each| each == name)
    }
    /// A whole entry. CORRUPT_ARTIFACT when it is missing, too large or shorter than it says.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let mut reader = Reader(unsafe { zeroed() });
        reader.0.struct_size = size_of::<assay_reader>() as u32;
        let open = given(self.raw.open, "open of the source")?;
        match unsafe { open(self.raw, self.call.raw(), raw_str(name), &mut reader.0) } {
            ASSAY_OK => {}
            ASSAY_E_NOT_FOUND => return Err(Error::corrupt(format!("entry '{}' is missing", name))),
            status => return Err(Error::new(status, format!("opening entry '{}' failed", name))),
        }
        let (size, read) = (reader.0.size, given(reader.0.read, "read of the entry")?);
        if size > ENTRY_LIMIT_BYTES {
            return Err(Error::corrupt(format!("entry '{}' has {} bytes", name, size)));
        }
        let mut out = Vec::new();
        while (out.len() as u64) < size {
            // Grows as bytes arrive: the size is only a claim.
            let had = out.len();
            let room = (size - had as u64).min(1 << 20) as usize;
            out.resize(had + room, 0);
            let mut got = 0;
            let into = out[had..].as_mut_ptr();
            let status = unsafe { read(&reader.0, self.call.raw(), into.cast(), room as u64, &mut got) };
            if status != ASSAY_OK {
                return Err(Error::new(status, format!("reading entry '{}' failed", name)));
            }
            if got == 0 {
                return Err(Error::corrupt(format!("entry '{}' ends early", name)));
            }
            out.truncate(had + (got as usize).min(room));
        }
        Ok(out)
    }
}

struct Reader(assay_reader);
impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(close) = self.0.close {
            unsafe { close(&self.0) }
        }
    }
}

/// Where a bundle goes. The host keeps nothing of it unless the operation succeeds.
#[derive(Clone, Copy)]
pub struct Sink<'a> {
    call: Call<'a>,
    raw: &'a assay_sink,
}

impl<'a> Sink<'a> {
    pub(crate) unsafe fn new(call: Call<'a>, raw: &'a assay_sink) -> Sink<'a> {
        Sink { call, raw }
    }
    /// Writes one entry. `name`: parts of [A-Za-z0-9._-] joined by '/'.
    pub fn put(&self, name: &str, media_type: &str, mut bytes: &[u8]) -> Result<()> {
        let mut writer: assay_writer = unsafe { zeroed() };
        writer.struct_size = size_of::<assay_writer>() as u32;
        let open = given(self.raw.open, "open of the sink")?;
        let call = self.call.raw();
        let failed = |status, what| Err(Error::new(status, format!("{} entry '{}' failed", what, name)));
        let status = unsafe { open(self.raw, call, raw_str(name), raw_str(media_type), &mut writer) };
        if status != ASSAY_OK {
            return failed(status, "opening for writing");
        }
        let write = given(writer.write, "write of the entry")?;
        while !bytes.is_empty() {
            let mut taken = 0;
            let from = bytes.as_ptr().cast();
            let mut status = unsafe { write(&writer, call, from, bytes.len() as u64, &mut taken) };
            if status == ASSAY_OK && (taken == 0 || taken > bytes.len() as u64) {
                status = ASSAY_E_IO;
            }
            if status != ASSAY_OK {
                unsafe { given(writer.abort, "abort of the entry")?(&writer) };
                return failed(status, "writing");
            }
            bytes = &bytes[taken as usize..];
        }
        match unsafe { given(writer.finish, "finish of the entry")?(&writer, call) } {
            ASSAY_OK => Ok(()),
            status => failed(status, "finishing"),
        }
    }
}
