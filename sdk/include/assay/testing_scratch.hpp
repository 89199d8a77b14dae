// SPDX-License-Identifier: Apache-2.0
// Scratch room as testing.hpp lends it: memory of the length of a call, so that a sanitizer sees what uses it later.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "assay/abi.h"

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

}  // namespace assay::sdk::testing
