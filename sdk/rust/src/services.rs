// SPDX-License-Identifier: Apache-2.0
//! The host itself, and its services (`assay/ext`). A host may lack any of them; then the same is done here, so that what
//! comes of them is the same in every host.

use std::cell::RefCell;
use std::ffi::CString;
use std::mem::size_of;
use std::os::raw::c_void;
use std::ptr;

use crate::abi::*;
use crate::error::Result;
use crate::host::Call;

/// The host, from a component's creation to its end: `config.host()`.
#[derive(Clone, Copy)]
pub struct Host {
    raw: *const assay_host,
}
// SAFETY: the contract makes get_service [any], and the host outlive every plugin that it opened.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    /// For hosts and tests. Null is a host without services.
    ///
    /// # Safety
    /// `raw` must be as the header says, or null.
    pub unsafe fn new(raw: *const assay_host) -> Host {
        Host { raw }
    }
    /// The service behind that id, at least as long as its first version; null where the host has none.
    ///
    /// # Safety
    /// `T` must be the struct of that service, which begins with its struct_size.
    pub unsafe fn service<T>(&self, id: &str) -> *const T {
        let id = match CString::new(id) {
            Ok(id) => id,
            Err(_) => return ptr::null(),
        };
        let found = match self.raw.as_ref().and_then(|host| host.get_service) {
            Some(get_service) => get_service(self.raw, id.as_ptr()),
            None => ptr::null(),
        };
        let long_enough = !found.is_null() && *(found as *const u32) as usize >= size_of::<T>();
        if long_enough { found as *const T } else { ptr::null() }
    }
}

/// Block `block` of a stream: what Philox4x32-10 makes of it, as `assay/ext/rng.h` defines it.
pub fn philox(seed: u64, stream: u64, block: u64) -> [u32; 4] {
    let (mut key0, mut key1) = (seed as u32, (seed >> 32) as u32);
    let mut words = [block as u32, (block >> 32) as u32, stream as u32, (stream >> 32) as u32];
    for _ in 0..10 {
        let even = 0xD251_1F53 * u64::from(words[0]);
        let odd = 0xCD9E_8D57 * u64::from(words[2]);
        words = [(odd >> 32) as u32 ^ words[1] ^ key0, odd as u32, (even >> 32) as u32 ^ words[3] ^ key1, even as u32];
        key0 = key0.wrapping_add(0x9E37_79B9);
        key1 = key1.wrapping_add(0xBB67_AE85);
    }
    words
}

const KEPT_BLOCKS: u64 = 64; // asked for at once

struct Kept {
    first: Option<u64>,
    words: [u32; KEPT_BLOCKS as usize * 4],
}

/// Random numbers by their place: number n of a stream is the same whoever asks for it, when and how often. Cheap to
/// make; a thread needs its own, and streams of different numbers have nothing to do with each other.
pub struct Random<'a> {
    service: *const assay_rng_v1,
    call: Call<'a>,
    stream: u64,
    kept: RefCell<Kept>,
}

impl<'a> Random<'a> {
    pub fn new(host: Host, call: &Call<'a>, stream: u64) -> Random<'a> {
        let service = unsafe { host.service::<assay_rng_v1>(ASSAY_HOST_RNG_V1) };
        let kept = Kept { first: None, words: [0; KEPT_BLOCKS as usize * 4] };
        Random { service, call: *call, stream, kept: RefCell::new(kept) }
    }
    pub fn u64(&self, n: u64) -> u64 {
        let block = n / 2;
        let first = block - block % KEPT_BLOCKS;
        let mut kept = self.kept.borrow_mut();
        if kept.first != Some(first) {
            kept.first = Some(first);
            self.fill(first, &mut kept.words);
        }
        let at = ((block - first) * 4 + n % 2 * 2) as usize;
        u64::from(kept.words[at]) | u64::from(kept.words[at + 1]) << 32
    }
    /// In [0, 1), a multiple of 2^-53.
    pub fn uniform(&self, n: u64) -> f64 {
        (self.u64(n) >> 11) as f64 / (1u64 << 53) as f64
    }
    /// In [0, end), for an `end` of at least 1. No value is likelier than another by more than end / 2^64.
    pub fn below(&self, n: u64, end: u64) -> u64 {
        ((u128::from(self.u64(n)) * u128::from(end)) >> 64) as u64
    }
    fn fill(&self, first: u64, words: &mut [u32; KEPT_BLOCKS as usize * 4]) {
        if let Some(fill) = unsafe { self.service.as_ref() }.and_then(|service| service.fill) {
            let out = words.as_mut_ptr();
            if unsafe { fill(self.service, self.call.raw(), self.stream, first, KEPT_BLOCKS, out) } == ASSAY_OK {
                return;
            }
        }
        for (i, block) in words.chunks_exact_mut(4).enumerate() {
            block.copy_from_slice(&philox(self.call.raw().seed, self.stream, first + i as u64));
        }
    }
}

/// What scratch room may hold: every pattern of bits is a value, zeros among them.
///
/// # Safety
/// No type with a drop, a pointer or a bit pattern that is not a value.
pub unsafe trait Plain: Copy {}
unsafe impl Plain for u8 {}
unsafe impl Plain for u32 {}
unsafe impl Plain for u64 {}
unsafe impl Plain for i64 {}
unsafe impl Plain for f64 {}

/// Zeros for the length of the call: on disk where the host lends room there, else in ordinary memory.
pub struct Scratch<'a, T: Plain> {
    call: Call<'a>,
    lent: Option<(*const assay_scratch_v1, *mut T, usize)>,
    own: Vec<T>,
}

impl<'a, T: Plain> Scratch<'a, T> {
    pub fn new(host: Host, call: &Call<'a>, count: usize) -> Result<Scratch<'a, T>> {
        let service = unsafe { host.service::<assay_scratch_v1>(ASSAY_HOST_SCRATCH_V1) };
        let take = unsafe { service.as_ref() }.and_then(|service| service.take);
        if let (Some(take), Some(bytes)) = (take, count.checked_mul(size_of::<T>()).filter(|bytes| *bytes > 0)) {
            let mut memory: *mut c_void = ptr::null_mut();
            if unsafe { take(service, call.raw(), bytes as u64, &mut memory) } == ASSAY_OK {
                return Ok(Scratch { call: *call, lent: Some((service, memory.cast(), count)), own: Vec::new() });
            }
        }
        let mut own: Vec<T> = Vec::new();
        let full = |_| crate::Error::new(ASSAY_E_OUT_OF_MEMORY, "there is no room for what the operation sorts or keeps");
        own.try_reserve_exact(count).map_err(full)?;
        // SAFETY: there is room for `count`, and zeros are values of T.
        unsafe {
            ptr::write_bytes(own.as_mut_ptr(), 0, count);
            own.set_len(count);
        }
        Ok(Scratch { call: *call, lent: None, own })
    }
    pub fn get(&self) -> &[T] {
        match self.lent {
            // SAFETY: lent until the call ends, or this does.
            Some((_, memory, count)) => unsafe { std::slice::from_raw_parts(memory, count) },
            None => &self.own,
        }
    }
    pub fn get_mut(&mut self) -> &mut [T] {
        match self.lent {
            // SAFETY: as above, and nobody else has it.
            Some((_, memory, count)) => unsafe { std::slice::from_raw_parts_mut(memory, count) },
            None => &mut self.own,
        }
    }
    pub fn on_disk(&self) -> bool {
        self.lent.is_some()
    }
}

impl<T: Plain> Drop for Scratch<'_, T> {
    fn drop(&mut self) {
        if let Some((service, memory, _)) = self.lent {
            if let Some(give_back) = unsafe { (*service).give_back } {
                unsafe { give_back(service, self.call.raw(), memory.cast()) }
            }
        }
    }
}
