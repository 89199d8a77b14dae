// SPDX-License-Identifier: Apache-2.0
// `assay card`: a model card out of the registry's records. What it says is domain/model_card.h's.
#include <nlohmann/json.hpp>

#include "registry/cli/card_markdown.h"
#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/report.h"
#include "registry/client/reading.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string model;
  std::string format = "md";
  std::string output;
};

// Which records there are about one version is the server's to say; more than these fill no card that is read.
constexpr std::size_t kMaxRecords = 2'000;

std::vector<Run> runs_of(const Json& lineage, const char* key) {
  std::vector<Run> out;
  for (const Json& run : lineage.at(key)) out.push_back(run_from_json(run));
  return out;
}

CardRecords fetch_records(client::ApiClient& api, const std::string& model) {
  CardRecords records{.version = api.version(Kind::model, Reference::parse(model))};
  const Json lineage = api.lineage(Kind::model, {records.version.name, Selector(records.version.number)});
  client::reading("a lineage", [&] {
    if (!lineage.at("run").is_null()) records.run = run_from_json(lineage.at("run"));
    records.used_by = runs_of(lineage, "used_by");
    if (const Json problem = lineage.value("problem", Json()); !problem.is_null())
      records.problem = Problem::parse(problem);
    for (const Json& stage : lineage.at("stages")) records.stages.push_back({.stage = stage_from_json(stage)});
  });
  for (CardStage& held : records.stages)
    if (held.stage.decision_id) held.decision = api.decision(held.stage.decision_id->text());
  records.evidence = api.evidence({.kind = {}, .model = records.version.digest, .dataset = {}}, kMaxRecords);
  if (!records.run) return records;
  for (const RunInput& input : records.run->draft.inputs) {
    if (input.kind != Kind::dataset) continue;
    const auto judged =
        api.evidence({.kind = EvidenceKind::validation, .model = {}, .dataset = input.digest}, kMaxRecords);
    records.evidence.insert(records.evidence.end(), judged.begin(), judged.end());
  }
  return records;
}

std::string write_card(const Card& card, const std::string& format, const std::string& assay) {
  if (format == "google") return google_card(card).dump(2) + '\n';
  if (format == "cyclonedx") return cyclonedx_card(card, assay).dump(2) + '\n';
  return card_markdown(card);
}

int show_card(Context& context, const Options& options) {
  const Card card = make_card(fetch_records(context.api(), options.model));
  const std::string format = context.json() && options.format == "md" ? "cyclonedx" : options.format;
  write_report(write_card(card, format, context.program().version), options.output);
  return 0;
}

}  // namespace

void add_card(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kRecordGroup,
      {"card", "Write a model card out of the registry's records",
       "assay card churn@4 > churn.md\nassay card churn@production --format cyclonedx --output churn.cdx.json", ""});
  command.add_option("model", options->model, "the model: NAME@VERSION or NAME@STAGE")->required();
  command
      .add_option("--format", options->format,
                  "md (Markdown), google (Model Card Toolkit, JSON) or cyclonedx (1.6, JSON; what --json means)")
      ->check(CLI::IsMember({"md", "google", "cyclonedx"}))
      ->capture_default_str();
  command.add_option("--output", options->output, "write it to this file");
  commands.on(command, [options](Context& context) { return show_card(context, *options); });
}

}  // namespace assay::cli
