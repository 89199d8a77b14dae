// SPDX-License-Identifier: Apache-2.0
// The records themselves; their tables are in evidence_rows.cc.
#include "registry/domain/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/words.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxText = 256;                     // plugin names, versions, slices: read by people
constexpr std::int64_t kMaxSeed = 9'007'199'254'740'991;  // 2^53-1: exact in every JSON reader

constexpr Words<EvidenceKind, 4> kKinds = {{{EvidenceKind::evaluation, "evaluation"},
                                            {EvidenceKind::comparison, "comparison"},
                                            {EvidenceKind::validation, "validation"},
                                            {EvidenceKind::drift, "drift"}}};
constexpr Words<Level, 2> kLevels = {{{Level::reported, "reported"}, {Level::attested, "attested"}}};
constexpr Words<EvidenceVerdict, 2> kVerdicts = {
    {{EvidenceVerdict::pass, "pass"}, {EvidenceVerdict::fail, "fail"}}};
constexpr Words<Severity, 3> kSeverities = {
    {{Severity::info, "info"}, {Severity::warning, "warning"}, {Severity::error, "error"}}};

std::string short_text(std::string text, std::string_view place) {
  if (text.size() <= kMaxText) return text;
  throw Error(Code::invalid_argument, fmt::format("{} is longer than {} bytes", place, kMaxText));
}

json optional_text_json(const std::optional<Digest>& digest) {
  return digest ? json(digest->text()) : json();
}

void check_subjects(const EvidenceDraft& draft) {
  const bool judges_model = draft.kind == EvidenceKind::evaluation || draft.kind == EvidenceKind::comparison;
  if (judges_model && !draft.model)
    throw Error(Code::invalid_argument,
                fmt::format("evidence of kind {} needs model_digest: the digest of the "
                            "version that was scored",
                            to_text(draft.kind)));
  if (draft.kind == EvidenceKind::comparison && !draft.reference)
    throw Error(Code::invalid_argument,
                "evidence of kind comparison needs reference_digest: the digest of the model compared with");
}

EvidenceDraft read_draft(JsonObject& object) {
  const EvidenceKind kind = parse_evidence_kind(object.text("kind"), "evidence.kind");
  EvidenceDraft draft{.kind = kind,
                      .model = optional_digest_from(object, "model_digest"),
                      .dataset = digest_from(object, "dataset_digest"),
                      .reference = optional_digest_from(object, "reference_digest"),
                      .slice = short_text(object.optional_text("slice").value_or(""), "evidence.slice"),
                      .label = short_text(object.optional_text("label").value_or(""), "evidence.label"),
                      .plugin = plugin_use_from_json(object.object("plugin"), "evidence.plugin"),
                      .config = config_from(object),
                      .seed = seed_from(object),
                      .run = optional_id_from(object, "run_id"),
                      .rows = rows_from_json(kind, object.any("rows"))};
  check_subjects(draft);
  return draft;
}

}  // namespace

std::string_view to_text(EvidenceKind kind) {
  return spell(kKinds, kind);
}
std::string_view to_text(Level level) {
  return spell(kLevels, level);
}
std::string_view to_text(EvidenceVerdict verdict) {
  return spell(kVerdicts, verdict);
}
std::string_view to_text(Severity severity) {
  return spell(kSeverities, severity);
}
EvidenceKind parse_evidence_kind(std::string_view text, std::string_view place) {
  return read_word(kKinds, text, place);
}
Level parse_level(std::string_view text, std::string_view place) {
  return read_word(kLevels, text, place);
}
Severity parse_severity(std::string_view text, std::string_view place) {
  return read_word(kSeverities, text, place);
}

Evidence::Evidence(EvidenceDraft draft, Id evidence_id, Level evidence_level, Time created,
                   std::string creator)
    : EvidenceDraft(std::move(draft)),
      id(std::move(evidence_id)),
      level(evidence_level),
      verdict(derive_verdict(rows)),
      created_at(created),
      created_by(std::move(creator)) {}

std::optional<EvidenceVerdict> derive_verdict(const EvidenceRows& rows) {
  const auto judged = [](bool bad) { return bad ? EvidenceVerdict::fail : EvidenceVerdict::pass; };
  if (const auto* findings = std::get_if<std::vector<FindingRow>>(&rows))
    return judged(std::any_of(findings->begin(), findings->end(),
                              [](const FindingRow& row) { return row.severity == Severity::error; }));
  if (const auto* drifts = std::get_if<std::vector<DriftRow>>(&rows))
    return judged(
        std::any_of(drifts->begin(), drifts->end(), [](const DriftRow& row) { return row.drifted; }));
  return std::nullopt;
}

EvidenceDraft evidence_draft_from_json(const json& document) {
  JsonObject object(document, "evidence");
  EvidenceDraft draft = read_draft(object);
  object.finish();
  return draft;
}

void to_json(json& out, const Evidence& evidence) {
  out = {{"id", evidence.id.text()},
         {"kind", to_text(evidence.kind)},
         {"level", to_text(evidence.level)},
         {"model_digest", optional_text_json(evidence.model)},
         {"dataset_digest", evidence.dataset.text()},
         {"reference_digest", optional_text_json(evidence.reference)},
         {"slice", evidence.slice},
         {"label", evidence.label},
         {"plugin", evidence.plugin},
         {"config", json::parse(evidence.config.canonical)},
         {"config_digest", evidence.config.digest.text()},
         {"seed", evidence.seed},
         {"run_id", evidence.run ? json(evidence.run->text()) : json()},
         {"rows", rows_to_json(evidence.rows)},
         {"verdict", evidence.verdict ? json(to_text(*evidence.verdict)) : json()},
         {"created_at", format_time(evidence.created_at)},
         {"created_by", evidence.created_by}};
}

Evidence evidence_from_json(const json& document) {
  JsonObject object(document, "evidence");
  EvidenceDraft draft = read_draft(object);
  Evidence evidence(std::move(draft), Id::parse(object.text("id")),
                    parse_level(object.text("level"), "evidence.level"),
                    parse_time(object.text("created_at")), object.text("created_by"));
  // Both are derived again, never believed.
  object.optional_text("config_digest");
  object.optional_text("verdict");
  object.finish();
  return evidence;
}

void to_json(json& out, const PluginUse& plugin) {
  out = {{"name", plugin.name},
         {"version", plugin.version},
         {"digest", plugin.digest.text()},
         {"component", plugin.component}};
}

PluginUse plugin_use_from_json(const json& document, const std::string& what) {
  JsonObject object(document, what);
  PluginUse plugin{.name = short_text(object.text("name"), what + ".name"),
                   .version = short_text(object.text("version"), what + ".version"),
                   .digest = digest_from(object, "digest"),
                   .component = short_text(object.text("component"), what + ".component")};
  object.finish();
  return plugin;
}

Config config_from(JsonObject& object) {
  const json* written = object.optional_object("config");
  std::string text = written == nullptr ? "{}" : canonical(*written);
  const Digest digest = Digest::of(text);
  return {.canonical = std::move(text), .digest = digest};
}

std::int64_t seed_from(JsonObject& object) {
  return object.integer("seed", 0, kMaxSeed);
}

Digest digest_from(JsonObject& object, const std::string& key) {
  return Digest::parse(object.text(key));
}

std::optional<Digest> optional_digest_from(JsonObject& object, const std::string& key) {
  const auto text = object.optional_text(key);
  return text ? std::optional(Digest::parse(*text)) : std::nullopt;
}

std::optional<Id> optional_id_from(JsonObject& object, const std::string& key) {
  const auto text = object.optional_text(key);
  return text ? std::optional(Id::parse(*text)) : std::nullopt;
}

}  // namespace assay
