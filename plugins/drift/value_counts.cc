// SPDX-License-Identifier: Apache-2.0
// Why the order of rows cannot matter: a set of values never has more bins than a larger set at the same
// width, so the width that the limit forces on all rows is the largest that it forces on any part of them,
// and no part passes it.
#include "value_counts.h"

#include <algorithm>
#include <cmath>

namespace assay::drift {
namespace {

using Entry = ValueCounts::Entry;

void require(bool holds, std::string_view otherwise) {
  if (!holds) throw sdk::ByteReader::corrupt(otherwise);
}

// Seven bits a byte, lowest first: differences of neighbouring keys and counts are mostly short.
void put_varint(sdk::ByteWriter& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.u8(static_cast<std::uint8_t>((value & 0x7f) | 0x80));
  out.u8(static_cast<std::uint8_t>(value));
}

std::uint64_t get_varint(sdk::ByteReader& in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint64_t byte = in.u8();
    require(shift < 63 || byte <= 1, "a number is too long");
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw sdk::ByteReader::corrupt("a number is too long");
}

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

void ValueCounts::settle() {
  if (pending_.empty()) return;
  for (Key& key : pending_) key = bin_low(key, dropped_bits_);
  std::sort(pending_.begin(), pending_.end());
  std::vector<Entry> sorted;
  for (const Key key : pending_) {
    if (sorted.empty() || sorted.back().low != key) sorted.push_back({key, 0});
    ++sorted.back().count;
  }
  pending_.clear();
  absorb(sorted);
}

void ValueCounts::merge(const ValueCounts& from) {
  ValueCounts other = from;  // also when it is this very object
  other.settle();
  settle();
  const int bits = std::max(dropped_bits_, other.dropped_bits_);
  coarsen(bits);
  other.coarsen(bits);
  absorb(other.entries_);
}

void ValueCounts::absorb(const std::vector<Entry>& sorted) {
  std::vector<Entry> all(entries_.size() + sorted.size());
  std::merge(entries_.begin(), entries_.end(), sorted.begin(), sorted.end(), all.begin(),
             [](const Entry& a, const Entry& b) { return a.low < b.low; });
  for (const Entry& entry : sorted) total_ += entry.count;
  entries_ = std::move(all);
  fuse(entries_);
  shrink();
}

void ValueCounts::shrink() {
  while (entries_.size() > limit_) coarsen(dropped_bits_ + 1);
}

void ValueCounts::coarsen(int dropped_bits) {
  if (dropped_bits <= dropped_bits_) return;
  dropped_bits_ = dropped_bits;
  for (Entry& entry : entries_) entry.low = bin_low(entry.low, dropped_bits_);
  fuse(entries_);
}

ValueCounts ValueCounts::coarsened(int dropped_bits) const {
  ValueCounts out = *this;
  out.settle();
  out.coarsen(dropped_bits);
  return out;
}

void ValueCounts::save(sdk::ByteWriter& out) const {
  const ValueCounts settled = coarsened(0);
  out.u8(static_cast<std::uint8_t>(settled.dropped_bits_));
  out.u64(settled.entries_.size());
  Key before = 0;
  for (const Entry& entry : settled.entries_) {
    put_varint(out, (entry.low - before) >> settled.dropped_bits_);
    put_varint(out, entry.count);
    before = entry.low;
  }
}

ValueCounts ValueCounts::load(sdk::ByteReader& in, std::size_t limit) {
  ValueCounts out(limit);
  out.dropped_bits_ = in.u8();
  require(out.dropped_bits_ <= 52, "its bins are wider than any limit makes them");
  Key low = 0;
  const std::size_t entries = in.count(2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::uint64_t step = get_varint(in);
    require(step <= (~Key{0} - low) >> out.dropped_bits_ && (i == 0 || step > 0),
            "its values are out of order");
    low += step << out.dropped_bits_;
    require(std::isfinite(value_of(low)), "one of its values is not finite");
    const std::uint64_t count = get_varint(in);
    require(count > 0 && count < std::uint64_t{1} << 48 && out.total_ < std::uint64_t{1} << 48,
            "one of its counts is out of range");
    out.total_ += count;
    out.entries_.push_back({low, count});
  }
  out.shrink();
  return out;
}

}  // namespace assay::drift
