// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/lent_services.h"

#include <string_view>

#include "assay/ext/rng.h"

namespace assay::worker {
namespace {

assay_status fill(const assay_rng_v1*, const assay_call* call, uint64_t stream, uint64_t first, uint64_t blocks,
                  uint32_t* out) {
  if (call == nullptr || out == nullptr) return ASSAY_E_INVALID_ARGUMENT;
  for (uint64_t i = 0; i < blocks; ++i) assay_philox(call->seed, stream, first + i, out + i * 4);
  return ASSAY_OK;
}

}  // namespace

const void* lent_service(const char* id, const assay_scratch_v1& scratch) {
  static const assay_rng_v1 random{sizeof random, 0, nullptr, &fill};
  const std::string_view wanted = id == nullptr ? std::string_view() : std::string_view(id);
  if (wanted == ASSAY_HOST_RNG_V1) return &random;
  if (wanted == ASSAY_HOST_SCRATCH_V1) return &scratch;
  return nullptr;
}

}  // namespace assay::worker
