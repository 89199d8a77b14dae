// SPDX-License-Identifier: Apache-2.0
// The flattened forest of "gbt" against XGBoost itself, bit for bit, on every path that runs here.
#include "plugins/gbt/forest.h"

#include <cmath>
#include <limits>
#include <random>

#include "plugins/gbt/booster.h"
#include "tests/support/catch.h"

namespace gbt {
namespace {

using assay::sdk::ByteReader;
using assay::sdk::ByteWriter;
using assay::sdk::Error;
using assay::sdk::Task;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Table {
  std::size_t width;
  std::vector<float> cells, labels;

  std::size_t rows() const { return cells.size() / width; }
};

// Numbers of few and of many values, zeros of both signs, and cells that are missing.
Table make_table(std::size_t rows, std::size_t width, double missing, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<double> uniform;
  Table out{width, {}, {}};
  for (std::size_t row = 0; row < rows; ++row) {
    float sum = normal(random);
    for (std::size_t i = 0; i < width; ++i) {
      float cell = i % 3 == 0 ? std::round(2 * normal(random)) * (random() % 2 == 0 ? 1.0f : -1.0f) : normal(random);
      sum += cell * (static_cast<float>(i % 5) - 2);
      if (uniform(random) < missing) cell = kNaN;
      out.cells.push_back(cell);
    }
    out.labels.push_back(sum);
  }
  return out;
}

std::string grown(const Settings& settings, Table table, std::uint64_t seed, int threads, const Table& judged,
                  std::vector<double>& predicted) {
  double base = 0.25;
  if (settings.task == Task::classification)
    for (float& label : table.labels) label = label > 0;
  else
    base = 1.5;
  const std::vector<float> no_weights;
  const Matrix matrix(table.cells, table.width, table.labels, no_weights, threads);
  Booster booster(settings, matrix, nullptr, base, seed, threads);
  for (int round = 0; round < settings.rounds; ++round) booster.grow(round);
  predicted = booster.predict(judged.cells, judged.width);
  return booster.save();
}

std::string saved(const Forest& forest) {
  ByteWriter out;
  forest.save(out);
  return out.take();
}

Forest loaded(const std::string& bytes) {
  ByteReader in(bytes);
  Forest out = Forest::load(in);
  in.end();
  return out;
}

}  // namespace

TEST_CASE("Forest: predicts XGBoost's bits for shallow, deep and mixed trees, with and without missing cells") {
  const std::uint64_t seed = 20261126;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (const Task task : {Task::classification, Task::regression})
    for (const double missing : {0.0, 0.2})
      for (const int depth : {1, 3, 6, 8, 9, 14}) {
        const std::size_t width = 1 + random() % 17;
        const Table train = make_table(1500, width, missing, random);
        Table rows = make_table(1000 + random() % 64, width, missing, random);
        for (const float odd : {0.0f, -0.0f, std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest(),
                                std::numeric_limits<float>::denorm_min(), kNaN})
          std::fill_n(rows.cells.begin() + static_cast<std::ptrdiff_t>((random() % 900) * width), width, odd);
        Settings settings;
        settings.task = task;
        settings.max_depth = depth;
        settings.rounds = 20;
        settings.min_child_weight = 0.1;
        std::vector<double> theirs;
        const Forest forest(read_xgboost(grown(settings, train, seed, 1, rows, theirs)));
        const Forest stored = loaded(saved(forest));
        CHECK(saved(stored) == saved(forest));
        for (const Path path : kPaths) {
          if (!runs_here(path)) continue;
          INFO("depth " << depth << ", missing " << missing << ", width " << width << ", " << name_of(path));
          std::vector<double> ours(rows.rows());
          stored.predict(rows.cells, ours, path);
          CHECK((ours == theirs));
          // However the rows are cut.
          for (const std::size_t cut : {1, 3, 5, 64, 100}) {
            std::vector<double> parts(rows.rows());
            for (std::size_t first = 0; first < parts.size(); first += cut) {
              const std::size_t count = std::min<std::size_t>(cut, parts.size() - first);
              stored.predict(std::span<const float>(rows.cells).subspan(first * width, count * width),
                             std::span(parts).subspan(first, count), path);
            }
            CHECK((parts == theirs));
          }
        }
      }
}

TEST_CASE("Forest: equal seeds grow equal bytes, whatever the thread budget") {
  std::mt19937_64 random(3);
  const Table train = make_table(3000, 8, 0.1, random);
  Settings settings;
  settings.rounds = 15;
  settings.subsample = 0.7;
  settings.colsample = 0.7;
  std::vector<double> ignored;
  const std::string one = grown(settings, train, 5, 1, train, ignored);
  CHECK((grown(settings, train, 5, 2, train, ignored) == one));
  CHECK((grown(settings, train, 5, 8, train, ignored) == one));
  CHECK((grown(settings, train, 6, 1, train, ignored) != one));
}

TEST_CASE("Forest: stumps beside one bushy tree do not take a bushy tree's room each") {
  GrownForest grown;
  grown.features = 1;
  for (int tree = 0; tree < 5000; ++tree) grown.trees.push_back({Node{-1, -1, 0, 0.5f, false}});
  Tree chain;  // eight steps down
  for (std::int32_t i = 0; i < 8; ++i) {
    chain.push_back({2 * i + 1, 2 * i + 2, 0, static_cast<float>(i), true});
    chain.push_back({-1, -1, 0, 1, false});
  }
  chain.push_back({-1, -1, 0, 2, false});
  for (std::int32_t i = 0; i < 8; ++i) {  // the inner nodes are the even ones
    chain[static_cast<std::size_t>(2 * i)].left = 2 * i + 1;
    chain[static_cast<std::size_t>(2 * i)].right = 2 * i + 2;
  }
  grown.trees.push_back(chain);
  const Forest forest(grown);
  std::vector<double> out(2);
  forest.predict(std::vector<float>{3.5f, 100.0f}, out);
  CHECK(out[0] == 2501);
  CHECK(out[1] == 2502);
}

TEST_CASE("Forest: stored bytes that were forged are refused or answer numbers, and never lead out of a tree") {
  const std::uint64_t seed = 11;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const Table train = make_table(400, 4, 0.1, random);
  Settings settings;
  settings.rounds = 6;
  settings.max_depth = 10;
  std::vector<double> ignored;
  const std::string good = saved(Forest(read_xgboost(grown(settings, train, 1, 1, train, ignored))));
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = good;
    for (std::uint64_t edits = 1 + random() % 3; edits > 0; --edits)
      bytes[random() % bytes.size()] = static_cast<char>(i % 3 == 0 ? 0xff : random());
    if (i % 7 == 0) bytes.resize(random() % bytes.size());
    try {
      const Forest forest = loaded(bytes);
      if (forest.features() > 4) continue;
      std::vector<double> out(8);
      forest.predict(std::span<const float>(train.cells).first(8 * forest.features()), out);
    } catch (const Error& error) {
      REQUIRE(error.status() == ASSAY_E_CORRUPT_ARTIFACT);
      ++refused;
    }
  }
  CHECK(refused > 200);
}

TEST_CASE("Forest: bytes that XGBoost did not write are an error, not a crash") {
  const std::uint64_t seed = 13;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const Table train = make_table(200, 3, 0, random);
  Settings settings;
  settings.rounds = 2;
  std::vector<double> ignored;
  const std::string good = grown(settings, train, 1, 1, train, ignored);
  for (int i = 0; i < 1000; ++i) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    if (i % 5 == 0) bytes.resize(random() % bytes.size());
    try {
      Forest forest(read_xgboost(bytes));
    } catch (const Error& error) {
      CHECK(error.status() == ASSAY_E_INTERNAL);
    }
  }
}

}  // namespace gbt
