// SPDX-License-Identifier: Apache-2.0
// For folds over many numbers: order without comparisons, sums without drift, both the same bit by bit
// however the work was cut. Optional.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace assay::sdk {

// A sum whose error does not grow with the number of terms (Knuth's two-sum, in Neumaier's form). For finite
// terms.
struct ExactSum {
  double total = 0, lost = 0;
  void add(double value) {
    const double next = total + value, part = next - total;
    lost += (total - (next - part)) + (value - part);
    total = next;
  }
  double value() const { return total + lost; }
};

// A double that is not NaN as an unsigned integer of the same order; -0 and 0 are one.
inline std::uint64_t ordered_bits(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);
  return bits >> 63 != 0 ? ~bits : bits | std::uint64_t{1} << 63;
}
inline double from_ordered_bits(std::uint64_t bits) {
  return std::bit_cast<double>(bits >> 63 != 0 ? bits ^ std::uint64_t{1} << 63 : ~bits);
}

namespace detail {

// So many keys are moved between two polls: some milliseconds of work.
inline constexpr std::size_t kKeysPerPoll = std::size_t{1} << 20;

template <class Poll>
void radix_pass(const std::vector<std::uint64_t>& from, std::vector<std::uint64_t>& to, int shift, int width,
                Poll& poll) {
  std::array<std::size_t, 2048> place{};
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
  for (std::size_t begin = 0; begin < from.size(); begin += kKeysPerPoll) {
    poll();
    const std::size_t end = std::min(from.size(), begin + kKeysPerPoll);
    for (std::size_t i = begin; i < end; ++i) ++place[from[i] >> shift & mask];
  }
  std::size_t next = 0;
  for (std::size_t& bucket : place) next += std::exchange(bucket, next);
  for (std::size_t begin = 0; begin < from.size(); begin += kKeysPerPoll) {
    poll();
    const std::size_t end = std::min(from.size(), begin + kKeysPerPoll);
    for (std::size_t i = begin; i < end; ++i) to[place[from[i] >> shift & mask]++] = from[i];
  }
}

}  // namespace detail

// Sorts ascending, by the digits in which the keys differ: time is linear in their number. `spare` is room for
// as many keys again, kept between calls. `poll` is called every few milliseconds and may throw; the keys are
// then in any order.
template <class Poll>
void radix_sort(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& spare, Poll poll) {
  constexpr std::size_t kWorthIt = 1024;
  if (keys.size() < kWorthIt) {
    std::sort(keys.begin(), keys.end());
    return;
  }
  std::uint64_t all = ~std::uint64_t{0}, any = 0, unsorted = 0, before = 0;
  for (const std::uint64_t key : keys) {
    all &= key;
    any |= key;
    unsorted |= static_cast<std::uint64_t>(key < before);
    before = key;
  }
  if (unsorted == 0) return;
  const std::uint64_t differing = all ^ any;
  const int low = std::countr_zero(differing), bits = static_cast<int>(std::bit_width(differing)) - low;
  const int passes = (bits + 10) / 11, width = (bits + passes - 1) / passes;
  spare.resize(keys.size());
  for (int pass = 0; pass < passes; ++pass) {
    const int shift = low + pass * width;
    const std::uint64_t digit = ((std::uint64_t{1} << width) - 1) << shift;
    if ((differing & digit) == 0) continue;
    detail::radix_pass(keys, spare, shift, width, poll);
    keys.swap(spare);
  }
}

}  // namespace assay::sdk
