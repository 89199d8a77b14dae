// SPDX-License-Identifier: Apache-2.0
// Runs a fold plugin over columns that bench_folds.py left in a folder, the way a host would: in batches, over
// the binary edge. Prints one JSON object: CPU seconds by phase, and the result table.
//   folds_bench evaluate PLUGIN.so FOLDER REPEATS SETTINGS   labels.f64, scores.f64 (columns one after another)
//   folds_bench drift    PLUGIN.so FOLDER REPEATS SETTINGS   reference.f64, current.f64 (columns one after another)
//   folds_bench power    PLUGIN.so PAIRS                     simulated windows, see power()
#include <ctime>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <random>

#include "assay/testing.hpp"

namespace {

using namespace assay::sdk;
using namespace assay::sdk::testing;

constexpr std::int64_t kBatchRows = 65'536;  // what the registry sends

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

using Cells = std::vector<std::optional<double>>;

Cells read(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) throw std::runtime_error("cannot open " + path);
  std::vector<double> raw(static_cast<std::size_t>(in.tellg()) / sizeof(double));
  in.seekg(0).read(reinterpret_cast<char*>(raw.data()),
                   static_cast<std::streamsize>(raw.size() * sizeof(double)));
  return {raw.begin(), raw.end()};
}

// Adds the columns x0, x1, ... of equal length that a file holds one after another.
FakeData columns_of(const Cells& all, std::size_t columns, FakeData out = {}) {
  const std::size_t rows = all.size() / columns;
  for (std::size_t c = 0; c < columns; ++c) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(c * rows);
    out.f64("x" + std::to_string(c), Cells(begin, begin + static_cast<std::ptrdiff_t>(rows)));
  }
  return out.with_batch_rows(kBatchRows);
}

// Appends "name": value, or null where JSON has no number.
void put(std::string& json, const std::string& name, double value) {
  char text[64];
  std::snprintf(text, sizeof text, std::isfinite(value) ? "%.17g" : "null", value);
  json += (json.empty() ? "\"" : ",\"") + name + "\":" + text;
}

struct Laps {
  std::map<std::string, std::vector<double>> seconds;
  double last = cpu_seconds();
  void start() { last = cpu_seconds(); }
  void stop(const std::string& phase) {
    seconds[phase].push_back(cpu_seconds() - last);
    start();
  }
  std::string json() const {
    std::string out;
    for (const auto& [phase, each] : seconds) {
      out += (out.empty() ? "\"" : ",\"") + phase + "\":[";
      for (std::size_t i = 0; i < each.size(); ++i) out += (i == 0 ? "" : ",") + std::to_string(each[i]);
      out += "]";
    }
    return "{" + out + "}";
  }
};

Json::Object settings_of(const std::string& text) {
  return Json::parse(text).object();
}

// Takes the setting that is the bench's own: how many columns a file holds.
std::size_t take_columns(Json::Object& settings) {
  const auto found = settings.find("columns");
  if (found == settings.end()) return 1;
  const auto columns = static_cast<std::size_t>(found->second.number());
  settings.erase(found);
  return columns;
}

int evaluate(const FakeHost& host, const std::string& folder, int repeats, const std::string& settings) {
  Json::Object given = settings_of(settings);
  const std::size_t columns = take_columns(given);
  const FakeComponent component = host.component("classification", given);
  FakeData data = columns_of(read(folder + "/scores.f64"), columns, FakeData().f64("label", read(folder + "/labels.f64")));
  data.with_role("label", "label");
  for (std::size_t c = 0; c < columns; ++c) data.with_role("score", "x" + std::to_string(c));
  Laps laps;
  std::string values;
  for (int i = 0; i < repeats; ++i) {
    laps.start();
    FakeFold fold(component, ASSAY_CAP_EVALUATOR_V1, data);
    fold.update(data);
    laps.stop("update");
    const auto answer = fold.finish();
    laps.stop("finish");
    values.clear();
    const Batch rows = answer->rows();
    for (std::int64_t row = 0; row < rows.rows(); ++row)
      for (const char* column : {"value", "ci_low", "ci_high"}) {
        if (!rows.column("slice").text(row).empty()) continue;
        put(values, std::string(rows.column("name").text(row)) + (column[0] == 'v' ? "" : "." + std::string(column)),
            rows.column(column).number(row));
      }
  }
  std::printf("{\"seconds\":%s,\"values\":{%s}}\n", laps.json().c_str(), values.c_str());
  return 0;
}

int drift(const FakeHost& host, const std::string& folder, int repeats, const std::string& settings) {
  Json::Object given = settings_of(settings);
  const std::size_t columns = take_columns(given);
  const FakeComponent component = host.component("drift", given);
  const FakeData reference = columns_of(read(folder + "/reference.f64"), columns),
                 current = columns_of(read(folder + "/current.f64"), columns);
  Laps laps;
  std::string values, p_values;
  std::size_t reference_bytes = 0, state_bytes = 0;
  for (int i = 0; i < repeats; ++i) {
    laps.start();
    FakeFold first(component, ASSAY_CAP_DRIFT_V1, reference);
    first.update(reference);
    laps.stop("reference_update");
    FakeBundle state = first.save();
    laps.stop("reference_save");
    FakeFold fold(component, ASSAY_CAP_DRIFT_V1, current, &state);
    laps.stop("begin");
    fold.update(current);
    laps.stop("update");
    const auto answer = fold.finish();
    laps.stop("finish");
    reference_bytes = state.entries.at(0).second.size();
    state_bytes = fold.save().entries.at(0).second.size();
    values.clear();
    p_values.clear();
    const Batch rows = answer->rows();
    for (std::int64_t row = 0; row < rows.rows(); ++row) {
      const std::string name =
          std::string(rows.column("column").text(row)) + "." + std::string(rows.column("statistic").text(row));
      put(values, name, rows.column("value").number(row));
      put(p_values, name, rows.column("p_value").number(row));
    }
  }
  std::printf("{\"seconds\":%s,\"reference_bytes\":%zu,\"state_bytes\":%zu,\"values\":{%s},\"p_values\":{%s}}\n",
              laps.json().c_str(), reference_bytes, state_bytes, values.c_str(), p_values.c_str());
  return 0;
}

// Alarms among `pairs` pairs of windows, for shifts of a normal column from 0 to half a standard deviation at
// several sizes; four more columns never move. One JSON line a point: how often the shifted column drifted by
// each statistic, and how often one that did not move.
FakeData window(std::int64_t rows, double shift, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Cells bell, skewed, sparse;
  FakeData::Cells<std::int64_t> count;
  FakeData::Cells<std::string> category;
  for (std::int64_t i = 0; i < rows; ++i) {
    bell.push_back(normal(random) + shift);
    skewed.push_back(random() % 20 == 0 ? std::nullopt : std::optional<double>(std::exp(1.5 * normal(random))));
    sparse.push_back(random() % 10 == 0 ? normal(random) : 0.0);
    count.push_back(static_cast<std::int64_t>(random() % 7 * (random() % 5)));
    category.push_back(std::string(1, static_cast<char>('a' + random() % 4 * (random() % 6))));
  }
  return FakeData().f64("moved", bell).f64("skewed", skewed).f64("sparse", sparse).i64("count", count).utf8("category", category);
}

int power(const FakeHost& host, int pairs) {
  const FakeComponent component = host.component("drift");
  for (const std::int64_t rows : {500, 1000, 2000, 5000, 10'000})
    for (const double shift : {0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5}) {
      std::map<std::string, int> moved;
      int any = 0, others = 0;
      for (int pair = 0; pair < pairs; ++pair) {
        const auto seed = static_cast<std::uint64_t>(2 * pair + 1) * 1'000'003 + static_cast<std::uint64_t>(rows);
        const FakeData reference = window(rows, 0, seed), current = window(rows, shift, seed + 1);
        FakeFold first(component, ASSAY_CAP_DRIFT_V1, reference);
        first.update(reference);
        FakeBundle state = first.save();
        FakeFold fold(component, ASSAY_CAP_DRIFT_V1, current, &state);
        fold.update(current);
        const auto answer = fold.finish();
        const Batch result = answer->rows();
        bool found = false, other = false;
        for (std::int64_t row = 0; row < result.rows(); ++row) {
          if (!result.column("drifted").boolean(row)) continue;
          const bool is_moved = result.column("column").text(row) == "moved";
          if (is_moved) ++moved[std::string(result.column("statistic").text(row))];
          found = found || is_moved;
          other = other || !is_moved;
        }
        any += found ? 1 : 0;
        others += other ? 1 : 0;
      }
      std::string by;
      for (const auto& [statistic, alarms] : moved) put(by, statistic, static_cast<double>(alarms) / pairs);
      std::printf("{\"rows\":%lld,\"shift\":%g,\"pairs\":%d,\"moved\":%g,\"others\":%g,\"by\":{%s}}\n",
                  static_cast<long long>(rows), shift, pairs, static_cast<double>(any) / pairs,
                  static_cast<double>(others) / pairs, by.c_str());
      std::fflush(stdout);
    }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  try {
    if (given.size() == 3 && given[0] == "power") return power(FakeHost::load(given[1]), std::stoi(given[2]));
    if (given.size() != 5) throw std::runtime_error("see the head of folds_bench.cc");
    const FakeHost host = FakeHost::load(given[1]);
    if (given[0] == "evaluate") return evaluate(host, given[2], std::stoi(given[3]), given[4]);
    if (given[0] == "drift") return drift(host, given[2], std::stoi(given[3]), given[4]);
    throw std::runtime_error("'" + given[0] + "' is none of evaluate, drift, power");
  } catch (const std::exception& error) {
    std::cerr << "folds_bench: " << error.what() << "\n";
    return 1;
  }
}
