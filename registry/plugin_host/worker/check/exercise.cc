// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/check/exercise.h"

#include "registry/plugin_host/worker/check/tables.h"

namespace assay::worker::check {
namespace {

using fake::FakeBundle;
using fake::FakeData;

// The way with what watches over the plugin.
class Watched {
 public:
  explicit Watched(const Way& base) : way(base) {
    way.ledger = &ledger_;
    way.watch = &watch_;
  }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  void demand_order() const {
    demand(watch_.misuse.empty(), watch_.misuse);
    demand(ledger_.wrong().empty(), ledger_.wrong());
  }
  Way way;

 private:
  Ledger ledger_;
  Watch watch_;
};

bool done(const std::function<void()>& work) {
  return status_of(work) == ASSAY_OK;
}

// Adds the rows, and looks at all that can come of the state then, also when it refused some of them.
FakeBundle exercise_rest(State& state, const Component& component, const FakeData& rows, std::int64_t rows_before) {
  FakeBundle saved, extras;
  done([&] { state.update(rows); });
  done([&] { saved = state.save(); });
  done([&] { demand_true_table(state, component, rows_before + rows.rows(), &extras); });
  return saved;
}

}  // namespace

void exercise_model(const Made& made, const FakeBundle& bundle, const FakeData& rows, const Way& way) {
  Watched watched(way);
  watched.way.on_scores = [&](const ArrowSchema& schema, const ArrowArray& scores) {
    demand_finite(made.about(), schema, scores, "scoring");
  };
  done([&] {
    Model model(made, bundle, watched.way);
    model.bind(rows);
    model.score(rows);
  });
  watched.demand_order();
}

void exercise_state(const Made& made, const FakeBundle& saved, const FakeData& rows, const Way& way) {
  constexpr std::int64_t kAnyRows = std::int64_t{1} << 62;  // it may say that it has seen
  Watched watched(way);
  done([&] {
    State state(made, rows, State::Saved{saved}, watched.way), other(made, rows, nullptr, watched.way);
    exercise_rest(state, made.about(), rows, kAnyRows);
    done([&] { other.update(rows); });
    done([&] { other.merge(state); });
    done([&] { demand_true_table(other, made.about(), kAnyRows); });
  });
  if (!made.about().offers(ASSAY_CAP_EVALUATOR_V1))
    done([&] {
      State state(made, rows, &saved, watched.way);
      exercise_rest(state, made.about(), rows, kAnyRows);
    });
  watched.demand_order();
}

void exercise(const Made& made, const Given& given, const Way& way) {
  const Component& component = made.about();
  if (component.offers(ASSAY_CAP_TRAINER_V1)) {
    Watched watched(way);
    FakeBundle model;
    const bool learned = done([&] { model = fit(made, given.train, watched.way); });
    watched.demand_order();
    if (learned && component.offers(ASSAY_CAP_SCORER_V1)) exercise_model(made, model, given.score, way);
  }
  if (component.fold() == nullptr) return;
  Watched watched(way);
  FakeBundle saved;
  done([&] {
    State state(made, given.reference, nullptr, watched.way);
    saved = exercise_rest(state, component, given.reference, 0);
  });
  watched.demand_order();
  if (!saved.entries.empty()) exercise_state(made, saved, given.current, way);
}

}  // namespace assay::worker::check
