// SPDX-License-Identifier: Apache-2.0
// The services of the ext headers as testing.hpp's host offers them. Scratch room is memory of the length of a call, so
// that a sanitizer sees what uses it later.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string_view>

#include "assay/ext/rng.h"
#include "assay/ext/scratch.h"

namespace assay::sdk::testing {

class FakeScratch {
 public:
  FakeScratch() = default;
  FakeScratch(const FakeScratch&) = delete;
  FakeScratch& operator=(const FakeScratch&) = delete;
  ~FakeScratch() {
    for (const auto& [memory, size] : taken_) std::free(memory);
  }

  assay_status take(std::uint64_t bytes, void** out) noexcept {
    const std::lock_guard lock(mutex_);
    if (bytes == 0 || bytes > quota - held_) return ASSAY_E_DENIED;
    const auto size = static_cast<std::size_t>((bytes + page - 1) / page * page);
    void* memory = std::aligned_alloc(page, size);
    if (memory == nullptr) return ASSAY_E_IO;
    try {
      taken_.emplace(memory, bytes);
    } catch (...) {
      std::free(memory);
      return ASSAY_E_IO;
    }
    held_ += bytes;
    return *out = std::memset(memory, 0, size), ASSAY_OK;
  }
  void give_back(void* memory) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = taken_.find(memory);
    if (found == taken_.end()) return;
    held_ -= found->second;
    std::free(memory);
    taken_.erase(found);
  }
  // What is not given back yet.
  std::uint64_t held() const {
    const std::lock_guard lock(mutex_);
    return held_;
  }

  std::uint64_t quota = std::uint64_t{1} << 30;

 private:
  static constexpr std::uint64_t page = 4096;

  mutable std::mutex mutex_;
  std::uint64_t held_ = 0;
  std::map<void*, std::uint64_t> taken_;
};

FakeScratch& scratch_of(const assay_call* call);  // of a FakeCall

// The services of the ext headers: what a real host answers, in memory.
inline const void* fake_service(const assay_host*, const char* id) {
  static constexpr assay_rng_v1 random{
      sizeof random, 0, nullptr,
      [](const assay_rng_v1*, const assay_call* call, std::uint64_t stream, std::uint64_t first, std::uint64_t blocks,
         std::uint32_t* out) -> assay_status {
        for (std::uint64_t i = 0; i < blocks; ++i) assay_philox(call->seed, stream, first + i, out + i * 4);
        return ASSAY_OK;
      }};
  static constexpr assay_scratch_v1 scratch{
      sizeof scratch, 0, nullptr, std::uint64_t{1} << 30,
      [](const assay_scratch_v1*, const assay_call* call, std::uint64_t bytes, void** out) {
        return scratch_of(call).take(bytes, out);
      },
      [](const assay_scratch_v1*, const assay_call* call, void* memory) {
        scratch_of(call).give_back(memory);
      }};
  const std::string_view wanted = id == nullptr ? std::string_view() : std::string_view(id);
  if (wanted == ASSAY_HOST_RNG_V1) return &random;
  if (wanted == ASSAY_HOST_SCRATCH_V1) return &scratch;
  return nullptr;
}

}  // namespace assay::sdk::testing
