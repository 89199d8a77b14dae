// SPDX-License-Identifier: Apache-2.0
// The validator as a fold: batches, merges, colliding hashes and bad bytes.
#include "fold_fixture.h"
#include "plugins/table_contract/row_store.h"

namespace assay {
namespace {

using namespace fold_test;

const FakeHost& host() {
  static const FakeHost it = FakeHost::load(ASSAY_TABLE_CONTRACT);
  return it;
}

// A table with every kind of fault.
FakeData spoiled(int rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::optional<std::int64_t>> label, small;
  std::vector<std::optional<double>> x;
  std::vector<std::optional<std::string>> text;
  std::vector<std::optional<bool>> flag;
  for (int i = 0; i < rows; ++i) {
    label.push_back(random() % 2 == 0 ? 1 : 0);
    small.push_back(static_cast<std::int64_t>(random() % 3));
    const auto kind = random() % 10;
    x.push_back(kind == 0 ? std::nullopt
                          : std::optional<double>(kind == 1   ? NAN
                                                  : kind == 2 ? INFINITY
                                                              : static_cast<double>(random() % 40)));
    text.push_back(random() % 9 == 0 ? std::nullopt
                                     : std::optional<std::string>(
                                           std::string(1, static_cast<char>('a' + random() % (seed + 2)))));
    flag.push_back(random() % 2 == 0);
  }
  return FakeData()
      .i64("label", label)
      .i64("small", small)
      .f64("x", x)
      .utf8("text", text)
      .boolean("flag", flag)
      .with_role("label", "label");
}

}  // namespace

TEST_CASE("Table contract: the result does not depend on batches, merges or saves") {
  const auto component = host().component("table_contract");
  const Folder folder{component, ASSAY_CAP_VALIDATOR_V1};
  FakeBundle reference = folder.state(spoiled(800, 3));
  const FakeData data = spoiled(1500, 5);
  const std::vector<Row> whole = folder.whole(data, &reference);
  CHECK(whole.size() >= 2);
  CHECK(folder.whole(data).size() >= 3);
  CHECK(folder.whole(spoiled(1500, 5).with_batch_rows(1), &reference) == whole);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CHECK(folder.in_pieces(data, seed, &reference) == whole);
    CHECK(folder.in_pieces(data, seed) == folder.whole(data));
  }
}

TEST_CASE("Table contract: rows whose hashes collide are still told apart") {
  table_contract::RowStore colliding(1 << 20, 0), plain(1 << 20);
  for (std::int64_t row = 0; row < 300; ++row) {
    colliding.add("row " + std::to_string(row % 250), row);
    plain.add("row " + std::to_string(row % 250), row);
  }
  CHECK(colliding.distinct().size() == 250);
  CHECK(colliding.repeats().count == 50);
  CHECK(colliding.repeats().rows == plain.repeats().rows);
  CHECK(colliding.contains("row 249"));
  CHECK_FALSE(colliding.contains("row 250"));
}

TEST_CASE("Table contract: a row store gives up at its limit, whatever the order") {
  table_contract::RowStore store(500);
  for (std::int64_t row = 0; row < 100; ++row) store.add("the same row", row);
  CHECK_FALSE(store.given_up());
  CHECK(store.repeats().count == 99);
  for (std::int64_t row = 0; row < 20; ++row) store.add(std::to_string(row), 100 + row);
  CHECK(store.given_up());
  CHECK(store.distinct().empty());
  table_contract::RowStore other(500);
  other.merge(store, 0);
  CHECK(other.given_up());
}

TEST_CASE("Table contract: a saved state is restored for its own columns only") {
  const auto component = host().component("table_contract");
  const Folder folder{component, ASSAY_CAP_VALIDATOR_V1};
  FakeBundle state = folder.state(spoiled(20, 1));
  const FakeData other = FakeData().f64("y", {1.0});
  try {
    FakeFold fold(component, ASSAY_CAP_VALIDATOR_V1, other, FakeFold::Saved{state});
    FAIL("it was restored");
  } catch (const sdk::Error& error) {
    CHECK(error.status() == ASSAY_E_INVALID_ARGUMENT);
  }
}

TEST_CASE("Table contract: hostile states are refused and never crash") {
  const auto component = host().component("table_contract");
  const Folder folder{component, ASSAY_CAP_VALIDATOR_V1};
  FakeBundle reference = folder.state(spoiled(80, 1));
  const FakeData data = spoiled(60, 2);
  check_hostile_states(folder, data, folder.state(data, &reference), [&](FakeFold& fold, FakeBundle& bundle) {
    rows_of(fold);
    fold.update(data);
    FakeFold again(component, ASSAY_CAP_VALIDATOR_V1, data, &bundle);
    again.update(data);
    rows_of(again);
  });
}

}  // namespace assay
