// SPDX-License-Identifier: Apache-2.0
// The detector as a fold: order, batches, merges, references and bad bytes.
#include "fold_fixture.h"
#include "plugins/drift/grid.h"
#include "plugins/drift/value_counts.h"

namespace assay {
namespace {

using namespace fold_test;

const FakeHost& host() {
  static const FakeHost it = FakeHost::load(ASSAY_DRIFT);
  return it;
}

FakeData example(int rows, double shift, std::uint64_t seed, bool backwards = false) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> draw(shift, 1);
  std::vector<std::optional<double>> x;
  std::vector<std::optional<std::int64_t>> hour;
  std::vector<std::optional<std::string>> carrier;
  std::vector<std::optional<bool>> rain;
  for (int i = 0; i < rows; ++i) {
    x.push_back(random() % 50 == 0 ? std::nullopt : std::optional<double>(draw(random)));
    hour.push_back(static_cast<std::int64_t>(random() % 24));
    carrier.push_back(std::string(1, static_cast<char>('A' + random() % 7)));
    rain.push_back(random() % 5 == 0);
  }
  if (backwards) {
    std::reverse(x.begin(), x.end());
    std::reverse(hour.begin(), hour.end());
    std::reverse(carrier.begin(), carrier.end());
    std::reverse(rain.begin(), rain.end());
  }
  return FakeData().f64("x", x).i64("hour", hour).utf8("carrier", carrier).boolean("rain", rain);
}

}  // namespace

TEST_CASE("Drift: the result does not depend on batches, merges, saves or the order of rows") {
  for (const int exact_values : {65'536, 4096}) {
    const auto component = host().component("drift", {{"exact_values", exact_values}});
    const Folder folder{component, ASSAY_CAP_DRIFT_V1};
    FakeBundle reference = folder.state(example(6000, 0, 1));
    const FakeData data = example(5000, 0.1, 2);
    const std::vector<Row> whole = folder.whole(data, &reference);
    CHECK(folder.whole(example(5000, 0.1, 2).with_batch_rows(7), &reference) == whole);
    CHECK(folder.whole(example(5000, 0.1, 2, true), &reference) == whole);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) CHECK(folder.in_pieces(data, seed, &reference) == whole);
    CHECK(folder.state(data, &reference) ==
          folder.state(example(5000, 0.1, 2, true).with_batch_rows(100), &reference));
  }
}

TEST_CASE("Drift: a state with or without a reference is a reference itself") {
  const auto component = host().component("drift");
  const Folder folder{component, ASSAY_CAP_DRIFT_V1};
  FakeBundle old_reference = folder.state(example(3000, 0, 1));
  FakeBundle plain = folder.state(example(2000, 0.5, 2)),
             against = folder.state(example(2000, 0.5, 2), &old_reference);
  const FakeData data = example(1000, 0.5, 3);
  CHECK(folder.whole(data, &plain) == folder.whole(data, &against));
  CHECK(folder.whole(data).empty());
}

TEST_CASE("Drift: states of different columns or references do not merge") {
  const auto component = host().component("drift");
  const Folder folder{component, ASSAY_CAP_DRIFT_V1};
  FakeBundle one = folder.state(example(700, 0, 1)), two = folder.state(example(700, 0, 2));
  const FakeData data = example(10, 0, 3), other = FakeData().f64("y", {1.0});
  const auto merging = [&](const FakeData& shape, FakeBundle* reference) {
    FakeFold into(component, ASSAY_CAP_DRIFT_V1, data, &one),
        from(component, ASSAY_CAP_DRIFT_V1, shape, reference);
    try {
      into.merge(from);
      return ASSAY_OK;
    } catch (const sdk::Error& error) {
      return error.status();
    }
  };
  CHECK(merging(data, &one) == ASSAY_OK);
  CHECK(merging(data, &two) == ASSAY_E_INVALID_ARGUMENT);
  CHECK(merging(data, nullptr) == ASSAY_E_INVALID_ARGUMENT);
  CHECK(merging(other, &one) == ASSAY_E_INVALID_ARGUMENT);
}

TEST_CASE("Drift: value counts are exact up to their limit and coarsen alike in any order beyond it") {
  std::mt19937_64 random(9);
  std::vector<double> values;
  for (int i = 0; i < 30'000; ++i)
    values.push_back(std::ldexp(static_cast<double>(random() % 1'000'003) - 500'001,
                                static_cast<int>(random() % 40) - 20));
  const auto bytes_of = [](const drift::ValueCounts& counts) {
    sdk::ByteWriter out;
    counts.save(out);
    return out.take();
  };
  std::vector<drift::Key> keys;
  for (const double value : values) keys.push_back(drift::key_of(value));
  drift::ValueCounts forward(4096), backward(4096), merged(4096), large(65'536);
  forward.add(keys);
  large.add(keys);
  for (auto it = keys.rbegin(); it != keys.rend(); ++it) backward.add(std::span(&*it, 1));
  for (std::size_t part = 0; part < 7; ++part) {
    drift::ValueCounts piece(4096);
    for (std::size_t i = part; i < keys.size(); i += 7) piece.add(std::span(&keys[i], 1));
    merged.merge(piece);
  }
  CHECK(bytes_of(forward) == bytes_of(backward));
  CHECK(bytes_of(forward) == bytes_of(merged));
  CHECK(!forward.exact());
  CHECK(forward.entries().size() <= 4096);
  CHECK(forward.total() == values.size());
  CHECK(large.exact());
  CHECK(bytes_of(large.coarsened(forward.dropped_bits())) == bytes_of(forward));
}

TEST_CASE("Drift: every key falls into the bin that a plain search finds, however the edges lie") {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  const auto drawn = [&](int shape) {
    switch (shape) {
      case 0:
        return normal(random);
      case 1:
        return std::exp(9 * normal(random));
      case 2:
        return 1000 + 1e-6 * normal(random);  // two clusters and a far value
      case 3:
        return random() % 3 == 0 ? -1e-200 : 5e300 * normal(random);
      default:
        return static_cast<double>(random() % 40);
    }
  };
  for (int shape = 0; shape < 6; ++shape) {
    INFO("shape " << shape);
    drift::ValueCounts values(4096);
    std::vector<drift::Key> keys;
    for (int i = 0; i < (shape == 5 ? 0 : 20'000); ++i) keys.push_back(drift::key_of(drawn(i % 7 == 0 ? 0 : shape)));
    values.add(keys);
    const drift::Grid grid(values);
    for (int i = 0; i < 2'000; ++i)
      for (const int of : {0, 1, 2, 3, 4}) keys.push_back(drift::key_of(drawn(of)));
    for (const drift::Key edge : grid.edges())
      for (const drift::Key near : {edge - 1, edge, edge + 1}) keys.push_back(near);
    bool same = true;
    for (const drift::Key key : keys) {
      const auto plain = std::lower_bound(grid.edges().begin(), grid.edges().end(), key) - grid.edges().begin();
      same = same && (key > grid.edges().back() || grid.bin_of(key) == static_cast<std::size_t>(plain));
    }
    CHECK(same);
  }
}

TEST_CASE("Drift: a long batch that is stopped half-way leaves the state as it was") {
  const auto component = host().component("drift");
  const Folder folder{component, ASSAY_CAP_DRIFT_V1};
  FakeBundle reference = folder.state(example(3000, 0, 1));
  const FakeData data = example(600'000, 0, 2), some = example(2000, 0.3, 3);
  FakeFold fold(component, ASSAY_CAP_DRIFT_V1, data, &reference);
  fold.update(some);
  const FakeBundle before = fold.save();
  fold.call.stop_after = fold.call.polls + 5;
  try {
    fold.update(data);
    FAIL("it ran to the end");
  } catch (const sdk::Error& error) {
    CHECK(error.status() == ASSAY_E_CANCELLED);
  }
  fold.call.stop_after = INT64_MAX;
  CHECK(fold.save() == before);
}

TEST_CASE("Drift: hostile states are refused and never crash") {
  const auto component = host().component("drift");
  const Folder folder{component, ASSAY_CAP_DRIFT_V1};
  FakeBundle reference = folder.state(example(60, 0, 1));
  const FakeData data = example(40, 0.1, 2);
  check_hostile_states(folder, data, folder.state(data, &reference), [&](FakeFold& fold, FakeBundle& bundle) {
    rows_of(fold);
    fold.update(data);
    FakeFold again(component, ASSAY_CAP_DRIFT_V1, data, &bundle);
    again.update(data);
    rows_of(again);
  });
}

}  // namespace assay
