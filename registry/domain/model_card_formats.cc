// SPDX-License-Identifier: Apache-2.0
// Cards for other programs. Both formats have strings for numbers, and none has a place for where a number comes from:
// Google's is told in the metric's slice, CycloneDX's in a property as well.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "registry/domain/model_card.h"

namespace assay {
namespace {

using nlohmann::json;

std::string slice_text(const CardMetric& metric) {
  const std::string whole = card_title(metric.from);
  return metric.metric.slice.empty() ? whole : fmt::format("{}: {}", whole, metric.metric.slice);
}

std::string place_of(const CardMetric& metric) {
  return fmt::format("evidence {} /rows/{}", metric.from.evidence.id.text(), metric.row);
}

// {"lower_bound","upper_bound"} by the names of the format; null unless both are known.
json interval(const MetricRow& row, const char* lower, const char* upper) {
  if (!row.ci_low || !row.ci_high) return {};
  return {{lower, exact_number(*row.ci_low)}, {upper, exact_number(*row.ci_high)}};
}

void add_unless_empty(json& out, const char* key, json value) {
  if (!value.empty() && value != "") out[key] = std::move(value);
}

std::string architecture(const Card& card) {
  if (!card.run) return {};
  const PluginUse& plugin = card.run->draft.plugin;
  return fmt::format("{} {}, {}", plugin.name, plugin.version, plugin.component);
}

struct Dataset {
  std::string name, role;
  Digest digest;
};

// What it was made from and what it was judged on, each once.
std::vector<Dataset> datasets(const Card& card) {
  std::vector<Dataset> out;
  std::set<Digest> seen;
  if (card.run)
    for (const RunInput& input : card.run->draft.inputs)
      if (input.kind == Kind::dataset && seen.insert(input.digest).second)
        out.push_back({input.reference.empty() ? input.digest.text() : input.reference, input.role, input.digest});
  for (const CardEvidence& record : card.evidence)
    if (seen.insert(record.evidence.dataset).second)
      out.push_back({record.dataset, std::string(to_text(record.evidence.kind)), record.evidence.dataset});
  return out;
}

std::string standing(const CardStage& held) {
  std::string out = "Stage " + held.stage.name + " holds it";
  if (held.stage.updated_at) out += fmt::format(" since {}", format_time(*held.stage.updated_at));
  if (held.decision && held.decision->id)
    out += fmt::format(": {} (decision {})", held.decision->summary, held.decision->id->text());
  return out + ".";
}

std::vector<std::string> use_cases(const Card& card) {
  if (!card.problem) return {};
  return {fmt::format("Target: {} of {}", card.problem->target, card.problem->unit)};
}

std::vector<std::string> tradeoffs(const Card& card) {
  if (!card.problem) return {};
  const Problem& problem = *card.problem;
  std::vector<std::string> out = {
      fmt::format("Primary metric: {}, margin {}", problem.primary_metric, problem.margin)};
  if (problem.cost_matrix) out.push_back("Costs of a decision: " + cost_text(*problem.cost_matrix));
  for (const Guardrail& guardrail : problem.guardrails) out.push_back("Guardrail: " + guardrail_text(guardrail));
  return out;
}

json described(const std::vector<std::string>& sentences) {
  json out = json::array();
  for (const std::string& sentence : sentences) out.push_back({{"description", sentence}});
  return out;
}

json google_details(const Card& card) {
  const Version& version = card.version;
  json out = {{"name", version.name.text()},
              {"overview", "The model card of " + version.reference() + ", made from the registry's records."},
              {"version",
               {{"name", std::to_string(version.number)}, {"date", format_time(version.created_at).substr(0, 10)}}},
              {"path", version.name.text() + "@" + version.digest.text()}};
  std::string documentation = fmt::format("Published {} by {}.", format_time(version.created_at), version.created_by);
  if (card.run) documentation += fmt::format(" Made by run {}.", card.run->id.text());
  for (const CardStage& held : card.stages) documentation += ' ' + standing(held);
  out["documentation"] = documentation;
  if (card.problem && !card.problem->owner.empty()) out["owners"] = {{{"name", card.problem->owner}}};
  return out;
}

json google_parameters(const Card& card) {
  json out = json::object();
  add_unless_empty(out, "model_architecture", architecture(card));
  for (const Dataset& data : datasets(card))
    out["data"].push_back({{"name", data.name}, {"description", data.role + ", " + data.digest.text()}});
  return out;
}

json property(std::string name, std::string value) {
  return {{"name", "assay:" + name}, {"value", std::move(value)}};
}

json model_parameters(const Card& card) {
  json out = json::object();
  add_unless_empty(out, "modelArchitecture", architecture(card));
  for (const Dataset& data : datasets(card))
    out["datasets"].push_back({{"type", "dataset"},
                               {"name", data.name},
                               {"contents",
                                {{"properties", json::array({property("role", data.role),
                                                             property("digest", data.digest.text())})}}}});
  return out;
}

json performance_metrics(const Card& card) {
  json out = json::array();
  for (const CardMetric& metric : card_metrics(card)) {
    out.push_back({{"type", metric.metric.name},
                   {"value", exact_number(*metric.metric.value)},
                   {"slice", slice_text(metric)}});
    add_unless_empty(out.back(), "confidenceInterval", interval(metric.metric, "lowerBound", "upperBound"));
  }
  return out;
}

// The source of the n-th performance metric is the property of that number.
json model_card_properties(const Card& card) {
  json out = json::array();
  std::size_t number = 0;
  for (const CardMetric& metric : card_metrics(card))
    out.push_back(property(fmt::format("performanceMetrics:{}", number++), place_of(metric)));
  for (const CardEvidence& record : card.evidence)
    out.push_back(property("evidence:" + record.evidence.id.text(),
                           fmt::format("{} by {} {}, {}{}", card_title(record), record.evidence.plugin.name,
                                       record.evidence.plugin.version, to_text(record.evidence.level),
                                       record.evidence.verdict
                                           ? fmt::format(", {}", to_text(*record.evidence.verdict))
                                           : "")));
  return out;
}

json cyclonedx_considerations(const Card& card) {
  json out = json::object();
  add_unless_empty(out, "useCases", use_cases(card));
  add_unless_empty(out, "technicalLimitations", card_limitations(card));
  add_unless_empty(out, "performanceTradeoffs", tradeoffs(card));
  return out;
}

json component_properties(const Card& card) {
  json out = json::array({property("digest", card.version.digest.text()),
                          property("published", format_time(card.version.created_at)),
                          property("published-by", card.version.created_by)});
  if (card.run) {
    const RunDraft& run = card.run->draft;
    out.push_back(property("run", card.run->id.text()));
    out.push_back(property("config", run.config.canonical));
    out.push_back(property("seed", std::to_string(run.seed)));
  }
  for (const auto& [key, value] : card.version.labels) out.push_back(property("label:" + key, value));
  for (const CardStage& held : card.stages) out.push_back(property("stage:" + held.stage.name, standing(held)));
  return out;
}

json hashes(const Digest& digest) {
  return json::array({{{"alg", "SHA-256"}, {"content", digest.hex()}}});
}

json model_component(const Card& card) {
  const Version& version = card.version;
  json out = {{"type", "machine-learning-model"},
              {"bom-ref", version.digest.text()},
              {"group", version.name.namespace_()},
              {"name", version.name.name()},
              {"version", std::to_string(version.number)},
              {"hashes", hashes(version.digest)},
              {"modelCard",
               {{"modelParameters", model_parameters(card)},
                {"quantitativeAnalysis", {{"performanceMetrics", performance_metrics(card)}}},
                {"considerations", cyclonedx_considerations(card)},
                {"properties", model_card_properties(card)}}},
              {"properties", component_properties(card)}};
  if (card.problem && !card.problem->owner.empty()) out["authors"] = json::array({{{"name", card.problem->owner}}});
  return out;
}

// The binary that made the model, if it is known: the model depends on it.
void add_plugin(json& bom, const Card& card) {
  json depends = {{"ref", card.version.digest.text()}};
  if (card.run) {
    const PluginUse& plugin = card.run->draft.plugin;
    bom["components"].push_back({{"type", "library"},
                                 {"bom-ref", plugin.digest.text()},
                                 {"name", plugin.name},
                                 {"version", plugin.version},
                                 {"hashes", hashes(plugin.digest)}});
    depends["dependsOn"] = json::array({plugin.digest.text()});
  }
  bom["dependencies"] = json::array({std::move(depends)});
}

}  // namespace

json google_card(const Card& card) {
  json metrics = json::array();
  for (const CardMetric& metric : card_metrics(card)) {
    metrics.push_back({{"type", metric.metric.name},
                       {"value", exact_number(*metric.metric.value)},
                       {"slice", fmt::format("{} ({})", slice_text(metric), place_of(metric))}});
    add_unless_empty(metrics.back(), "confidence_interval", interval(metric.metric, "lower_bound", "upper_bound"));
  }
  json considerations = json::object();
  add_unless_empty(considerations, "use_cases", described(use_cases(card)));
  add_unless_empty(considerations, "limitations", described(card_limitations(card)));
  add_unless_empty(considerations, "tradeoffs", described(tradeoffs(card)));
  return {{"schema_version", "0.0.2"},
          {"model_details", google_details(card)},
          {"model_parameters", google_parameters(card)},
          {"quantitative_analysis", {{"performance_metrics", std::move(metrics)}}},
          {"considerations", std::move(considerations)}};
}

json cyclonedx_card(const Card& card, std::string_view assay) {
  json bom = {{"$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"},
              {"bomFormat", "CycloneDX"},
              {"specVersion", "1.6"},
              {"version", 1},
              {"metadata",
               {{"tools",
                 {{"components", json::array({{{"type", "application"}, {"name", "assay"}, {"version", assay}}})}}}}},
              {"components", json::array({model_component(card)})}};
  add_plugin(bom, card);
  return bom;
}

}  // namespace assay
