// SPDX-License-Identifier: Apache-2.0
// A radix sort of the leading bits of a word beside the row's number, then a comparison where those are equal.
#include "order.h"

#include <algorithm>
#include <bit>

#include "assay/numbers.hpp"

namespace assay::classification {
namespace {

constexpr std::size_t kStepsPerPoll = std::size_t{1} << 18;

// Calls `run(first, end)` for the runs of more than one row whose `key` is equal.
template <class Key, class Run>
void for_each_run(std::size_t rows, Key key, const Poll& poll, Run run) {
  std::size_t next_poll = 0;
  for (std::size_t first = 0, end = 0; first < rows; first = end) {
    if (first >= next_poll) {
      poll();
      next_poll = first + kStepsPerPoll;
    }
    for (end = first + 1; end < rows && key(end) == key(first);) ++end;
    if (end - first > 1) run(first, end);
  }
}

// std::sort of `order` from `first` to `end`, unless it is in order, with polls between its comparisons.
template <class Less>
void sort_run(std::vector<std::uint32_t>& order, std::size_t first, std::size_t end, const Poll& poll, Less less) {
  const auto begin = order.begin() + static_cast<std::ptrdiff_t>(first),
             stop = order.begin() + static_cast<std::ptrdiff_t>(end);
  std::size_t steps = 0;
  const auto polled = [&](std::uint32_t a, std::uint32_t b) {
    if (++steps % kStepsPerPoll == 0) poll();
    return less(a, b);
  };
  if (!std::is_sorted(begin, stop, polled)) std::sort(begin, stop, polled);
}

}  // namespace

std::vector<std::uint32_t> order_by(const Words& rows, std::size_t width, std::size_t at, Words& spare,
                                    const Poll& poll) {
  const std::size_t count = rows.size() / width;
  const int row_bits = std::max(2, static_cast<int>(std::bit_width(count)));
  const std::uint64_t row_mask = (std::uint64_t{1} << row_bits) - 1;
  Words keys(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % kStepsPerPoll == 0) poll();
    keys[i] = rows[i * width + at] >> (row_bits - 2) << row_bits | i;
  }
  sdk::radix_sort(keys, spare, poll);
  std::vector<std::uint32_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = static_cast<std::uint32_t>(keys[i] & row_mask);
  const auto word = [&](std::uint32_t row) { return rows[row * width + at]; };
  for_each_run(
      count, [&](std::size_t i) { return keys[i] >> row_bits; }, poll, [&](std::size_t first, std::size_t end) {
        sort_run(order, first, end, poll, [&](std::uint32_t a, std::uint32_t b) {
          return word(a) != word(b) ? word(a) < word(b) : a < b;
        });
        for (std::size_t i = first; i + 1 < end; ++i)
          if (word(order[i]) == word(order[i + 1])) order[i] |= kTiedWithNext;
      });
  return order;
}

void sort_rows(Words& rows, std::size_t width, Words& spare, const Poll& poll) {
  if (width == 1) {
    sdk::radix_sort(rows, spare, poll);
    return;
  }
  std::vector<std::uint32_t> order = order_by(rows, width, 0, spare, poll);
  const auto row = [&](std::uint32_t i) { return rows.begin() + static_cast<std::ptrdiff_t>(i * width); };
  for (std::size_t first = 0, end = 0, next_poll = 0; first < order.size(); first = end) {
    if (first >= next_poll) {
      poll();
      next_poll = first + kStepsPerPoll;
    }
    for (end = first; (order[end] & kTiedWithNext) != 0; ++end) order[end] &= ~kTiedWithNext;
    sort_run(order, first, ++end, poll, [&](std::uint32_t a, std::uint32_t b) {
      const auto after = static_cast<std::ptrdiff_t>(width);
      return std::lexicographical_compare(row(a), row(a) + after, row(b), row(b) + after);
    });
  }
  spare.clear();
  spare.reserve(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i % kStepsPerPoll == 0) poll();
    spare.insert(spare.end(), row(order[i]), row(order[i]) + static_cast<std::ptrdiff_t>(width));
  }
  rows.swap(spare);
}

}  // namespace assay::classification
