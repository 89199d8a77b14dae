// SPDX-License-Identifier: Apache-2.0
#include "registry/service/stage_move.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/catalog/decisions.h"
#include "registry/catalog/events.h"
#include "registry/catalog/policies.h"
#include "registry/catalog/stages.h"
#include "registry/domain/bundle.h"
#include "registry/domain/canonical_json.h"
#include "storage/base/error.h"

namespace assay {
namespace {

std::string subject(const Decision& decision) {
  return fmt::format("models/{}/{}/stages/{}", decision.namespace_, decision.model, decision.stage);
}

std::string details(const Decision& decision, const Principal& caller) {
  return canonical({{"decision", decision.id->text()},
                    {"verdict", to_text(decision.verdict)},
                    {"version", decision.candidate.number},
                    {"digest", decision.candidate.digest.text()},
                    {"revision", decision.revision_after},
                    {"token", caller.id.text()}});
}

Decision already_there(const Version& version, const Stage& stage) {
  return {.candidate = {.number = version.number, .digest = version.digest},
          .verdict = DecisionVerdict::already_there,
          .summary = fmt::format("already there: {} holds {}@{}; nothing changed", stage.name,
                                 version.name.name(), version.number)};
}

}  // namespace

std::string reason_from(JsonObject& object) {
  std::string reason = object.optional_text("reason").value_or("");
  if (reason.size() > kMaxReason)
    throw Error(Code::too_large, fmt::format("\"reason\" is longer than {} bytes", kMaxReason));
  return reason;
}

std::optional<std::int64_t> parse_expected_revision(std::optional<std::string_view> if_match) {
  if (!if_match || *if_match == "*") return std::nullopt;
  std::int64_t revision = -1;
  const std::string_view text = *if_match;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
    const auto [end, status] = std::from_chars(text.data() + 1, text.data() + text.size() - 1, revision);
    if (status == std::errc() && end == text.data() + text.size() - 1 && revision >= 0) return revision;
  }
  throw Error(Code::invalid_argument,
              "If-Match must be the stage's revision in quotes, as its ETag gave it, such as \"3\"");
}

Stage current_stage(Snapshot& snapshot, const Name& model, const StageName& stage) {
  if (auto found = find_stage(snapshot, model, stage)) return *std::move(found);
  return {.name = stage.text(),
          .version = {},
          .revision = 0,
          .policy_digest = {},
          .updated_at = {},
          .updated_by = {},
          .decision_id = {}};
}

void check_revision(const Name& model, const Stage& stage, const std::optional<std::int64_t>& expected) {
  if (!expected || *expected == stage.revision) return;
  const std::string where = model.text() + "@" + stage.name;
  if (!stage.version)
    throw Error(Code::conflict,
                fmt::format("{} is at revision 0, not {}: it has never been set", where, *expected));
  throw Error(
      Code::conflict,
      fmt::format(
          "{} is at revision {}, not {}: {} moved it to version {} at {}; look at it again and decide "
          "anew",
          where, stage.revision, *expected, stage.updated_by, stage.version->number,
          format_time(*stage.updated_at)));
}

Time move_time(const Stage& stage, Time now) {
  return std::max(now, stage.updated_at.value_or(now));
}

void fill_attempt(Decision& decision, const Principal& caller, const Name& model, const Stage& stage) {
  decision.namespace_ = model.namespace_();
  decision.model = model.name();
  decision.stage = stage.name;
  decision.champion = stage.version;
  decision.policy_digest = stage.policy_digest;
  decision.revision_before = stage.revision;
  decision.revision_after = stage.revision + (decision.changed ? 1 : 0);
  decision.actor = caller.name;
  decision.workload = caller.workload;
}

Candidacy candidacy_of(const Version& version, const Stage& stage, const Principal& caller) {
  return {.model = version.name,
          .candidate = {.number = version.number, .digest = version.digest},
          .champion = stage.version,
          .authors = {version.created_by, caller.name},
          .tokens = {caller.id}};
}

Judgement Judged::again(const Policy& policy, Facts facts, Time now) {
  // The rest of the facts stands in the document, and records never change.
  nlohmann::json document = facts_json(facts, now);
  const auto same = [&](const Judgement& last) {
    return policy_ == policy && last.facts == document && last.decision.namespace_ == facts.namespace_ &&
           last.decision.model == facts.model && last.decision.candidate == facts.candidate &&
           last.decision.champion == facts.champion;
  };
  if (!last_ || !same(*last_)) last_ = Judgement{judge(policy, facts, now), std::move(document)};
  policy_ = policy;
  evidence.keep(std::move(facts.evidence));
  return *last_;
}

Judgement judge_candidate(Snapshot& snapshot, const Version& version, const Stage& stage, const Candidacy& candidacy,
                          Time now, Judged& judged) {
  Judgement out{.decision = already_there(version, stage)};
  if (!stage.version || stage.version->number != version.number) {
    const StageName name = StageName::parse(stage.name);
    const Policy policy = find_policy(snapshot, version.name, name).value_or(Policy::none(name));
    // By the clock as it is: a stage that was once moved by a wrong clock must not judge by that for ever.
    out = judged.again(policy, read_facts(snapshot, policy, candidacy, now, judged.evidence), now);
  }
  out.decision.at = move_time(stage, now);
  return out;
}

std::optional<Decision> earlier_decision(Snapshot& snapshot, const Principal& caller, RequestKey* key,
                                         Time now) {
  const auto id = find_recorded(snapshot, caller, key, now);
  return id ? find_decision(snapshot, Id::parse(*id)) : std::nullopt;
}

AttemptIds new_attempt_ids(const Services& services) {
  return {new_id(services.clock, services.entropy), new_id(services.clock, services.entropy)};
}

Decision record_attempt(Transaction& transaction, Judgement judgement, const Principal& caller, const AttemptIds& ids) {
  Decision& decision = judgement.decision;
  decision.id = ids.decision;
  append_decision(transaction, decision);
  if (!judgement.facts.is_null()) append_facts(transaction, ids.decision, judgement.facts);
  if (decision.changed) {
    const Name model = Name::of(decision.namespace_, decision.model);
    const bool moved = move_stage(transaction, {.model = model,
                                                .stage = StageName::parse(decision.stage),
                                                .number = decision.candidate.number,
                                                .expected_revision = decision.revision_before,
                                                .decision = ids.decision,
                                                .actor = decision.actor,
                                                .at = decision.at});
    if (!moved)
      throw Error(Code::conflict, fmt::format("{}@{} moved meanwhile; look at it again and decide anew",
                                              model.text(), decision.stage));
  }
  append_audit(transaction, {.time = decision.at,
                             .actor = decision.actor,
                             .action = std::string(to_text(decision.action)),
                             .subject = subject(decision),
                             .details = details(decision, caller)});
  append_event(transaction, Namespace::parse(decision.namespace_), event_of(decision, ids.event));
  return std::move(decision);
}

}  // namespace assay
