// SPDX-License-Identifier: Apache-2.0
// Services of the host, as C++, that do without it where it has none: what comes of them is the same in every host.
//
//   struct Mine {
//     explicit Mine(const Config& config) : host(config.host()) {}
//     void fit(Call call, const Dataset& data, const Sink& model) {
//       const Random random(host, call);
//       data.scan([&](const Batch& batch) { ... random.uniform(row) ... });
//     }
//     Host host;
//   };
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "assay/ext/rng.h"
#include "assay/ext/scratch.h"
#include "assay/host.hpp"

namespace assay::sdk {

// Random numbers by their place: number n of a stream is the same whoever asks for it, when and how often. Cheap to
// make; a thread needs its own, and streams of different numbers have nothing to do with each other.
class Random {
 public:
  Random(Host host, Call call, std::uint64_t stream = 0)
      : service_(host.service<assay_rng_v1>(ASSAY_HOST_RNG_V1)), call_(call.raw()), stream_(stream) {}

  std::uint64_t u64(std::uint64_t n) const {
    const std::uint64_t block = n / 2, first = block - block % kept_blocks;
    if (!filled_ || first != first_) fill(first);
    const std::uint32_t* words = words_.data() + (block - first) * 4 + n % 2 * 2;
    return words[0] | std::uint64_t{words[1]} << 32;
  }
  // In [0, 1), a multiple of 2^-53.
  double uniform(std::uint64_t n) const { return static_cast<double>(u64(n) >> 11) * 0x1p-53; }
  // In [0, end), for an `end` of at least 1. No value is likelier than another by more than end / 2^64.
  std::uint64_t below(std::uint64_t n, std::uint64_t end) const {
    const std::uint64_t bits = u64(n), low = bits & 0xFFFFFFFF, high = bits >> 32;
    const std::uint64_t end_low = end & 0xFFFFFFFF, end_high = end >> 32;
    // The upper half of the product of bits and end, which not every compiler has a type for.
    const std::uint64_t middle = high * end_low + (low * end_low >> 32), other = low * end_high + (middle & 0xFFFFFFFF);
    return high * end_high + (middle >> 32) + (other >> 32);
  }

 private:
  static constexpr std::uint64_t kept_blocks = 64;  // asked for at once

  void fill(std::uint64_t first) const {
    filled_ = true;
    first_ = first;
    if (service_ != nullptr &&
        service_->fill(service_, call_, stream_, first, kept_blocks, words_.data()) == ASSAY_OK)
      return;
    for (std::uint64_t i = 0; i < kept_blocks; ++i)
      assay_philox(call_->seed, stream_, first + i, words_.data() + i * 4);
  }

  const assay_rng_v1* service_;
  const assay_call* call_;
  std::uint64_t stream_;
  mutable std::array<std::uint32_t, kept_blocks * 4> words_{};
  mutable std::uint64_t first_ = 0;
  mutable bool filled_ = false;
};

// `count` zeros for the length of the call: on disk where the host lends room there, else in ordinary memory. Throws
// OUT_OF_MEMORY where there is neither.
template <class T>
class Scratch {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  Scratch(Host host, Call call, std::size_t count)
      : service_(host.service<assay_scratch_v1>(ASSAY_HOST_SCRATCH_V1)), call_(call.raw()), count_(count) {
    if (count > SIZE_MAX / sizeof(T)) throw std::bad_alloc();
    void* lent = nullptr;
    if (service_ != nullptr && count > 0 && service_->take(service_, call_, count * sizeof(T), &lent) == ASSAY_OK) {
      memory_ = static_cast<T*>(lent);
    } else {
      service_ = nullptr;
      memory_ = static_cast<T*>(::operator new(std::max<std::size_t>(count, 1) * sizeof(T), alignment));
      std::memset(static_cast<void*>(memory_), 0, count * sizeof(T));
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (service_ != nullptr)
      service_->give_back(service_, call_, memory_);
    else
      ::operator delete(memory_, alignment);
  }

  std::span<T> get() const { return {memory_, count_}; }
  bool on_disk() const { return service_ != nullptr; }

 private:
  static constexpr std::align_val_t alignment{64};

  const assay_scratch_v1* service_;
  const assay_call* call_;
  T* memory_;
  std::size_t count_;
};

}  // namespace assay::sdk
