// SPDX-License-Identifier: Apache-2.0
// The whole rule on one screen: what the transaction reads is what is judged, and what is judged is what it
// writes.
#include "registry/service/promote.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/database.h"
#include "registry/domain/plan.h"
#include "registry/service/content.h"
#include "registry/service/resolve.h"
#include "registry/service/stage_move.h"
#include "storage/base/error.h"
#include "storage/blob/blob_store.h"
#include "storage/env/clock.h"

namespace assay {

Judgement judge_promotion(Snapshot& snapshot, const Principal& caller, const PromoteRequest& request, Time now,
                          Judged& judged) {
  const Version version = resolve(snapshot, Kind::model, request.model, request.version);
  const Stage stage = current_stage(snapshot, version.name, request.stage);
  check_revision(version.name, stage, request.expected_revision);
  Candidacy candidacy = candidacy_of(version, stage, caller);
  candidacy.force = request.force;
  Judgement judgement = judge_candidate(snapshot, version, stage, candidacy, now, judged);
  Decision& decision = judgement.decision;
  fill_attempt(decision, caller, version.name, stage);
  decision.dry_run = request.dry_run;
  decision.reason = request.reason;
  // What is there already needs no plan: a repeated request is answered as the first was.
  if (request.plan && decision.verdict != DecisionVerdict::already_there && plan_digest(decision) != *request.plan)
    throw Error(Code::conflict,
                fmt::format("the plan is out of date: {}@{} is at revision {}, and this is what would happen now: {}; "
                            "make a new plan with a dry run, look at it and promote by that",
                            version.name.text(), stage.name, stage.revision, decision.summary));
  return judgement;
}

void check_files_are_there(Snapshot& snapshot, const BlobStore& blobs, const PromoteRequest& request) {
  const Version version = resolve(snapshot, Kind::model, request.model, request.version);
  for (const VersionFile& file : version.files)
    if (!blobs.stat(file.digest))
      throw Error(Code::corrupt, fmt::format("{} cannot be promoted: the store has lost {} ({}). Push its files again "
                                             "with --resend, and run assay scrub",
                                             version.reference(), file.path.text(), file.digest.text()));
}

PromoteRequest parse_promote_request(const Name& model, const StageName& stage, std::string_view body,
                                     std::optional<std::string_view> if_match) {
  const nlohmann::json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  PromoteRequest request{.model = model,
                         .stage = stage,
                         .version = Selector::parse(object.text("version")),
                         .dry_run = object.boolean("dry_run", false),
                         .expected_revision = parse_expected_revision(if_match),
                         .plan = optional_digest_from(object, "plan_digest"),
                         .force = object.boolean("force", false),
                         .reason = reason_from(object)};
  object.finish();
  if (request.force && request.reason.empty())
    throw Error(Code::invalid_argument, "\"force\" needs a \"reason\": it is kept in the decision");
  return request;
}

Decision promote(const Services& services, const Principal& caller, const PromoteRequest& request,
                 RequestKey* key) {
  require(caller, request.force ? Permission::admin : Permission::promote, request.model.space());
  const Time now = services.clock.now();
  prepare_contents(services, request.model, request.stage, request.version);
  Judged judged;
  const auto look = [&](Snapshot& snapshot) {
    check_files_are_there(snapshot, services.blobs, request);
    return judge_promotion(snapshot, caller, request, now, judged).decision;
  };
  if (request.dry_run) return services.database.read(look);
  // Judged here first, while others write: the transaction then only has to see that nothing has changed.
  services.database.read([&](Snapshot& snapshot) {
    if (!earlier_decision(snapshot, caller, key, now)) look(snapshot);
  });
  const AttemptIds ids = new_attempt_ids(services);
  return services.database.write([&](Transaction& transaction) {
    if (auto earlier = earlier_decision(transaction, caller, key, now)) return *std::move(earlier);
    Decision decision =
        record_attempt(transaction, judge_promotion(transaction, caller, request, now, judged), caller, ids);
    remember(transaction, caller, key, ids.decision.text(), now);
    return decision;
  });
}

}  // namespace assay
