// SPDX-License-Identifier: Apache-2.0
// How often each value of a column occurs, in bounded memory: exact while there are at most a given number of
// distinct values, afterwards in bins that drop just as many low bits as the limit demands. The result is a
// function of the rows alone, not of their order, of batches or of merges; how wide the bins became is always
// known.
#pragma once

#include <cstdint>
#include <vector>

#include "assay/bytes.hpp"
#include "ordered_key.h"

namespace assay::drift {

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

  void add(double finite_value) {
    pending_.push_back(key_of(finite_value));
    if (pending_.size() >= kPending) settle();
  }
  void merge(const ValueCounts& from);
  // Counts the values that `add` has only put aside. What reads the counts needs it called first.
  void settle();

  // In ascending order.
  const std::vector<Entry>& entries() const { return entries_; }
  std::uint64_t total() const { return total_; }
  int dropped_bits() const { return dropped_bits_; }
  bool exact() const { return dropped_bits_ == 0; }
  // The same rows counted with at least `dropped_bits` dropped.
  ValueCounts coarsened(int dropped_bits) const;

  // The bytes are a function of the rows and the limit.
  void save(sdk::ByteWriter& out) const;
  // CORRUPT_ARTIFACT when the bytes are not what save wrote.
  static ValueCounts load(sdk::ByteReader& in, std::size_t limit);

 private:
  static constexpr std::size_t kPending = 16'384;

  void absorb(const std::vector<Entry>& sorted);
  void coarsen(int dropped_bits);
  void shrink();

  std::size_t limit_;
  int dropped_bits_ = 0;
  std::uint64_t total_ = 0;
  std::vector<Entry> entries_;
  std::vector<Key> pending_;
};

}  // namespace assay::drift
