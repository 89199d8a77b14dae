// SPDX-License-Identifier: Apache-2.0
// C22, C24, C25, C28, C29 and C37: what must come out alike, and what may come out at all.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/plugin_host/worker/check/run.h"
#include "registry/plugin_host/worker/check/tables.h"

namespace assay::worker::check {
namespace {

using fake::FakeBundle;
using fake::FakeData;
using nlohmann::json;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}
std::string unhex(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return out;
}

json pack(const FakeBundle& bundle) {
  json out = json::array();
  for (const auto& [name, bytes] : bundle.entries) out.push_back({name, hex(bytes)});
  return out;
}
FakeBundle unpack(const json& packed) {
  FakeBundle out;
  for (const json& entry : packed) out.entries.emplace_back(entry.at(0).get<std::string>(), unhex(entry.at(1).get<std::string>()));
  return out;
}

// Whoever reads the answer finds its columns by name.
void demand_names(const Component& component, const ArrowSchema& output) {
  std::set<std::string> names;
  for (const sdk::Field& field : sdk::Schema::copy(output))
    demand(!field.name.empty() && names.insert(field.name).second,
           fmt::format("component {} answers a column whose name, \"{}\", is empty or there twice", component.id, field.name));
  demand(!names.empty(), fmt::format("component {} answers no column at all", component.id));
}

// Demands that each component that repeats itself gives what it gave in an earlier process, if there was one.
std::string same_in_another_process(Subject& subject, const Way& way, const char* what) {
  const json before = subject.before.empty() ? json::object() : json::parse(subject.before);
  json now = json::object();
  const std::string names = each_runnable(subject, [&](const Component& component) {
    if (component.determinism == "none") return;
    const Made made(component, way.bare ? Services::none : Services::all);
    const std::string found = fingerprint(ordinary(made, {}, way));
    const std::string mine = subject.given + component.id;
    if (before.contains(mine))
      demand(before.at(mine) == found, fmt::format("component {} gives other results {}", component.id, what));
    now[mine] = found;
  });
  if (now.empty()) throw Skipped{"every component declares determinism \"none\""};
  if (subject.before.empty()) subject.again = now.dump();
  return names;
}

// ---- C28 ----

// The rows [first, last) of all, as a state of their own.
struct Part {
  std::int64_t first, last;
};

std::unique_ptr<State> state_of(const Made& made, const FakeData& rows, const FakeBundle* reference, Part part) {
  auto state = std::make_unique<State>(made, rows, reference);
  if (part.last > part.first) state->update(rows, part.first, part.last - part.first);
  return state;
}

void merge_in_every_way(const Component& component, const FakeData& rows, const FakeBundle* reference) {
  const Made made(component);
  const std::int64_t all = rows.rows(), a = all / 3, b = all / 2;
  const auto part = [&](std::int64_t first, std::int64_t last) { return state_of(made, rows, reference, {first, last}); };
  const std::string expected = part(0, all)->finish();
  const auto same = [&](State& state, const char* what) {
    const std::string text = difference(expected, state.finish());
    demand(text.empty(), fmt::format("component {}, {}: {}", component.id, what, text));
  };
  {
    const auto first = part(0, a), second = part(a, b), third = part(b, all);
    first->merge(*second);
    first->merge(*third);
    same(*first, "states merged as (a + b) + c, against one pass");
  }
  {
    const auto first = part(0, a), second = part(a, b), third = part(b, all);
    second->merge(*third);
    first->merge(*second);
    same(*first, "states merged as a + (b + c), against one pass");
  }
  {
    const auto whole = part(0, all), nothing = part(0, 0);
    whole->merge(*nothing);
    same(*whole, "with an empty state merged into it");
    nothing->merge(*whole);
    same(*nothing, "merged into an empty state");
  }
  {
    const auto first = part(0, b), second = part(b, all);
    const FakeBundle saved_first = first->save(), saved_second = second->save();
    same(*part(0, all), "made again");
    if (reference == nullptr) {
      State restored(made, rows, State::Saved{saved_first}), other(made, rows, State::Saved{saved_second});
      restored.merge(other);
      same(restored, "states saved, restored and merged");
    }
    const auto half = part(0, b);
    half->finish();
    half->update(rows, b, all - b);
    same(*half, "updated further after a finish");
  }
}

// ---- C29 ----

// What a fold compares with: the state over the reference rows, for all but evaluators.
std::optional<FakeBundle> reference_of(const Component& component, const Trial& trial) {
  if (component.offers(ASSAY_CAP_EVALUATOR_V1)) return {};
  const Made made(component);
  const FakeData rows = trial.reference.with_roles(component);
  State state(made, rows, nullptr);
  state.update(rows);
  return state.save();
}

}  // namespace

std::string round_trips(Subject& subject) {
  const json before = subject.before.empty() ? json::object() : json::parse(subject.before);
  json now = json::object();
  const Trial trial;
  const std::string names = each_runnable(subject, [&](const Component& component) {
    const Made made(component);
    const std::string name = subject.given + component.id;
    const json mine = before.value(name, json::object());
    try {
      // Not where an earlier process has trained: nothing may be left of that but the model.
      if (mine.empty()) run(made, trial);
    } catch (const Error& error) {
      throw Broken{fmt::format("component {} refuses ordinary rows: status {}: {}", component.id, error.status(), error.message())};
    }
    if (!component.offers(ASSAY_CAP_TRAINER_V1) || !component.offers(ASSAY_CAP_SCORER_V1)) return;
    const FakeData rows = trial.score.features();
    const FakeBundle bundle =
        mine.empty() ? fit(made, trial.train.with_roles(component)) : unpack(mine.at("model"));
    Model model(made, bundle);
    model.bind(rows);
    demand_names(component, model.output());
    const std::string scores = model.score(rows);
    if (!mine.empty()) {
      const std::string text = difference(unhex(mine.at("scores").get<std::string>()), scores);
      demand(text.empty(), fmt::format("component {}: its model scores otherwise in another process: {}", component.id, text));
    }
    now[name] = {{"model", pack(bundle)}, {"scores", hex(scores)}};
  });
  if (subject.before.empty() && !now.empty()) subject.again = now.dump();
  return names + ": ordinary rows, from start to end, also with the model in another process";
}

std::string repeats_itself(Subject& subject) {
  Way way;
  way.seed = 24;
  way.threads = subject.before.empty() ? 1 : 8;
  const std::string names = same_in_another_process(subject, way, "in another process with eight threads");
  each_runnable(subject, [&](const Component& component) {
    if (component.determinism == "none") return;
    const Made made(component);
    const Outcome first = ordinary(made, {}, way);
    const std::string text = difference(first, run(made, {}, way));
    demand(text.empty(), fmt::format("component {}, the same twice: {}", component.id, text));
  });
  return names + ": equal twice, in two processes, with one thread and eight";
}

std::string ignores_the_seed(Subject& subject) {
  return each_bitwise(subject, [](const Component& component) {
    Way other;
    other.seed = 0x5EED;
    const std::string text = difference(ordinary(Made(component)), ordinary(Made(component), {}, other));
    demand(text.empty(), fmt::format("component {} declares determinism \"bitwise\", and with another seed {}", component.id, text));
  }) + ": equal with two seeds";
}

std::string merges_exactly(Subject& subject) {
  return each_fold(subject, [](const Component& component) {
    const Trial trial;
    ordinary(Made(component));
    merge_in_every_way(component, trial.reference.with_roles(component), nullptr);
    if (const auto reference = reference_of(component, trial))
      merge_in_every_way(component, trial.current.with_roles(component), &*reference);
  }) + ": merged in either order, with empty states, saved and restored";
}

std::string answers_true_tables(Subject& subject) {
  return each_fold(subject, [](const Component& component) {
    const Trial trial;
    const Made made(component);
    ordinary(made);
    const auto reference = reference_of(component, trial);
    // As they are, and with an oddity in each column, so that there is something to report.
    Sample odd = Sample::of(10, kScoreRows, 9);
    for (std::size_t i = 0; i < odd.amount.size(); i += 4) odd.amount[i] = {}, odd.colour[i] = "unheard of";
    for (const Sample* sample : std::initializer_list<const Sample*>{&trial.current, &odd}) {
      const FakeData rows = sample->with_roles(component);
      State state(made, rows, reference ? &*reference : nullptr);
      // Too few rows may be refused.
      const assay_status empty = status_of([&] { demand_true_table(state, component, 0); });
      demand(empty == ASSAY_OK || refuses_data(empty),
             fmt::format("component {}, finished without rows: status {} and not INVALID_DATA", component.id, empty));
      state.update(rows);
      demand_true_table(state, component, rows.rows());
    }
  }) + ": the fixed columns, with values that can be true";
}

std::string gives_equal_bits_anywhere(Subject& subject) {
  Way way;
  if (!subject.before.empty()) {
    way.call_id = 0x7777;
    way.bare = true;
    way.shape = {.parent_offset = 2, .child_offset = 1, .spare_bytes = 64, .only_8_aligned = true,
                 .count_nulls = false, .always_bitmap = true, .in_nulls = 0x6B};
    way.step_bytes = 509;
    way.batch_rows = 11;
  }
  return same_in_another_process(subject, way, "to a host that is another in all that should not matter") +
         ": equal bits in hosts that differ in process, call, callbacks, services and layout of memory";
}

}  // namespace assay::worker::check
