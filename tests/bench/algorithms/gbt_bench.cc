// SPDX-License-Identifier: Apache-2.0
// Scoring a forest: the plugin "gbt" against the library that grew it, on one core. Says how many times as fast
// each path is, whether the bits are the same on all rows, and whether the bounds are met.
//   gbt_bench ROWS REPEATS     ends with 1 when a bit differs
#include <fmt/format.h>
#include <sched.h>
#include <time.h>
#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <thread>

#include "plugins/gbt/booster.h"
#include "plugins/gbt/forest.h"

namespace {

using namespace gbt;

constexpr std::size_t kWidth = 28;
constexpr std::size_t kBatch = 65'536;   // as the host cuts tables
constexpr std::size_t kSingles = 2'000;  // rows scored one by one
constexpr double kBoundOne = 20, kBoundBatch = 4;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

void check(int failed) {
  if (failed != 0) throw std::runtime_error(XGBGetLastError());
}

// Of this thread: what else runs on the machine disturbs it less than a clock on the wall.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

struct Table {
  std::vector<float> cells, labels;
};

// A label that some features decide together, with noise.
Table make_table(std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Table out;
  out.cells.resize(rows * kWidth);
  out.labels.resize(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    float* cell = &out.cells[row * kWidth];
    for (std::size_t i = 0; i < kWidth; ++i) cell[i] = normal(random);
    const float sum = cell[0] * cell[1] + std::sin(2 * cell[2]) + cell[3] * cell[3] - cell[4] + 0.5f * normal(random);
    out.labels[row] = sum > 0.8f;
  }
  return out;
}

std::vector<float> with_missing(std::vector<float> cells, double share, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::bernoulli_distribution missing(share);
  for (float& cell : cells)
    if (missing(random)) cell = kNaN;
  return cells;
}

// XGBoost's own predictions, as its C API gives them, with one thread.
class Library {
 public:
  explicit Library(const std::string& model) {
    check(XGBoosterCreate(nullptr, 0, &booster_));
    check(XGBoosterLoadModelFromBuffer(booster_, model.data(), model.size()));
    check(XGBoosterSetParam(booster_, "nthread", "1"));
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { XGBoosterFree(booster_); }

  void in_place(std::span<const float> cells, std::span<double> out) const {
    const std::string array = fmt::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                                          reinterpret_cast<std::uintptr_t>(cells.data()), out.size(), kWidth);
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* result = nullptr;
    check(XGBoosterPredictFromDense(
        booster_, array.c_str(),
        R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,"cache_id":0,"missing":NaN})",
        nullptr, &shape, &dimensions, &result));
    std::copy_n(result, out.size(), out.begin());
  }

  // A matrix remembers its predictions: each call needs a new one, which `making` tells the price of.
  void by_matrix(std::span<const float> cells, std::span<double> out, double* making) const {
    const double start = cpu_seconds();
    DMatrixHandle matrix = nullptr;
    check(XGDMatrixCreateFromMat_omp(cells.data(), out.size(), kWidth, kNaN, &matrix, 1));
    if (making != nullptr) *making += cpu_seconds() - start;
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* result = nullptr;
    const int failed = XGBoosterPredictFromDMatrix(
        booster_, matrix,
        R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false})", &shape,
        &dimensions, &result);
    if (failed == 0) std::copy_n(result, out.size(), out.begin());
    XGDMatrixFree(matrix);
    check(failed);
  }

 private:
  BoosterHandle booster_ = nullptr;
};

using Predict = std::function<void(std::span<const float>, std::span<double>)>;
using Ways = std::vector<std::pair<std::string, Predict>>;

// Seconds a row of each way, `rows` at a time, in turns.
std::vector<std::vector<double>> measure(const Ways& ways, std::span<const float> cells, std::size_t together,
                                         int repeats) {
  const std::size_t rows = std::min(together == 1 ? kSingles : together, cells.size() / kWidth);
  std::vector<double> out(rows);
  std::vector<std::vector<double>> times(ways.size());
  for (int round = -1; round < repeats; ++round)  // the first warms up
    for (std::size_t way = 0; way < ways.size(); ++way) {
      const double start = cpu_seconds();
      for (std::size_t first = 0; first < rows; first += together) {
        const std::size_t count = std::min(together, rows - first);
        ways[way].second(cells.subspan(first * kWidth, count * kWidth), std::span(out).subspan(first, count));
      }
      if (round >= 0) times[way].push_back((cpu_seconds() - start) / static_cast<double>(rows));
    }
  return times;
}

// One table, and of the default path how many times as fast as the faster of the library's two ways it is.
double report(const std::string& title, const Ways& ways, std::span<const float> cells, std::size_t together,
              int repeats) {
  const auto times = measure(ways, cells, together, repeats);
  fmt::print("\n{}\n\n| | ns a row | times as fast as in place | as by a matrix |\n|---|---|---|---|\n", title);
  double against_both = 0;
  for (std::size_t way = 0; way < ways.size(); ++way) {
    double ratios[2];
    for (std::size_t theirs = 0; theirs < 2; ++theirs) {
      std::vector<double> paired;
      for (std::size_t i = 0; i < times[way].size(); ++i) paired.push_back(times[theirs][i] / times[way][i]);
      ratios[theirs] = median(std::move(paired));
    }
    fmt::print("| {} | {:.0f} | {:.1f} | {:.1f} |\n", ways[way].first, 1e9 * median(times[way]), ratios[0], ratios[1]);
    if (way == 2) against_both = std::min(ratios[0], ratios[1]);
  }
  return against_both;
}

// Rows whose bits are not the library's.
std::size_t differing(const Predict& ours, const Predict& theirs, std::span<const float> cells) {
  const std::size_t rows = cells.size() / kWidth;
  std::vector<double> mine(rows), other(rows);
  ours(cells, mine);
  theirs(cells, other);
  std::size_t count = 0;
  for (std::size_t row = 0; row < rows; ++row) count += !(mine[row] == other[row]);
  return count;
}

std::string grow(const Table& table) {
  const int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const Matrix matrix(table.cells, kWidth, table.labels, {}, threads);
  Booster booster(Settings{}, matrix, nullptr, 0.5, 1, threads);  // 100 trees of depth 6
  for (int round = 0; round < Settings{}.rounds; ++round) booster.grow(round);
  return booster.save();
}

int run(std::size_t rows, int repeats) {
  const Table table = make_table(rows, 20261126);
  const std::string model = grow(table);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
  ::sched_setaffinity(0, sizeof one, &one);

  const Library library(model);
  const Forest forest(read_xgboost(model));
  const Predict in_place = [&](auto cells, auto out) { library.in_place(cells, out); };
  const Predict by_matrix = [&](auto cells, auto out) { library.by_matrix(cells, out, nullptr); };
  Ways ways = {{"XGBoost in place", in_place},
               {"XGBoost by a matrix, made", by_matrix},
               {fmt::format("gbt ({} here)", name_of(fastest_path())), [&](auto cells, auto out) { forest.predict(cells, out); }}};
  for (const Path path : kPaths)
    if (runs_here(path))
      ways.emplace_back(fmt::format("gbt, {}", name_of(path)),
                        [&forest, path](auto cells, auto out) { forest.predict(cells, out, path); });

  int major = 0, minor = 0, patch = 0;
  XGBoostVersion(&major, &minor, &patch);
  fmt::print("XGBoost {}.{}.{}, {} trees of depth {}, {} features, {} rows, one core, nthread 1; medians of {} runs in "
             "turns.\n", major, minor, patch, Settings{}.rounds, Settings{}.max_depth, kWidth, rows, repeats);
  bool met_one = true, met_batch = true, same = true;
  for (const double missing : {0.0, 0.1}) {
    const std::vector<float> cells = missing > 0 ? with_missing(table.cells, missing, 7) : table.cells;
    const std::string what = missing > 0 ? fmt::format("{:.0f} % of the cells missing", 100 * missing) : "no cell missing";
    met_one &= report("One row at a time, " + what, ways, cells, 1, repeats) >= kBoundOne;
    met_batch &= report(fmt::format("Batches of {} rows, {}", kBatch, what), ways, cells, kBatch, repeats) >= kBoundBatch;
    const std::size_t few = std::min<std::size_t>(rows, kBatch);
    double making = 0;
    std::vector<double> out(few);
    library.by_matrix(std::span(cells).first(few * kWidth), out, &making);
    fmt::print("\nOf the matrix, {:.0f} ns a row are for making it.\n", 1e9 * making / static_cast<double>(few));
    for (std::size_t way = 1; way < ways.size(); ++way) {
      const std::size_t wrong = differing(ways[way].second, in_place, cells);
      same &= wrong == 0;
      fmt::print("{} rows differ: {} and XGBoost in place\n", wrong, ways[way].first);
    }
  }
  const auto verdict = [](bool met) { return met ? "met" : "missed"; };
  fmt::print("\nBounds, against the faster of XGBoost's two: >= {} at one row: {}; >= {} in batches: {}; equal bits: {}\n", kBoundOne,
             verdict(met_one), kBoundBatch, verdict(met_batch), verdict(same));
  return same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // each figure when it is there
  try {
    return run(argc > 1 ? std::stoul(argv[1]) : 1'000'000, argc > 2 ? std::stoi(argv[2]) : 5);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gbt_bench: %s\n", error.what());
    return 2;
  }
}
