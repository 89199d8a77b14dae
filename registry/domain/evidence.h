// SPDX-License-Identifier: Apache-2.0
// What was measured, on exactly which bytes, by which plugin: the append-only records that a policy reads.
// The rows are the fixed result tables of the plugin ABI (sdk/include/assay/abi.h). A correction is a new
// record.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "registry/domain/id.h"
#include "registry/domain/time.h"
#include "storage/base/digest.h"

namespace assay {

class JsonObject;

enum class EvidenceKind { evaluation, comparison, validation, drift };
// `reported`: a client sent it, from a machine that we do not control. `attested`: our own worker computed
// it.
enum class Level { reported, attested };
enum class EvidenceVerdict { pass, fail };
enum class Severity { info, warning, error };

std::string_view to_text(EvidenceKind kind);
std::string_view to_text(Level level);
std::string_view to_text(EvidenceVerdict verdict);
std::string_view to_text(Severity severity);
// Each throws invalid_argument naming `place`, what stands there and the words that may.
EvidenceKind parse_evidence_kind(std::string_view text, std::string_view place);
Level parse_level(std::string_view text, std::string_view place);
Severity parse_severity(std::string_view text, std::string_view place);

// The binary that did the work, and which of its components.
struct PluginUse {
  std::string name;
  std::string version;
  Digest digest;  // of the shared library's bytes
  std::string component;

  bool operator==(const PluginUse&) const = default;
};

// Settings in canonical JSON (RFC 8785); two configs are alike exactly when their digests are equal.
struct Config {
  std::string canonical;
  Digest digest;

  bool operator==(const Config&) const = default;
};

// A number that the plugin could not give (NaN, infinite) is nullopt, and never passes a rule.
struct MetricRow {
  std::string name;
  std::optional<double> value;
  std::optional<double> ci_low;
  std::optional<double> ci_high;
  std::string slice;  // empty is every row
  std::int64_t n = 0;
  bool higher_is_better = true;

  bool operator==(const MetricRow&) const = default;
};

struct DriftRow {
  std::string column;
  std::string statistic;
  std::optional<double> value;
  std::optional<double> p_value;
  std::optional<double> threshold;
  bool drifted = false;
  std::int64_t n_ref = 0;
  std::int64_t n_cur = 0;

  bool operator==(const DriftRow&) const = default;
};

struct FindingRow {
  Severity severity = Severity::info;
  std::string rule;
  std::string column;
  std::int64_t row_count = 0;
  std::vector<std::int64_t> sample_rows;
  std::string message;

  bool operator==(const FindingRow&) const = default;
};

using EvidenceRows = std::variant<std::vector<MetricRow>, std::vector<DriftRow>, std::vector<FindingRow>>;

// What a client sends: everything but what the server says of it.
struct EvidenceDraft {
  EvidenceKind kind = EvidenceKind::evaluation;
  std::optional<Digest> model;
  Digest dataset;
  std::optional<Digest>
      reference;      // the other model of a comparison; the data that drift or a validation looks back to
  std::string slice;  // of the dataset; empty is the whole of it
  std::string label{};  // the column that held the truth; empty when nobody said or none did
  PluginUse plugin;
  Config config;
  std::int64_t seed = 0;
  std::optional<Id> run;
  EvidenceRows rows;  // metric rows for evaluation and comparison

  bool operator==(const EvidenceDraft&) const = default;
};

struct Evidence : EvidenceDraft {
  Id id;
  Level level = Level::reported;
  std::optional<EvidenceVerdict> verdict;  // none for an evaluation or a comparison
  Time created_at;
  std::string created_by;

  Evidence(EvidenceDraft draft, Id id, Level level, Time created_at, std::string created_by);
  bool operator==(const Evidence&) const = default;
};

// Which records a list is to show; what is not given asks nothing.
struct EvidenceQuery {
  std::optional<EvidenceKind> kind;
  std::optional<Digest> model;
  std::optional<Digest> dataset;
};

// Validation: fail with any finding of severity error. Drift: fail with any row that drifted. Otherwise none.
std::optional<EvidenceVerdict> derive_verdict(const EvidenceRows& rows);

// Throws invalid_argument naming the first key, row or column that is wrong (two rows of one evaluation may
// not share name and slice), too_large past 10 000 rows.
EvidenceDraft evidence_draft_from_json(const nlohmann::json& document);
void to_json(nlohmann::json& json, const Evidence& evidence);
// Reads what to_json wrote. Throws as the draft does.
Evidence evidence_from_json(const nlohmann::json& document);

void to_json(nlohmann::json& json, const PluginUse& plugin);
// `what` names the object in messages, here and below.
PluginUse plugin_use_from_json(const nlohmann::json& document, const std::string& what);
nlohmann::json rows_to_json(const EvidenceRows& rows);
EvidenceRows rows_from_json(EvidenceKind kind, const nlohmann::json& rows);
// The member "config": an object, {} when absent. Its digest is computed here, never taken.
Config config_from(JsonObject& object);
// The member "seed": 0 to 2^53-1.
std::int64_t seed_from(JsonObject& object);
Digest digest_from(JsonObject& object, const std::string& key);
std::optional<Digest> optional_digest_from(JsonObject& object, const std::string& key);
std::optional<Id> optional_id_from(JsonObject& object, const std::string& key);

}  // namespace assay
