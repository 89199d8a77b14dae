// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/lent_random.h"

namespace assay::worker {
namespace {

assay_status fill(const assay_rng_v1*, const assay_call* call, uint64_t stream, uint64_t first, uint64_t blocks,
                  uint32_t* out) {
  if (call == nullptr || out == nullptr) return ASSAY_E_INVALID_ARGUMENT;
  for (uint64_t i = 0; i < blocks; ++i) assay_philox(call->seed, stream, first + i, out + i * 4);
  return ASSAY_OK;
}

}  // namespace

const assay_rng_v1* lent_random() {
  static const assay_rng_v1 service{sizeof service, 0, nullptr, &fill};
  return &service;
}

}  // namespace assay::worker
