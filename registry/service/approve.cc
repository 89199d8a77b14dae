// SPDX-License-Identifier: Apache-2.0
#include "registry/service/approve.h"

#include <fmt/format.h>

#include <algorithm>

#include "registry/catalog/approvals.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/decisions.h"
#include "registry/catalog/policies.h"
#include "registry/catalog/versions.h"
#include "registry/domain/bundle.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/service/explain.h"
#include "registry/service/record_evidence.h"
#include "registry/service/stage_move.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

// What is asked, as it stands now.
struct Question {
  Decision waiting;  // as it is recorded
  Version version;
  Stage stage;
  Policy policy;
  Candidacy candidacy;
};

Error no_longer(const Question& question, std::string_view why) {
  const Decision& waiting = question.waiting;
  return Error(Code::conflict, fmt::format("Decision {} can no longer be answered: {}; promote {} to {} again, and answer "
                                           "the decision that comes of it",
                                           waiting.id->text(), why, question.version.reference(), waiting.stage));
}

Question read_question(Snapshot& snapshot, const Principal& caller, const ApproveRequest& request) {
  auto waiting = find_decision(snapshot, request.decision);
  if (!waiting || !caller.may(Permission::read, Namespace::parse(waiting->namespace_)))
    throw no_decision(caller, request.decision);
  const Name model = Name::of(waiting->namespace_, waiting->model);
  require(caller, Permission::promote, model.space());
  if (waiting->verdict != DecisionVerdict::waiting)
    throw Error(Code::conflict, fmt::format("Decision {} does not wait for anybody: {}", request.decision.text(),
                                            waiting->summary));
  const StageName name = StageName::parse(waiting->stage);
  auto version = find_version(snapshot, Kind::model, model, waiting->candidate.number);
  if (!version)
    throw Error(Code::not_found, fmt::format("Version {} of {} was deleted: there is nothing to answer any more",
                                             waiting->candidate.number, model.text()));
  Stage stage = current_stage(snapshot, model, name);
  Candidacy candidacy{.model = model,
                      .candidate = waiting->candidate,
                      .champion = stage.version,
                      .authors = {version->created_by, waiting->actor},
                      .tokens = {caller.id}};
  for (const Id& token : asking_tokens(find_facts(snapshot, request.decision).value()))
    candidacy.tokens.push_back(token);
  return {*std::move(waiting), *std::move(version), std::move(stage),
          find_policy(snapshot, model, name).value_or(Policy::none(name)), std::move(candidacy)};
}

void check_may_answer(const Question& question, const Principal& caller) {
  const ApprovalTerms& terms = question.policy.approvals();
  if (terms.role == Role::admin) require(caller, Permission::admin, question.version.name.space());
  const auto& authors = question.candidacy.authors;
  if (!terms.author_may_not || std::find(authors.begin(), authors.end(), caller.name) == authors.end()) return;
  throw Error(Code::denied, fmt::format("\"{}\" published {} or asked for its promotion, and the policy of {} wants the yes "
                                        "of somebody else: ask another {}",
                                        caller.name, question.version.reference(), question.stage.name, text(terms.role)));
}

// The same question as was recorded, or none.
Judgement judge_again(Snapshot& snapshot, const Question& question, const Principal& caller, Time now,
                      Judged& judged) {
  if (question.stage.revision != question.waiting.revision_before)
    throw no_longer(question, fmt::format("{} has moved meanwhile", question.stage.name));
  Judgement judgement = judge_candidate(snapshot, question.version, question.stage, question.candidacy, now, judged);
  if (judgement.decision.approval_binding != question.waiting.approval_binding)
    throw no_longer(question, "the policy, or the evidence that counts, is another than it waited with");
  fill_attempt(judgement.decision, caller, question.version.name, question.stage);
  return judgement;
}

void record_answer(Transaction& transaction, const Question& question, const Principal& caller,
                   const ApproveRequest& request, Time now) {
  append_approval(transaction, question.waiting,
                  {.binding = question.waiting.approval_binding.value(),
                   .approver = caller.name,
                   .agrees = request.agrees,
                   .reason = request.reason,
                   .at = now},
                  caller.id);
  append_audit(transaction,
               {.time = now,
                .actor = caller.name,
                .action = request.agrees ? "approve" : "reject",
                .subject = fmt::format("models/{}/stages/{}", question.version.name.text(), question.stage.name),
                .details = canonical({{"decision", question.waiting.id->text()},
                                      {"version", question.version.number},
                                      {"token", caller.id.text()}})});
}

}  // namespace

ApproveRequest parse_approve_request(const Id& decision, bool agrees, std::string_view body) {
  ApproveRequest request{.decision = decision, .agrees = agrees};
  if (body.empty()) return request;
  const nlohmann::json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  request.reason = reason_from(object);
  object.finish();
  return request;
}

Decision approve(const Services& services, const Principal& caller, const ApproveRequest& request, RequestKey* key) {
  require_somewhere(caller, Permission::promote);
  const Time now = services.clock.now();
  const AttemptIds ids = new_attempt_ids(services);
  Judged judged;
  const auto ask = [&](Snapshot& snapshot) {
    Question question = read_question(snapshot, caller, request);
    check_may_answer(question, caller);
    judge_again(snapshot, question, caller, now, judged);
    return question;
  };
  services.database.read([&](Snapshot& snapshot) {  // as promote does
    if (!earlier_decision(snapshot, caller, key, now)) ask(snapshot);
  });
  return services.database.write([&](Transaction& transaction) {
    if (auto earlier = earlier_decision(transaction, caller, key, now)) return *std::move(earlier);
    const Question question = ask(transaction);
    record_answer(transaction, question, caller, request, now);
    Judgement judgement = judge_again(transaction, question, caller, now, judged);
    judgement.decision.reason = request.reason;
    remember(transaction, caller, key, ids.decision.text(), now);
    return record_attempt(transaction, std::move(judgement), caller, ids);
  });
}

std::vector<Decision> list_waiting(const Services& services, const Principal& caller, int limit) {
  require_somewhere(caller, Permission::read);
  return services.database.read(
      [&](Snapshot& snapshot) { return waiting_decisions(snapshot, readable_spaces(caller), limit); });
}

}  // namespace assay
