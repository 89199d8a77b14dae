// SPDX-License-Identifier: Apache-2.0
// Whole runs of a component, in whatever way a host may make them: fit, load, bind, score; begin, update,
// merge, save, restore, finish. What the plugin answers with a failure is thrown as an Error.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "registry/plugin_host/worker/check/exchange.h"
#include "registry/plugin_host/worker/check/inside.h"
#include "registry/plugin_host/worker/check/rows.h"

namespace assay::worker::check {

// What the host asked of a run that it wanted to stop.
struct Stops {
  std::int64_t asked = 0;  // how often it was told to stop
  std::chrono::steady_clock::time_point first{};
};

// How the host behaves.
struct Way {
  std::int64_t batch_rows = 0;  // 0: one batch
  Shape shape{};
  std::uint64_t seed = 1;
  std::uint32_t threads = 1;
  std::size_t step_bytes = 4093;             // of one read or write
  std::int64_t stop_after = INT64_MAX;       // polls until it wants a stop
  assay_status stop_with = ASSAY_E_CANCELLED;
  Stops* stops = nullptr;                    // records them
  std::optional<std::chrono::steady_clock::time_point> stop_at{};  // it wants a stop from then on: its deadline
  bool bare = false;                         // without log, metric and progress
  std::uint64_t call_id = 1;
  Watch* watch = nullptr;                    // of its bundles
  Ledger* ledger = nullptr;                  // of its batches; each operation has its own without
  // Runs just before an array is lent and may replace it.
  std::function<void(const ArrowSchema&, ArrowArray&)> on_lend{};
  // Sees each array of scores.
  std::function<void(const ArrowSchema&, const ArrowArray&)> on_scores{};
};

// A call as `way` has it.
struct HostCall : fake::FakeCall {
  explicit HostCall(const Way& way);
  Way way;
};

// What one run left; equal texts are equal results.
struct Outcome {
  std::string model, scores;         // of trainers and scorers
  std::string state, table, extras;  // of folds
  std::int64_t polls = 0;            // of should_stop
};
// What differs, for messages; empty when nothing does.
std::string difference(const Outcome& expected, const Outcome& found);
// 128 bits of all that is in it, as hex.
std::string fingerprint(const Outcome& outcome);

std::string print_bundle(const fake::FakeBundle& bundle);

fake::FakeBundle fit(const Made& made, const fake::FakeData& train, const Way& way = {}, std::int64_t* polls = nullptr);

// A loaded model.
class Model {
 public:
  Model(const Made& made, const fake::FakeBundle& bundle, const Way& way = {});
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model();
  void bind(const fake::FakeData& data) { bind_schema(data); }
  void bind_raw(const ArrowSchema& schema);
  // All rows of `data`, in batches as the way has them.
  std::string score(const fake::FakeData& data);
  // One array, moved in; the answer is the caller's. Throws for a wrong count of rows.
  void score_raw(ArrowArray* input, ArrowArray* output);
  const ArrowSchema& output() const { return output_; }
  void unload();
  const assay_scorer_v1& scorer() const { return scorer_; }
  void* raw() const { return model_; }

 private:
  void bind_schema(const fake::FakeData& data);
  const Made& made_;
  const assay_scorer_v1& scorer_;
  HostCall call_;
  Ledger own_ledger_;
  Ledger& ledger_;
  void* model_ = nullptr;
  ArrowSchema output_{};
};

// One state of a fold.
class State {
 public:
  State(const Made& made, const fake::FakeData& shape, const fake::FakeBundle* reference, const Way& way = {});
  struct Saved {
    const fake::FakeBundle& bundle;
  };
  State(const Made& made, const fake::FakeData& shape, Saved saved, const Way& way = {});
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();
  void update(const fake::FakeData& data);
  void update(const fake::FakeData& data, std::int64_t first, std::int64_t count);
  void update_raw(ArrowArray* batch);
  void merge(State& from);
  fake::FakeBundle save();
  // The result table as text, and its extras.
  std::string finish(fake::FakeBundle* extras = nullptr);
  void finish_raw(ArrowSchema* schema, ArrowArray* table, fake::FakeBundle* extras = nullptr);
  void end();
  HostCall& call() { return call_; }
  void* raw() const { return state_; }
  void set_way(const Way& way) { call_.way = way; }

 private:
  template <class Open>
  void open(const fake::FakeData& shape, const fake::FakeBundle* bundle, Open opener);
  const Made& made_;
  const assay_fold_v1& fold_;
  HostCall call_;
  Ledger own_ledger_;
  Ledger& ledger_;
  void* state_ = nullptr;
};

// The rows that a run uses; a rule may replace any of them.
struct Trial {
  Sample train = Sample::of(7, kTrainRows), score = Sample::of(8, kScoreRows);
  Sample reference = Sample::of(9, kTrainRows), current = Sample::of(10, kScoreRows, 0.5);
};

// Everything that the component can do. A scorer without a trainer has no model to try and is left out.
Outcome run(const Made& made, const Trial& trial, const Way& way = {});

// As run, but a plugin that refuses these ordinary rows makes the rule skipped: C22 fails for that.
Outcome ordinary(const Made& made, const Trial& trial = {}, const Way& way = {});

// Calls `each(component)` for those that can be run, with the required roles alone and, if it has any, with the
// optional ones too; skips the rule when there are none. Answers their names.
std::string each_runnable(Subject& subject, const std::function<void(const Component&)>& each);
std::string each_bitwise(Subject& subject, const std::function<void(const Component&)>& each);
std::string each_scorer(Subject& subject, const std::function<void(const Component&)>& each);
std::string each_fold(Subject& subject, const std::function<void(const Component&)>& each);

// The status with which `work` fails; ASSAY_OK when it does not.
template <class Work>
assay_status status_of(Work&& work) {
  try {
    work();
    return ASSAY_OK;
  } catch (const Error& error) {
    return error.status();
  }
}
// One of the answers with which a plugin may refuse rows or columns.
inline bool refuses_data(assay_status status) {
  return status == ASSAY_E_INVALID_DATA || status == ASSAY_E_UNSUPPORTED || status == ASSAY_E_NOT_FOUND;
}

}  // namespace assay::worker::check
