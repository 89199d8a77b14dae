// SPDX-License-Identifier: Apache-2.0
// C12, C23, C26, C27 and C35: what a plugin does when something goes wrong.
#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <random>

#include "registry/domain/utf8.h"
#include "registry/plugin_host/worker/check/run.h"

namespace assay::worker::check {
namespace {

using fake::FakeBundle;
using fake::FakeData;

bool is_utf8(std::string_view text) {
  while (!text.empty())
    if (!take_code_point(text)) return false;
  return true;
}

// ---- C12 ----

// An output that no failing function may touch.
template <class Struct>
struct Canary {
  Canary() { std::memset(&it, 0x5A, sizeof it); }
  bool untouched() const {
    Canary fresh;
    return std::memcmp(&it, &fresh.it, sizeof it) == 0;
  }
  Struct it;
};

// Counts the failures that were seen, and judges each.
class Failures {
 public:
  explicit Failures(const Component& component) : component_(component) {}
  void judge(const HostCall& call, assay_status status, bool untouched, const char* what) {
    if (status == ASSAY_OK) return;
    ++seen;
    demand(untouched, say(what, "it fills an output although it fails"));
    const bool stopped = status == ASSAY_E_CANCELLED || status == ASSAY_E_DEADLINE;
    if (stopped && call.failures == 0) return;  // nobody needs that explained
    demand(call.failures == 1, say(what, fmt::format("it answers status {} and calls fail {} times", status, call.failures)));
    demand(!call.message.empty(), say(what, "its explanation is empty"));
    demand(is_utf8(call.message) && is_utf8(call.details), say(what, "its explanation is not UTF-8"));
  }
  void must_fail(assay_status status, const char* what) {
    demand(status != ASSAY_OK, say(what, "it succeeds"));
  }
  int seen = 0;

 private:
  std::string say(const char* what, const std::string& wrong) const {
    return fmt::format("component {}, {}: {}", component_.id, what, wrong);
  }
  const Component& component_;
};

void fail_to_fit(const Made& made, const FakeData& rows, const Way& way, const char* what, Failures& failures) {
  const auto& trainer = made->capability<assay_trainer_v1>(ASSAY_CAP_TRAINER_V1);
  HostCall call(way);
  const fake::FakeDataset data(rows);
  FakeBundle bundle;
  Watch watch;
  Sink sink(bundle, 4093, watch);
  const assay_status status = trainer.fit(made->raw.self, &call.raw, &data.raw, nullptr, nullptr, &sink.raw);
  failures.judge(call, status, true, what);
}

void fail_to_load(const Made& made, const FakeBundle& bundle, const char* what, Failures& failures) {
  const auto& scorer = made->capability<assay_scorer_v1>(ASSAY_CAP_SCORER_V1);
  HostCall call((Way()));
  Watch watch;
  Source source(bundle, 4093, watch);
  Canary<void*> model;
  const assay_status status = scorer.load(made->raw.self, &call.raw, &source.raw, &model.it);
  failures.must_fail(status, what);
  failures.judge(call, status, model.untouched(), what);
}

void fail_to_score(const Made& made, const FakeBundle& bundle, Failures& failures) {
  const Model model(made, bundle);
  HostCall call((Way()));
  ArrowSchema nothing{};
  FakeData().table().export_schema(&nothing);
  Canary<ArrowSchema> output;
  const assay_status status = model.scorer().bind(made->raw.self, &call.raw, model.raw(), &nothing, &output.it);
  nothing.release(&nothing);
  if (status == ASSAY_OK) output.it.release(&output.it);
  failures.judge(call, status, output.untouched(), "bound to a table without columns");
}

void fail_to_fold(const Made& made, const FakeData& with_roles, const FakeData& without, Failures& failures) {
  const auto& fold = made->capability<assay_fold_v1>(made.about().fold());
  const FakeBundle empty;
  const auto open = [&](const FakeData& rows, bool restore, const char* what) {
    HostCall call((Way()));
    ArrowSchema schema{};
    rows.table().export_schema(&schema);
    const fake::FakeDataset data(rows);
    Watch watch;
    Source source(empty, 4093, watch);
    Canary<void*> state;
    const assay_status status =
        restore ? fold.restore(made->raw.self, &call.raw, &schema, &data.roles, &source.raw, &state.it)
                : fold.begin(made->raw.self, &call.raw, &schema, &data.roles, nullptr, &state.it);
    schema.release(&schema);
    if (restore) failures.must_fail(status, what);
    if (status == ASSAY_OK) fold.end(made->raw.self, state.it);
    failures.judge(call, status, status == ASSAY_OK || state.untouched(), what);
  };
  open(with_roles, true, "restored from no entries");
  open(without, false, "begun without columns in any role");
  open(FakeData(), false, "begun over a table without columns");
}

// ---- C23 ----

struct Damage {
  std::string what;
  FakeBundle bundle;
};

std::vector<Damage> damages(const FakeBundle& whole, std::size_t index) {
  const auto& [name, bytes] = whole.entries[index];
  std::vector<Damage> out;
  const auto add = [&](std::string what, std::string changed) {
    FakeBundle bundle = whole;
    bundle.entries[index].second = std::move(changed);
    out.push_back({fmt::format("with \"{}\" {}", name, what), std::move(bundle)});
  };
  for (const std::size_t keep : {std::size_t{0}, std::size_t{1}, bytes.size() / 2, bytes.size() - 1})
    if (keep < bytes.size()) add(fmt::format("cut to {} of {} bytes", keep, bytes.size()), bytes.substr(0, keep));
  add("a byte longer", bytes + '\0');
  std::mt19937_64 random(23);
  std::string noise(bytes.size(), '\0');
  for (char& c : noise) c = static_cast<char>(random());
  if (!bytes.empty() && noise != bytes) add("replaced by noise", noise);
  for (int i = 0; i < 64 && !bytes.empty(); ++i) {
    std::string flipped = bytes;
    const std::size_t bit = random() % (8 * bytes.size());
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    add(fmt::format("bit {} flipped", bit), std::move(flipped));
  }
  return out;
}

// Each entry without which `open` fails is tried in every damaged form.
void refuse_each(const Component& component, const FakeBundle& whole, const std::function<void(const FakeBundle&)>& open) {
  for (std::size_t i = 0; i < whole.entries.size(); ++i) {
    FakeBundle without = whole;
    without.entries.erase(without.entries.begin() + static_cast<std::ptrdiff_t>(i));
    const assay_status missing = status_of([&] { open(without); });
    if (missing == ASSAY_OK) continue;  // nothing is read from it: a note for people
    demand(missing == ASSAY_E_CORRUPT_ARTIFACT || missing == ASSAY_E_NOT_FOUND,
           fmt::format("component {}, without the entry \"{}\": status {} and not CORRUPT_ARTIFACT", component.id,
                       whole.entries[i].first, missing));
    for (const Damage& damage : damages(whole, i)) {
      const assay_status status = status_of([&] { open(damage.bundle); });
      demand(status == ASSAY_E_CORRUPT_ARTIFACT,
             status == ASSAY_OK ? fmt::format("component {}, {}: it reads it all the same", component.id, damage.what)
                                : fmt::format("component {}, {}: status {} and not CORRUPT_ARTIFACT", component.id,
                                              damage.what, status));
    }
  }
}

// ---- C26, C27 ----

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::chrono::milliseconds kSoon{2500};
#else
constexpr std::chrono::milliseconds kSoon{250};
#endif

std::string stops_with(Subject& subject, assay_status stop, const char* name) {
  return each_runnable(subject, [&](const Component& component) {
    const Made made(component);
    const Outcome expected = ordinary(made);
    std::vector<std::int64_t> moments = {0, 1, 2, expected.polls / 2, expected.polls - 1};
    for (const std::int64_t moment : moments) {
      if (moment < 0) continue;
      Stops stops;
      Way way;
      way.stop_after = moment;
      way.stop_with = stop;
      way.stops = &stops;
      const assay_status status = status_of([&] { run(made, {}, way); });
      const auto taken = std::chrono::steady_clock::now() - stops.first;
      if (stops.asked == 0) {
        demand(status == ASSAY_OK, fmt::format("component {} answers status {} unasked", component.id, status));
        continue;
      }
      demand(status == stop, fmt::format("component {}, told to stop at its poll {}: status {} and not {}", component.id,
                                         moment, status, name));
      demand(taken < kSoon, fmt::format("component {}, told to stop at its poll {}, goes on for {} ms", component.id, moment,
                                        std::chrono::duration_cast<std::chrono::milliseconds>(taken).count()));
    }
    const std::string text = difference(expected, run(made, {}));
    demand(text.empty(), fmt::format("component {} is not as before after a stop: {}", component.id, text));
    if (expected.polls > 0) return;
    // Never having asked is right only for what is quick.
    Trial much;
    for (Sample* each : {&much.train, &much.score, &much.reference, &much.current}) *each = Sample::of(26, 4000);
    const auto start = std::chrono::steady_clock::now();
    const Outcome slow = run(made, much);
    demand(slow.polls > 0 || std::chrono::steady_clock::now() - start < 2 * kSoon,
           fmt::format("component {} works for {} ms and never asks should_stop", component.id,
                       std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count()));
  });
}

// ---- C35 ----

// Every allocation in turn at first, then about sixty more over all of the run.
void fail_each_allocation(const Component& component, const Made& made, const Outcome& expected) {
  fail_allocation_after(std::numeric_limits<std::int64_t>::max());
  run(made, {});
  const std::int64_t all = end_of_failing().asked;
  for (std::int64_t at = 0; at < all; at += at < 60 ? 1 : std::max<std::int64_t>(1, all / 60)) {
    fail_allocation_after(at);
    const assay_status status = status_of([&] { run(made, {}); });
    const Allocations allocations = end_of_failing();
    // Some can do without, such as a cache that stays empty.
    demand(!allocations.failed || status == ASSAY_E_OUT_OF_MEMORY || status == ASSAY_OK,
           fmt::format("component {}, when allocation {} of {} fails: status {} and not OUT_OF_MEMORY", component.id,
                       at + 1, all, status));
  }
  const std::string text = difference(expected, run(made, {}));
  demand(text.empty(), fmt::format("component {} is not as before once memory is back: {}", component.id, text));
}

}  // namespace

std::string explains_failures(Subject& subject) {
  int seen = 0;
  std::string names = each_runnable(subject, [&](const Component& component) {
    const Made made(component);
    ordinary(made);
    Failures failures(component);
    const Trial trial;
    if (component.offers(ASSAY_CAP_TRAINER_V1)) {
      const FakeData rows = trial.train.with_roles(component);
      fail_to_fit(made, trial.train.features(), {}, "trained without a label", failures);
      fail_to_fit(made, FakeData(), {}, "trained on no columns", failures);
      Way stopped;
      stopped.stop_after = 0;
      fail_to_fit(made, rows, stopped, "told to stop", failures);
      if (component.offers(ASSAY_CAP_SCORER_V1)) {
        FakeBundle model = fit(made, rows);
        fail_to_load(made, FakeBundle(), "given a model of no entries", failures);
        fail_to_score(made, model, failures);
      }
    }
    if (component.fold() != nullptr)
      fail_to_fold(made, trial.current.with_roles(component), trial.current.features(), failures);
    seen += failures.seen;
  });
  return fmt::format("{}: {} failures, each explained once", names, seen);
}

std::string refuses_damage(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    const Made made(component);
    ordinary(made);
    const Trial trial;
    if (component.offers(ASSAY_CAP_TRAINER_V1) && component.offers(ASSAY_CAP_SCORER_V1)) {
      const FakeData rows = trial.score.features();
      refuse_each(component, fit(made, trial.train.with_roles(component)), [&](const FakeBundle& bundle) {
        Model model(made, bundle);
        model.bind(rows);
        model.score(rows);
      });
    }
    if (component.fold() != nullptr) {
      const FakeData rows = trial.reference.with_roles(component);
      State state(made, rows, nullptr);
      state.update(rows);
      refuse_each(component, state.save(),
                  [&](const FakeBundle& bundle) { State(made, rows, State::Saved{bundle}).finish(); });
    }
  }) + ": cut, lengthened, flipped and replaced entries are refused";
}

std::string stops_when_cancelled(Subject& subject) {
  return stops_with(subject, ASSAY_E_CANCELLED, "CANCELLED") + ": stopped at several moments, and usable afterwards";
}

std::string stops_at_deadline(Subject& subject) {
  return stops_with(subject, ASSAY_E_DEADLINE, "DEADLINE") + ": stopped at several moments, and usable afterwards";
}

std::string survives_without_memory(Subject& subject) {
  if (!allocations_can_fail()) throw Skipped{"this assay-worker was built with sanitizers, whose allocator cannot be made to fail"};
  return each_runnable(subject, [](const Component& component) {
    const Made made(component);
    fail_each_allocation(component, made, ordinary(made));
  }) + ": allocations that fail are answered";
}

}  // namespace assay::worker::check
