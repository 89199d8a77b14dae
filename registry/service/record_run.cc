// SPDX-License-Identifier: Apache-2.0
#include "registry/service/record_run.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "registry/catalog/audit.h"
#include "registry/catalog/database.h"
#include "registry/catalog/evidence.h"
#include "registry/catalog/runs.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/reference.h"
#include "registry/service/libraries.h"
#include "registry/service/record_evidence.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

// `churn@3` and `churn@sha256:…` do; the name of a file does not.
bool names_version(const std::string& reference) {
  const auto at = reference.rfind('@');
  if (at == std::string::npos) return false;
  try {
    const Selector selector = Selector::parse(std::string_view(reference).substr(at + 1));
    return std::holds_alternative<VersionNumber>(selector.value()) ||
           std::holds_alternative<Digest>(selector.value());
  } catch (const Error&) {
    return false;
  }
}

void check_input(Snapshot& snapshot, const Principal& caller, const RunInput& input,
                 std::set<std::string>& spaces) {
  bool readable = false;
  for (const std::string& key : spaces_holding(snapshot, input.digest)) {
    const Namespace space = Namespace::parse(key);
    readable = readable || caller.may(Permission::read, space);
    if (caller.may(Permission::evaluate, space)) spaces.insert(key);
  }
  if (!readable && names_version(input.reference))
    throw Error(Code::not_found,
                fmt::format("The run's input {} ({}) is no version that \"{}\" may read: push it first, then "
                            "start the run",
                            input.reference, input.digest.text(), caller.name));
}

// Whose readers see the run: those of its inputs' namespaces where the caller works; failing that, those of
// every namespace where it does.
std::vector<std::string> run_spaces(Snapshot& snapshot, const Principal& caller, const RunDraft& draft) {
  std::set<std::string> spaces;
  for (const RunInput& input : draft.inputs) check_input(snapshot, caller, input, spaces);
  if (spaces.empty())
    for (const Grant& grant : caller.grants)
      if (permits(grant.role, Permission::evaluate))
        spaces.insert(grant.space ? grant.space->key() : Namespace::standard().key());
  return {spaces.begin(), spaces.end()};
}

AuditEntry entry(const Principal& caller, std::string action, const Id& id, std::string_view what, Time at) {
  return {.time = at,
          .actor = caller.name,
          .action = std::move(action),
          .subject = "runs/" + id.text(),
          .details = canonical({{"what", what}, {"token", caller.id.text()}})};
}

// What the request recorded when it came for the first time, as it stands now.
std::optional<Run> earlier_run(Snapshot& snapshot, const Principal& caller, RequestKey* key, Time now) {
  const auto id = find_recorded(snapshot, caller, key, now);
  return id ? find_run(snapshot, Id::parse(*id), ReadableSpaces::everything()) : std::nullopt;
}

Error no_run(const Principal& caller, const Id& id) {
  return Error(Code::not_found,
               fmt::format("There is no run {} that \"{}\" may read", id.text(), caller.name));
}

}  // namespace

Run start_run(const Services& services, const Principal& caller, std::string_view body, RequestKey* key) {
  require_somewhere(caller, Permission::evaluate);
  return start_run(services, caller, run_draft_from_json(parse_json(body, "the run")), key);
}

Run start_run(const Services& services, const Principal& caller, RunDraft draft, RequestKey* key) {
  require_somewhere(caller, Permission::evaluate);
  std::optional<Run> earlier;
  const auto spaces = services.database.read([&](Snapshot& snapshot) -> std::vector<std::string> {
    earlier = earlier_run(snapshot, caller, key, services.clock.now());
    if (earlier) return {};
    require_runnable(snapshot, draft.plugin.digest, "The run's plugin " + draft.plugin.name);
    return run_spaces(snapshot, caller, draft);
  });
  if (earlier) return *std::move(earlier);
  const Run run{.draft = std::move(draft),
                .id = new_id(services.clock, services.entropy),
                .created_at = services.clock.now(),
                .created_by = caller.name,
                .outcome = {},
                .finished_at = {}};
  return services.database.write([&](Transaction& transaction) {
    if (auto raced = earlier_run(transaction, caller, key, run.created_at)) return *std::move(raced);
    insert_run(transaction, run, caller.id, spaces);
    append_audit(transaction, entry(caller, "start_run", run.id, to_text(run.draft.kind), run.created_at));
    remember(transaction, caller, key, run.id.text(), run.created_at);
    return run;
  });
}

Run finish_run(const Services& services, const Principal& caller, const Id& id, std::string_view body,
               RequestKey* key) {
  require_somewhere(caller, Permission::evaluate);
  return finish_run(services, caller, id, run_outcome_from_json(parse_json(body, "the run's end", {.max_bytes = 32 << 20})),
                    key);
}

Run finish_run(const Services& services, const Principal& caller, const Id& id, const RunOutcome& outcome,
               RequestKey* key) {
  require_somewhere(caller, Permission::evaluate);
  const Time now = services.clock.now();
  return services.database.write([&](Transaction& transaction) {
    if (auto earlier = earlier_run(transaction, caller, key, now)) return *std::move(earlier);
    if (!find_run(transaction, id, readable_spaces(caller))) throw no_run(caller, id);
    if (run_author(transaction, id) != caller.id && !caller.may_everywhere(Permission::admin))
      throw Error(Code::denied,
                  fmt::format("The run {} was started with another token: end it with that one", id.text()));
    finish_run(transaction, id, outcome, now);
    append_audit(transaction, entry(caller, "finish_run", id, to_text(outcome.status), now));
    remember(transaction, caller, key, id.text(), now);
    return *find_run(transaction, id, ReadableSpaces::everything());
  });
}

Run describe_run(const Services& services, const Principal& caller, const Id& id) {
  require_somewhere(caller, Permission::read);
  auto run = services.database.read(
      [&](Snapshot& snapshot) { return find_run(snapshot, id, readable_spaces(caller)); });
  if (!run) throw no_run(caller, id);
  return *std::move(run);
}

Page<Run> list_runs(const Services& services, const Principal& caller, const std::optional<Name>& model,
                    const PageRequest& page) {
  if (model)
    require(caller, Permission::read, model->space());
  else
    require_somewhere(caller, Permission::read);
  return services.database.read(
      [&](Snapshot& snapshot) { return list_runs(snapshot, model, readable_spaces(caller), page); });
}

}  // namespace assay
