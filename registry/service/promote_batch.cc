// SPDX-License-Identifier: Apache-2.0
#include "registry/service/promote_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/catalog/decisions.h"
#include "registry/domain/json_reader.h"
#include "registry/service/content.h"
#include "registry/service/stage_move.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

PromoteRequest item_from(const json& document, const std::string& what) {
  JsonObject object(document, what);
  PromoteRequest item{.model = Name::parse(object.text("model")),
                      .stage = StageName::parse(object.text("stage")),
                      .version = Selector::parse(object.text("version")),
                      .expected_revision = object.optional_integer("expected_revision", 0, INT64_MAX),
                      .plan = optional_digest_from(object, "plan_digest")};
  object.finish();
  return item;
}

bool admits(const Judgement& judgement) {
  return exit_code(judgement.decision.verdict) == 0;
}

// What passes alone does not pass with `blocker`.
void withhold(Decision& decision, const Decision& blocker) {
  if (decision.verdict != DecisionVerdict::promoted) return;
  decision.verdict = DecisionVerdict::withheld;
  decision.changed = false;
  decision.revision_after = decision.revision_before;
  decision.summary = fmt::format("withheld: {}@{} would enter {}, but not without {}@{} in {}: {}", decision.model,
                                 decision.candidate.number, decision.stage, blocker.model, blocker.candidate.number,
                                 blocker.stage, blocker.summary);
}

std::vector<Judgement> judge_all(Snapshot& snapshot, const Principal& caller, const PromotionBatch& batch, Time now,
                                 std::vector<Judged>& judged) {
  std::vector<Judgement> out;
  judged.resize(batch.items.size());
  for (std::size_t i = 0; i < batch.items.size(); ++i)
    out.push_back(judge_promotion(snapshot, caller, batch.items[i], now, judged[i]));
  const auto blocker = std::find_if_not(out.begin(), out.end(), admits);
  if (blocker != out.end())
    for (Judgement& judgement : out) withhold(judgement.decision, blocker->decision);
  for (Judgement& judgement : out) judgement.decision.dry_run = batch.dry_run;
  return out;
}

std::vector<Decision> earlier_decisions(Snapshot& snapshot, const std::string& ids) {
  std::vector<Decision> out;
  for (std::size_t at = 0; at < ids.size(); at += Id::kLength)
    out.push_back(find_decision(snapshot, Id::parse(std::string_view(ids).substr(at, Id::kLength))).value());
  return out;
}

}  // namespace

PromotionBatch parse_promotion_batch(std::string_view body) {
  const json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  PromotionBatch batch{.items = {}, .dry_run = object.boolean("dry_run", false)};
  const json& items = object.array("items", PromotionBatch::kMaxItems);
  std::set<std::pair<std::string, std::string>> stages;
  for (std::size_t i = 0; i < items.size(); ++i) {
    batch.items.push_back(item_from(items[i], fmt::format("items[{}]", i)));
    const PromoteRequest& item = batch.items.back();
    if (!stages.emplace(item.model.space().key() + "/" + item.model.key(), item.stage.key()).second)
      throw Error(Code::invalid_argument, fmt::format("items[{}]: {}@{} is named twice", i, item.model.text(),
                                                      item.stage.text()));
  }
  object.finish();
  if (batch.items.empty()) throw Error(Code::invalid_argument, "\"items\" is empty: name at least one promotion");
  return batch;
}

std::vector<Decision> promote_batch(const Services& services, const Principal& caller, const PromotionBatch& batch,
                                    RequestKey* key) {
  for (const PromoteRequest& item : batch.items) require(caller, Permission::promote, item.model.space());
  for (const PromoteRequest& item : batch.items) prepare_contents(services, item.model, item.stage, item.version);
  const Time now = services.clock.now();
  const auto decisions_of = [](std::vector<Judgement> judgements) {
    std::vector<Decision> out;
    for (Judgement& judgement : judgements) out.push_back(std::move(judgement.decision));
    return out;
  };
  std::vector<Judged> judged;
  const auto look = [&](Snapshot& snapshot) {
    for (const PromoteRequest& item : batch.items) check_files_are_there(snapshot, services.blobs, item);
    return decisions_of(judge_all(snapshot, caller, batch, now, judged));
  };
  if (batch.dry_run) return services.database.read(look);
  services.database.read([&](Snapshot& snapshot) {  // as promote does
    if (!find_recorded(snapshot, caller, key, now)) look(snapshot);
  });
  std::vector<AttemptIds> ids;
  std::string subject;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    ids.push_back(new_attempt_ids(services));
    subject += ids.back().decision.text();
  }
  return services.database.write([&](Transaction& transaction) {
    if (const auto earlier = find_recorded(transaction, caller, key, now))
      return earlier_decisions(transaction, *earlier);
    std::vector<Decision> out;
    for (Judgement& judgement : judge_all(transaction, caller, batch, now, judged))
      out.push_back(record_attempt(transaction, std::move(judgement), caller, ids[out.size()]));
    remember(transaction, caller, key, subject, now);
    return out;
  });
}

json promotion_batch_answer(const std::vector<Decision>& decisions) {
  return {{"items", decisions},
          {"moved", std::all_of(decisions.begin(), decisions.end(),
                                [](const Decision& decision) { return exit_code(decision.verdict) == 0; })}};
}

}  // namespace assay
