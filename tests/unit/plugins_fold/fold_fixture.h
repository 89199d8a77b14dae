// SPDX-License-Identifier: Apache-2.0
// What the tests of all folds need: goldens, result rows as text, a fold run whole or in pieces, and damaged
// states.
#pragma once

#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "assay/testing.hpp"
#include "tests/support/catch.h"

namespace assay::fold_test {

using sdk::testing::FakeBundle;
using sdk::testing::FakeComponent;
using sdk::testing::FakeData;
using sdk::testing::FakeFold;
using sdk::testing::FakeHost;

inline nlohmann::json golden(const std::string& file) {
  std::ifstream in(std::string(ASSAY_GOLDENS) + "/" + file);
  return nlohmann::json::parse(in).at("cases");
}

// One row of a result table by column name; every number in full, null as "-".
using Row = std::map<std::string, std::string>;

inline std::string cell(const sdk::Column& column, std::int64_t row) {
  if (column.is_null(row)) return "-";
  if (column.type() == sdk::Type::utf8) return std::string(column.text(row));
  if (column.type() == sdk::Type::list_i64) {
    std::string out;
    for (const std::int64_t each : column.list(row)) out += (out.empty() ? "" : " ") + std::to_string(each);
    return out;
  }
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", column.number(row));
  return text;
}

inline std::vector<Row> rows_of(FakeFold& fold, FakeBundle* extras = nullptr) {
  const auto answer = fold.finish(extras);
  const sdk::Batch batch = answer->rows();
  std::vector<Row> out(static_cast<std::size_t>(batch.rows()));
  for (std::int64_t row = 0; row < batch.rows(); ++row)
    for (std::size_t i = 0; i < batch.columns(); ++i)
      out[static_cast<std::size_t>(row)][batch.column(i).name()] = cell(batch.column(i), row);
  return out;
}

// The only row whose columns hold these values.
inline const Row& only(const std::vector<Row>& rows, const Row& wanted) {
  const Row* found = nullptr;
  for (const Row& row : rows) {
    bool matches = true;
    for (const auto& [column, value] : wanted) matches = matches && row.at(column) == value;
    if (!matches) continue;
    if (found != nullptr) FAIL("more than one row has " << wanted.begin()->second);
    found = &row;
  }
  if (found == nullptr) FAIL("no row has " << wanted.begin()->second << " " << wanted.rbegin()->second);
  return *found;
}

inline double number(const Row& row, const std::string& column) {
  return std::strtod(row.at(column).c_str(), nullptr);
}

// A fold of one kind over one table: as a host would run it.
struct Folder {
  const FakeComponent& component;
  const char* capability;

  std::vector<Row> whole(const FakeData& data, FakeBundle* reference = nullptr) const {
    FakeFold fold(component, capability, data, reference);
    fold.update(data);
    return rows_of(fold);
  }
  FakeBundle state(const FakeData& data, FakeBundle* reference = nullptr) const {
    FakeFold fold(component, capability, data, reference);
    fold.update(data);
    return fold.save();
  }
  // Cut at random, one part of it saved and restored, merged part by part.
  std::vector<Row> in_pieces(const FakeData& data, std::uint64_t seed,
                             FakeBundle* reference = nullptr) const {
    std::mt19937_64 random(seed);
    FakeFold all(component, capability, data, reference);
    for (std::int64_t at = 0; at < data.rows();) {
      const auto left = static_cast<std::uint64_t>(data.rows() - at);
      const auto count = static_cast<std::int64_t>(1 + random() % std::min<std::uint64_t>(left, 300));
      FakeFold part(component, capability, data, reference);
      part.update(data, at, count / 2);
      FakeBundle saved = part.save();
      FakeFold restored(component, capability, data, FakeFold::Saved{saved});
      restored.update(data, at + count / 2, count - count / 2);
      all.merge(restored);
      at += count;
    }
    return rows_of(all);
  }
};

// Damages every state it is given: truncated, flipped, overwritten, repeated. With `sealed`, the checksum is
// made right again afterwards, so that the parser behind it sees the damage.
inline std::string damaged(std::string bytes, std::mt19937_64& random, bool sealed) {
  const auto at = [&] { return static_cast<std::size_t>(random() % bytes.size()); };
  switch (random() % 5) {
    case 0:
      bytes.resize(at());
      break;
    case 1:
      bytes[at()] ^= static_cast<char>(1u << (random() % 8));
      break;
    case 2:
      for (int i = 0; i < 8; ++i) bytes[at()] = static_cast<char>(random());
      break;
    case 3: {
      const std::size_t from = at();
      for (std::size_t i = from; i < std::min(bytes.size(), from + 8); ++i) bytes[i] = '\xff';
      break;
    }
    default:
      bytes.insert(at(), bytes.substr(at(), 16));
  }
  if (!sealed || bytes.size() < 8) return bytes;
  sdk::ByteWriter tail;
  tail.u64(sdk::checksum(std::string_view(bytes).substr(0, bytes.size() - 8)));
  return bytes.substr(0, bytes.size() - 8) + tail.take();
}

// Whatever a state's bytes are, restoring answers or says CORRUPT_ARTIFACT; damage that the checksum covers
// is always found. `use` does something with what was restored.
template <class Use>
void check_hostile_states(const Folder& folder, const FakeData& shape, const FakeBundle& state, Use use) {
  std::mt19937_64 random(20133);
  for (int round = 0; round < 3000; ++round) {
    const bool sealed = round % 2 == 1;
    FakeBundle bundle = state;
    bundle.step_bytes = 1 << 20;
    std::string& bytes = bundle.entries.at(0).second;
    const std::string before = bytes;
    bytes = damaged(bytes, random, sealed);
    if (bytes == before) continue;
    INFO("round " << round);
    try {
      FakeFold fold(folder.component, folder.capability, shape, FakeFold::Saved{bundle});
      CHECK(sealed);
      use(fold, bundle);
    } catch (const sdk::Error& error) {
      // A state that parses may still be another one: of other columns, or too much for one record.
      const bool expected =
          error.status() == ASSAY_E_CORRUPT_ARTIFACT ||
          (sealed && (error.status() == ASSAY_E_INVALID_ARGUMENT || error.status() == ASSAY_E_INVALID_DATA));
      CHECK(expected);
      if (!expected) FAIL(error.what());
    }
  }
}

}  // namespace assay::fold_test
