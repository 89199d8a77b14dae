// SPDX-License-Identifier: Apache-2.0
// The rules that need no reference.
#include "findings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "leakage.h"

namespace assay::table_contract {
namespace {

using sdk::Finding;
using sdk::Severity;

std::string quoted(const std::string& name) {
  return "'" + name + "'";
}

// A column with one value says nothing. `value` is that value.
std::optional<std::string> only_value(const ColumnState& column, std::int64_t rows) {
  if (rows < 2 || column.missing.count > 0 || column.not_a_number.count > 0 || column.infinite.count > 0)
    return std::nullopt;
  if (family_of(column.type) == Family::text) {
    if (column.categories.counts().size() != 1) return std::nullopt;
    return quoted(column.categories.counts().begin()->first);
  }
  if (column.finite == 0 || column.low != column.high) return std::nullopt;
  return short_number(column.low);
}

void check_names(const Table& table, std::vector<Finding>& out) {
  std::set<std::string> seen, reported;
  for (const ColumnState& column : table.columns)
    if (!seen.insert(column.name).second && reported.insert(column.name).second)
      out.push_back({Severity::error,
                     "duplicate_column",
                     column.name,
                     0,
                     {},
                     "more than one column is called " + quoted(column.name) +
                         "; which one a model reads is chance. Rename or drop one"});
}

void check_numbers(const ColumnState& column, std::int64_t rows, const ColumnState* known,
                   std::int64_t known_rows, std::vector<Finding>& out) {
  // What the reference has as often is how this column is.
  const auto usual = [&](const Tally& here, const Tally& there) {
    return static_cast<double>(here.count) * static_cast<double>(known_rows) <=
           2.0 * static_cast<double>(there.count) * static_cast<double>(rows);
  };
  if (column.not_a_number.count > 0 && !(known != nullptr && usual(column.not_a_number, known->not_a_number)))
    out.push_back({Severity::warning, "not_a_number", column.name,
                   static_cast<std::int64_t>(column.not_a_number.count), column.not_a_number.rows,
                   quoted(column.name) + " is NaN in " + rows_of(column.not_a_number.count, rows) +
                       "; leave unknown values empty instead"});
  if (column.infinite.count > 0)
    out.push_back({Severity::error, "infinite", column.name, static_cast<std::int64_t>(column.infinite.count),
                   column.infinite.rows,
                   quoted(column.name) + " is infinite in " + rows_of(column.infinite.count, rows) +
                       ", often a division by zero; no trainer takes it. Replace or drop these rows"});
}

void check_label(const ColumnState& column, std::int64_t rows, std::vector<Finding>& out) {
  if (column.missing.count + column.not_a_number.count > 0)
    out.push_back({Severity::error, "label_missing", column.name,
                   static_cast<std::int64_t>(column.missing.count + column.not_a_number.count),
                   column.missing.count > 0 ? column.missing.rows : column.not_a_number.rows,
                   "the label " + quoted(column.name) + " is missing in " +
                       rows_of(column.missing.count + column.not_a_number.count, rows) +
                       "; drop these rows or label them"});
  if (const auto value = only_value(column, rows))
    out.push_back({Severity::error,
                   "label_constant",
                   column.name,
                   rows,
                   {},
                   "the label " + quoted(column.name) + " is " + *value +
                       " in every row; nothing can be learned or judged from one class"});
}

void check_content(const ColumnState& column, std::int64_t rows, const ColumnState* known,
                   std::int64_t known_rows, std::vector<Finding>& out) {
  if (family_of(column.type) == Family::unreadable) return;
  const bool empty_before =
      known != nullptr && known->missing.count == static_cast<std::uint64_t>(known_rows);
  if (column.missing.count == static_cast<std::uint64_t>(rows)) {
    if (!empty_before)
      out.push_back({known != nullptr ? Severity::error : Severity::warning,
                     "all_missing",
                     column.name,
                     rows,
                     {},
                     quoted(column.name) + " has no value in any row" +
                         (known != nullptr ? ", though the reference has; check the source that fills it"
                                           : "; drop it or fill it")});
    return;
  }
  const auto value = column.is_label ? std::nullopt : only_value(column, rows);
  if (value && !(known != nullptr && only_value(*known, known_rows)))
    out.push_back(
        {Severity::warning,
         "constant_column",
         column.name,
         rows,
         {},
         quoted(column.name) + " is " + *value + " in every row" +
             (known != nullptr ? ", though it varies in the reference" : " and tells a model nothing")});
}

void check_repeats(const Checked& checked, const Limits& limits, std::vector<Finding>& out) {
  const Table& table = checked.table();
  if (table.store.given_up()) {
    out.push_back({Severity::info,
                   "rows_not_compared",
                   "",
                   table.rows,
                   {},
                   "the rows take more memory than max_row_bytes, so repeated rows, overlap and label leaks "
                   "were not looked for; "
                   "raise max_row_bytes or validate a sample"});
    return;
  }
  const Tally& repeats = table.store.repeats();
  if (repeats.count == 0) return;
  const double share = static_cast<double>(repeats.count) / static_cast<double>(table.rows);
  Severity severity = share >= limits.duplicate_share ? Severity::warning : Severity::info;
  std::string comparison;
  if (const Table* known = checked.reference().get();
      known != nullptr && !known->store.given_up() && known->rows > 0) {
    // Coarse columns make equal rows by chance, the more the longer the table.
    const double rows = static_cast<double>(table.rows);
    const double usual =
        std::min(1.0, static_cast<double>(known->store.repeats().count) / static_cast<double>(known->rows) *
                          std::max(1.0, rows / static_cast<double>(known->rows)));
    if (share <= usual + std::max(limits.duplicate_share, 4 * std::sqrt(usual * (1 - usual) / rows))) return;
    comparison = " (the reference: " + rows_of(known->store.repeats().count, known->rows) + ")";
  }
  out.push_back({severity, "duplicate_rows", "", static_cast<std::int64_t>(repeats.count), repeats.rows,
                 rows_of(repeats.count, table.rows) + " repeat an earlier row exactly" + comparison +
                     "; repeated rows count double in training and judging"});
}

}  // namespace

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string rows_of(std::uint64_t part, std::int64_t whole) {
  char percent[32];
  std::snprintf(percent, sizeof percent, "%.3g",
                100.0 * static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(1, whole)));
  return std::to_string(part) + " of " + std::to_string(whole) + " rows (" + percent + " %)";
}

void find_intrinsic(const Checked& checked, const Limits& limits, const Poll& poll,
                    std::vector<Finding>& out) {
  const Table& table = checked.table();
  check_names(table, out);
  if (table.rows == 0) {
    out.push_back({Severity::error,
                   "no_rows",
                   "",
                   0,
                   {},
                   "the table has columns but no rows; check how it was exported"});
    return;
  }
  const Table* reference = checked.reference().get();
  for (const ColumnState& column : table.columns) {
    const ColumnState* known =
        reference != nullptr && reference->rows > 0 ? reference->find(column.name) : nullptr;
    const std::int64_t known_rows = reference != nullptr ? reference->rows : 0;
    check_numbers(column, table.rows, known, known_rows, out);
    check_content(column, table.rows, known, known_rows, out);
    if (column.is_label) check_label(column, table.rows, out);
  }
  check_repeats(checked, limits, out);
  for (const Leak& leak : find_leaks(table, limits.leak_auc, poll))
    out.push_back({Severity::error,
                   "label_leak",
                   leak.column,
                   table.rows,
                   {},
                   quoted(leak.column) + " alone predicts the label with ROC AUC " +
                       short_number(leak.roc_auc) +
                       "; it is probably copied from the label or known only after it. Drop it, or raise "
                       "leak_auc if it is meant"});
}

std::vector<Finding> find_all(const Checked& checked, const Limits& limits, const Poll& poll) {
  poll();
  std::vector<Finding> out;
  if (checked.reference()) find_against_reference(checked, limits, out);
  find_intrinsic(checked, limits, poll, out);
  std::stable_sort(out.begin(), out.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return out;
}

}  // namespace assay::table_contract
