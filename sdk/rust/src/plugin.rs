// SPDX-License-Identifier: Apache-2.0
//! The traits that a component implements, and the binary edge around them: every function catches panics and turns
//! failures into a status and one explanation.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::CStr;
use std::mem::{size_of, zeroed, ManuallyDrop};
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Once;

use crate::abi::*;
use crate::batch::{Batch, Schema};
use crate::error::{Error, Result};
use crate::host::*;
use crate::services::Host;
use crate::table::{Row, Table};

/// One configured object. The host makes one call at a time for it, from any thread.
pub trait Component: Sized + Send + 'static {
    /// As in the manifest.
    const ID: &'static str;
    /// Copies what it needs of the settings, and keeps `config.host()` if it wants a service (`Random`, `Scratch`).
    fn new(config: &Config<'_>) -> Result<Self>;
}

/// What `fit` gets.
pub struct Training<'a> {
    pub train: Dataset<'a>,
    pub valid: Option<Dataset<'a>>,
    /// A model of the same component.
    pub warm_start: Option<Source<'a>>,
}

pub trait Trainer: Component {
    /// Learns, and writes the model's entries.
    fn fit(&self, call: &Call<'_>, data: &Training<'_>, model: &Sink<'_>) -> Result<()>;
}

pub trait Scorer: Component {
    type Model: Model;
    fn load(&self, call: &Call<'_>, stored: &Source<'_>) -> Result<Self::Model>;
}

/// A loaded model.
pub trait Model: Send + Sync + 'static {
    /// `score` may run on several threads at once.
    const CONCURRENT: bool = false;
    /// Fixes the input's columns; answers the output's. Called once, before the first score.
    fn bind(&mut self, input: &Schema) -> Result<Schema>;
    /// One output row for each input row.
    fn score(&self, call: &Call<'_>, batch: &Batch<'_>, out: &mut Table) -> Result<()>;
}

/// An evaluator, drift detector or validator: told apart by the row of its result table.
pub trait Fold: Component {
    type State: Send + 'static;
    type Row: Row;
    /// A state over no rows. What it learns from the reference (a saved state) belongs to the state.
    fn begin(
        &self,
        call: &Call<'_>,
        schema: &Schema,
        roles: &Roles<'_>,
        reference: Option<&Source<'_>>,
    ) -> Result<Self::State>;
    /// Adds rows; how they are cut into batches does not matter to the result.
    fn update(&self, call: &Call<'_>, state: &mut Self::State, batch: &Batch<'_>) -> Result<()>;
    /// Adds what `from` saw to `into`.
    fn merge(&self, call: &Call<'_>, into: &mut Self::State, from: &Self::State) -> Result<()>;
    fn save(&self, call: &Call<'_>, state: &Self::State, out: &Sink<'_>) -> Result<()>;
    fn restore(
        &self,
        call: &Call<'_>,
        schema: &Schema,
        roles: &Roles<'_>,
        saved: &Source<'_>,
    ) -> Result<Self::State>;
    /// The result table. The state may be updated further afterwards.
    fn finish(&self, call: &Call<'_>, state: &Self::State, extras: Option<&Sink<'_>>)
        -> Result<Vec<Self::Row>>;
}

// ---- Panics and failures ----

thread_local! {
    static GUARDED: Cell<bool> = Cell::new(false);
    static PLACE: RefCell<String> = RefCell::new(String::new());
}

// A plugin prints nothing: inside of a guard a panic only leaves its place behind. The standard library, and so the
// hook, is this library's own.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.with(Cell::get) {
                return loud(info);
            }
            let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
            PLACE.with(|kept| *kept.borrow_mut() = place.unwrap_or_default());
        }));
    });
}

fn panicked(payload: Box<dyn Any + Send>) -> Error {
    let what = payload
        .downcast_ref::<&str>()
        .map(|text| text.to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a value that is not a text".into());
    std::mem::forget(payload); // its drop might panic again
    let place = PLACE.with(|kept| std::mem::take(&mut *kept.borrow_mut()));
    Error::internal(format!("the plugin panicked{}: {}", place, what))
}

/// Runs `work`; a panic becomes an Error. Also for calls from inside of a plugin's own tests.
pub fn catch<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = GUARDED.with(|guarded| guarded.replace(true));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    GUARDED.with(|guarded| guarded.set(before));
    outcome.unwrap_or_else(|payload| Err(panicked(payload)))
}

unsafe fn guard<'a>(call: *const assay_call, work: impl FnOnce(Call<'a>) -> Result<()>) -> assay_status {
    let call: &'a assay_call = match call.as_ref() {
        Some(call) => call,
        None => return ASSAY_E_INVALID_ARGUMENT,
    };
    match catch(|| work(Call::new(call))) {
        Ok(()) => ASSAY_OK,
        Err(error) => {
            if let Some(fail) = call.fail {
                let details = error.details_json();
                fail(call, error.status(), raw_str(error.message()), raw_str(&details));
            }
            error.status()
        }
    }
}

// A drop that panics must not get out either.
fn drop_quietly<T>(value: T) {
    let _ = catch(|| {
        drop(value);
        Ok(())
    });
}

fn missing(what: &str) -> Error {
    Error::new(ASSAY_E_INVALID_ARGUMENT, format!("the host passed no {}", what))
}
unsafe fn lent<'a, T>(raw: *const T, what: &str) -> Result<&'a T> {
    raw.as_ref().ok_or_else(|| missing(what))
}
unsafe fn room<'a, T>(raw: *mut T, what: &str) -> Result<&'a mut T> {
    raw.as_mut().ok_or_else(|| missing(what))
}

// Copies what fits into `out`, and says there how much that is. Both structs begin with struct_size.
unsafe fn fill<T>(out: *mut T, value: T) -> Result<()> {
    let mut value = ManuallyDrop::new(value);
    let value: *mut T = &mut *value;
    let size = if out.is_null() { 0 } else { *(out as *const u32) };
    if (size as usize) < size_of::<u32>() {
        return Err(missing("room for the answer"));
    }
    let size = size.min(size_of::<T>() as u32);
    *(value as *mut u32) = size;
    std::ptr::copy_nonoverlapping(value as *const u8, out as *mut u8, size as usize);
    Ok(())
}

// Takes over a moved array.
unsafe fn take_array(from: *mut ArrowArray) -> Result<OwnedArray> {
    let from = room(from, "batch")?;
    if from.release.is_none() {
        return Err(missing("batch"));
    }
    let taken = OwnedArray(std::ptr::read(from));
    from.release = None;
    Ok(taken)
}

// ---- Vtables ----

/// The vtable of a component for one capability.
pub struct TrainerEdge<C>(C);
impl<C: Trainer> TrainerEdge<C> {
    pub const TABLE: &'static assay_trainer_v1 = &assay_trainer_v1 {
        struct_size: size_of::<assay_trainer_v1>() as u32,
        flags: 0,
        fit: Some(Self::fit),
    };
    unsafe extern "C" fn fit(
        component: *mut c_void,
        call: *const assay_call,
        train: *const assay_dataset,
        valid: *const assay_dataset,
        warm_start: *const assay_source,
        model: *const assay_sink,
    ) -> assay_status {
        guard(call, |call| {
            let data = Training {
                train: Dataset::new(call, lent(train, "training rows")?),
                valid: valid.as_ref().map(|raw| Dataset::new(call, raw)),
                warm_start: warm_start.as_ref().map(|raw| Source::new(call, raw)),
            };
            let sink = Sink::new(call, lent(model, "model sink")?);
            (*(component as *const C)).fit(&call, &data, &sink)
        })
    }
}

struct BoundModel<M> {
    model: M,
    columns: Option<(Schema, Schema)>, // in and out, once bound
}

/// The vtable of a component for one capability.
pub struct ScorerEdge<C>(C);
impl<C: Scorer> ScorerEdge<C> {
    pub const TABLE: &'static assay_scorer_v1 = &assay_scorer_v1 {
        struct_size: size_of::<assay_scorer_v1>() as u32,
        flags: if C::Model::CONCURRENT { ASSAY_SCORER_CONCURRENT } else { 0 },
        load: Some(Self::load),
        bind: Some(Self::bind),
        score: Some(Self::score),
        unload: Some(Self::unload),
    };
    unsafe extern "C" fn load(
        component: *mut c_void,
        call: *const assay_call,
        stored: *const assay_source,
        out: *mut *mut c_void,
    ) -> assay_status {
        guard(call, |call| {
            let (source, out) = (Source::new(call, lent(stored, "stored model")?), room(out, "room for the model")?);
            let model = (*(component as *const C)).load(&call, &source)?;
            *out = Box::into_raw(Box::new(BoundModel { model, columns: None })).cast();
            Ok(())
        })
    }
    unsafe extern "C" fn bind(
        _: *mut c_void,
        call: *const assay_call,
        model: *mut c_void,
        input: *const ArrowSchema,
        output: *mut ArrowSchema,
    ) -> assay_status {
        guard(call, |_| {
            let bound = room(model as *mut BoundModel<C::Model>, "model")?;
            let input = Schema::copy(lent(input, "schema")?)?;
            let output = room(output, "room for the schema")?;
            let answer = bound.model.bind(&input)?;
            std::ptr::write(output, answer.export());
            bound.columns = Some((input, answer));
            Ok(())
        })
    }
    unsafe extern "C" fn score(
        _: *mut c_void,
        call: *const assay_call,
        model: *mut c_void,
        input: *mut ArrowArray,
        output: *mut ArrowArray,
    ) -> assay_status {
        guard(call, |call| {
            let rows = take_array(input)?;
            let bound = lent(model as *const BoundModel<C::Model>, "model")?;
            let output = room(output, "room for the answer")?;
            let (columns, answer) = bound
                .columns
                .as_ref()
                .ok_or_else(|| Error::new(ASSAY_E_INVALID_ARGUMENT, "score before bind"))?;
            let batch = Batch::new(columns, &rows.0)?;
            let mut table = Table::new(answer);
            bound.model.score(&call, &batch, &mut table)?;
            if table.rows() != batch.rows() {
                let message = format!("the scorer answered {} rows for {}", table.rows(), batch.rows());
                return Err(Error::internal(message));
            }
            std::ptr::write(output, table.into_array()?);
            Ok(())
        })
    }
    unsafe extern "C" fn unload(_: *mut c_void, model: *mut c_void) {
        if !model.is_null() {
            drop_quietly(Box::from_raw(model as *mut BoundModel<C::Model>));
        }
    }
}

struct OpenState<S> {
    schema: Schema,
    state: S,
}

/// The vtable of a component for one capability.
pub struct FoldEdge<C>(C);
impl<C: Fold> FoldEdge<C> {
    pub const TABLE: &'static assay_fold_v1 = &assay_fold_v1 {
        struct_size: size_of::<assay_fold_v1>() as u32,
        flags: 0,
        begin: Some(Self::begin),
        update: Some(Self::update),
        merge: Some(Self::merge),
        save: Some(Self::save),
        restore: Some(Self::restore),
        finish: Some(Self::finish),
        end: Some(Self::end),
    };
    unsafe fn state<'a>(state: *mut c_void) -> Result<&'a mut OpenState<C::State>> {
        room(state as *mut OpenState<C::State>, "state")
    }
    unsafe fn open(
        schema: *const ArrowSchema,
        out: *mut *mut c_void,
        make: impl FnOnce(&Schema) -> Result<C::State>,
    ) -> Result<()> {
        let (schema, out) = (Schema::copy(lent(schema, "schema")?)?, room(out, "room for the state")?);
        let state = make(&schema)?;
        *out = Box::into_raw(Box::new(OpenState { schema, state })).cast();
        Ok(())
    }
    unsafe extern "C" fn begin(
        component: *mut c_void,
        call: *const assay_call,
        schema: *const ArrowSchema,
        roles: *const assay_roles,
        reference: *const assay_source,
        out: *mut *mut c_void,
    ) -> assay_status {
        guard(call, |call| {
            let reference = reference.as_ref().map(|raw| Source::new(call, raw));
            Self::open(schema, out, |schema| {
                (*(component as *const C)).begin(&call, schema, &Roles::new(roles), reference.as_ref())
            })
        })
    }
    unsafe extern "C" fn restore(
        component: *mut c_void,
        call: *const assay_call,
        schema: *const ArrowSchema,
        roles: *const assay_roles,
        saved: *const assay_source,
        out: *mut *mut c_void,
    ) -> assay_status {
        guard(call, |call| {
            let saved = Source::new(call, lent(saved, "saved state")?);
            Self::open(schema, out, |schema| {
                (*(component as *const C)).restore(&call, schema, &Roles::new(roles), &saved)
            })
        })
    }
    unsafe extern "C" fn update(
        component: *mut c_void,
        call: *const assay_call,
        state: *mut c_void,
        batch: *mut ArrowArray,
    ) -> assay_status {
        guard(call, |call| {
            let rows = take_array(batch)?;
            let open = Self::state(state)?;
            let batch = Batch::new(&open.schema, &rows.0)?;
            (*(component as *const C)).update(&call, &mut open.state, &batch)
        })
    }
    unsafe extern "C" fn merge(
        component: *mut c_void,
        call: *const assay_call,
        into: *mut c_void,
        from: *mut c_void,
    ) -> assay_status {
        guard(call, |call| {
            if into == from {
                return Err(Error::new(ASSAY_E_INVALID_ARGUMENT, "a state cannot be merged into itself"));
            }
            let (into, from) = (Self::state(into)?, Self::state(from)?);
            (*(component as *const C)).merge(&call, &mut into.state, &from.state)
        })
    }
    unsafe extern "C" fn save(
        component: *mut c_void,
        call: *const assay_call,
        state: *mut c_void,
        out: *const assay_sink,
    ) -> assay_status {
        guard(call, |call| {
            let (open, sink) = (Self::state(state)?, Sink::new(call, lent(out, "sink")?));
            (*(component as *const C)).save(&call, &open.state, &sink)
        })
    }
    unsafe extern "C" fn finish(
        component: *mut c_void,
        call: *const assay_call,
        state: *mut c_void,
        extras: *const assay_sink,
        out_schema: *mut ArrowSchema,
        out_table: *mut ArrowArray,
    ) -> assay_status {
        guard(call, |call| {
            let (open, extras) = (Self::state(state)?, extras.as_ref().map(|raw| Sink::new(call, raw)));
            let (out_schema, out_table) = (room(out_schema, "room for the schema")?, room(out_table, "room for the rows")?);
            let rows = (*(component as *const C)).finish(&call, &open.state, extras.as_ref())?;
            let schema = C::Row::schema();
            let mut table = Table::new(&schema);
            rows.iter().for_each(|row| row.append(&mut table));
            let array = table.into_array()?;
            std::ptr::write(out_schema, schema.export());
            std::ptr::write(out_table, array);
            Ok(())
        })
    }
    unsafe extern "C" fn end(_: *mut c_void, state: *mut c_void) {
        if !state.is_null() {
            drop_quietly(Box::from_raw(state as *mut OpenState<C::State>));
        }
    }
}

// ---- Components and the plugin ----

/// How one component is made, and what it can do. `assay_sdk::plugin!` writes it.
pub struct Entry {
    pub id: &'static str,
    pub create: unsafe fn(&Config<'_>, *mut assay_component) -> Result<()>,
}

/// A manifest and the components that it names. `assay_sdk::plugin!` writes it.
pub struct Plugin {
    pub manifest: &'static [u8],
    pub entries: &'static [Entry],
}

/// What is behind `self` of an opened plugin.
struct Opened {
    plugin: &'static Plugin,
    host: Host,
}

/// # Safety
/// `out` must be null or begin with its struct_size; `C` must be the type behind `get_capability`.
pub unsafe fn create_component<C: Component>(
    config: &Config<'_>,
    out: *mut assay_component,
    get_capability: unsafe extern "C" fn(*mut c_void, *const c_char) -> *const c_void,
) -> Result<()> {
    let component = Box::into_raw(Box::new(C::new(config)?));
    let mut answer: assay_component = zeroed();
    answer.self_ = component.cast();
    answer.get_capability = Some(get_capability);
    answer.destroy = Some(destroy::<C>);
    fill(out, answer).map_err(|error| {
        drop(Box::from_raw(component));
        error
    })
}

unsafe extern "C" fn destroy<C>(component: *mut c_void) {
    if !component.is_null() {
        drop_quietly(Box::from_raw(component as *mut C));
    }
}

/// Whether `id` (from the host, null allowed) is `known`.
///
/// # Safety
/// `id` must be null or end with a zero byte.
pub unsafe fn is_id(id: *const c_char, known: &str) -> bool {
    !id.is_null() && CStr::from_ptr(id).to_bytes() == known.as_bytes()
}

unsafe extern "C" fn create(
    plugin: *mut c_void,
    call: *const assay_call,
    id: assay_str,
    config: *const assay_config,
    out: *mut assay_component,
) -> assay_status {
    guard(call, |_| {
        let Opened { plugin, host } = lent(plugin as *const Opened, "plugin")?;
        let wanted = text_of(id);
        match plugin.entries.iter().find(|entry| entry.id == wanted) {
            Some(entry) => (entry.create)(&Config::with_host(lent(config, "settings")?, *host), out),
            None => {
                let names: Vec<&str> = plugin.entries.iter().map(|entry| entry.id).collect();
                let wanted: String = wanted.chars().take(96).collect();
                let message = format!("no component '{}' in this plugin; it has {}", wanted, names.join(", "));
                Err(Error::new(ASSAY_E_NOT_FOUND, message))
            }
        }
    })
}

unsafe extern "C" fn no_extension(_: *mut c_void, _: *const c_char) -> *const c_void {
    std::ptr::null()
}
unsafe extern "C" fn close(plugin: *mut c_void) {
    if !plugin.is_null() {
        drop(Box::from_raw(plugin as *mut Opened));
    }
}

/// The body of `assay_plugin_open_v1`. `assay_sdk::plugin!` calls it.
///
/// # Safety
/// The arguments must be as the header says.
pub unsafe fn open(
    plugin: &'static Plugin,
    host: *const assay_host,
    call: *const assay_call,
    out: *mut assay_plugin,
) -> assay_status {
    keep_panics_quiet();
    guard(call, |_| {
        let mut answer: assay_plugin = zeroed();
        answer.abi_minor = ASSAY_ABI_MINOR;
        let opened = Box::into_raw(Box::new(Opened { plugin, host: Host::new(host) }));
        answer.self_ = opened.cast();
        answer.manifest = raw_bytes(plugin.manifest);
        answer.create = Some(create);
        answer.get_extension = Some(no_extension);
        answer.close = Some(close);
        fill(out, answer).map_err(|error| {
            drop(Box::from_raw(opened));
            error
        })
    })
}

/// Once a library:
/// `assay_sdk::plugin! { manifest: include_bytes!("../manifest.json"), components: [Mine: [trainer, scorer]] }`.
/// A component implements the trait of each kind in its list: `trainer`, `scorer`, `fold`. The manifest lands in the
/// ELF section `.assay.manifest`, where a host reads it without running the plugin.
#[macro_export]
macro_rules! plugin {
    (manifest: $manifest:expr, components: [$($component:ty: [$($kind:ident),+ $(,)?]),+ $(,)?] $(,)?) => {
        #[used]
        #[link_section = ".assay.manifest"]
        static ASSAY_MANIFEST: [u8; $manifest.len()] = *$manifest;

        static ASSAY_PLUGIN: $crate::plugin::Plugin = $crate::plugin::Plugin {
            manifest: &ASSAY_MANIFEST,
            entries: &[$($crate::plugin::Entry {
                id: <$component as $crate::Component>::ID,
                create: {
                    unsafe extern "C" fn get_capability(
                        _: *mut ::std::os::raw::c_void,
                        id: *const ::std::os::raw::c_char,
                    ) -> *const ::std::os::raw::c_void {
                        $($crate::plugin!(@offer $kind $component, id);)+
                        ::std::ptr::null()
                    }
                    unsafe fn create(
                        config: &$crate::Config<'_>,
                        out: *mut $crate::abi::assay_component,
                    ) -> $crate::Result<()> {
                        $crate::plugin::create_component::<$component>(config, out, get_capability)
                    }
                    create
                },
            }),+],
        };

        /// # Safety
        /// Called by a host, as `assay/abi.h` says.
        #[no_mangle]
        pub unsafe extern "C" fn assay_plugin_open_v1(
            host: *const $crate::abi::assay_host,
            call: *const $crate::abi::assay_call,
            out: *mut $crate::abi::assay_plugin,
        ) -> $crate::abi::assay_status {
            $crate::plugin::open(&ASSAY_PLUGIN, host, call, out)
        }
    };
    (@offer trainer $component:ty, $id:ident) => {
        if $crate::plugin::is_id($id, $crate::abi::ASSAY_CAP_TRAINER_V1) {
            return $crate::plugin::TrainerEdge::<$component>::TABLE as *const _ as *const _;
        }
    };
    (@offer scorer $component:ty, $id:ident) => {
        if $crate::plugin::is_id($id, $crate::abi::ASSAY_CAP_SCORER_V1) {
            return $crate::plugin::ScorerEdge::<$component>::TABLE as *const _ as *const _;
        }
    };
    (@offer fold $component:ty, $id:ident) => {
        if $crate::plugin::is_id($id, <<$component as $crate::Fold>::Row as $crate::Row>::CAPABILITY) {
            return $crate::plugin::FoldEdge::<$component>::TABLE as *const _ as *const _;
        }
    };
}
