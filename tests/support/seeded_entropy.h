// SPDX-License-Identifier: Apache-2.0
// Randomness that is the same in every run: names of packs decide in which order a store goes through them, and a failure must
// be seen again.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>

#include "storage/env/entropy.h"

namespace assay::test {

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}

  void fill(std::span<std::byte> out) override {
    const std::lock_guard lock(mutex_);
    for (std::byte& byte : out) byte = static_cast<std::byte>(random_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_;
};

}  // namespace assay::test
