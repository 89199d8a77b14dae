// SPDX-License-Identifier: Apache-2.0
// Choices drawn from a seed: the same on every machine, which the standard library's distributions are not.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>

namespace assay::worker::check {

class Draw {
 public:
  // Each round of a seed draws for itself, so that one can be tried without those before it.
  Draw(std::uint64_t seed, std::uint64_t round) : random_(seed * 0x9E3779B97F4A7C15 + round * 0xD1B54A32D192ED03) {}

  std::uint64_t bits() { return random_(); }
  // In [0, end); `end` is not 0.
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
  bool once_in(std::size_t times) { return below(times) == 0; }
  // In [0, 1).
  double share() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  template <class T>
  T of(std::initializer_list<T> all) {
    return all.begin()[below(all.size())];
  }
  template <class Items>
  auto& among(Items& all) {
    return all[below(all.size())];
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace assay::worker::check
