// SPDX-License-Identifier: Apache-2.0
// Distinct rows only grow, so whether they are too many does not depend on the order in which they come.
#include "row_store.h"

#include <algorithm>

namespace assay::table_contract {
void Tally::add(std::int64_t row) {
  ++count;
  if (rows.size() == kSamples && row > rows.back()) return;
  rows.insert(std::upper_bound(rows.begin(), rows.end(), row), row);
  if (rows.size() > kSamples) rows.pop_back();
}

void Tally::merge(const Tally& from, std::int64_t first_row) {
  const Tally other = from;  // also when it is this very object
  for (const std::int64_t row : other.rows) add(first_row + row);
  count += other.count - other.rows.size();
}

void Tally::save(sdk::ByteWriter& out) const {
  out.u64(count);
  out.i64s(rows);
}

Tally Tally::load(sdk::ByteReader& in, std::int64_t table_rows) {
  Tally out;
  out.count = in.u64();
  out.rows = in.i64s();
  in.require(out.count <= static_cast<std::uint64_t>(table_rows) &&
              out.rows.size() == std::min<std::uint64_t>(kSamples, out.count),
          "a tally does not add up");
  for (std::size_t i = 0; i < out.rows.size(); ++i)
    in.require(out.rows[i] >= 0 && out.rows[i] < table_rows && (i == 0 || out.rows[i] > out.rows[i - 1]),
            "a tally names rows that are not there");
  return out;
}

std::uint64_t RowStore::hash_of(std::string_view encoded) const {
  std::uint64_t hash = sdk::checksum(encoded);
  hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15u;  // the slot is taken from the low bits
  return (hash ^ hash >> 29) & hash_mask_;
}

const RowStore::Distinct* RowStore::find(std::string_view encoded, std::uint64_t hash) const {
  if (slots_.empty()) return nullptr;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const Distinct& row = distinct_[slots_[at] - 1];
    if (row.hash == hash && bytes(row) == encoded) return &row;
  }
  return nullptr;
}

void RowStore::grow() {
  slots_.assign(std::max<std::size_t>(1024, slots_.size() * 2), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < distinct_.size(); ++i) {
    std::size_t at = distinct_[i].hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

void RowStore::insert(std::string_view encoded, std::uint64_t hash, std::int64_t row, std::uint64_t count) {
  if (arena_.size() + encoded.size() + (distinct_.size() + 1) * sizeof(Distinct) > limit_bytes_)
    return give_up();
  if ((distinct_.size() + 1) * 2 > slots_.size()) grow();
  distinct_.push_back({hash, arena_.size(), encoded.size(), row, count});
  arena_ += encoded;
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = static_cast<std::uint32_t>(distinct_.size());
}

void RowStore::give_up() {
  *this = RowStore(limit_bytes_, hash_mask_), given_up_ = true;
}

void RowStore::add(std::string_view encoded, std::int64_t row) {
  if (given_up_) return;
  const std::uint64_t hash = hash_of(encoded);
  if (Distinct* known = find(encoded, hash)) {
    ++known->count;
    repeats_.add(row);
  } else {
    insert(encoded, hash, row, 1);
  }
}

void RowStore::merge(const RowStore& from, std::int64_t first_row) {
  const RowStore other = from;  // also when it is this very object
  if (other.given_up_) give_up();
  if (given_up_) return;
  repeats_.merge(other.repeats_, first_row);
  for (const Distinct& row : other.distinct_) {
    const std::string_view encoded = other.bytes(row);
    if (Distinct* known = find(encoded, row.hash)) {
      known->count += row.count;
      repeats_.add(first_row + row.first_row);
    } else {
      insert(encoded, row.hash, first_row + row.first_row, row.count);
      if (given_up_) return;
    }
  }
}

void RowStore::save(sdk::ByteWriter& out) const {
  out.flag(given_up_);
  repeats_.save(out);
  out.u64(distinct_.size());
  for (const Distinct& row : distinct_) {
    out.i64(row.first_row);
    out.u64(row.count);
    out.text(bytes(row));
  }
}

RowStore RowStore::load(sdk::ByteReader& in, std::int64_t table_rows, std::size_t limit_bytes) {
  RowStore out(limit_bytes);
  const bool given_up = in.flag();
  Tally repeats = Tally::load(in, table_rows);
  const std::size_t distinct = in.count(24);
  in.require(!given_up || (distinct == 0 && repeats.count == 0), "it holds rows that it gave up");
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < distinct; ++i) {
    const std::int64_t first = in.i64();
    const std::uint64_t count = in.u64();
    const std::string_view encoded = in.take(in.count(1));
    in.require(first >= 0 && first < table_rows && count > 0 && count <= static_cast<std::uint64_t>(table_rows),
            "a row's count or place is out of range");
    in.require(!out.contains(encoded), "a distinct row occurs twice");
    total += count;
    if (!out.given_up_) out.insert(encoded, out.hash_of(encoded), first, count);
  }
  in.require(
      given_up || (total == static_cast<std::uint64_t>(table_rows) && total - distinct == repeats.count),
      "its rows do not add up");
  if (given_up) out.give_up();
  if (!out.given_up_) out.repeats_ = std::move(repeats);
  return out;
}

}  // namespace assay::table_contract
