// SPDX-License-Identifier: Apache-2.0
// What a card says. How others write it down is in model_card_formats.cc.
#include "registry/domain/model_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace assay {
namespace {

// References by digest, as the runs around the version spell them.
using Names = std::map<Digest, std::string>;

Names names_of(const CardRecords& records) {
  Names names = {{records.version.digest, records.version.reference()}};
  const auto add = [&](const Run& run) {
    for (const RunInput& input : run.draft.inputs)
      if (!input.reference.empty()) names.try_emplace(input.digest, input.reference);
  };
  if (records.run) add(*records.run);
  std::for_each(records.used_by.begin(), records.used_by.end(), add);
  return names;
}

std::string name_of(const Names& names, const Digest& digest) {
  const auto found = names.find(digest);
  return found == names.end() ? digest.text() : found->second;
}

bool made_from(const CardRecords& records, const Digest& dataset) {
  if (!records.run) return false;
  const auto& inputs = records.run->draft.inputs;
  return std::any_of(inputs.begin(), inputs.end(), [&](const RunInput& input) { return input.digest == dataset; });
}

bool concerns(const CardRecords& records, const Evidence& evidence) {
  if (evidence.kind == EvidenceKind::validation) return made_from(records, evidence.dataset);
  return evidence.model == records.version.digest;
}

auto measurement(const Evidence& evidence) {
  return std::tuple(evidence.kind, evidence.dataset, evidence.reference, evidence.slice, evidence.label,
                    evidence.plugin.name, evidence.plugin.component, evidence.config.digest);
}

std::vector<CardEvidence> newest_of_each(const CardRecords& records) {
  const Names names = names_of(records);
  std::vector<CardEvidence> out;
  std::map<decltype(measurement(records.evidence.front())), std::size_t> seen;
  for (const Evidence& evidence : records.evidence) {
    if (!concerns(records, evidence)) continue;
    const auto [place, fresh] = seen.try_emplace(measurement(evidence), out.size());
    if (fresh)
      out.push_back({.evidence = evidence,
                     .dataset = name_of(names, evidence.dataset),
                     .reference = evidence.reference ? name_of(names, *evidence.reference) : ""});
    else
      ++out[place->second].older;
  }
  std::stable_sort(out.begin(), out.end(), [](const CardEvidence& left, const CardEvidence& right) {
    return left.evidence.kind < right.evidence.kind;
  });
  return out;
}

std::string number_or_nothing(const std::optional<double>& value) {
  return value ? exact_number(*value) : "no number";
}

void add_failures(std::vector<std::string>& out, const CardEvidence& record) {
  const auto add = [&](std::size_t row, const std::string& what) {
    out.push_back(fmt::format("{}: {} (evidence {} /rows/{})", card_title(record), what,
                              record.evidence.id.text(), row));
  };
  if (const auto* drifts = std::get_if<std::vector<DriftRow>>(&record.evidence.rows))
    for (std::size_t i = 0; i < drifts->size(); ++i)
      if (const DriftRow& row = (*drifts)[i]; row.drifted)
        add(i, fmt::format("{} drifted, {} {} against {}", row.column, row.statistic, number_or_nothing(row.value),
                           number_or_nothing(row.threshold)));
  if (const auto* findings = std::get_if<std::vector<FindingRow>>(&record.evidence.rows))
    for (std::size_t i = 0; i < findings->size(); ++i)
      if (const FindingRow& row = (*findings)[i]; row.severity == Severity::error)
        add(i, fmt::format("{}{}: {}", row.rule, row.column.empty() ? "" : " of " + row.column, row.message));
  if (const auto* metrics = std::get_if<std::vector<MetricRow>>(&record.evidence.rows))
    for (std::size_t i = 0; i < metrics->size(); ++i)
      if (const MetricRow& row = (*metrics)[i]; !row.value)
        add(i, fmt::format("{}{} came out as no number", row.name, row.slice.empty() ? "" : " of " + row.slice));
}

}  // namespace

Card make_card(CardRecords records) {
  std::vector<CardEvidence> evidence = newest_of_each(records);
  return {.version = std::move(records.version),
          .run = std::move(records.run),
          .evidence = std::move(evidence),
          .stages = std::move(records.stages),
          .problem = std::move(records.problem)};
}

std::vector<CardMetric> card_metrics(const Card& card) {
  std::vector<CardMetric> out;
  for (const CardEvidence& record : card.evidence)
    if (const auto* rows = std::get_if<std::vector<MetricRow>>(&record.evidence.rows))
      for (std::size_t i = 0; i < rows->size(); ++i)
        if ((*rows)[i].value) out.push_back({record, i, (*rows)[i]});
  return out;
}

std::vector<std::string> card_limitations(const Card& card) {
  std::vector<std::string> out;
  const auto judges = [](const CardEvidence& record) { return record.evidence.kind == EvidenceKind::evaluation; };
  if (!card.run) out.push_back("No run that the registry knows of made it: what it learned from is not recorded.");
  if (std::none_of(card.evidence.begin(), card.evidence.end(), judges))
    out.push_back("How good it is was not recorded: no evaluation names this version.");
  else if (std::none_of(card.evidence.begin(), card.evidence.end(),
                        [](const CardEvidence& record) { return record.evidence.level == Level::attested; }))
    out.push_back("Every number was reported by a client; the registry itself computed none.");
  for (const CardEvidence& record : card.evidence) add_failures(out, record);
  return out;
}

std::string card_title(const CardEvidence& record) {
  std::string out(to_text(record.evidence.kind));
  if (!record.reference.empty()) out += " with " + record.reference;
  out += " on " + record.dataset;
  return record.evidence.slice.empty() ? out : out + ", " + record.evidence.slice;
}

std::string exact_number(double value) {
  return fmt::format("{}", value);
}

}  // namespace assay
