// SPDX-License-Identifier: Apache-2.0
//! `assay/abi.h`, `assay/arrow_c.h` and `assay/ext/*.h`, field by field. The headers are the contract and explain it; the
//! test `layout` holds this file to `abi/layout.txt`, which is made from them.
#![allow(non_camel_case_types, missing_docs)]

use std::os::raw::{c_char, c_int, c_void};

pub const ASSAY_ABI_MINOR: u32 = 0;

pub type assay_status = i32;
pub const ASSAY_OK: assay_status = 0;
pub const ASSAY_E_INVALID_ARGUMENT: assay_status = 1;
pub const ASSAY_E_INVALID_CONFIG: assay_status = 2;
pub const ASSAY_E_INVALID_DATA: assay_status = 3;
pub const ASSAY_E_NOT_FOUND: assay_status = 4;
pub const ASSAY_E_UNSUPPORTED: assay_status = 5;
pub const ASSAY_E_OUT_OF_MEMORY: assay_status = 6;
pub const ASSAY_E_IO: assay_status = 7;
pub const ASSAY_E_CANCELLED: assay_status = 8;
pub const ASSAY_E_DEADLINE: assay_status = 9;
pub const ASSAY_E_CORRUPT_ARTIFACT: assay_status = 10;
pub const ASSAY_E_INTERNAL: assay_status = 11;
pub const ASSAY_E_DENIED: assay_status = 12;
pub const ASSAY_E_CRASHED: assay_status = 13;

pub const ASSAY_LOG_DEBUG: i32 = 0;
pub const ASSAY_LOG_INFO: i32 = 1;
pub const ASSAY_LOG_WARNING: i32 = 2;
pub const ASSAY_LOG_ERROR: i32 = 3;

pub const ASSAY_CAP_TRAINER_V1: &str = "assay.trainer/1";
pub const ASSAY_CAP_SCORER_V1: &str = "assay.scorer/1";
pub const ASSAY_CAP_EVALUATOR_V1: &str = "assay.evaluator/1";
pub const ASSAY_CAP_DRIFT_V1: &str = "assay.drift/1";
pub const ASSAY_CAP_VALIDATOR_V1: &str = "assay.validator/1";
pub const ASSAY_SCORER_CONCURRENT: u32 = 1;

pub const ASSAY_HOST_RNG_V1: &str = "assay.host.rng/1";
pub const ASSAY_HOST_SCRATCH_V1: &str = "assay.host.scratch/1";

pub const ARROW_FLAG_NULLABLE: i64 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct assay_str {
    pub data: *const c_char,
    pub size: u64,
}

#[repr(C)]
pub struct ArrowSchema {
    pub format: *const c_char,
    pub name: *const c_char,
    pub metadata: *const c_char,
    pub flags: i64,
    pub n_children: i64,
    pub children: *mut *mut ArrowSchema,
    pub dictionary: *mut ArrowSchema,
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowArray {
    pub length: i64,
    pub null_count: i64,
    pub offset: i64,
    pub n_buffers: i64,
    pub n_children: i64,
    pub buffers: *mut *const c_void,
    pub children: *mut *mut ArrowArray,
    pub dictionary: *mut ArrowArray,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowArrayStream {
    pub get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    pub get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    pub get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct assay_call {
    pub struct_size: u32,
    pub flags: u32,
    pub call_id: u64,
    pub seed: u64,
    pub deadline_ns: i64,
    pub max_threads: u32,
    pub reserved0: u32,
    pub host_data: *mut c_void,
    pub fail:
        Option<unsafe extern "C" fn(*const assay_call, assay_status, assay_str, assay_str) -> assay_status>,
    pub should_stop: Option<unsafe extern "C" fn(*const assay_call) -> assay_status>,
    pub progress: Option<unsafe extern "C" fn(*const assay_call, f64, assay_str)>,
    pub log: Option<unsafe extern "C" fn(*const assay_call, i32, assay_str)>,
    pub metric: Option<unsafe extern "C" fn(*const assay_call, assay_str, i64, f64)>,
}

#[repr(C)]
pub struct assay_config {
    pub struct_size: u32,
    pub flags: u32,
    pub host_data: *mut c_void,
    pub json: assay_str,
    pub get_f64: Option<unsafe extern "C" fn(*const assay_config, assay_str, *mut f64) -> assay_status>,
    pub get_i64: Option<unsafe extern "C" fn(*const assay_config, assay_str, *mut i64) -> assay_status>,
    pub get_bool: Option<unsafe extern "C" fn(*const assay_config, assay_str, *mut i32) -> assay_status>,
    pub get_str:
        Option<unsafe extern "C" fn(*const assay_config, assay_str, *mut assay_str) -> assay_status>,
}

#[repr(C)]
pub struct assay_roles {
    pub struct_size: u32,
    pub flags: u32,
    pub host_data: *mut c_void,
    pub get:
        Option<unsafe extern "C" fn(*const assay_roles, assay_str, u32, *mut assay_str) -> assay_status>,
}

#[repr(C)]
pub struct assay_scan_options {
    pub struct_size: u32,
    pub flags: u32,
    pub batch_rows: i64,
    pub columns: *const assay_str,
    pub column_count: u64,
}

#[repr(C)]
pub struct assay_dataset {
    pub struct_size: u32,
    pub flags: u32,
    pub host_data: *mut c_void,
    pub row_count: i64,
    pub digest: assay_str,
    pub roles: *const assay_roles,
    pub schema: Option<
        unsafe extern "C" fn(*const assay_dataset, *const assay_call, *mut ArrowSchema) -> assay_status,
    >,
    pub scan: Option<
        unsafe extern "C" fn(
            *const assay_dataset,
            *const assay_call,
            *const assay_scan_options,
            *mut ArrowArrayStream,
        ) -> assay_status,
    >,
}

#[repr(C)]
pub struct assay_reader {
    pub struct_size: u32,
    pub flags: u32,
    pub host_data: *mut c_void,
    pub size: u64,
    pub read: Option<
        unsafe extern "C" fn(
            *const assay_reader,
            *const assay_call,
            *mut c_void,
            u64,
            *mut u64,
        ) -> assay_status,
    >,
    pub close: Option<unsafe extern "C" fn(*const assay_reader)>,
}

#[repr(C)]
pub struct assay_source {
    pub struct_size: u32,
    pub flags: u32,
    pub host_data: *mut c_void,
    pub entry: Option<unsafe extern "C" fn(*const assay_source, u32, *mut assay_str) -> assay_status>,
    pub open: Option<
        unsafe extern "C" fn(
            *const assay_source,
            *const assay_call,
            assay_str,
            *mut assay_reader,
        ) -> assay_status,
    >,
}

#[repr(C)]
pub struct assay_writer {
    pub struct_size: u32,
    pub flags: u32,
    pub host_data: *mut c_void,
    pub write: Option<
        unsafe extern "C" fn(
            *const assay_writer,
            *const assay_call,
            *const c_void,
            u64,
            *mut u64,
        ) -> assay_status,
    >,
    pub finish: Option<unsafe extern "C" fn(*const assay_writer, *const assay_call) -> assay_status>,
    pub abort: Option<unsafe extern "C" fn(*const assay_writer)>,
}

#[repr(C)]
pub struct assay_sink {
    pub struct_size: u32,
    pub flags: u32,
    pub host_data: *mut c_void,
    pub open: Option<
        unsafe extern "C" fn(
            *const assay_sink,
            *const assay_call,
            assay_str,
            assay_str,
            *mut assay_writer,
        ) -> assay_status,
    >,
}

#[repr(C)]
pub struct assay_host {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub host_data: *mut c_void,
    pub name: assay_str,
    pub version: assay_str,
    pub get_service: Option<unsafe extern "C" fn(*const assay_host, *const c_char) -> *const c_void>,
}

#[repr(C)]
pub struct assay_component {
    pub struct_size: u32,
    pub flags: u32,
    pub self_: *mut c_void,
    pub get_capability: Option<unsafe extern "C" fn(*mut c_void, *const c_char) -> *const c_void>,
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

#[repr(C)]
pub struct assay_plugin {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub self_: *mut c_void,
    pub manifest: assay_str,
    pub create: Option<
        unsafe extern "C" fn(
            *mut c_void,
            *const assay_call,
            assay_str,
            *const assay_config,
            *mut assay_component,
        ) -> assay_status,
    >,
    pub get_extension: Option<unsafe extern "C" fn(*mut c_void, *const c_char) -> *const c_void>,
    pub close: Option<unsafe extern "C" fn(*mut c_void)>,
}

#[repr(C)]
pub struct assay_trainer_v1 {
    pub struct_size: u32,
    pub flags: u32,
    pub fit: Option<
        unsafe extern "C" fn(
            *mut c_void,
            *const assay_call,
            *const assay_dataset,
            *const assay_dataset,
            *const assay_source,
            *const assay_sink,
        ) -> assay_status,
    >,
}

#[repr(C)]
pub struct assay_scorer_v1 {
    pub struct_size: u32,
    pub flags: u32,
    pub load: Option<
        unsafe extern "C" fn(
            *mut c_void,
            *const assay_call,
            *const assay_source,
            *mut *mut c_void,
        ) -> assay_status,
    >,
    pub bind: Option<
        unsafe extern "C" fn(
            *mut c_void,
            *const assay_call,
            *mut c_void,
            *const ArrowSchema,
            *mut ArrowSchema,
        ) -> assay_status,
    >,
    pub score: Option<
        unsafe extern "C" fn(
            *mut c_void,
            *const assay_call,
            *mut c_void,
            *mut ArrowArray,
            *mut ArrowArray,
        ) -> assay_status,
    >,
    pub unload: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
}

/// `begin` and `restore` have one shape: the source is the reference, or what was saved.
pub type assay_fold_opens = unsafe extern "C" fn(
    *mut c_void,
    *const assay_call,
    *const ArrowSchema,
    *const assay_roles,
    *const assay_source,
    *mut *mut c_void,
) -> assay_status;

#[repr(C)]
pub struct assay_fold_v1 {
    pub struct_size: u32,
    pub flags: u32,
    pub begin: Option<assay_fold_opens>,
    pub update: Option<
        unsafe extern "C" fn(*mut c_void, *const assay_call, *mut c_void, *mut ArrowArray) -> assay_status,
    >,
    pub merge: Option<
        unsafe extern "C" fn(*mut c_void, *const assay_call, *mut c_void, *mut c_void) -> assay_status,
    >,
    pub save: Option<
        unsafe extern "C" fn(*mut c_void, *const assay_call, *mut c_void, *const assay_sink) -> assay_status,
    >,
    pub restore: Option<assay_fold_opens>,
    pub finish: Option<
        unsafe extern "C" fn(
            *mut c_void,
            *const assay_call,
            *mut c_void,
            *const assay_sink,
            *mut ArrowSchema,
            *mut ArrowArray,
        ) -> assay_status,
    >,
    pub end: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
}

#[repr(C)]
pub struct assay_rng_v1 {
    pub struct_size: u32,
    pub flags: u32,
    pub host_data: *mut c_void,
    pub fill: Option<
        unsafe extern "C" fn(*const assay_rng_v1, *const assay_call, u64, u64, u64, *mut u32) -> assay_status,
    >,
}

#[repr(C)]
pub struct assay_scratch_v1 {
    pub struct_size: u32,
    pub flags: u32,
    pub host_data: *mut c_void,
    pub quota: u64,
    pub take: Option<
        unsafe extern "C" fn(*const assay_scratch_v1, *const assay_call, u64, *mut *mut c_void) -> assay_status,
    >,
    pub give_back: Option<unsafe extern "C" fn(*const assay_scratch_v1, *const assay_call, *mut c_void)>,
}
