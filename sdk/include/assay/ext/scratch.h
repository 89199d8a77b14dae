/* SPDX-License-Identifier: Apache-2.0
 * The optional service "assay.host.scratch/1": room on disk for one call, as memory. It does not count against the
 * memory that a plugin may take, so what is sorted or kept there can be larger; the system writes to disk what does not
 * fit into memory. It begins as zeros, nobody else sees it, and it is gone when the call that took it returns, however
 * that ends: a model or a state must not point into it. A host may have no such service, or not that much: then the
 * plugin takes ordinary memory, as services_c.h, services.hpp and the Rust crate's `Scratch` do. */
#pragma once

#include "assay/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_HOST_SCRATCH_V1 "assay.host.scratch/1"
typedef struct assay_scratch_v1 {
  uint32_t struct_size;
  uint32_t flags;
  void* host_data;
  uint64_t quota; /* bytes that one call may hold at a time */
  /* `bytes` bytes, readable and writable, aligned as a page is. ASSAY_E_DENIED past the quota, ASSAY_E_IO when the disk
   * has no room. [call] */
  assay_status (*take)(const struct assay_scratch_v1*, const assay_call*, uint64_t bytes, void** out);
  /* Gives back what `take` answered, before the call's end. Not while a thread still uses it. [call] */
  void (*give_back)(const struct assay_scratch_v1*, const assay_call*, void* memory);
} assay_scratch_v1;

#ifdef __cplusplus
}
#endif
