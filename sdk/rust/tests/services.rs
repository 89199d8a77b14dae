// SPDX-License-Identifier: Apache-2.0
//! Services of a host, and that a component cannot tell by its results whether there are any.

use std::cell::Cell;
use std::ffi::CStr;
use std::mem::{size_of, zeroed};
use std::os::raw::{c_char, c_void};
use std::ptr::null;

use assay_sdk::abi::*;
use assay_sdk::{philox, Call, Host, Random, Scratch};

thread_local! {
    static FILLED: Cell<usize> = Cell::new(0);
    static HELD: Cell<usize> = Cell::new(0);
}

unsafe extern "C" fn fill(
    _: *const assay_rng_v1,
    call: *const assay_call,
    stream: u64,
    first: u64,
    blocks: u64,
    out: *mut u32,
) -> assay_status {
    FILLED.with(|filled| filled.set(filled.get() + 1));
    for i in 0..blocks {
        let words = philox((*call).seed, stream, first + i);
        std::ptr::copy_nonoverlapping(words.as_ptr(), out.add(4 * i as usize), 4);
    }
    ASSAY_OK
}
unsafe extern "C" fn take(
    service: *const assay_scratch_v1,
    _: *const assay_call,
    bytes: u64,
    out: *mut *mut c_void,
) -> assay_status {
    if bytes > (*service).quota {
        return ASSAY_E_DENIED;
    }
    HELD.with(|held| held.set(held.get() + 1));
    *out = Box::into_raw(vec![0u64; 512].into_boxed_slice()).cast();
    ASSAY_OK
}
unsafe extern "C" fn give_back(_: *const assay_scratch_v1, _: *const assay_call, memory: *mut c_void) {
    HELD.with(|held| held.set(held.get() - 1));
    drop(Vec::from_raw_parts(memory as *mut u64, 512, 512));
}

struct Services {
    random: assay_rng_v1,
    scratch: assay_scratch_v1,
}

unsafe extern "C" fn get_service(host: *const assay_host, id: *const c_char) -> *const c_void {
    let services = &*((*host).host_data as *const Services);
    match CStr::from_ptr(id).to_str() {
        Ok(ASSAY_HOST_RNG_V1) => &services.random as *const _ as *const c_void,
        Ok(ASSAY_HOST_SCRATCH_V1) => &services.scratch as *const _ as *const c_void,
        _ => null(),
    }
}

/// Calls `work` with a host that has services of these sizes, and a call of that seed.
fn with_host(random_size: usize, seed: u64, work: impl FnOnce(Host, &Call<'_>)) {
    unsafe {
        let mut services: Services = zeroed();
        services.random.struct_size = random_size as u32;
        services.random.fill = Some(fill);
        services.scratch.struct_size = size_of::<assay_scratch_v1>() as u32;
        services.scratch.quota = 4096;
        services.scratch.take = Some(take);
        services.scratch.give_back = Some(give_back);
        let mut host: assay_host = zeroed();
        host.struct_size = size_of::<assay_host>() as u32;
        host.host_data = &services as *const Services as *mut c_void;
        host.get_service = Some(get_service);
        let mut call: assay_call = zeroed();
        call.seed = seed;
        work(Host::new(&host), &Call::new(&call));
    }
}
fn alone() -> Host {
    unsafe { Host::new(null()) }
}

#[test]
fn philox_gives_the_known_answers() {
    // kat_vectors of Random123, philox4x32 with 10 rounds.
    assert_eq!(philox(0, 0, 0), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    assert_eq!(philox(!0, !0, !0), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
    let pi = philox(0x299f31d0_a4093822, 0x03707344_13198a2e, 0x85a308d3_243f6a88);
    assert_eq!(pi, [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
}

#[test]
fn numbers_are_the_same_with_the_service_and_without_in_any_order() {
    with_host(size_of::<assay_rng_v1>(), 7, |host, call| {
        let (served, own) = (Random::new(host, call, 3), Random::new(alone(), call, 3));
        for n in [0, 1, 2, 127, 128, 5, 1 << 40, u64::MAX, 0] {
            assert_eq!(served.u64(n), own.u64(n));
            assert_eq!(served.below(n, 10), own.below(n, 10));
            assert!(served.below(n, 10) < 10 && (0.0..1.0).contains(&served.uniform(n)));
        }
        let block = philox(7, 3, 0);
        assert_eq!(served.u64(1), u64::from(block[2]) | u64::from(block[3]) << 32);
        assert_ne!(served.u64(0), Random::new(host, call, 4).u64(0));
        assert!(FILLED.with(Cell::get) > 0);
    });
}

#[test]
fn a_service_that_is_shorter_than_its_first_version_is_none() {
    with_host(size_of::<assay_rng_v1>() - 1, 7, |host, call| {
        Random::new(host, call, 0).u64(0);
        assert_eq!(FILLED.with(Cell::get), 0);
    });
}

#[test]
fn scratch_is_zeros_from_the_host_while_it_has_some_and_given_back() {
    with_host(0, 7, |host, call| {
        {
            let mut lent = Scratch::<u64>::new(host, call, 512).unwrap();
            assert!(lent.on_disk() && lent.get().iter().all(|value| *value == 0) && lent.get().len() == 512);
            lent.get_mut()[511] = 9;
            assert_eq!((lent.get()[511], HELD.with(Cell::get)), (9, 1));
        }
        assert_eq!(HELD.with(Cell::get), 0);
        for own in [Scratch::<u64>::new(host, call, 513), Scratch::<u64>::new(alone(), call, 513)] {
            let own = own.unwrap();
            assert!(!own.on_disk() && own.get() == vec![0; 513]);
        }
        assert!(Scratch::<u64>::new(host, call, usize::MAX).is_err());
        assert!(Scratch::<u64>::new(host, call, 0).unwrap().get().is_empty());
    });
}
