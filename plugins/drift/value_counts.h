// SPDX-License-Identifier: Apache-2.0
// How often each value of a column occurs, in bounded memory: exact while there are at most a given number of
// distinct values, afterwards in bins that drop just as many low bits as the limit demands. The result is a
// function of the rows alone, not of their order, of batches or of merges; how wide the bins became is always
// known.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/bytes.hpp"
#include "ordered_key.h"

namespace assay::drift {

// One thread at a time, readers included: reading counts what was only put aside.
class ValueCounts {
 public:
  struct Entry {
    Key low = 0;  // the lowest key of the bin; the value itself while exact
    std::uint64_t count = 0;

    bool operator==(const Entry&) const = default;
  };

  // At least this many, so that no limit forces bins across a power of two.
  static constexpr std::size_t kLeastLimit = 4096;

  explicit ValueCounts(std::size_t limit) : limit_(limit) {}

  std::size_t limit() const { return limit_; }
  // Of finite values.
  void add(std::span<const Key> keys);
  void merge(const ValueCounts& from);

  // In ascending order.
  const std::vector<Entry>& entries() const {
    settle();
    return entries_;
  }
  std::uint64_t total() const { return total_; }
  int dropped_bits() const {
    settle();
    return dropped_bits_;
  }
  bool exact() const { return dropped_bits() == 0; }
  // The same rows counted with at least `dropped_bits` dropped.
  ValueCounts coarsened(int dropped_bits) const;

  // The bytes are a function of the rows and the limit.
  void save(sdk::ByteWriter& out) const;
  // CORRUPT_ARTIFACT when the bytes are not what save wrote.
  static ValueCounts load(sdk::ByteReader& in, std::size_t limit);

  bool operator==(const ValueCounts& other) const {
    return entries() == other.entries() && dropped_bits_ == other.dropped_bits_;
  }

 private:
  void settle() const;
  void absorb(std::vector<Entry> sorted) const;
  void coarsen(int dropped_bits) const;
  void shrink() const;

  std::size_t limit_;
  std::uint64_t total_ = 0;
  mutable int dropped_bits_ = 0;
  mutable std::vector<Entry> entries_;
  // Values are counted as many at a time as may be kept, for what costs is sorting and joining them.
  mutable std::vector<Key> pending_, spare_;
};

}  // namespace assay::drift
