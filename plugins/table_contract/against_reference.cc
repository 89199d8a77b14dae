// SPDX-License-Identifier: Apache-2.0
// The rules that compare a table with a reference. Where luck alone can break one, the rule asks how much
// luck it takes.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "findings.h"
#include "names.h"

namespace assay::table_contract {
namespace {

using sdk::Finding;
using sdk::Severity;

constexpr double kRenameSimilarity = 0.6;
constexpr double kWorstNullRise = 0.25;    // from here on an error
constexpr double kErrorShare = 0.05;       // of rows outside the reference's range or categories
constexpr double kUnlikely = 1e-4;         // chance of values past the range in a sample of the same data
constexpr double kOpenDomainShare = 0.05;  // of once-only values, above which new ones are expected
constexpr std::size_t kNamesShown = 3;

std::string quoted(const std::string& name) {
  return "'" + name + "'";
}

std::int64_t as_rows(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
    out += (i == 0 ? "" : ", ") + quoted(names[i].substr(0, 60));
  return names.size() > kNamesShown ? out + " and " + std::to_string(names.size() - kNamesShown) + " more"
                                    : out;
}

// The chance that the `count` most extreme of all rows fall into the second of two samples of the same data.
double chance_of_extremes(std::uint64_t count, std::int64_t rows, std::int64_t reference_rows) {
  double log_p = 0;
  for (std::uint64_t k = 0; k < count && log_p > -100; ++k)
    log_p += std::log(static_cast<double>(rows) - static_cast<double>(k)) -
             std::log(static_cast<double>(rows + reference_rows) - static_cast<double>(k));
  return std::exp(log_p);
}

// Pairs each missing column with the most similar new one of its family.
class Columns {
 public:
  Columns(const Table& table, const Table& reference, std::vector<Finding>& out)
      : table_(table), reference_(reference), out_(out) {
    for (const ColumnState& column : table.columns)
      if (reference.find(column.name) == nullptr) fresh_.push_back(column.name);
  }

  void report() {
    for (const ColumnState& column : reference_.columns)
      if (table_.find(column.name) == nullptr) missing(column);
    for (const std::string& name : fresh_)
      out_.push_back({Severity::warning,
                      "new_column",
                      name,
                      table_.rows,
                      {},
                      quoted(name) + " is not in the reference; models trained on the reference ignore it"});
  }

 private:
  void missing(const ColumnState& column) {
    if (const auto renamed = best_rename(column)) {
      fresh_.erase(std::find(fresh_.begin(), fresh_.end(), *renamed));
      out_.push_back({Severity::error,
                      "renamed_column",
                      column.name,
                      table_.rows,
                      {},
                      quoted(column.name) + " is missing and " + quoted(*renamed) +
                          " is new: it looks renamed. Call it " + quoted(column.name) +
                          " again, or retrain on the new name"});
      return;
    }
    if (column.is_label) {
      out_.push_back(
          {Severity::info,
           "missing_label",
           column.name,
           table_.rows,
           {},
           "the label " + quoted(column.name) + " is missing: these rows can be scored but not judged"});
      return;
    }
    const auto similar = nearest(column.name, table_.names());
    out_.push_back({Severity::error,
                    "missing_column",
                    column.name,
                    table_.rows,
                    {},
                    quoted(column.name) + " is missing; " +
                        (similar ? "the nearest name present is " + quoted(*similar)
                                 : "no column has a similar name, present are " + listed(table_.names())) +
                        ". Models trained on the reference need it"});
  }

  std::optional<std::string> best_rename(const ColumnState& column) const {
    std::vector<std::string> candidates;
    for (const std::string& name : fresh_)
      if (family_of(table_.find(name)->type) == family_of(column.type)) candidates.push_back(name);
    const auto best = nearest(column.name, candidates);
    return best && similarity(column.name, *best) >= kRenameSimilarity ? best : std::nullopt;
  }

  const Table& table_;
  const Table& reference_;
  std::vector<Finding>& out_;
  std::vector<std::string> fresh_;
};

class Content {
 public:
  Content(const Table& table, const Table& reference, const Limits& limits, std::vector<Finding>& out)
      : table_(table), reference_(reference), limits_(limits), out_(out) {}

  void column(const ColumnState& here, const ColumnState& there) {
    // A column without values has whatever type a reader gave it.
    if (here.present(table_.rows) == 0 || there.present(reference_.rows) == 0) return;
    if (family_of(here.type) != family_of(there.type)) return type_change(here, there, Severity::error);
    if (here.type == sdk::Type::f64 && there.type == sdk::Type::i64)
      type_change(here, there, Severity::warning);
    null_rate(here, there);
    range(here, there);
    categories(here, there);
  }

 private:
  void type_change(const ColumnState& here, const ColumnState& there, Severity severity) {
    out_.push_back(
        {severity,
         "type_change",
         here.name,
         table_.rows,
         {},
         quoted(here.name) + " is " + std::string(sdk::type_name(here.type)) + " and was " +
             std::string(sdk::type_name(there.type)) + " in the reference" +
             (severity == Severity::error ? "; a single stray text in a column of numbers is enough for that"
                                          : ": whole numbers became decimals")});
  }

  void null_rate(const ColumnState& here, const ColumnState& there) {
    const double rows = static_cast<double>(table_.rows), known = static_cast<double>(reference_.rows);
    const double now = static_cast<double>(here.missing.count) / rows,
                 before = static_cast<double>(there.missing.count) / known;
    const double pooled = static_cast<double>(here.missing.count + there.missing.count) / (rows + known);
    const double luck = 4 * std::sqrt(pooled * (1 - pooled) * (1 / rows + 1 / known));
    if (now - before < limits_.null_rate_rise || now - before <= luck) return;
    out_.push_back({now - before >= kWorstNullRise ? Severity::error : Severity::warning, "null_rate",
                    here.name, as_rows(here.missing.count), here.missing.rows,
                    quoted(here.name) + " is missing in " + rows_of(here.missing.count, table_.rows) +
                        "; in the reference in " + rows_of(there.missing.count, reference_.rows)});
  }

  void range(const ColumnState& here, const ColumnState& there) {
    const std::uint64_t outside = here.below.count + here.above.count;
    if (outside == 0) return;
    const double chance = std::min(chance_of_extremes(here.below.count, table_.rows, reference_.rows),
                                   chance_of_extremes(here.above.count, table_.rows, reference_.rows));
    if (!here.is_label && here.far.count == 0 && chance >= kUnlikely) return;
    const bool error =
        here.is_label || static_cast<double>(outside) >= kErrorShare * static_cast<double>(table_.rows);
    Tally sample = here.below;
    sample.merge(here.above, 0);
    out_.push_back({error ? Severity::error : Severity::warning, "out_of_range", here.name, as_rows(outside),
                    here.far.count > 0 ? here.far.rows : sample.rows,
                    quoted(here.name) + " is outside the reference's range [" + short_number(there.low) +
                        ", " + short_number(there.high) + "] in " + rows_of(outside, table_.rows) +
                        ", from " + short_number(here.low) + " to " + short_number(here.high) +
                        "; check units and defaults such as -999"});
  }

  void categories(const ColumnState& here, const ColumnState& there) {
    const std::uint64_t unknown = here.unknown_category.count;
    if (unknown == 0) return;
    double once = 0;
    for (const auto& [text, rows] : there.categories.counts()) once += rows == 1 ? 1 : 0;
    const double known = static_cast<double>(there.present(reference_.rows));
    if (once / known > kOpenDomainShare) return;
    // Good and Turing: values not seen yet weigh about as much as those seen once.
    const double expected = static_cast<double>(table_.rows) / known * (once + 1);
    const bool luck = static_cast<double>(unknown) <= expected + 4 * std::sqrt(expected);
    const bool much = static_cast<double>(unknown) >= kErrorShare * static_cast<double>(table_.rows);
    std::vector<std::string> names;
    for (const auto& [text, rows] : here.categories.counts())
      if (!there.categories.contains(text)) names.push_back(text);
    out_.push_back(
        {much   ? Severity::error
         : luck ? Severity::info
                : Severity::warning,
         "new_category", here.name, as_rows(unknown), here.unknown_category.rows,
         quoted(here.name) + " has values that the reference has not" +
             (names.empty() ? "" : ": " + listed(names)) + ", in " + rows_of(unknown, table_.rows) +
             (luck && !much ? "; so few may be chance" : "; check spelling, or retrain to learn them")});
  }

  const Table& table_;
  const Table& reference_;
  const Limits& limits_;
  std::vector<Finding>& out_;
};

void check_overlap(const Checked& checked, const Limits& limits, std::vector<Finding>& out) {
  if (!checked.comparable_rows() || checked.overlap().count == 0) return;
  const Table &table = checked.table(), &reference = *checked.reference();
  double once = 0;
  for (const RowStore::Distinct& row : reference.store.distinct()) once += row.count == 1 ? 1 : 0;
  // The share of the reference's rows that have an equal there is what fresh rows find by chance.
  const double rows = static_cast<double>(table.rows);
  const double by_chance = rows * (1 - once / static_cast<double>(reference.rows));
  const double found = static_cast<double>(checked.overlap().count);
  if (found <= by_chance + 4 * std::sqrt(by_chance + 1) || found - by_chance < limits.duplicate_share * rows)
    return;
  out.push_back({Severity::warning, "overlapping_rows", "", as_rows(checked.overlap().count),
                 checked.overlap().rows,
                 rows_of(checked.overlap().count, table.rows) +
                     " are also in the reference (by chance about " + short_number(std::round(by_chance)) +
                     "); a model trained on one must not be judged on the other"});
}

}  // namespace

void find_against_reference(const Checked& checked, const Limits& limits, std::vector<Finding>& out) {
  const Table &table = checked.table(), &reference = *checked.reference();
  Columns(table, reference, out).report();
  if (table.rows == 0 || reference.rows == 0) return;
  Content content(table, reference, limits, out);
  for (const ColumnState& column : table.columns)
    if (const ColumnState* known = reference.find(column.name)) content.column(column, *known);
  check_overlap(checked, limits, out);
}

}  // namespace assay::table_contract
