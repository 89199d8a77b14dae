// SPDX-License-Identifier: Apache-2.0
// C20, C21 and C36: what passes between a plugin and its host, and who owns it.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "registry/plugin_host/worker/check/run.h"

namespace assay::worker::check {
namespace {

using fake::FakeData;

// A result that outlives what made it, read and released on another thread.
std::string read_elsewhere(ArrowSchema& schema, ArrowArray& rows) {
  std::string text;
  std::thread([&] {
    text = print_schema(schema) + print_rows(schema, rows);
    rows.release(&rows);
    schema.release(&schema);
  }).join();
  return text;
}

std::string scores_of_the_dead(const Component& component, const Trial& trial) {
  ArrowSchema schema{};
  ArrowArray answer{};
  {
    const Made made(component);
    const FakeData rows = trial.score.features();
    const fake::FakeBundle bundle = fit(made, trial.train.with_roles(component));
    ArrowSchema input{};
    rows.table().export_schema(&input);
    Model model(made, bundle);
    HostCall call((Way()));
    const assay_status status = model.scorer().bind(made->raw.self, &call.raw, model.raw(), &input, &schema);
    input.release(&input);
    call.check(status);
    Ledger ledger;
    ArrowArray batch = lay_out(rows.table(), 0, rows.rows(), {}, ledger);
    model.score_raw(&batch, &answer);
    demand(ledger.wrong().empty(), fmt::format("component {}, scoring: {}", component.id, ledger.wrong()));
  }
  return read_elsewhere(schema, answer);
}

std::string table_of_the_dead(const Component& component, const Trial& trial) {
  ArrowSchema schema{};
  ArrowArray table{};
  {
    const Made made(component);
    const FakeData rows = trial.reference.with_roles(component);
    State state(made, rows, nullptr);
    state.update(rows);
    state.finish_raw(&schema, &table);
  }
  return read_elsewhere(schema, table);
}

}  // namespace

std::string releases_once(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    const Trial trial;
    Ledger ledger;
    Way way;
    way.ledger = &ledger;
    way.batch_rows = 16;
    const Outcome expected = ordinary(Made(component), trial, way);
    demand(ledger.wrong().empty(), fmt::format("component {}: {}", component.id, ledger.wrong()));
    if (component.offers(ASSAY_CAP_TRAINER_V1) && component.offers(ASSAY_CAP_SCORER_V1)) {
      const std::string text = difference(ordinary(Made(component), trial).scores, scores_of_the_dead(component, trial));
      demand(text.empty(), fmt::format("component {}: scores change when their model is unloaded: {}", component.id, text));
    }
    if (component.fold() != nullptr) {
      const std::string late = table_of_the_dead(component, trial);
      demand(expected.table.starts_with(late),
             fmt::format("component {}: its result table changes when its state has ended", component.id));
    }
  }) + ": batches released once, results read and released later on another thread";
}

std::string copes_with_short_io(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    const Made made(component);
    const Outcome expected = ordinary(made);
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 30}) {
      Way way;
      way.step_bytes = bytes;
      Outcome found;
      const assay_status status = status_of([&] { found = run(made, {}, way); });
      const std::string text = status == ASSAY_OK ? difference(expected, found) : fmt::format("status {}", status);
      demand(text.empty(), fmt::format("component {}, reading and writing at most {} bytes at a time: {}", component.id,
                                       bytes, text));
    }
    Watch all;
    Way way;
    way.watch = &all;
    way.step_bytes = 61;
    run(made, {}, way);
    const std::int64_t stride = std::max<std::int64_t>(1, all.operations / 20);
    for (std::int64_t at = 0; at < all.operations; at += at < 20 ? 1 : stride) {
      Watch watch;
      watch.fail_after = at;
      way.watch = &watch;
      const assay_status status = status_of([&] { run(made, {}, way); });
      demand(watch.failed == 0 || status == ASSAY_E_IO,
             fmt::format("component {}, when read or write {} fails with IO: it answers status {}", component.id, at + 1,
                         status));
    }
    const std::string text = difference(expected, run(made, {}));
    demand(text.empty(), fmt::format("component {} is not as before after a failed write: {}", component.id, text));
  }) + ": pieces of 1 and 7 bytes, and each operation failing";
}

std::string ends_every_entry(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    const Made made(component);
    ordinary(made);
    const auto watched = [&](std::int64_t fail_after, std::int64_t stop_after, const char* when) {
      Watch watch;
      watch.fail_after = fail_after;
      Way way;
      way.watch = &watch;
      way.stop_after = stop_after;
      way.step_bytes = 61;
      status_of([&] { run(made, {}, way); });
      demand(watch.misuse.empty(), fmt::format("component {}{}: {}", component.id, when, watch.misuse));
      return watch.operations;
    };
    constexpr auto never = std::numeric_limits<std::int64_t>::max();
    const std::int64_t all = watched(never, never, "");
    const std::int64_t stride = std::max<std::int64_t>(1, all / 20);
    for (std::int64_t at = 0; at < all; at += at < 20 ? 1 : stride) watched(at, never, ", when a read or write fails");
    for (const std::int64_t poll : {0, 1, 2, 5}) watched(never, poll, ", when it is told to stop");
  }) + ": every entry ends once, also after failures and stops";
}

}  // namespace assay::worker::check
