// SPDX-License-Identifier: Apache-2.0
// The detector as a fold: order, batches, merges, references and bad bytes.
#include "fold_fixture.h"
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
  drift::ValueCounts forward(4096), backward(4096), merged(4096), large(65'536);
  for (const double value : values) forward.add(value), large.add(value);
  for (auto it = values.rbegin(); it != values.rend(); ++it) backward.add(*it);
  for (std::size_t part = 0; part < 7; ++part) {
    drift::ValueCounts piece(4096);
    for (std::size_t i = part; i < values.size(); i += 7) piece.add(values[i]);
    merged.merge(piece);
  }
  CHECK(bytes_of(forward) == bytes_of(backward));
  CHECK(bytes_of(forward) == bytes_of(merged));
  forward.settle();
  large.settle();
  CHECK(!forward.exact());
  CHECK(forward.entries().size() <= 4096);
  CHECK(forward.total() == values.size());
  CHECK(large.exact());
  CHECK(bytes_of(large.coarsened(forward.dropped_bits())) == bytes_of(forward));
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
