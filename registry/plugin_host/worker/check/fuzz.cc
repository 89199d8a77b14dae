// SPDX-License-Identifier: Apache-2.0
// C38: rounds of what a plugin may be given, drawn by chance.
#include <fmt/format.h>

#include <functional>
#include <optional>

#include "registry/plugin_host/worker/check/exercise.h"
#include "registry/plugin_host/worker/check/mutation.h"
#include "registry/plugin_host/worker/check/odd_rows.h"

namespace assay::worker::check {
namespace {

using fake::FakeBundle;
using fake::FakeData;

constexpr std::uint64_t kRowRounds = 60, kStoredRounds = 120;
constexpr std::int64_t kPolls = 60;  // with settings that make a plugin work for long

Way odd_way(Draw& draw) {
  Way way;
  way.batch_rows = draw.of<std::int64_t>({0, 0, 1, 5, 8, 64});
  way.shape = odd_shape(draw);
  way.seed = draw.bits();
  way.threads = draw.of<std::uint32_t>({1, 1, 2, 8});
  way.step_bytes = draw.of<std::size_t>({1, 13, 4093, 1 << 20});
  way.bare = draw.once_in(4);
  return way;
}

// What a round says of itself before it starts, and in what it finds.
class Rounds {
 public:
  explicit Rounds(const Subject& subject) : subject_(subject) {}

  // Calls `round(draw)`, which answers what it is about to give the plugin and the giving itself.
  struct Round {
    std::string what;
    std::function<void()> give;
  };
  void run(std::uint64_t count, const std::function<Round(Draw&)>& prepare) {
    for (std::uint64_t i = 0; i < count; ++i) {
      ++number_;
      Draw draw(subject_.seed, number_);
      const Round round = prepare(draw);
      const std::string where = fmt::format("in round {} of --seed {}, {}", number_, subject_.seed, round.what);
      subject_.trying(where);
      try {
        round.give();
      } catch (const Broken& broken) {
        throw Broken{fmt::format("{}: {}", where, broken.why)};
      }
    }
  }
  std::uint64_t number() const { return number_; }

 private:
  const Subject& subject_;
  std::uint64_t number_ = 0;
};

void give_rows(Rounds& rounds, const Component& component, const Made& made) {
  rounds.run(kRowRounds, [&](Draw& draw) -> Rounds::Round {
    Way way = odd_way(draw);
    const auto settings = draw.once_in(3) ? odd_settings(component, draw) : component.settings();
    const bool ordinary_settings = fake::Json(settings).dump() == fake::Json(component.settings()).dump();
    if (!ordinary_settings) way.stop_after = kPolls;
    const auto table = [&](WithRoles roles) { return odd_table(odd_sample(draw), component, roles, draw); };
    const Given given{table(WithRoles::yes), table(WithRoles::no), table(WithRoles::yes), table(WithRoles::yes)};
    return {fmt::format("component {} with {} rows to learn from, {} to score, {} and {} to fold{}", component.id,
                        given.train.rows(), given.score.rows(), given.reference.rows(), given.current.rows(),
                        ordinary_settings ? "" : " and the settings " + fake::Json(settings).dump()),
            [&component, &made, given, way, settings, ordinary_settings] {
              if (ordinary_settings) return exercise(made, given, way);
              std::optional<Made> other;
              // The schema cannot say which values go together.
              if (status_of([&] { other.emplace(component, settings); }) == ASSAY_OK) exercise(*other, given, way);
            }};
  });
}

void give_stored(Rounds& rounds, const Component& component, const char* kind, const FakeBundle& whole,
                 const std::function<void(const FakeBundle&)>& use) {
  rounds.run(kStoredRounds, [&](Draw& draw) -> Rounds::Round {
    Mutated mutated = mutate(whole, draw);
    return {fmt::format("component {} given a {} {}", component.id, kind, mutated.what),
            [&use, mutated] { use(mutated.bundle); }};
  });
}

}  // namespace

std::string survives_chance(Subject& subject) {
  Rounds rounds(subject);
  const std::string names = each_runnable(subject, [&](const Component& component) {
    const Made made(component);
    const Trial trial;
    const Outcome expected = ordinary(made);
    give_rows(rounds, component, made);
    if (component.offers(ASSAY_CAP_TRAINER_V1) && component.offers(ASSAY_CAP_SCORER_V1)) {
      const FakeData rows = trial.score.features();
      give_stored(rounds, component, "model", fit(made, trial.train.with_roles(component)),
                  [&](const FakeBundle& model) { exercise_model(made, model, rows, {}); });
    }
    if (component.fold() != nullptr) {
      const FakeData rows = trial.current.with_roles(component);
      State state(made, rows, nullptr);
      state.update(rows);
      give_stored(rounds, component, "state", state.save(),
                  [&](const FakeBundle& saved) { exercise_state(made, saved, rows, {}); });
    }
    const std::string text = difference(expected, run(made, trial));
    demand(text.empty(), fmt::format("after {} rounds of --seed {}, component {} is not as before: {}", rounds.number(),
                                     subject.seed, component.id, text));
  });
  return fmt::format("{}: {} rounds of --seed {}", names, rounds.number(), subject.seed);
}

}  // namespace assay::worker::check
