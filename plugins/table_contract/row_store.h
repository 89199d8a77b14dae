// SPDX-License-Identifier: Apache-2.0
// The distinct rows of a table as bytes, with how often each occurs. Rows are found by a hash and then
// compared, so that no two different rows are ever taken for one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/bytes.hpp"

namespace assay::table_contract {

// How many rows, and the first few of them.
struct Tally {
  static constexpr std::size_t kSamples = 5;

  std::uint64_t count = 0;
  std::vector<std::int64_t> rows;  // ascending

  // Rows come in any order; the smallest are kept.
  void add(std::int64_t row);
  // Adds what was counted in a table that starts at `first_row`.
  void merge(const Tally& from, std::int64_t first_row);

  void save(sdk::ByteWriter& out) const;
  // CORRUPT_ARTIFACT unless it fits a table of `rows` rows.
  static Tally load(sdk::ByteReader& in, std::int64_t table_rows);
};

class RowStore {
 public:
  struct Distinct {
    std::uint64_t hash = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::int64_t first_row = 0;
    std::uint64_t count = 0;
  };

  // Gives up when its rows need more than `limit_bytes`. `hash_mask` is for tests: 0 makes every two rows
  // collide.
  explicit RowStore(std::size_t limit_bytes, std::uint64_t hash_mask = ~std::uint64_t{0})
      : limit_bytes_(limit_bytes), hash_mask_(hash_mask) {}

  std::size_t limit_bytes() const { return limit_bytes_; }
  void add(std::string_view encoded, std::int64_t row);
  bool contains(std::string_view encoded) const { return find(encoded, hash_of(encoded)) != nullptr; }
  void merge(const RowStore& from, std::int64_t first_row);

  // True when the rows were too many to keep; then there are none, and nothing is known of repeats.
  bool given_up() const { return given_up_; }
  const std::vector<Distinct>& distinct() const { return distinct_; }
  std::string_view bytes(const Distinct& row) const {
    return std::string_view(arena_).substr(row.offset, row.size);
  }
  // Every row but the first of those equal to it.
  const Tally& repeats() const { return repeats_; }

  void save(sdk::ByteWriter& out) const;
  // CORRUPT_ARTIFACT unless it fits a table of `table_rows` rows.
  static RowStore load(sdk::ByteReader& in, std::int64_t table_rows, std::size_t limit_bytes);

 private:
  std::uint64_t hash_of(std::string_view encoded) const;
  const Distinct* find(std::string_view encoded, std::uint64_t hash) const;
  Distinct* find(std::string_view encoded, std::uint64_t hash) {
    return const_cast<Distinct*>(static_cast<const RowStore*>(this)->find(encoded, hash));
  }
  void insert(std::string_view encoded, std::uint64_t hash, std::int64_t row, std::uint64_t count);
  void grow();
  void give_up();

  std::size_t limit_bytes_;
  std::uint64_t hash_mask_;
  bool given_up_ = false;
  std::string arena_;
  std::vector<Distinct> distinct_;
  std::vector<std::uint32_t> slots_;  // open addressing: 1 + an index into distinct_, or 0
  Tally repeats_;
};

}  // namespace assay::table_contract
