// SPDX-License-Identifier: Apache-2.0
//! The binary edge that `assay_sdk::plugin!` makes: panics, struct sizes, odd ids, missing arguments.

use std::cell::RefCell;
use std::ffi::CString;
use std::mem::{size_of, zeroed};
use std::os::raw::{c_char, c_void};
use std::ptr::{null, null_mut};

use assay_sdk::abi::*;
use assay_sdk::{Call, Component, Config, Error, Result, Sink, Trainer, Training};

struct Thrower {
    what: String,
}

impl Component for Thrower {
    const ID: &'static str = "thrower";
    fn new(config: &Config<'_>) -> Result<Self> {
        let what = config.text("/what")?;
        assert!(what != "create", "no component today");
        let served = unsafe { !config.host().service::<assay_rng_v1>(ASSAY_HOST_RNG_V1).is_null() };
        if what == "served" && !served {
            return Err(Error::new(ASSAY_E_UNSUPPORTED, "this host has no service"));
        }
        Ok(Thrower { what })
    }
}

impl Trainer for Thrower {
    fn fit(&self, _: &Call<'_>, _: &Training<'_>, _: &Sink<'_>) -> Result<()> {
        match self.what.as_str() {
            "index" => Err(Error::internal(format!("{}", [1, 2][self.what.len()]))),
            "any" => std::panic::panic_any(7),
            "error" => Err(Error::invalid_data("a bad label").row(3)),
            _ => Ok(()),
        }
    }
}

impl Drop for Thrower {
    fn drop(&mut self) {
        assert!(self.what != "drop", "not even when it is dropped");
    }
}

assay_sdk::plugin! { manifest: b"{}", components: [Thrower: [trainer]] }

type Seen = RefCell<Vec<(i32, String, String)>>;

unsafe fn text(raw: assay_str) -> String {
    String::from_utf8(std::slice::from_raw_parts(raw.data as *const u8, raw.size as usize).to_vec()).unwrap()
}
fn raw(text: &str) -> assay_str {
    assay_str { data: text.as_ptr().cast(), size: text.len() as u64 }
}

fn call_into(seen: &Seen) -> assay_call {
    unsafe extern "C" fn fail(call: *const assay_call, status: i32, message: assay_str, details: assay_str) -> i32 {
        (*((*call).host_data as *const Seen)).borrow_mut().push((status, text(message), text(details)));
        status
    }
    let mut call: assay_call = unsafe { zeroed() };
    call.struct_size = size_of::<assay_call>() as u32;
    call.host_data = seen as *const Seen as *mut c_void;
    call.fail = Some(fail);
    call
}

fn config_of(what: &String) -> assay_config {
    unsafe extern "C" fn get_str(config: *const assay_config, _: assay_str, out: *mut assay_str) -> i32 {
        *out = raw(&*((*config).host_data as *const String));
        ASSAY_OK
    }
    let mut config: assay_config = unsafe { zeroed() };
    config.host_data = what as *const String as *mut c_void;
    config.get_str = Some(get_str);
    config
}

unsafe fn opened_by(host: *const assay_host, call: &assay_call) -> assay_plugin {
    let mut plugin: assay_plugin = zeroed();
    plugin.struct_size = size_of::<assay_plugin>() as u32;
    assert_eq!(assay_plugin_open_v1(host, call, &mut plugin), ASSAY_OK);
    plugin
}
unsafe fn opened(call: &assay_call) -> assay_plugin {
    opened_by(null(), call)
}

// What fit (or create) answers, and what it explained.
fn outcome(what: &str) -> (i32, Vec<(i32, String, String)>) {
    outcome_in(null(), what)
}
fn outcome_in(host: *const assay_host, what: &str) -> (i32, Vec<(i32, String, String)>) {
    let seen = Seen::default();
    let (call, what) = (call_into(&seen), what.to_string());
    let config = config_of(&what);
    let status = unsafe {
        let plugin = opened_by(host, &call);
        let mut component: assay_component = zeroed();
        component.struct_size = size_of::<assay_component>() as u32;
        let created = plugin.create.unwrap()(plugin.self_, &call, raw("thrower"), &config, &mut component);
        if created != ASSAY_OK {
            assert!(component.self_.is_null() && component.destroy.is_none());
            return (created, seen.into_inner());
        }
        let id = CString::new(ASSAY_CAP_TRAINER_V1).unwrap();
        let trainer = component.get_capability.unwrap()(component.self_, id.as_ptr()) as *const assay_trainer_v1;
        let (dataset, sink): (assay_dataset, assay_sink) = (zeroed(), zeroed());
        let fit = (*trainer).fit.unwrap();
        let status = fit(component.self_, &call, &dataset, null(), null(), &sink);
        assert_eq!(fit(component.self_, null(), &dataset, null(), null(), &sink), ASSAY_E_INVALID_ARGUMENT);
        component.destroy.unwrap()(component.self_);
        plugin.close.unwrap()(plugin.self_);
        status
    };
    (status, seen.into_inner())
}

#[test]
fn a_panic_becomes_one_error_that_says_where() {
    let (status, seen) = outcome("index");
    assert_eq!((status, seen.len()), (ASSAY_E_INTERNAL, 1));
    let message = &seen[0].1;
    assert!(message.starts_with("the plugin panicked at ") && message.contains("edge.rs:"), "{}", message);
    assert!(message.contains("index out of bounds"), "{}", message);
    let (status, seen) = outcome("any");
    assert_eq!((status, seen.len()), (ASSAY_E_INTERNAL, 1));
    let (status, seen) = outcome("create");
    assert_eq!(status, ASSAY_E_INTERNAL);
    assert!(seen[0].1.contains("no component today"));
}

#[test]
fn errors_and_successes_pass_unchanged_and_a_panic_in_drop_stays_inside() {
    assert_eq!(outcome("error"), (ASSAY_E_INVALID_DATA, vec![(ASSAY_E_INVALID_DATA, "a bad label".into(), r#"{"row":3}"#.into())]));
    assert_eq!(outcome("nothing"), (ASSAY_OK, vec![]));
    assert_eq!(outcome("drop"), (ASSAY_OK, vec![]));
}

#[test]
fn a_component_finds_the_services_of_the_host_that_opened_its_plugin() {
    unsafe extern "C" fn get_service(_: *const assay_host, id: *const c_char) -> *const c_void {
        static SERVICE: [u32; 6] = [24; 6];
        assert_eq!(std::ffi::CStr::from_ptr(id).to_str(), Ok(ASSAY_HOST_RNG_V1));
        SERVICE.as_ptr().cast()
    }
    let mut host: assay_host = unsafe { zeroed() };
    host.struct_size = size_of::<assay_host>() as u32;
    assert_eq!(outcome_in(&host, "served").0, ASSAY_E_UNSUPPORTED);
    host.get_service = Some(get_service);
    assert_eq!(outcome_in(&host, "served"), (ASSAY_OK, vec![]));
}

#[test]
fn a_smaller_struct_gets_no_byte_past_its_size_and_a_larger_one_is_told_what_was_filled() {
    let seen = Seen::default();
    let call = call_into(&seen);
    let whole = size_of::<assay_plugin>();
    for size in 4..=2 * whole {
        let mut room = vec![0xA5A5_A5A5_A5A5_A5A5_u64; 3 * whole / 8];
        let bytes = room.as_mut_ptr() as *mut u8;
        unsafe {
            *(bytes as *mut u32) = size as u32;
            assert_eq!(assay_plugin_open_v1(null(), &call, bytes.cast()), ASSAY_OK);
            assert_eq!(*(bytes as *const u32) as usize, size.min(whole));
            for at in size.min(whole)..3 * whole {
                assert_eq!(*bytes.add(at), 0xA5);
            }
        }
    }
    unsafe {
        assert_eq!(assay_plugin_open_v1(null(), &call, null_mut()), ASSAY_E_INVALID_ARGUMENT);
        assert_eq!(assay_plugin_open_v1(null(), null(), &mut opened(&call)), ASSAY_E_INVALID_ARGUMENT);
    }
}

#[test]
fn strangers_are_refused() {
    let seen = Seen::default();
    let (call, what) = (call_into(&seen), String::new());
    let config = config_of(&what);
    unsafe {
        let plugin = opened(&call);
        assert_eq!(text(plugin.manifest), "{}");
        for id in ["", "thrower\0", "throwerx", &"x".repeat(65536)] {
            let mut component: assay_component = zeroed();
            component.struct_size = size_of::<assay_component>() as u32;
            let status = plugin.create.unwrap()(plugin.self_, &call, raw(id), &config, &mut component);
            assert_eq!(status, ASSAY_E_NOT_FOUND);
        }
        let mut component: assay_component = zeroed();
        component.struct_size = size_of::<assay_component>() as u32;
        assert_eq!(plugin.create.unwrap()(plugin.self_, &call, raw("thrower"), &config, &mut component), ASSAY_OK);
        for id in ["", "assay.trainer/1x", ASSAY_CAP_SCORER_V1] {
            let id = CString::new(id).unwrap();
            assert!(component.get_capability.unwrap()(component.self_, id.as_ptr()).is_null());
        }
        component.destroy.unwrap()(component.self_);
    }
}
