/* SPDX-License-Identifier: Apache-2.0
 * Services of the host, as C, that do without it where it has none: what comes of them is the same in every host. A plugin
 * written with plugin_c.h gets its host as the first argument of create_component. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "assay/ext/rng.h"
#include "assay/ext/scratch.h"

/* The service behind that id, at least `size` bytes long; NULL where the host has none. */
static inline const void* assay_service(const assay_host* host, const char* id, uint32_t size) {
  const void* found = host == NULL || host->get_service == NULL ? NULL : host->get_service(host, id);
  uint32_t there = 0;
  if (found != NULL) memcpy(&there, found, sizeof there);
  return there < size ? NULL : found;
}

/* Random numbers by their place: number n of a stream is the same whoever asks for it, when and how often. One a thread. */
typedef struct assay_random {
  const assay_rng_v1* service;
  const assay_call* call;
  uint64_t stream, first;
  int filled;
  uint32_t words[64 * 4];
} assay_random;

static inline void assay_random_start(assay_random* random, const assay_host* host, const assay_call* call, uint64_t stream) {
  random->service = (const assay_rng_v1*)assay_service(host, ASSAY_HOST_RNG_V1, sizeof(assay_rng_v1));
  random->call = call;
  random->stream = stream;
  random->first = 0;
  random->filled = 0;
}
static inline uint64_t assay_random_u64(assay_random* random, uint64_t n) {
  const uint64_t block = n / 2, first = block - block % 64;
  if (!random->filled || first != random->first) {
    random->filled = 1;
    random->first = first;
    if (random->service == NULL ||
        random->service->fill(random->service, random->call, random->stream, first, 64, random->words) != ASSAY_OK)
      for (uint64_t i = 0; i < 64; ++i) assay_philox(random->call->seed, random->stream, first + i, random->words + i * 4);
  }
  const uint32_t* words = random->words + (block - first) * 4 + n % 2 * 2;
  return words[0] | (uint64_t)words[1] << 32;
}
/* In [0, 1), a multiple of 2^-53. */
static inline double assay_random_uniform(assay_random* random, uint64_t n) {
  return (double)(assay_random_u64(random, n) >> 11) * 0x1p-53;
}
/* In [0, end), for an `end` of at least 1: the upper half of the product. */
static inline uint64_t assay_random_below(assay_random* random, uint64_t n, uint64_t end) {
  const uint64_t bits = assay_random_u64(random, n), low = bits & 0xFFFFFFFF, high = bits >> 32;
  const uint64_t end_low = end & 0xFFFFFFFF, end_high = end >> 32;
  const uint64_t middle = high * end_low + (low * end_low >> 32), other = low * end_high + (middle & 0xFFFFFFFF);
  return high * end_high + (middle >> 32) + (other >> 32);
}

/* Zeros for the length of the call: on disk where the host lends room there, else in ordinary memory. */
typedef struct assay_scratch {
  const assay_scratch_v1* service; /* NULL: ordinary memory */
  const assay_call* call;
  void* memory;
} assay_scratch;

/* NULL where there is no memory either. End it with assay_scratch_end before the operation returns. */
static inline void* assay_scratch_take(assay_scratch* scratch, const assay_host* host, const assay_call* call, size_t bytes) {
  scratch->service = (const assay_scratch_v1*)assay_service(host, ASSAY_HOST_SCRATCH_V1, sizeof(assay_scratch_v1));
  scratch->call = call;
  scratch->memory = NULL;
  if (scratch->service == NULL || bytes == 0 ||
      scratch->service->take(scratch->service, call, bytes, &scratch->memory) != ASSAY_OK) {
    scratch->service = NULL;
    scratch->memory = calloc(bytes == 0 ? 1 : bytes, 1);
  }
  return scratch->memory;
}
static inline void assay_scratch_end(assay_scratch* scratch) {
  if (scratch->service != NULL)
    scratch->service->give_back(scratch->service, scratch->call, scratch->memory);
  else
    free(scratch->memory);
  scratch->memory = NULL;
}
