// SPDX-License-Identifier: Apache-2.0
#include "registry/service/try_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/decisions.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/verdict.h"
#include "registry/service/content.h"
#include "registry/service/facts.h"
#include "registry/service/policy.h"
#include "registry/service/resolve.h"
#include "registry/service/stage_move.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

bool admits(const Decision& decision) {
  return exit_code(decision.verdict) == 0;
}

Decision again(Snapshot& snapshot, const Policy& policy, const Name& model, const Decision& was) {
  const Policy asked = policy.without_approvals();
  const Candidacy candidacy{.model = model, .candidate = was.candidate, .champion = was.champion};
  Decision would = judge(asked, read_past_facts(snapshot, asked, candidacy, was.at), was.at);
  would.policy_digest = policy.digest();
  would.revision_before = would.revision_after = was.revision_before;
  would.changed = false;
  would.dry_run = true;
  return would;
}

}  // namespace

PolicyTrial parse_policy_trial(const StageName& stage, std::string_view body) {
  const nlohmann::json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  PolicyTrial trial{stage, object.object("policy"), Selector::parse(object.text("version"))};
  object.finish();
  return trial;
}

Decision test_policy(const Services& services, const Principal& caller, const Name& model, const PolicyTrial& trial) {
  require(caller, Permission::read, model.space());
  const Policy policy = services.database.read(
      [&](Snapshot& snapshot) { return read_policy(snapshot, caller, model, trial.stage, trial.policy); });
  prepare_contents(services, policy, model, trial.version);
  const Time now = services.clock.now();
  return services.database.read([&](Snapshot& snapshot) {
    const Version version = resolve(snapshot, Kind::model, model, trial.version);
    const Stage stage = current_stage(snapshot, version.name, trial.stage);
    const Candidacy candidacy = candidacy_of(version, stage, caller);
    EvidenceMemo memo;
    Decision decision = judge(policy, read_facts(snapshot, policy, candidacy, now, memo), now);
    decision.changed = false;
    fill_attempt(decision, caller, version.name, stage);
    decision.policy_digest = policy.digest();
    decision.dry_run = true;
    return decision;
  });
}

bool Retrial::differs() const {
  return admits(was) != admits(would);
}

PolicyBacktest parse_policy_backtest(const StageName& stage, std::string_view body) {
  const nlohmann::json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  PolicyBacktest wish{.stage = stage, .policy = object.object("policy")};
  wish.last = static_cast<int>(object.optional_integer("last", 1, kMaxRetrials).value_or(wish.last));
  object.finish();
  return wish;
}

std::vector<Retrial> backtest_policy(const Services& services, const Principal& caller, const Name& model,
                                     const PolicyBacktest& wish) {
  require(caller, Permission::read, model.space());
  return services.database.read([&](Snapshot& snapshot) {
    const Policy policy = read_policy(snapshot, caller, model, wish.stage, wish.policy);
    std::vector<Retrial> out;
    PageRequest page{.cursor = {}, .limit = kMaxRetrials};
    do {
      const Page<Decision> some = list_decisions(snapshot, model, policy.stage(), page);
      for (const Decision& was : some.items) {
        // A rollback is not judged by a policy, nor is what was there already.
        if (was.action != DecisionAction::promote || was.verdict == DecisionVerdict::already_there) continue;
        out.push_back({was, again(snapshot, policy, model, was)});
        if (std::ssize(out) == wish.last) return out;
      }
      page.cursor = some.next_cursor;
    } while (page.cursor);
    return out;
  });
}

nlohmann::json backtest_answer(const std::vector<Retrial>& trials) {
  nlohmann::json items = nlohmann::json::array();
  for (const Retrial& trial : trials)
    items.push_back({{"was", trial.was}, {"would", trial.would}, {"differs", trial.differs()}});
  return {{"items", std::move(items)},
          {"differing", std::count_if(trials.begin(), trials.end(), [](const Retrial& each) { return each.differs(); })}};
}

}  // namespace assay
