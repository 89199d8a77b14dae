// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/card_markdown.h"

#include <fmt/format.h>

#include <functional>

#include "registry/cli/naming.h"
#include "registry/cli/report.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

std::string number(const std::optional<double>& value) {
  return value ? exact_number(*value) : "-";
}

std::string row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& cell : cells) out += ' ' + cell + " |";
  return out + '\n';
}

std::string fact(std::string_view name, const std::string& what) {
  return row({std::string(name), what});
}

std::string plugin_text(const PluginUse& plugin) {
  return fmt::format("{} {}, {} `{}`", markdown(plugin.name), markdown(plugin.version), markdown(plugin.component),
                     plugin.digest.text());
}

std::string when_and_by(Time at, const std::string& by) {
  return fmt::format("{} by {}", human_time(format_time(at)), markdown(by));
}

std::string identity(const Card& card) {
  const Version& version = card.version;
  std::string out = "| | |\n|---|---|\n" + fact("digest", '`' + version.digest.text() + '`') +
                    fact("published", when_and_by(version.created_at, version.created_by));
  for (const auto& [key, value] : version.labels) out += fact("label " + markdown(key), markdown(value));
  if (!card.run) return out + fact("made by", "not recorded");
  const RunDraft& run = card.run->draft;
  out += fact("made by", fmt::format("{} run `{}`", to_text(run.kind), card.run->id.text())) +
         fact("algorithm", plugin_text(run.plugin)) + fact("settings", markdown(run.config.canonical)) +
         fact("seed", std::to_string(run.seed));
  for (const RunInput& input : run.inputs)
    out += fact(markdown(input.role), fmt::format("{} `{}`", markdown(show_reference(input.reference)),
                                                  input.digest.text()));
  return out;
}

std::string purpose(const Card& card) {
  if (!card.problem) return "not recorded\n";
  const Problem& problem = *card.problem;
  std::string out = "| | |\n|---|---|\n" + fact("target", markdown(problem.target)) +
                    fact("unit", markdown(problem.unit)) +
                    fact("primary metric", markdown(problem.primary_metric)) +
                    fact("margin", exact_number(problem.margin));
  if (problem.cost_matrix) out += fact("costs of a decision", cost_text(*problem.cost_matrix));
  for (const Guardrail& guardrail : problem.guardrails) out += fact("guardrail", markdown(guardrail_text(guardrail)));
  out += fact("owner", markdown(problem.owner));
  return problem.description.empty() ? out : out + fact("description", markdown(problem.description));
}

std::string rows_text(const std::vector<MetricRow>& rows) {
  std::string out = "| metric | slice | value | low | high | rows |\n|---|---|--:|--:|--:|--:|\n";
  for (const MetricRow& one : rows)
    out += row({markdown(one.name), markdown(one.slice), number(one.value), number(one.ci_low),
                number(one.ci_high), std::to_string(one.n)});
  return out;
}

std::string rows_text(const std::vector<DriftRow>& rows) {
  std::string out =
      "| column | statistic | value | threshold | drifted | rows then | rows now |\n|---|---|--:|--:|---|--:|--:|\n";
  for (const DriftRow& one : rows)
    out += row({markdown(one.column), markdown(one.statistic), number(one.value), number(one.threshold),
                one.drifted ? "yes" : "no", std::to_string(one.n_ref), std::to_string(one.n_cur)});
  return out;
}

std::string rows_text(const std::vector<FindingRow>& rows) {
  std::string out = "| severity | rule | column | rows | what |\n|---|---|---|--:|---|\n";
  for (const FindingRow& one : rows)
    out += row({std::string(to_text(one.severity)), markdown(one.rule), markdown(one.column),
                std::to_string(one.row_count), markdown(one.message)});
  return out;
}

std::string record_text(const CardEvidence& record) {
  const Evidence& evidence = record.evidence;
  std::string out = fmt::format("### {}\n\nevidence `{}`, {} {}, by {}, settings {}, seed {}",
                                markdown(card_title(record)), evidence.id.text(), to_text(evidence.level),
                                when_and_by(evidence.created_at, evidence.created_by), plugin_text(evidence.plugin),
                                markdown(evidence.config.canonical), evidence.seed);
  if (!evidence.label.empty()) out += ", truth in " + markdown(evidence.label);
  if (evidence.verdict) out += fmt::format(", verdict {}", to_text(*evidence.verdict));
  if (record.older > 0) out += fmt::format("; the newest of {} alike", record.older + 1);
  out += "\n\n";
  return out + std::visit(
                   [](const auto& rows) { return rows.empty() ? std::string("no rows\n") : rows_text(rows); },
                   evidence.rows) +
         '\n';
}

std::string records_text(const Card& card, const std::function<bool(EvidenceKind)>& wanted) {
  std::string out;
  for (const CardEvidence& record : card.evidence)
    if (wanted(record.evidence.kind)) out += record_text(record);
  return out.empty() ? "not recorded\n\n" : out;
}

std::string stages_text(const Card& card) {
  if (card.stages.empty()) return "no stage holds it\n";
  std::string out;
  for (const CardStage& held : card.stages) {
    out += "- " + markdown(held.stage.name);
    if (held.stage.updated_at) out += " since " + when_and_by(*held.stage.updated_at, held.stage.updated_by);
    if (held.decision && held.decision->id)
      out += fmt::format(": {} (decision `{}`)", markdown(held.decision->summary), held.decision->id->text());
    out += '\n';
  }
  return out;
}

}  // namespace

std::string card_markdown(const Card& card) {
  const auto judges = [](EvidenceKind kind) {
    return kind == EvidenceKind::evaluation || kind == EvidenceKind::comparison;
  };
  std::string out = fmt::format("# Model card: {}\n\n{}\n## What it is for\n\n{}\n## How good it is\n\n{}",
                                markdown(show_reference(card.version.name, card.version.number)), identity(card),
                                purpose(card), records_text(card, judges)) +
                    "## Data and drift\n\n" + records_text(card, std::not_fn(judges)) + "## Limitations\n\n";
  const std::vector<std::string> limitations = card_limitations(card);
  for (const std::string& limitation : limitations) out += "- " + markdown(limitation) + '\n';
  if (limitations.empty()) out += "no record holds anything against it\n";
  return out + "\n## Where it stands\n\n" + stages_text(card) +
         "\nMade by Assay from the registry's records. The numbers of a table stand in the evidence named above it: "
         "`GET /api/v1/evidence/ID`.\n";
}

}  // namespace assay::cli
