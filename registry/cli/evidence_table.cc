// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/evidence_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/naming.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

constexpr int kSaysNo = 10;

void print(const std::vector<MetricRow>& rows, std::ostream& out) {
  Table table({"metric", "value", "95 % interval", "slice", "n", "better"});
  for (const MetricRow& row : rows) {
    const bool interval = row.ci_low && row.ci_high;
    table.add({row.name, human_number(row.value),
               interval ? fmt::format("{:.4g} to {:.4g}", *row.ci_low, *row.ci_high) : "-",
               row.slice.empty() ? "all" : row.slice, std::to_string(row.n),
               row.higher_is_better ? "higher" : "lower"});
  }
  table.print(out);
}

// Only what drifted: five statistics a column would bury it. --json and the recorded evidence hold them all.
void print(const std::vector<DriftRow>& rows, std::ostream& out) {
  std::vector<std::string> drifted, clean;
  for (const DriftRow& row : rows)
    if (row.drifted && (drifted.empty() || drifted.back() != row.column)) drifted.push_back(row.column);
  Table table({"column", "statistic", "value", "p", "threshold", "drifted", "n before", "n now"});
  for (const DriftRow& row : rows) {
    if (row.drifted)
      table.add({row.column, row.statistic, human_number(row.value), human_number(row.p_value),
                 human_number(row.threshold), "yes", std::to_string(row.n_ref), std::to_string(row.n_cur)});
    else if (std::ranges::find(drifted, row.column) == drifted.end() &&
             (clean.empty() || clean.back() != row.column))
      clean.push_back(row.column);
  }
  if (!drifted.empty()) {
    table.print(out);
    out << '\n';
  }
  out << fmt::format("{} statistics (all of them: --json)\n", rows.size());
  if (!drifted.empty()) out << fmt::format("drifted: {}\n", fmt::join(drifted, ", "));
  if (!clean.empty()) out << fmt::format("as before: {}\n", fmt::join(clean, ", "));
}

void print(const std::vector<FindingRow>& rows, std::ostream& out) {
  if (rows.empty()) {
    out << "no findings\n";
    return;
  }
  Table table({"severity", "rule", "column", "rows", "message"});
  for (const FindingRow& row : rows)
    table.add({std::string(to_text(row.severity)), row.rule, row.column, std::to_string(row.row_count),
               row.message});
  table.print(out);
}

std::string what_was_judged(const EvidenceResult& result) {
  std::string out(to_text(result.draft.kind));
  if (result.model) out += " of " + show_reference(result.model->reference);
  out += result.model ? " on " : " of ";
  out += result.data ? show_reference(result.data->reference) : "the file";
  if (result.reference) out += " against " + show_reference(result.reference->reference);
  return fmt::format("{}, {} rows, by {} {}", out, result.rows_read, plain(result.draft.plugin.name),
                     plain(result.draft.plugin.version));
}

std::string outcome(const EvidenceResult& result) {
  switch (result.draft.kind) {
    case EvidenceKind::drift:
      return result.passed() ? "no drift" : "drifted";
    case EvidenceKind::validation:
      return result.passed() ? "valid" : "not valid";
    default:
      return "";
  }
}

}  // namespace

void print_rows(const EvidenceRows& rows, std::ostream& out) {
  std::visit([&](const auto& table) { print(table, out); }, rows);
}

int finish_evidence(Context& context, const EvidenceResult& result) {
  if (context.json()) {
    context.print_json(result);
  } else {
    std::cout << what_was_judged(result) << "\n\n";
    print_rows(result.draft.rows, std::cout);
    std::cout << '\n';
    if (const std::string said = outcome(result); !said.empty()) std::cout << said << '\n';
    std::cout << "evidence " << result.evidence.text() << ", run " << result.run.text() << '\n';
  }
  return result.passed() ? 0 : kSaysNo;
}

}  // namespace assay::cli
