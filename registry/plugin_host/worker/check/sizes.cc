// SPDX-License-Identifier: Apache-2.0
// C39: as much as a host may give at once.
#include <fmt/format.h>
#include <sys/mman.h>

#include <chrono>
#include <cstring>
#include <deque>
#include <limits>
#include <vector>

#include "registry/plugin_host/worker/check/exercise.h"

namespace assay::worker::check {
namespace {

using fake::FakeData;

constexpr std::size_t kBatchBytes = std::size_t{64} << 20, kManyRows = 70'000, kManyColumns = 10'000, kFewRows = 20,
                      kTextBytes = 1'000'000;
// A host need not wait for ever: from then on it wants a stop, and DEADLINE is an answer like any other.
constexpr std::chrono::milliseconds kPatience{1000};

Given given_of(const Component& component, const Sample& train, const Sample& score) {
  return {train.with_roles(component), score.features(), train.with_roles(component), score.with_roles(component)};
}

// ---- Many rows, many columns, long texts ----

Given many_rows(const Component& component) {
  FakeData rows = Sample::of(39, kManyRows).with_roles(component);
  Sample::Cells<double> cells(kManyRows);
  for (std::size_t i = 0; i < kManyRows; ++i) cells[i] = static_cast<double>(i * 0x9E3779B1 % 1'000'003);
  for (std::size_t column = 0; column * kManyRows * sizeof(double) < kBatchBytes; ++column) {
    std::swap(cells[column], cells[column + 1]);
    rows.f64(fmt::format("more{}", column), cells);
  }
  return {rows, rows, rows, rows};  // which share their memory
}

Given many_columns(const Component& component) {
  const Sample train = Sample::of(39, kFewRows), score = Sample::of(40, kFewRows);
  Given given = given_of(component, train, score);
  const auto widen = [](FakeData& data, const Sample& sample) {
    for (std::size_t column = 0; column < kManyColumns; ++column) {
      const std::string name = fmt::format("c{}", column);
      switch (column % 8) {
        case 0:
          data.i64(name, sample.count);
          break;
        case 1:
          data.boolean(name, sample.member);
          break;
        case 2:
          data.utf8(name, sample.colour);
          break;
        default:
          data.f64(name, sample.amount);
      }
    }
  };
  widen(given.train, train);
  widen(given.score, score);
  widen(given.reference, train);
  widen(given.current, score);
  return given;
}

Given long_texts(const Component& component) {
  Trial trial;
  for (Sample* each : {&trial.train, &trial.score})
    for (const std::size_t row : {3, 20, 21, 36}) {
      each->colour[row] = std::string(kTextBytes, row == 21 ? 'b' : 'a');
      each->group[row] = each->colour[row];
    }
  return given_of(component, trial.train, trial.score);
}

// ---- Offsets up to the end of int32 ----

// A text column's bytes at the end of the two gigabytes that its offsets can reach. What lies before is never touched
// and cannot be written to, so that it neither takes memory nor counts against the limit of it.
class FarText {
 public:
  FarText() : room_(::mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (room_ == MAP_FAILED) throw Skipped{"there is no room for two gigabytes of addresses here"};
  }
  FarText(const FarText&) = delete;
  FarText& operator=(const FarText&) = delete;
  ~FarText() { ::munmap(room_, kSize); }

  // The column becomes the part behind the first row of one whose first row is very long.
  void take_over(ArrowArray& column) {
    const auto rows = static_cast<std::size_t>(column.length);
    const auto* ends = static_cast<const std::int32_t*>(column.buffers[1]);
    const std::int32_t far = std::numeric_limits<std::int32_t>::max() - ends[rows];
    char* const begin = static_cast<char*>(room_);
    if (::mprotect(begin + far / kPage * kPage, kSize - static_cast<std::size_t>(far / kPage * kPage),
                   PROT_READ | PROT_WRITE) != 0)
      throw Skipped{"there is no memory for a text here"};
    std::memcpy(begin + far, column.buffers[2], static_cast<std::size_t>(ends[rows]));
    ends_ = {0};
    for (std::size_t row = 0; row <= rows; ++row) ends_.push_back(far + ends[row]);
    column.buffers[1] = ends_.data();
    column.buffers[2] = room_;
    column.offset = 1;
  }

 private:
  static constexpr std::size_t kSize = std::size_t{1} << 31;
  static constexpr std::int32_t kPage = 1 << 16;  // or a smaller one
  void* room_;
  std::vector<std::int32_t> ends_;
};

// ---- The rule ----

void give_all(const Subject& subject, const Component& component) {
  const Made made(component);
  const Outcome expected = ordinary(made);
  const auto give = [&](const char* what, const Given& given, Way way) {
    const std::string where = fmt::format("component {}, given {}", component.id, what);
    subject.trying(where);
    try {
      way.stop_at = std::chrono::steady_clock::now() + kPatience;
      exercise(made, given, way);
      if (!component.offers(ASSAY_CAP_TRAINER_V1) || !component.offers(ASSAY_CAP_SCORER_V1)) return;
      // Also where so much cannot be learned from in time.
      const fake::FakeBundle model = fit(made, Trial{}.train.with_roles(component));
      way.stop_at = std::chrono::steady_clock::now() + kPatience;
      exercise_model(made, model, given.score, way);
    } catch (const Broken& broken) {
      throw Broken{fmt::format("{}: {}", where, broken.why)};
    }
  };
  give("a batch of 64 MiB", many_rows(component), {});
  give("10000 columns", many_columns(component), {});
  give("texts of a million bytes", long_texts(component), {});
  std::deque<FarText> rooms;
  Way far;
  far.on_lend = [&](const ArrowSchema& schema, ArrowArray& batch) {
    for (std::int64_t i = 0; i < schema.n_children; ++i)
      if (std::strcmp(schema.children[i]->format, "u") == 0) rooms.emplace_back().take_over(*batch.children[i]);
  };
  const Trial trial;
  give("text that ends where int32 does", given_of(component, trial.train, trial.score), far);
  const std::string text = difference(expected, run(made, trial));
  demand(text.empty(), fmt::format("component {} is not as before after so much: {}", component.id, text));
}

}  // namespace

std::string copes_with_sizes(Subject& subject) {
  return each_runnable(subject, [&](const Component& component) { give_all(subject, component); }) +
         ": 64 MiB, 10000 columns, texts of a million bytes, offsets to the end of int32";
}

}  // namespace assay::worker::check
