// SPDX-License-Identifier: Apache-2.0
#include "registry/client/draft_json.h"

#include <nlohmann/json.hpp>

namespace assay::client {
namespace {

using Json = nlohmann::json;

Json text_or_null(const std::optional<Digest>& digest) {
  return digest ? Json(digest->text()) : Json();
}

Json number_or_null(std::optional<double> value) {
  return value ? Json(*value) : Json();
}

}  // namespace

Json draft_json(const RunDraft& run) {
  Json inputs = Json::array();
  for (const RunInput& input : run.inputs)
    inputs.push_back({{"role", input.role},
                      {"kind", singular(input.kind)},
                      {"reference", input.reference},
                      {"digest", input.digest.text()}});
  return {{"kind", to_text(run.kind)},
          {"plugin", run.plugin},
          {"inputs", std::move(inputs)},
          {"config", Json::parse(run.config.canonical)},
          {"seed", run.seed},
          {"max_threads", run.max_threads},
          {"environment", Json::parse(run.environment)},
          {"roles", run.roles ? Json(*run.roles) : Json()}};
}

Json draft_json(const RunOutcome& outcome) {
  Json metrics = Json::array();
  for (const RunMetric& metric : outcome.metrics)
    metrics.push_back(
        {{"name", metric.name}, {"step", metric.step}, {"value", number_or_null(metric.value)}});
  Json outputs = Json::array();
  for (const RunOutput& output : outcome.outputs)
    outputs.push_back(
        {{"role", output.role}, {"kind", singular(output.kind)}, {"digest", output.digest.text()}});
  Json error;
  if (outcome.error) error = {{"code", outcome.error->code}, {"message", outcome.error->message}};
  return {{"status", to_text(outcome.status)},
          {"metrics", std::move(metrics)},
          {"log", outcome.log},
          {"outputs", std::move(outputs)},
          {"error", std::move(error)}};
}

Json draft_json(const EvidenceDraft& evidence) {
  return {{"kind", to_text(evidence.kind)},
          {"model_digest", text_or_null(evidence.model)},
          {"dataset_digest", evidence.dataset.text()},
          {"reference_digest", text_or_null(evidence.reference)},
          {"slice", evidence.slice},
          {"label", evidence.label},
          {"plugin", evidence.plugin},
          {"config", Json::parse(evidence.config.canonical)},
          {"seed", evidence.seed},
          {"run_id", evidence.run ? Json(evidence.run->text()) : Json()},
          {"rows", rows_to_json(evidence.rows)}};
}

}  // namespace assay::client
