// SPDX-License-Identifier: Apache-2.0
// Why the order of rows cannot matter: a set of values never has more bins than a larger set at the same
// width, so the width that the limit forces on all rows is the largest that it forces on any part of them,
// and no part passes it.
#include "value_counts.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace assay::drift {
namespace {

using Entry = ValueCounts::Entry;

// Adds up entries that became neighbours of the same bin.
void fuse(std::vector<Entry>& entries) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (kept > 0 && entries[kept - 1].low == entries[i].low)
      entries[kept - 1].count += entries[i].count;
    else
      entries[kept++] = entries[i];
  }
  entries.resize(kept);
}

}  // namespace

void ValueCounts::add(std::span<const Key> keys) {
  total_ += keys.size();
  while (!keys.empty()) {
    const auto some = keys.first(std::min(keys.size(), limit_ - pending_.size()));
    pending_.insert(pending_.end(), some.begin(), some.end());
    keys = keys.subspan(some.size());
    if (pending_.size() == limit_) settle();
  }
}

void ValueCounts::settle() const {
  if (pending_.empty()) return;
  for (Key& key : pending_) key = bin_low(key, dropped_bits_);
  sdk::radix_sort(pending_, spare_, [] {});
  std::vector<Entry> sorted;
  sorted.reserve(pending_.size());
  for (const Key key : pending_) {
    if (sorted.empty() || sorted.back().low != key) sorted.push_back({key, 0});
    ++sorted.back().count;
  }
  absorb(std::move(sorted));
  pending_.clear();
}

void ValueCounts::merge(const ValueCounts& from) {
  const ValueCounts other = from.coarsened(dropped_bits());  // a copy: it may be this very object
  total_ += other.total_;
  coarsen(other.dropped_bits_);
  absorb(other.entries_);
}

void ValueCounts::absorb(std::vector<Entry> sorted) const {
  if (entries_.empty()) {
    entries_ = std::move(sorted);
  } else {
    std::vector<Entry> all;
    all.reserve(entries_.size() + sorted.size());
    auto a = entries_.begin();
    for (auto b = sorted.begin(); b != sorted.end(); ++b) {
      while (a != entries_.end() && a->low < b->low) all.push_back(*a++);
      all.push_back(*b);
      if (a != entries_.end() && a->low == b->low) all.back().count += (a++)->count;
    }
    all.insert(all.end(), a, entries_.end());
    entries_ = std::move(all);
  }
  shrink();
}

// Neighbours stay apart as long as the highest bit in which they differ is kept.
void ValueCounts::shrink() const {
  if (entries_.size() <= limit_) return;
  std::array<std::size_t, 65> parted{};  // how many pairs, by that bit
  for (std::size_t i = 1; i < entries_.size(); ++i)
    ++parted[static_cast<std::size_t>(std::bit_width(entries_[i].low ^ entries_[i - 1].low))];
  std::size_t bits = 64, distinct = 1;
  while (distinct + parted[bits] <= limit_) distinct += parted[bits--];
  coarsen(static_cast<int>(bits));
}

void ValueCounts::coarsen(int dropped_bits) const {
  if (dropped_bits <= dropped_bits_) return;
  dropped_bits_ = dropped_bits;
  for (Entry& entry : entries_) entry.low = bin_low(entry.low, dropped_bits_);
  fuse(entries_);
}

ValueCounts ValueCounts::coarsened(int dropped_bits) const {
  settle();
  ValueCounts out(limit_);
  out.total_ = total_;
  out.dropped_bits_ = dropped_bits_;
  out.entries_ = entries_;
  out.coarsen(dropped_bits);
  return out;
}

void ValueCounts::save(sdk::ByteWriter& out) const {
  settle();
  out.u8(static_cast<std::uint8_t>(dropped_bits_));
  out.u64(entries_.size());
  Key before = 0;
  for (const Entry& entry : entries_) {
    out.varint((entry.low - before) >> dropped_bits_);
    out.varint(entry.count);
    before = entry.low;
  }
}

ValueCounts ValueCounts::load(sdk::ByteReader& in, std::size_t limit) {
  ValueCounts out(limit);
  out.dropped_bits_ = in.u8();
  in.require(out.dropped_bits_ <= 52, "its bins are wider than any limit makes them");
  Key low = 0;
  const std::size_t entries = in.count(2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::uint64_t step = in.varint();
    in.require(step <= (~Key{0} - low) >> out.dropped_bits_ && (i == 0 || step > 0),
            "its values are out of order");
    low += step << out.dropped_bits_;
    in.require(std::isfinite(value_of(low)), "one of its values is not finite");
    const std::uint64_t count = in.varint();
    in.require(count > 0 && count < std::uint64_t{1} << 48 && out.total_ < std::uint64_t{1} << 48,
            "one of its counts is out of range");
    out.total_ += count;
    out.entries_.push_back({low, count});
  }
  out.shrink();
  return out;
}

}  // namespace assay::drift
