// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/run.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/words.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxLinks = 64;         // inputs or outputs: a run joins a handful of things
constexpr std::size_t kMaxMetrics = 100'000;  // 100 metrics over 1 000 rounds
constexpr std::size_t kMaxLog = 1 << 20;      // bytes; the end of a log is what explains a failure
constexpr std::size_t kMaxEnvironment = 64 << 10;
constexpr std::int64_t kMaxThreads = 4096;
constexpr std::size_t kMaxRoles = 16;  // the plugin ABI has six

constexpr Words<RunKind, 5> kRunKinds = {{{RunKind::train, "train"},
                                          {RunKind::evaluate, "evaluate"},
                                          {RunKind::score, "score"},
                                          {RunKind::drift, "drift"},
                                          {RunKind::validate, "validate"}}};
constexpr Words<RunStatus, 3> kStatuses = {
    {{RunStatus::running, "running"}, {RunStatus::finished, "finished"}, {RunStatus::failed, "failed"}}};

RunInput input_from(const json& document, const std::string& what) {
  JsonObject object(document, what);
  RunInput input{.role = object.text("role"),
                 .kind = kind_from_singular(object.text("kind")),
                 .reference = object.optional_text("reference").value_or(""),
                 .digest = digest_from(object, "digest")};
  object.finish();
  return input;
}

RunOutput output_from(const json& document, const std::string& what) {
  JsonObject object(document, what);
  RunOutput output{.role = object.text("role"),
                   .kind = kind_from_singular(object.text("kind")),
                   .digest = digest_from(object, "digest")};
  object.finish();
  return output;
}

RunMetric metric_from(const json& document, const std::string& what) {
  JsonObject object(document, what);
  RunMetric metric{.name = object.text("name"),
                   .step = object.optional_integer("step", INT64_MIN, INT64_MAX).value_or(0),
                   .value = object.optional_number("value")};
  object.finish();
  return metric;
}

template <class Item>
std::vector<Item> items(JsonObject& object, const std::string& key, std::size_t limit,
                        Item (*read)(const json&, const std::string&)) {
  std::vector<Item> out;
  const json* written = object.optional_array(key, limit);
  if (written == nullptr) return out;
  for (std::size_t i = 0; i < written->size(); ++i)
    out.push_back(read((*written)[i], fmt::format("run.{}[{}]", key, i)));
  return out;
}

std::string bounded(std::string text, std::size_t limit, std::string_view what) {
  if (text.size() <= limit) return text;
  throw Error(Code::too_large,
              fmt::format("{} has {} bytes; at most {} are kept: send its end", what, text.size(), limit));
}

std::optional<RunRoles> roles_from(JsonObject& object) {
  if (object.optional_object("roles") == nullptr) return std::nullopt;
  return object.optional_text_map("roles", kMaxRoles);
}

RunDraft read_draft(JsonObject& object) {
  const json* environment = object.optional_object("environment");
  return {.kind = parse_run_kind(object.text("kind"), "run.kind"),
          .plugin = plugin_use_from_json(object.object("plugin"), "run.plugin"),
          .inputs = items(object, "inputs", kMaxLinks, input_from),
          .config = config_from(object),
          .seed = seed_from(object),
          .max_threads = object.optional_integer("max_threads", 1, kMaxThreads).value_or(1),
          .environment = bounded(environment == nullptr ? "{}" : canonical(*environment), kMaxEnvironment,
                                 "run.environment"),
          .roles = roles_from(object)};
}

std::optional<RunError> error_from(JsonObject& object) {
  const json* written = object.optional_object("error");
  if (written == nullptr) return std::nullopt;
  JsonObject error(*written, "run.error");
  RunError out{.code = error.text("code"),
               .message = bounded(error.text("message"), kMaxLog, "run.error.message")};
  error.finish();
  return out;
}

RunOutcome read_outcome(JsonObject& object) {
  RunOutcome outcome{.status = parse_run_status(object.text("status"), "run.status"),
                     .metrics = items(object, "metrics", kMaxMetrics, metric_from),
                     .log = bounded(object.optional_text("log").value_or(""), kMaxLog, "run.log"),
                     .outputs = items(object, "outputs", kMaxLinks, output_from),
                     .error = error_from(object)};
  if (outcome.status == RunStatus::running)
    throw Error(Code::invalid_argument, "run.status must be finished or failed: a run ends once");
  if ((outcome.status == RunStatus::failed) != outcome.error.has_value())
    throw Error(Code::invalid_argument, "run.error must be given for a failed run, and only then");
  return outcome;
}

json links_json(const std::vector<RunInput>& inputs) {
  json out = json::array();
  for (const RunInput& input : inputs)
    out.push_back({{"role", input.role},
                   {"kind", singular(input.kind)},
                   {"reference", input.reference},
                   {"digest", input.digest.text()}});
  return out;
}

void add_outcome(json& out, const RunOutcome& outcome) {
  for (const RunMetric& metric : outcome.metrics)
    out["metrics"].push_back({{"name", metric.name},
                              {"step", metric.step},
                              {"value", metric.value ? json(*metric.value) : json()}});
  for (const RunOutput& output : outcome.outputs)
    out["outputs"].push_back(
        {{"role", output.role}, {"kind", singular(output.kind)}, {"digest", output.digest.text()}});
  out["log"] = outcome.log;
  if (outcome.error) out["error"] = {{"code", outcome.error->code}, {"message", outcome.error->message}};
}

}  // namespace

std::string_view to_text(RunKind kind) {
  return spell(kRunKinds, kind);
}
std::string_view to_text(RunStatus status) {
  return spell(kStatuses, status);
}
RunKind parse_run_kind(std::string_view text, std::string_view place) {
  return read_word(kRunKinds, text, place);
}
RunStatus parse_run_status(std::string_view text, std::string_view place) {
  return read_word(kStatuses, text, place);
}

RunDraft run_draft_from_json(const json& document) {
  JsonObject object(document, "run");
  RunDraft draft = read_draft(object);
  object.finish();
  return draft;
}

RunOutcome run_outcome_from_json(const json& document) {
  JsonObject object(document, "run");
  RunOutcome outcome = read_outcome(object);
  object.finish();
  return outcome;
}

void to_json(json& out, const Run& run) {
  out = {{"id", run.id.text()},
         {"kind", to_text(run.draft.kind)},
         {"status", to_text(run.status())},
         {"plugin", run.draft.plugin},
         {"inputs", links_json(run.draft.inputs)},
         {"config", json::parse(run.draft.config.canonical)},
         {"config_digest", run.draft.config.digest.text()},
         {"seed", run.draft.seed},
         {"max_threads", run.draft.max_threads},
         {"environment", json::parse(run.draft.environment)},
         {"roles", run.draft.roles ? json(*run.draft.roles) : json()},
         {"created_at", format_time(run.created_at)},
         {"created_by", run.created_by},
         {"finished_at", run.finished_at ? json(format_time(*run.finished_at)) : json()},
         {"metrics", json::array()},
         {"outputs", json::array()},
         {"log", ""},
         {"error", json()}};
  if (run.outcome) add_outcome(out, *run.outcome);
}

Run run_from_json(const json& document) {
  JsonObject object(document, "run");
  Run run{.draft = read_draft(object),
          .id = Id::parse(object.text("id")),
          .created_at = parse_time(object.text("created_at")),
          .created_by = object.text("created_by"),
          .outcome = {},
          .finished_at = {}};
  if (const auto time = object.optional_text("finished_at")) run.finished_at = parse_time(*time);
  if (object.text("status") != to_text(RunStatus::running)) run.outcome = read_outcome(object);
  // Derived again, or empty while the run goes on.
  for (const char* key : {"config_digest", "metrics", "outputs", "log", "error"}) object.optional_any(key);
  object.finish();
  return run;
}

}  // namespace assay
