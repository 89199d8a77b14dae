// SPDX-License-Identifier: Apache-2.0
// One execution of a plugin, by us or reported by a client: what went in, with which settings, what came out.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/domain/evidence.h"
#include "registry/domain/id.h"
#include "registry/domain/kind.h"
#include "registry/domain/time.h"
#include "storage/base/digest.h"

namespace assay {

enum class RunKind { train, evaluate, score, drift, validate };
enum class RunStatus { running, finished, failed };

std::string_view to_text(RunKind kind);
std::string_view to_text(RunStatus status);
RunKind parse_run_kind(std::string_view text, std::string_view place);
RunStatus parse_run_status(std::string_view text, std::string_view place);

struct RunInput {
  std::string role;  // "train", "model", "data", …
  Kind kind;
  std::string reference;  // as it was written; the digest is what was used
  Digest digest;

  bool operator==(const RunInput&) const = default;
};

struct RunOutput {
  std::string role;
  Kind kind;
  Digest digest;

  bool operator==(const RunOutput&) const = default;
};

struct RunMetric {
  std::string name;
  std::int64_t step = 0;
  std::optional<double> value;  // none: not a finite number

  bool operator==(const RunMetric&) const = default;
};

struct RunError {
  std::string code;
  std::string message;

  bool operator==(const RunError&) const = default;
};

// Columns by the role that they were given: {"label": "late", "group": "carrier"}.
using RunRoles = std::map<std::string, std::string>;

// What a client says when it starts.
struct RunDraft {
  RunKind kind = RunKind::train;
  PluginUse plugin;
  std::vector<RunInput> inputs;
  Config config;
  std::int64_t seed = 0;
  std::int64_t max_threads = 1;
  std::string environment = "{}";  // a JSON object, canonical
  std::optional<RunRoles> roles{};  // none: the run does not say, as those of earlier releases do not

  bool operator==(const RunDraft&) const = default;
};

// What a client says at the end. A failed run has an error, a finished one has none.
struct RunOutcome {
  RunStatus status = RunStatus::finished;
  std::vector<RunMetric> metrics;
  std::string log;
  std::vector<RunOutput> outputs;
  std::optional<RunError> error;

  bool operator==(const RunOutcome&) const = default;
};

struct Run {
  RunDraft draft;
  Id id;
  Time created_at;
  std::string created_by;
  std::optional<RunOutcome> outcome;  // none while running
  std::optional<Time> finished_at;

  RunStatus status() const { return outcome ? outcome->status : RunStatus::running; }
  bool operator==(const Run&) const = default;
};

// Throw invalid_argument naming what is wrong; too_large past 64 inputs or outputs, 100 000 metrics, 1 MiB of
// log.
RunDraft run_draft_from_json(const nlohmann::json& document);
RunOutcome run_outcome_from_json(const nlohmann::json& document);
void to_json(nlohmann::json& json, const Run& run);
// Reads what to_json wrote.
Run run_from_json(const nlohmann::json& document);

}  // namespace assay
