/* SPDX-License-Identifier: Apache-2.0
 * The optional service "assay.host.rng/1": random numbers that are the same in every host, language and thread. Nothing
 * is drawn in order: a number is what Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC11) makes of the call's seed, a stream that the plugin chooses, and the number's place in it.
 *
 *   block b of stream s = Philox4x32-10 of the key (low, high half of call->seed)
 *                                  and the counter (low, high half of b; low, high half of s): four 32-bit numbers
 *
 * Number n of 64 bits is words 2 (n mod 2), the low half, and 2 (n mod 2) + 1 of block n / 2. A host may have no such
 * service; assay_philox below is the same function, so a result never depends on it. Ways to draw that are the same in
 * each language: services_c.h, services.hpp, and the Rust crate's `Random`. */
#pragma once

#include "assay/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_HOST_RNG_V1 "assay.host.rng/1"
typedef struct assay_rng_v1 {
  uint32_t struct_size;
  uint32_t flags;
  void* host_data;
  /* Writes the four words of each of `blocks` blocks from `first` on. Past the last block follows the first. [any] */
  assay_status (*fill)(const struct assay_rng_v1*, const assay_call*, uint64_t stream, uint64_t first, uint64_t blocks,
                       uint32_t* out);
} assay_rng_v1;

/* The four words of one block. */
static inline void assay_philox(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[4]) {
  uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
  uint32_t word0 = (uint32_t)block, word1 = (uint32_t)(block >> 32);
  uint32_t word2 = (uint32_t)stream, word3 = (uint32_t)(stream >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t even = (uint64_t)0xD2511F53u * word0, odd = (uint64_t)0xCD9E8D57u * word2;
    word0 = (uint32_t)(odd >> 32) ^ word1 ^ key0;
    word1 = (uint32_t)odd;
    word2 = (uint32_t)(even >> 32) ^ word3 ^ key1;
    word3 = (uint32_t)even;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  out[0] = word0;
  out[1] = word1;
  out[2] = word2;
  out[3] = word3;
}

#ifdef __cplusplus
}
#endif
