// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/bundle.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "assay-decision/1";
constexpr std::size_t kMaxEvidence = 65536;
constexpr std::size_t kMaxApprovals = 65536;
constexpr std::size_t kMaxSigners = 1024;
constexpr std::size_t kMaxLibraries = 65536;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

std::vector<Id> ids_from(const json& texts) {
  std::vector<Id> out;
  for (const json& id : texts) out.push_back(Id::parse(id.is_string() ? id.get_ref<const std::string&>() : ""));
  return out;
}

json id_texts(const std::vector<Id>& ids) {
  json out = json::array();
  for (const Id& id : ids) out.push_back(id.text());
  return out;
}

json artifact_json(const ArtifactFacts& artifact) {
  json out = {{"card", artifact.card}, {"lineage_gap", artifact.lineage_gap}};
  for (const auto& signer : artifact.signers) out["signers"].push_back({{"key", signer.key}, {"hint", signer.hint}});
  if (!artifact.suspects) return out;
  out["suspects"] = json::array();
  for (const auto& suspect : *artifact.suspects)
    out["suspects"].push_back({{"path", suspect.path}, {"content", suspect.content}});
  return out;
}

ArtifactFacts::Suspect suspect_from(const json& document) {
  JsonObject object(document, "facts.artifact.suspects");
  ArtifactFacts::Suspect suspect{.path = object.text("path"),
                                 .content = content_from_json(object.object("content"), "facts.artifact.suspects.content")};
  object.finish();
  return suspect;
}

ArtifactFacts::Signer signer_from(const json& document) {
  JsonObject object(document, "facts.artifact.signers");
  ArtifactFacts::Signer signer{.key = object.text("key"), .hint = object.text("hint")};
  object.finish();
  return signer;
}

ArtifactFacts artifact_from(const json& document) {
  JsonObject object(document, "facts.artifact");
  ArtifactFacts artifact{.card = object.boolean("card", false), .lineage_gap = object.text("lineage_gap")};
  if (const json* signers = object.optional_array("signers", kMaxSigners))
    for (const json& signer : *signers) artifact.signers.push_back(signer_from(signer));
  if (const json* suspects = object.optional_array("suspects", ArtifactFacts::kMaxSuspects)) {
    artifact.suspects.emplace();
    for (const json& suspect : *suspects) artifact.suspects->push_back(suspect_from(suspect));
  }
  object.finish();
  return artifact;
}

void read_facts(JsonObject& object, Facts& facts) {
  if (const json* mark = object.optional_object("from_holder"))
    facts.from_holder = version_mark_from_json(*mark, "facts.from_holder");
  for (const auto& [library, reason] : object.optional_text_map("revoked", kMaxLibraries))
    facts.revoked[Digest::parse(library)] = reason;
  for (const auto& [model, trainer] : object.optional_text_map("trained_by", kMaxLibraries))
    facts.trained_by[Digest::parse(model)] = trainer;
  facts.made_with = optional_digest_from(object, "made_with");
  if (const json* problem = object.optional_object("problem")) facts.problem = Problem::parse(*problem);
  if (const json* artifact = object.optional_object("artifact")) facts.artifact = artifact_from(*artifact);
  if (const json* frozen = object.optional_object("frozen")) facts.frozen = frozen_from_json(*frozen, "facts.frozen");
  if (const json* lease = object.optional_object("lease")) facts.lease = lease_from_json(*lease, "facts.lease");
  if (const json* approvals = object.optional_array("approvals", kMaxApprovals))
    for (const json& approval : *approvals) facts.approvals.push_back(approval_from_json(approval, "facts.approvals"));
  if (const json* authors = object.optional_array("authors", kMaxApprovals))
    for (const json& author : *authors)
      facts.authors.push_back(author.is_string() ? author.get<std::string>() : std::string());
  facts.tokens = ids_from(object.array("tokens", kMaxApprovals));
  facts.force = object.boolean("force", false);
}

template <class T>
std::string shown(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "none";
}

class Differences {
 public:
  template <class T>
  void note(std::string_view what, const T& recorded, const T& again) {
    if (recorded != again) lines_.push_back(fmt::format("{}: {} on record, {} when judged again", what, recorded, again));
  }
  void note_rule(const RuleResult& recorded, const RuleResult& again) {
    const auto named = [&](std::string_view what) { return fmt::format("{}: {}", recorded.rule, what); };
    note("rule", recorded.rule, again.rule);
    note(named("verdict"), to_text(recorded.verdict), to_text(again.verdict));
    note(named("candidate"), shown(recorded.candidate), shown(again.candidate));
    note(named("champion"), shown(recorded.champion), shown(again.champion));
    note(named("bound"), shown(recorded.bound), shown(again.bound));
    note(named("n"), shown(recorded.n), shown(again.n));
    if (recorded.evidence != again.evidence) lines_.push_back(named("decided by other evidence"));
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

}  // namespace

json facts_json(const Facts& facts, Time judged_at) {
  json evidence = json::array(), revoked = json::object(), trained_by = json::object();
  for (const Evidence& one : facts.evidence) evidence.push_back(one.id.text());
  for (const auto& [library, reason] : facts.revoked) revoked[library.text()] = reason;
  for (const auto& [model, trainer] : facts.trained_by) trained_by[model.text()] = trainer;
  return {{"judged_at", format_time(judged_at)},
          {"from_holder", or_null(facts.from_holder)},
          {"evidence", std::move(evidence)},
          {"revoked", std::move(revoked)},
          {"trained_by", std::move(trained_by)},
          {"made_with", facts.made_with ? json(facts.made_with->text()) : json()},
          {"problem", or_null(facts.problem)},
          {"artifact", facts.artifact ? artifact_json(*facts.artifact) : json()},
          {"frozen", or_null(facts.frozen)},
          {"lease", or_null(facts.lease)},
          {"approvals", facts.approvals},
          {"authors", facts.authors},
          {"tokens", id_texts(facts.tokens)},
          {"force", facts.force}};
}

std::vector<Id> evidence_ids(const json& facts) {
  return ids_from(JsonObject(facts, "facts").array("evidence", kMaxEvidence));
}

std::vector<Id> asking_tokens(const json& facts) {
  return ids_from(JsonObject(facts, "facts").array("tokens", kMaxApprovals));
}

Bundle make_bundle(const Decision& decision, const Policy& policy, const json& facts, std::vector<Evidence> evidence) {
  JsonObject object(facts, "facts");
  Bundle bundle{.decision = decision,
                .policy = policy,
                .facts = {.namespace_ = decision.namespace_,
                          .model = decision.model,
                          .candidate = decision.candidate,
                          .champion = decision.champion,
                          .from_holder = {},
                          .evidence = std::move(evidence)},
                .judged_at = parse_time(object.text("judged_at"))};
  object.array("evidence", kMaxEvidence);
  read_facts(object, bundle.facts);
  object.finish();
  return bundle;
}

void to_json(json& out, const Bundle& bundle) {
  out = {{"format", kFormat},
         {"decision", bundle.decision},
         {"policy", bundle.policy},
         {"facts", facts_json(bundle.facts, bundle.judged_at)},
         {"evidence", bundle.facts.evidence}};
}

Bundle bundle_from_json(const json& document) {
  JsonObject object(document, "the bundle");
  if (const std::string format = object.text("format"); format != kFormat)
    throw Error(Code::unsupported, fmt::format("The bundle has the format \"{}\", this program reads {}: take a newer one",
                                               beginning(format), kFormat));
  std::vector<Evidence> evidence;
  for (const json& record : object.array("evidence", kMaxEvidence)) evidence.push_back(evidence_from_json(record));
  Bundle bundle = make_bundle(decision_from_json(object.object("decision")), Policy::parse(object.object("policy")),
                              object.object("facts"), std::move(evidence));
  object.finish();
  return bundle;
}

std::vector<std::string> replay(const Bundle& bundle) {
  const Decision& recorded = bundle.decision;
  const Decision again = judge(bundle.policy, bundle.facts, bundle.judged_at);
  Differences differences;
  if (recorded.policy_digest)
    differences.note("policy", recorded.policy_digest->text(), bundle.policy.digest().text());
  differences.note("verdict", to_text(recorded.verdict), to_text(again.verdict));
  differences.note("changed", recorded.changed, again.changed);
  differences.note("rules", recorded.rules.size(), again.rules.size());
  for (std::size_t i = 0; i < std::min(recorded.rules.size(), again.rules.size()); ++i)
    differences.note_rule(recorded.rules[i], again.rules[i]);
  return differences.take();
}

}  // namespace assay
