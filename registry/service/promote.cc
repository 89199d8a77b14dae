// SPDX-License-Identifier: Apache-2.0
// The whole rule on one screen: what the transaction reads is what is judged, and what is judged is what it
// writes.
#include "registry/service/promote.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/database.h"
#include "registry/catalog/policies.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/plan.h"
#include "registry/domain/verdict.h"
#include "registry/service/facts.h"
#include "registry/service/resolve.h"
#include "registry/service/stage_move.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

Decision already_there(const Version& version, const Stage& stage, Time at) {
  return {.candidate = {.number = version.number, .digest = version.digest},
          .verdict = DecisionVerdict::already_there,
          .at = at,
          .summary = fmt::format("already there: {} holds {}@{}; nothing changed", stage.name,
                                 version.name.name(), version.number)};
}

Decision decide(Snapshot& snapshot, const Principal& caller, const PromoteRequest& request, Time now) {
  const Version version = resolve(snapshot, Kind::model, request.model, request.version);
  const Stage stage = current_stage(snapshot, version.name, request.stage);
  check_revision(version.name, stage, request.expected_revision);
  const Time at = move_time(stage, now);
  Decision decision = [&] {
    if (stage.version && stage.version->number == version.number) return already_there(version, stage, at);
    const Policy policy = find_policy(snapshot, version.name, request.stage)
                              .value_or(Policy::none(StageName::parse(stage.name)));
    const VersionMark candidate{.number = version.number, .digest = version.digest};
    // By the clock as it is: a stage that was once moved by a wrong clock must not judge by that for ever.
    Decision judged = judge(policy, read_facts(snapshot, policy, version.name, candidate, stage.version), now);
    judged.at = at;
    return judged;
  }();
  fill_attempt(decision, caller, version.name, stage);
  decision.dry_run = request.dry_run;
  // What is there already needs no plan: a repeated request is answered as the first was.
  if (request.plan && decision.verdict != DecisionVerdict::already_there && plan_digest(decision) != *request.plan)
    throw Error(Code::conflict,
                fmt::format("the plan is out of date: {}@{} is at revision {}, and this is what would happen now: {}; "
                            "make a new plan with a dry run, look at it and promote by that",
                            version.name.text(), stage.name, stage.revision, decision.summary));
  return decision;
}

}  // namespace

PromoteRequest parse_promote_request(const Name& model, const StageName& stage, std::string_view body,
                                     std::optional<std::string_view> if_match) {
  const nlohmann::json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  PromoteRequest request{.model = model,
                         .stage = stage,
                         .version = Selector::parse(object.text("version")),
                         .dry_run = object.boolean("dry_run", false),
                         .expected_revision = parse_expected_revision(if_match),
                         .plan = optional_digest_from(object, "plan_digest")};
  object.finish();
  return request;
}

Decision promote(const Services& services, const Principal& caller, const PromoteRequest& request,
                 RequestKey* key) {
  require(caller, Permission::promote, request.model.space());
  const Time now = services.clock.now();
  if (request.dry_run)
    return services.database.read([&](Snapshot& snapshot) { return decide(snapshot, caller, request, now); });
  const Id id = new_id(services.clock, services.entropy);
  return services.database.write([&](Transaction& transaction) {
    if (auto earlier = earlier_decision(transaction, caller, key, now)) return *std::move(earlier);
    Decision decision = record_attempt(transaction, decide(transaction, caller, request, now), caller, id);
    remember(transaction, caller, key, id.text(), now);
    return decision;
  });
}

}  // namespace assay
