// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/decision.h"

#include <nlohmann/json.hpp>

#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/plan.h"
#include "registry/domain/words.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr Words<DecisionAction, 2> kActions = {
    {{DecisionAction::promote, "promote"}, {DecisionAction::rollback, "rollback"}}};
constexpr Words<DecisionVerdict, 10> kVerdicts = {{{DecisionVerdict::promoted, "promoted"},
                                                  {DecisionVerdict::already_there, "already_there"},
                                                  {DecisionVerdict::refused, "refused"},
                                                  {DecisionVerdict::missing_evidence, "missing_evidence"},
                                                  {DecisionVerdict::not_comparable, "not_comparable"},
                                                  {DecisionVerdict::waiting, "waiting"},
                                                  {DecisionVerdict::frozen, "frozen"},
                                                  {DecisionVerdict::leased, "leased"},
                                                  {DecisionVerdict::withheld, "withheld"},
                                                  {DecisionVerdict::rolled_back, "rolled_back"}}};
constexpr std::size_t kMaxResults = 4 * 64;  // several requirements a rule, with room
constexpr std::size_t kMaxEvidence = 1024;
constexpr std::size_t kMaxNeeds = 16;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

json result_json(const RuleResult& result) {
  json evidence = json::array();
  for (const Id& id : result.evidence) evidence.push_back(id.text());
  json out = {{"kind", to_text(result.kind)},
              {"rule", result.rule},
              {"verdict", to_text(result.verdict)},
              {"field", result.field},
              {"candidate", or_null(result.candidate)},
              {"champion", or_null(result.champion)},
              {"comparator", to_text(result.comparator)},
              {"bound", or_null(result.bound)},
              {"margin", or_null(result.margin)},
              {"n", or_null(result.n)},
              {"evidence", evidence},
              {"explanation", result.explanation}};
  if (!result.needs.empty()) out["needs"] = result.needs;
  return out;
}

RuleResult result_from(const json& document, const std::string& what) {
  JsonObject object(document, what);
  RuleResult result{.kind = parse_rule_kind(object.text("kind"), what + ".kind"),
                    .rule = object.text("rule"),
                    .verdict = parse_rule_verdict(object.text("verdict"), what + ".verdict"),
                    .field = object.text("field"),
                    .candidate = object.optional_number("candidate"),
                    .champion = object.optional_number("champion"),
                    .comparator = parse_comparator(object.text("comparator"), what + ".comparator"),
                    .bound = object.optional_number("bound"),
                    .margin = object.optional_number("margin"),
                    .n = object.optional_integer("n", 0, INT64_MAX),
                    .explanation = object.text("explanation")};
  for (const json& id : object.array("evidence", kMaxEvidence))
    result.evidence.push_back(Id::parse(id.is_string() ? id.get_ref<const std::string&>() : ""));
  if (object.optional_any("needs") != nullptr)
    for (const json& need : object.array("needs", kMaxNeeds))
      result.needs.push_back(need_from_json(need, what + ".needs"));
  object.finish();
  return result;
}

std::optional<Id> recorded_id(JsonObject& object) {
  const std::string text = object.text("id");
  return text.empty() ? std::nullopt : std::optional(Id::parse(text));
}

std::optional<VersionMark> champion_from(JsonObject& object) {
  const json* champion = object.optional_object("champion");
  return champion == nullptr ? std::nullopt
                             : std::optional(version_mark_from_json(*champion, "decision.champion"));
}

std::string workload_from(JsonObject& object) {
  const json* workload = object.optional_any("workload");  // decisions of earlier releases have none
  return workload == nullptr || workload->is_null() ? "" : canonical(*workload);
}

}  // namespace

std::string_view to_text(DecisionAction action) {
  return spell(kActions, action);
}
std::string_view to_text(DecisionVerdict verdict) {
  return spell(kVerdicts, verdict);
}

int exit_code(DecisionVerdict verdict) {
  switch (verdict) {
    case DecisionVerdict::refused:
    case DecisionVerdict::withheld:
      return 10;
    case DecisionVerdict::missing_evidence:
      return 11;
    case DecisionVerdict::not_comparable:
      return 12;
    case DecisionVerdict::waiting:
      return 20;
    case DecisionVerdict::frozen:
    case DecisionVerdict::leased:
      return 31;
    case DecisionVerdict::promoted:
    case DecisionVerdict::already_there:
    case DecisionVerdict::rolled_back:
      break;
  }
  return 0;
}

void to_json(json& out, const Decision& decision) {
  json rules = json::array();
  for (const RuleResult& result : decision.rules) rules.push_back(result_json(result));
  out = {{"id", decision.id ? decision.id->text() : ""},
         {"action", to_text(decision.action)},
         {"namespace", decision.namespace_},
         {"model", decision.model},
         {"stage", decision.stage},
         {"candidate", decision.candidate},
         {"champion", or_null(decision.champion)},
         {"verdict", to_text(decision.verdict)},
         {"changed", decision.changed},
         {"exit_code", exit_code(decision.verdict)},
         {"dry_run", decision.dry_run},
         {"forced", decision.forced},
         {"approval_binding", decision.approval_binding ? json(decision.approval_binding->text()) : json()},
         {"plan_digest", plan_digest(decision).text()},
         {"policy_digest", decision.policy_digest ? json(decision.policy_digest->text()) : json()},
         {"revision_before", decision.revision_before},
         {"revision_after", decision.revision_after},
         {"actor", decision.actor},
         {"workload", decision.workload.empty() ? json() : json::parse(decision.workload)},
         {"at", format_time(decision.at)},
         {"reason", decision.reason},
         {"rules", rules},
         {"summary", decision.summary}};
}

Decision decision_from_json(const json& document) {
  JsonObject object(document, "decision");
  Decision decision{.id = recorded_id(object),
                    .action = read_word(kActions, object.text("action"), "decision.action"),
                    .namespace_ = object.text("namespace"),
                    .model = object.text("model"),
                    .stage = object.text("stage"),
                    .candidate = version_mark_from_json(object.object("candidate"), "decision.candidate"),
                    .champion = champion_from(object),
                    .verdict = read_word(kVerdicts, object.text("verdict"), "decision.verdict"),
                    .changed = object.boolean("changed", false),
                    .dry_run = object.boolean("dry_run", false),
                    .forced = object.boolean("forced", false),
                    .approval_binding = optional_digest_from(object, "approval_binding"),
                    .policy_digest = optional_digest_from(object, "policy_digest"),
                    .revision_before = object.integer("revision_before", 0, INT64_MAX),
                    .revision_after = object.integer("revision_after", 0, INT64_MAX),
                    .actor = object.text("actor"),
                    .workload = workload_from(object),
                    .at = parse_time(object.text("at")),
                    .reason = object.text("reason"),
                    .summary = object.text("summary")};
  object.optional_any("exit_code");    // these two follow from the rest
  object.optional_any("plan_digest");
  const json& rules = object.array("rules", kMaxResults);
  for (std::size_t i = 0; i < rules.size(); ++i)
    decision.rules.push_back(result_from(rules[i], "decision.rules[" + std::to_string(i) + "]"));
  object.finish();
  return decision;
}

}  // namespace assay
