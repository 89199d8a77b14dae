// SPDX-License-Identifier: Apache-2.0
//! `assay_sdk::abi` has the fields, offsets and constants of `abi/layout.txt`, which is made from the C header; every
//! struct of that file must be here.

use std::collections::BTreeMap;
use std::mem::{size_of, MaybeUninit};
use std::ptr::addr_of;

use assay_sdk::abi::*;

type Layouts = BTreeMap<&'static str, (usize, Vec<(&'static str, usize, usize)>)>; // name -> size, (field, offset, size)

macro_rules! describe {
    ($($name:ident { $($field:ident),+ })+) => {{
        let mut all = Layouts::new();
        $({
            let it = MaybeUninit::<$name>::uninit();
            let base = it.as_ptr();
            fn size_behind<T>(_: *const T) -> usize { size_of::<T>() }
            // SAFETY: addresses are taken, nothing is read.
            let fields = unsafe {
                vec![$((
                    stringify!($field).trim_end_matches('_'),
                    addr_of!((*base).$field) as usize - base as usize,
                    size_behind(addr_of!((*base).$field)),
                )),+]
            };
            all.insert(stringify!($name), (size_of::<$name>(), fields));
        })+
        all
    }};
}

fn layouts() -> Layouts {
    describe! {
        assay_str { data, size }
        ArrowSchema { format, name, metadata, flags, n_children, children, dictionary, release, private_data }
        ArrowArray { length, null_count, offset, n_buffers, n_children, buffers, children, dictionary, release, private_data }
        ArrowArrayStream { get_schema, get_next, get_last_error, release, private_data }
        assay_call { struct_size, flags, call_id, seed, deadline_ns, max_threads, reserved0, host_data, fail, should_stop, progress, log, metric }
        assay_config { struct_size, flags, host_data, json, get_f64, get_i64, get_bool, get_str }
        assay_roles { struct_size, flags, host_data, get }
        assay_scan_options { struct_size, flags, batch_rows, columns, column_count }
        assay_dataset { struct_size, flags, host_data, row_count, digest, roles, schema, scan }
        assay_reader { struct_size, flags, host_data, size, read, close }
        assay_source { struct_size, flags, host_data, entry, open }
        assay_writer { struct_size, flags, host_data, write, finish, abort }
        assay_sink { struct_size, flags, host_data, open }
        assay_host { struct_size, abi_minor, host_data, name, version, get_service }
        assay_component { struct_size, flags, self_, get_capability, destroy }
        assay_plugin { struct_size, abi_minor, self_, manifest, create, get_extension, close }
        assay_trainer_v1 { struct_size, flags, fit }
        assay_scorer_v1 { struct_size, flags, load, bind, score, unload }
        assay_fold_v1 { struct_size, flags, begin, update, merge, save, restore, finish, end }
        assay_rng_v1 { struct_size, flags, host_data, fill }
        assay_scratch_v1 { struct_size, flags, host_data, quota, take, give_back }
    }
}

fn golden() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../abi/layout.txt");
    std::fs::read_to_string(path).expect("abi/layout.txt lies beside the crate in the SDK")
}

fn size_of_type(kind: &str) -> usize {
    match kind {
        "uint32_t" | "int32_t" => 4,
        "int64_t" | "uint64_t" | "double" => 8,
        "assay_str" => size_of::<assay_str>(),
        pointer => {
            assert!(pointer.contains('*'), "{} is a type that this test does not know", pointer);
            size_of::<usize>()
        }
    }
}

// (struct, field, offset here, type) for every field of the header, and (struct, size) for the frozen ones.
fn differences(text: &str, column: usize, here: &Layouts) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut name, mut at) = ("", 0);
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("struct ") {
            name = rest.split(' ').next().unwrap();
            at = 0;
            if !here.contains_key(name) {
                wrong.push(format!("{} is missing", name));
            }
        } else if let Some(sizes) = line.strip_prefix("  sizes ") {
            let size: usize = sizes.split(' ').nth(column).unwrap().parse().unwrap();
            if here.get(name).map(|(size, _)| *size) != Some(size) {
                wrong.push(format!("{} has another size", name));
            }
        } else if line.starts_with("  ") {
            let (left, kind) = line.split_once(": ").unwrap();
            let words: Vec<&str> = left.split_whitespace().collect();
            let (offset, field) = (words[column].parse::<usize>().unwrap(), words[3]);
            let there = here.get(name).and_then(|(_, fields)| fields.get(at));
            if there != Some(&(field, offset, size_of_type(kind))) {
                wrong.push(format!("{}.{}: {:?} here, {} there", name, field, there, offset));
            }
            at += 1;
        }
    }
    wrong
}

const COLUMN: usize = if cfg!(target_arch = "x86_64") {
    0
} else if cfg!(target_arch = "aarch64") {
    1
} else {
    2
};

#[test]
fn structs_are_those_of_the_header() {
    assert_eq!(differences(&golden(), COLUMN, &layouts()), Vec::<String>::new());
}

#[test]
fn a_moved_field_is_noticed() {
    let moved = golden().replacen(" reserved0: uint32_t", " reserved0: uint64_t", 1);
    assert_eq!(differences(&moved, COLUMN, &layouts()).len(), 1);
    let unknown = golden() + "struct assay_new grows at its end\n    0   0   0 struct_size: uint32_t\n";
    assert_eq!(differences(&unknown, COLUMN, &layouts()).len(), 2);
}

#[test]
fn constants_are_those_of_the_header() {
    let source = include_str!("../src/abi.rs");
    let mut seen = 0;
    for line in golden().lines().filter_map(|line| line.strip_prefix("const ")) {
        let (name, value) = line.split_once(' ').unwrap();
        let value = value.trim_end_matches('u');
        let there = source.lines().any(|line| {
            line.starts_with(&format!("pub const {}:", name)) && line.ends_with(&format!("= {};", value))
        });
        assert!(there, "{} = {} is missing or different", name, value);
        seen += 1;
    }
    assert!(seen >= 26);
}
