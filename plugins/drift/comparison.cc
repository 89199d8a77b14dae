// SPDX-License-Identifier: Apache-2.0
// One class collects rows and their tests; the verdict comes last, when every p-value is known.
#include "comparison.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "assay/error.hpp"
#include "contingency.h"
#include "distances.h"
#include "kolmogorov.h"

namespace assay::drift {
namespace {

using sdk::Drift;

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

template <class Values, class Write>
std::string list(const Values& values, Write write) {
  std::string out = "[";
  for (const auto& value : values) {
    if (out.size() > 1) out += ',';
    out += write(value);
  }
  out += ']';
  return out;
}

std::string numbers(const std::vector<double>& values) {
  return list(values, number);
}
std::string numbers(const Counts& values) {
  return list(values, [](std::uint64_t value) { return std::to_string(value); });
}

// The largest p-value that is still significant: p(k) <= k/m alpha for the largest such k. Negative when
// there is none.
double significance_cut(std::vector<double> p, double alpha) {
  std::sort(p.begin(), p.end());
  for (std::size_t k = p.size(); k > 0; --k)
    if (p[k - 1] <= alpha * static_cast<double>(k) / static_cast<double>(p.size())) return p[k - 1];
  return -1;
}

std::uint64_t rows_from(const ValueCounts& counts, Key low) {
  std::uint64_t rows = 0;
  for (auto entry = counts.entries().rbegin(); entry != counts.entries().rend() && entry->low >= low; ++entry)
    rows += entry->count;
  return rows;
}

class Report {
 public:
  Report(const Window& window, const Thresholds& thresholds, const Poll& poll)
      : window_(window), reference_(*window.reference()), thresholds_(thresholds), poll_(poll) {}

  void column(std::size_t i);
  void missing_columns();
  void too_few_rows_in_all();
  Comparison finish() &&;

 private:
  // What a column's rows have in common.
  struct Place {
    std::string column;
    std::uint64_t n_ref = 0, n_cur = 0;
    bool enough = false;
  };
  enum class Family { own_test, shared_test };

  Place place(const ColumnProfile& reference, const ColumnProfile& current) const;
  void test(const Place& at, const char* statistic, double value, double p, double threshold, Family family);
  // A row that reports and takes part in no test.
  void note(const Place& at, const char* statistic, double value, double threshold, bool drifted);
  void null_rate(const ColumnProfile& reference, const ColumnProfile& current);
  void numeric(std::size_t i, const ColumnProfile& reference);
  void class_share(const Place& at, const ColumnProfile& reference, const ColumnProfile& current);
  void categorical(const ColumnProfile& reference, const ColumnProfile& current);
  void details(const std::string& column, const std::string& members) {
    std::string& json = out_.details_json;
    if (!json.empty()) json += ',';
    json += "{\"column\":";
    json += sdk::detail::json_quote(column);
    json += ',';
    json += members;
    json += '}';
  }

  const Window& window_;
  const Reference& reference_;
  const Thresholds& thresholds_;
  const Poll& poll_;
  Comparison out_;
  std::vector<bool> may_drift_;  // one a row of out_
  std::vector<double> family_;   // p-values of the tests that count
};

Report::Place Report::place(const ColumnProfile& reference, const ColumnProfile& current) const {
  Place out{current.name, reference.present(), current.present(), false};
  out.enough = std::min(out.n_ref, out.n_cur) >= std::max<std::uint64_t>(1, thresholds_.min_rows);
  return out;
}

void Report::test(const Place& at, const char* statistic, double value, double p, double threshold,
                  Family family) {
  out_.rows.push_back({at.column, statistic, value, p, threshold, false, static_cast<std::int64_t>(at.n_ref),
                       static_cast<std::int64_t>(at.n_cur)});
  may_drift_.push_back(at.enough && value >= threshold);
  if (at.enough && family == Family::own_test) family_.push_back(p);
}

void Report::note(const Place& at, const char* statistic, double value, double threshold, bool drifted) {
  out_.rows.push_back({at.column, statistic, value, std::nullopt, threshold, drifted,
                       static_cast<std::int64_t>(at.n_ref), static_cast<std::int64_t>(at.n_cur)});
  may_drift_.push_back(false);
}

void Report::column(std::size_t i) {
  const ColumnProfile& current = window_.profile().columns[i];
  if (current.part == Part::time) return;
  const ColumnProfile* reference = reference_.profile.find(current.name);
  const std::uint64_t rows = window_.profile().rows, reference_rows = reference_.profile.rows;
  if (reference == nullptr) return note({current.name, 0, rows}, "missing_column", 1, 1, false);
  if (reference->kind != current.kind && rows > 0 && reference_rows > 0) {
    out_.notes.push_back("column '" + current.name + "' held " + std::string(kind_name(reference->kind)) +
                         " in the reference and holds " + std::string(kind_name(current.kind)) + " now");
    return note({current.name, reference_rows, rows}, "type_change", 1, 1, true);
  }
  if (current.kind == Kind::unreadable)
    return note({current.name, reference_rows, rows}, "unsupported_type", 1, 1, false);
  const Place at = place(*reference, current);
  // Without rows in all, one row for the table says so already.
  if (!at.enough && std::min(rows, reference_rows) >= thresholds_.min_rows)
    note(at, "too_few_rows", static_cast<double>(std::min(at.n_ref, at.n_cur)),
         static_cast<double>(thresholds_.min_rows), false);
  if (at.n_ref > 0 && at.n_cur > 0) {
    if (current.kind == Kind::numeric)
      numeric(i, *reference);
    else
      categorical(*reference, current);
  }
  null_rate(*reference, current);
}

void Report::null_rate(const ColumnProfile& reference, const ColumnProfile& current) {
  Place at{current.name, reference_.profile.rows, window_.profile().rows, false};
  if (at.n_ref == 0 || at.n_cur == 0) return;
  at.enough = std::min(at.n_ref, at.n_cur) >= thresholds_.min_rows;
  const double before = static_cast<double>(reference.missing) / static_cast<double>(at.n_ref);
  const double now = static_cast<double>(current.missing) / static_cast<double>(at.n_cur);
  test(at, "null_rate", std::abs(now - before),
       proportions_p(reference.missing, at.n_ref, current.missing, at.n_cur), thresholds_.null_rate,
       Family::own_test);
}

void Report::numeric(std::size_t i, const ColumnProfile& reference) {
  const auto known = static_cast<std::size_t>(&reference - reference_.profile.columns.data());
  const Grid& grid = reference_.grids[known];
  const ColumnProfile& current = window_.profile().columns[i];
  const Place at = place(reference, current);
  const bool exact = reference.values.exact() && current.values.exact();
  KsBounds ks = ks_bounds(grid, window_.counters(i));
  const ValueDistances apart =
      value_distances(reference.values, reference_.spreads[known], current.values);
  if (exact) ks.low = ks.high = apart.ks;
  const double p = ks_two_sample_p(ks.low, at.n_ref, at.n_cur, poll_);
  test(at, "ks", ks.low, p, thresholds_.ks, Family::own_test);
  if (ks.high > ks.low) {
    note(at, "ks_upper_bound", ks.high, thresholds_.ks, false);
    if (ks.low < thresholds_.ks && ks.high >= thresholds_.ks)
      out_.notes.push_back("the KS distance of column '" + at.column + "' is between " + number(ks.low) +
                           " and " + number(ks.high) + ", which does not decide against " +
                           number(thresholds_.ks) + "; raise exact_values to know it exactly");
  }
  const Counts before = grid.by_decile(grid.reference()), now = grid.by_decile(window_.counters(i));
  const BinTest psi = population_stability(before, now), js = jensen_shannon(before, now);
  test(at, "psi", psi.value, psi.p, thresholds_.psi, Family::own_test);
  test(at, "js_distance", js.value, js.p, thresholds_.js_distance, Family::own_test);
  test(at, "wasserstein", apart.wasserstein, p, thresholds_.wasserstein, Family::shared_test);
  if (current.part == Part::score) class_share(at, reference, current);
  details(at.column, std::string("\"method\":") + (ks.high > ks.low ? "\"bins\"" : "\"exact\"") +
                         ",\"ks_low\":" + number(ks.low) + ",\"ks_high\":" + number(ks.high) +
                         ",\"wasserstein_error_bound\":" + number(apart.wasserstein_error_bound) +
                         ",\"edges\":" + numbers(grid.decile_edges()) + ",\"reference\":" + numbers(before) +
                         ",\"current\":" + numbers(now) +
                         ",\"reference_missing\":" + std::to_string(reference.missing) +
                         ",\"current_missing\":" + std::to_string(current.missing));
}

// Of the scores, those that predict the positive class. Both sides are cut at the same edge of their bins.
void Report::class_share(const Place& at, const ColumnProfile& reference, const ColumnProfile& current) {
  const int bits = std::max(reference.values.dropped_bits(), current.values.dropped_bits());
  const Key cut = bin_low(key_of(thresholds_.score), bits);
  const std::uint64_t before = rows_from(reference.values, cut), now = rows_from(current.values, cut);
  const double change = static_cast<double>(now) / static_cast<double>(at.n_cur) -
                        static_cast<double>(before) / static_cast<double>(at.n_ref);
  test(at, "class_share", std::abs(change), proportions_p(before, at.n_ref, now, at.n_cur),
       thresholds_.class_share, Family::own_test);
}

void Report::categorical(const ColumnProfile& reference, const ColumnProfile& current) {
  const Place at = place(reference, current);
  if (reference.categories.too_many() || current.categories.too_many())
    return note(at, "too_many_categories", static_cast<double>(kMaxCategories),
                static_cast<double>(kMaxCategories), false);
  const Categories both = side_by_side(reference.categories, current.categories);
  const ChiSquared chi = chi_squared(both);
  test(at, "cramers_v", chi.cramers_v, chi.p, thresholds_.cramers_v, Family::own_test);
  test(at, "l_infinity", l_infinity(both), chi.p, thresholds_.l_infinity, Family::shared_test);
  test(at, "js_distance", jensen_shannon(both.reference, both.current).value, chi.p, thresholds_.js_distance,
       Family::shared_test);
  const NewCategory fresh = new_category(both);
  test(at, "new_category", fresh.share, fresh.p, thresholds_.new_category, Family::own_test);
  constexpr std::size_t most = 50;  // of the categories, for a plot
  Categories shown = both;
  for (auto* counts : {&shown.reference, &shown.current}) counts->resize(std::min(most, counts->size()));
  shown.names.resize(std::min(most, shown.names.size()));
  details(at.column, "\"method\":\"exact\",\"chi_squared\":" + number(chi.statistic) +
                         ",\"degrees_of_freedom\":" + number(chi.degrees) +
                         ",\"new_category\":" + sdk::detail::json_quote(fresh.name) +
                         ",\"categories\":" + list(shown.names, sdk::detail::json_quote) + ",\"reference\":" +
                         numbers(shown.reference) + ",\"current\":" + numbers(shown.current) +
                         ",\"reference_missing\":" + std::to_string(reference.missing) +
                         ",\"current_missing\":" + std::to_string(current.missing));
}

void Report::missing_columns() {
  for (const ColumnProfile& column : reference_.profile.columns) {
    if (column.part == Part::time || window_.profile().find(column.name) != nullptr) continue;
    // New rows have no label yet: that is what a model is for.
    note({column.name, reference_.profile.rows, 0}, "missing_column", 1, 1, column.part != Part::label);
  }
}

void Report::too_few_rows_in_all() {
  const std::uint64_t rows = window_.profile().rows, reference_rows = reference_.profile.rows;
  if (std::min(rows, reference_rows) >= std::max<std::uint64_t>(1, thresholds_.min_rows)) return;
  note({"", reference_rows, rows}, "too_few_rows", static_cast<double>(std::min(rows, reference_rows)),
       static_cast<double>(thresholds_.min_rows), false);
  out_.notes.push_back("no column is called drifted: a side has fewer than " +
                       std::to_string(thresholds_.min_rows) + " rows; widen the window");
}

Comparison Report::finish() && {
  const double cut = significance_cut(family_, thresholds_.alpha);
  for (std::size_t i = 0; i < out_.rows.size(); ++i)
    if (may_drift_[i]) out_.rows[i].drifted = *out_.rows[i].p_value <= cut;
  out_.details_json =
      "{\"significant_p\":" + number(std::max(0.0, cut)) + ",\"columns\":[" + out_.details_json + "]}";
  return std::move(out_);
}

}  // namespace

Comparison compare(const Window& window, const Thresholds& thresholds, const Poll& poll) {
  Report report(window, thresholds, poll);
  report.too_few_rows_in_all();
  for (std::size_t i = 0; i < window.profile().columns.size(); ++i) {
    poll();
    report.column(i);
  }
  report.missing_columns();
  return std::move(report).finish();
}

}  // namespace assay::drift
