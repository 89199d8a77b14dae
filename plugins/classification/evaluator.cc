// SPDX-License-Identifier: Apache-2.0
// Columns to observations, and summaries to rows of the metric table.
#include "evaluator.h"

#include <algorithm>
#include <cmath>

#include "curves.h"
#include "intervals.h"

namespace assay::classification {
namespace {

using sdk::Column;

constexpr std::int64_t kRowsAtOnce = 4096;

sdk::Error bad_row(const Column& column, std::int64_t row, const std::string& what) {
  return sdk::Error(ASSAY_E_INVALID_DATA, column.name() + " at row " + std::to_string(row) + " " + what)
      .column(column.name())
      .row(row);
}

// What is wrong with a row that is not a label of 0 or 1 and a probability.
sdk::Error refusal(const Column& labels, double label, const Column& scores, double score,
                   std::int64_t row) {
  if (label != 0 && label != 1)
    return bad_row(labels, row,
                   std::isnan(label) ? "is missing; every row needs a label that is 0 or 1"
                                     : "is neither 0 nor 1; this evaluator judges binary classifiers only");
  return bad_row(scores, row,
                 std::isnan(score) ? "is missing or not a number; every row needs a score"
                                   : "is not a probability; scores must be from 0 to 1");
}

std::string group_at(const Column& column, std::int64_t row) {
  if (column.is_null(row)) return "(missing)";
  if (column.type() == sdk::Type::utf8) return std::string(column.text(row));
  if (column.type() == sdk::Type::boolean) return column.boolean(row) ? "true" : "false";
  return std::to_string(column.i64()[static_cast<std::size_t>(row)]);
}

std::size_t numeric_column(const sdk::Schema& schema, const std::string& name, const char* role) {
  const std::size_t index = schema.require(name);
  const sdk::Type type = schema[index].type;
  if (type != sdk::Type::f64 && type != sdk::Type::i64 && type != sdk::Type::boolean)
    throw sdk::Error(ASSAY_E_INVALID_DATA, "column '" + name + "' plays the " + role + " but is " +
                                               std::string(sdk::type_name(type)) + "; it must be a number")
        .column(name);
  return index;
}

std::size_t group_column(const sdk::Schema& schema, const std::string& name) {
  const std::size_t index = schema.require(name);
  const sdk::Type type = schema[index].type;
  if (type != sdk::Type::utf8 && type != sdk::Type::i64 && type != sdk::Type::boolean)
    throw sdk::Error(ASSAY_E_INVALID_DATA, "column '" + name + "' is " + std::string(sdk::type_name(type)) +
                                               " and cannot group rows; group by text, integers or booleans")
        .column(name);
  return index;
}

// Adds the rows of one slice.
class Rows {
 public:
  Rows(const Slice& slice, std::vector<sdk::Metric>& out)
      : slice_(slice.name), n_(static_cast<std::int64_t>(slice.sample.size())), out_(out) {}

  void higher(const char* name, double value, std::optional<Interval> interval = std::nullopt) {
    add(name, value, interval, true);
  }
  void lower(const char* name, double value, std::optional<Interval> interval = std::nullopt) {
    add(name, value, interval, false);
  }

 private:
  void add(const char* name, double value, std::optional<Interval> interval, bool higher_is_better) {
    sdk::Metric row{name, value, {}, {}, slice_, n_, higher_is_better};
    if (interval && !std::isnan(value)) {
      row.ci_low = interval->low;
      row.ci_high = interval->high;
    }
    out_.push_back(std::move(row));
  }

  std::string slice_;
  std::int64_t n_;
  std::vector<sdk::Metric>& out_;
};

}  // namespace

Evaluator::Evaluator(const sdk::Config& config)
    : confidence_(config.f64("/confidence", 0.5, 0.9999)),
      resamples_(static_cast<int>(config.i64("/bootstrap_resamples", 0, 100'000))) {
  settings_.threshold = config.f64("/threshold", 0, 1);
  settings_.beta = config.f64("/beta", 0, 100);
  settings_.lift_share = config.f64("/lift_share", 0.0001, 1);
  settings_.max_fpr = config.f64("/max_fpr", 0, 1);
  settings_.cost_false_positive = config.f64("/cost_false_positive", 0, 1e12);
  settings_.cost_false_negative = config.f64("/cost_false_negative", 0, 1e12);
}

Evaluator::State Evaluator::begin(sdk::Call, const sdk::Schema& schema, sdk::Roles roles,
                                  std::optional<sdk::Source>) const {
  State state;
  state.label = numeric_column(schema, roles.label(), "label");
  state.score = numeric_column(schema, roles.require("score"), "score");
  const std::vector<std::string> groups = roles.all("group");
  for (const std::string& group : groups) state.groups.push_back(group_column(schema, group));
  state.rows = Observations(groups);
  return state;
}

void Evaluator::update(sdk::Call call, State& state, const sdk::Batch& batch) const {
  const Column labels = batch.column(state.label), scores = batch.column(state.score);
  std::vector<Column> columns;
  for (const std::size_t group : state.groups) columns.push_back(batch.column(group));
  std::vector<std::string> values(columns.size());
  std::vector<std::string_view> group(columns.size());
  Observations added(state.rows.group_columns());
  std::vector<double> label(kRowsAtOnce), score(kRowsAtOnce);
  std::vector<Row> rows(kRowsAtOnce);
  for (std::int64_t first = 0; first < batch.rows(); first += kRowsAtOnce) {
    call.check();
    const std::int64_t count = std::min(kRowsAtOnce, batch.rows() - first);
    labels.numbers(first, std::span(label).first(static_cast<std::size_t>(count)));
    scores.numbers(first, std::span(score).first(static_cast<std::size_t>(count)));
    for (std::int64_t i = 0; i < count; ++i) {
      const double y = label[static_cast<std::size_t>(i)], p = score[static_cast<std::size_t>(i)];
      if (!((y == 0 || y == 1) && p >= 0 && p <= 1))
        throw refusal(labels, y, scores, p, static_cast<std::int64_t>(state.rows.rows()) + first + i);
      rows[static_cast<std::size_t>(i)] = row_of(p, y == 1);
    }
    if (columns.empty()) added.add(std::span(rows).first(static_cast<std::size_t>(count)), {});
    for (std::int64_t i = 0; i < count && !columns.empty(); ++i) {
      for (std::size_t g = 0; g < columns.size(); ++g) group[g] = values[g] = group_at(columns[g], first + i);
      added.add(std::span(rows).subspan(static_cast<std::size_t>(i), 1), group);
    }
  }
  state.rows.merge(added);
}

void Evaluator::merge(sdk::Call, State& into, const State& from) const {
  into.rows.merge(from.rows);
}

void Evaluator::save(sdk::Call call, const State& state, sdk::Sink out) const {
  out.put("state", "application/octet-stream", state.rows.save([&] { call.check(); }));
}

Evaluator::State Evaluator::restore(sdk::Call call, const sdk::Schema& schema, sdk::Roles roles,
                                    sdk::Source saved) const {
  State state = begin(call, schema, roles, std::nullopt);
  Observations rows = Observations::load(saved.bytes("state"), [&] { call.check(); });
  if (rows.group_columns() != state.rows.group_columns())
    throw sdk::Error(
        ASSAY_E_INVALID_ARGUMENT,
        "the saved evaluation is grouped by other columns; restore it with the groups it began with");
  state.rows = std::move(rows);
  return state;
}

std::vector<sdk::Metric> Evaluator::finish(sdk::Call call, const State& state,
                                           std::optional<sdk::Sink> extras) const {
  const Poll poll = [&] { call.check(); };
  std::vector<sdk::Metric> out;
  state.rows.for_each_slice(poll, [&](const Slice& slice) {
    const Evaluated rows(slice.sample, settings_, poll);
    report(call, poll, slice, rows, out);
    if (!extras || !slice.name.empty()) return;
    extras->put("roc.json", "application/json", roc_json(slice.sample));
    extras->put("pr.json", "application/json", pr_json(slice.sample));
    extras->put("calibration.json", "application/json", calibration_json(rows));
  });
  return out;
}

void Evaluator::report(sdk::Call call, const Poll& poll, const Slice& slice, const Evaluated& rows,
                       std::vector<sdk::Metric>& out) const {
  const Summary summary = rows.summary();
  const BootstrapIntervals sampled =
      bootstrap(rows, summary, {call.seed(), resamples_, confidence_}, poll);
  const Confusion& c = summary.counts;
  const Ranking& r = summary.ranking;
  const auto share = [&](std::int64_t part, std::int64_t whole) { return wilson(part, whole, confidence_); };

  Rows add(slice, out);
  add.higher("tp", static_cast<double>(c.true_positives));
  add.lower("fp", static_cast<double>(c.false_positives));
  add.higher("tn", static_cast<double>(c.true_negatives));
  add.lower("fn", static_cast<double>(c.false_negatives));
  add.higher("n", static_cast<double>(c.rows()));
  add.higher("prevalence", static_cast<double>(c.positives()) / static_cast<double>(c.rows()),
             share(c.positives(), c.rows()));
  add.higher("accuracy", accuracy(c), share(c.true_positives + c.true_negatives, c.rows()));
  add.higher("balanced_accuracy", balanced_accuracy(c), sampled.balanced_accuracy);
  add.higher("precision", precision(c), share(c.true_positives, c.flagged()));
  add.higher("recall", recall(c), share(c.true_positives, c.positives()));
  add.higher("f1", f_beta(c, 1), sampled.f1);
  add.higher("f_beta", f_beta(c, settings_.beta), sampled.f_beta);
  add.higher("mcc", matthews(c), sampled.matthews);
  add.higher("kappa", kappa(c), sampled.kappa);
  add.higher("roc_auc", r.roc_auc, delong(slice.sample, r.roc_auc, confidence_, poll));
  add.higher("pr_auc", r.average_precision, sampled.average_precision);
  add.lower("log_loss", r.log_loss, sampled.log_loss);
  add.lower("brier", r.brier, sampled.brier);
  add.lower("ece", r.calibration_error, sampled.calibration_error);
  add.higher("ks", r.kolmogorov_smirnov, sampled.kolmogorov_smirnov);
  add.higher("lift", r.lift, sampled.lift);
  add.higher("recall_at_fpr", r.recall_at_fpr, sampled.recall_at_fpr);
  add.lower("expected_cost", expected_cost(c, settings_), sampled.expected_cost);
  add.higher("net_benefit", net_benefit(c, settings_), sampled.net_benefit);
  if (std::isnan(r.roc_auc))
    call.log(sdk::Log::warning,
             "roc_auc, ks and recall_at_fpr of " + (slice.name.empty() ? "all rows" : "slice " + slice.name) +
                 " are not defined: " + (c.rows() == 0 ? "there are no rows" : "only one class occurs"));
}

}  // namespace assay::classification
