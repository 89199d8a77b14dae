// SPDX-License-Identifier: Apache-2.0
// Columns to observations, and summaries to rows of the metric table.
#include "evaluator.h"

#include <algorithm>
#include <cmath>

#include "class_report.h"
#include "curves.h"
#include "fairness.h"
#include "metric_rows.h"
#include "refusal.h"

namespace assay::classification {
namespace {

using sdk::Column;

constexpr std::int64_t kRowsAtOnce = 4096;

// What is wrong with a row that is not a label of 0 or 1 and a probability.
sdk::Error refusal(const Column& labels, double label, const Column& scores, double score,
                   std::int64_t row) {
  if (label != 0 && label != 1)
    return bad_row(labels, row,
                   std::isnan(label) ? "is missing; every row needs a label that is 0 or 1"
                                     : "is neither 0 nor 1; a model of more classes needs a column of scores for each");
  return bad_score(scores, score, row);
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

// A label that names a class: a number or a text.
std::size_t class_label_column(const sdk::Schema& schema, const std::string& name) {
  const std::size_t index = schema.require(name);
  return schema[index].type == sdk::Type::utf8 ? index : numeric_column(schema, name, "label");
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

// The columns of scores: a number is one whatever its type, but where there are several, only fractions are.
std::vector<std::size_t> score_columns(const sdk::Schema& schema, const sdk::Roles& roles, const char* role) {
  std::vector<std::size_t> out;
  for (const std::string& name : roles.all(role))
    if (const std::size_t index = schema.require(name); schema[index].type == sdk::Type::f64) out.push_back(index);
  if (out.size() < 2) out = {numeric_column(schema, roles.require(role), role)};
  return out;
}

// Rows of a batch from `first` on, `width` words each, to their groups.
template <class Rows>
void add_by_group(const std::vector<Column>& groups, std::int64_t first, std::span<const std::uint64_t> words,
                  std::size_t width, Rows& into) {
  if (groups.empty()) return into.add(words, {});
  std::vector<std::string> values(groups.size());
  std::vector<std::string_view> group(groups.size());
  for (std::size_t i = 0; i * width < words.size(); ++i) {
    for (std::size_t g = 0; g < groups.size(); ++g)
      group[g] = values[g] = group_at(groups[g], first + static_cast<std::int64_t>(i));
    into.add(words.subspan(i * width, width), group);
  }
}

void require_groups(const std::vector<std::string>& saved, const std::vector<std::string>& wanted) {
  if (saved == wanted) return;
  throw sdk::Error(ASSAY_E_INVALID_ARGUMENT,
                   "the saved evaluation is grouped by other columns; restore it with the groups it began with");
}

std::string called(const std::string& slice) {
  return slice.empty() ? "all rows" : "slice " + slice;
}

// How differently the groups of one column are treated.
class Groups {
 public:
  explicit Groups(sdk::Call call) : call_(call) {}

  void add(const std::string& column, const Confusion& counts, std::vector<sdk::Metric>& out) {
    if (column != column_) close(out);
    column_ = column;
    if (!column.empty()) groups_.push_back(counts);
  }
  // With one group there is nothing to compare.
  void close(std::vector<sdk::Metric>& out) {
    const std::vector<Confusion> groups = std::exchange(groups_, {});
    if (groups.size() < 2) return;
    std::int64_t rows = 0;
    for (const Confusion& each : groups) rows += each.rows();
    const Fairness it = fairness(groups);
    MetricRows add(column_, static_cast<std::size_t>(rows), out);
    add.lower("demographic_parity_difference", it.demographic_parity_difference);
    add.higher("demographic_parity_ratio", it.demographic_parity_ratio);
    add.lower("equal_opportunity_difference", it.equal_opportunity_difference);
    add.lower("equalized_odds_difference", it.equalized_odds_difference);
    if (std::isnan(it.demographic_parity_ratio))
      call_.log(sdk::Log::warning,
                "demographic_parity_ratio of " + column_ + " is not defined: no row is predicted positive");
    if (std::isnan(it.equalized_odds_difference))
      call_.log(sdk::Log::warning, "equal_opportunity_difference or equalized_odds_difference of " + column_ +
                                       " is not defined: fewer than two groups have rows of the class");
  }

 private:
  sdk::Call call_;
  std::string column_;
  std::vector<Confusion> groups_;
};

}  // namespace

Evaluator::Evaluator(const sdk::Config& config)
    : confidence_(config.f64("/confidence", 0.5, 0.9999)),
      resamples_(static_cast<int>(config.i64("/bootstrap_resamples", 0, 100'000))),
      top_k_(static_cast<std::size_t>(config.i64("/top_k", 1, kMaxClasses))),
      classes_(config.texts("/classes")) {
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
  const std::vector<std::string> groups = roles.all("group");
  for (const std::string& group : groups) state.groups.push_back(group_column(schema, group));
  const std::vector<std::size_t> scores = score_columns(schema, roles, "score");
  if (roles.get("reference_score")) {
    const std::vector<std::size_t> references = score_columns(schema, roles, "reference_score");
    if (scores.size() > 1 || references.size() > 1)
      throw sdk::Error(ASSAY_E_INVALID_DATA, "two models are compared by one column of scores each, which only models "
                                             "of two classes have");
    state.reference = references.front();
    state.pairs.emplace(groups);
  }
  if (scores.size() > 1) {
    state.label = class_label_column(schema, roles.label());
    state.classes.emplace(schema, state.label, scores, classes_, groups);
    return state;
  }
  if (!classes_.empty())
    throw sdk::Error(ASSAY_E_INVALID_CONFIG, "classes are named, but there is one column of scores; a model of "
                                             "two classes is judged by the probability of 1 alone")
        .pointer("/classes");
  state.label = numeric_column(schema, roles.label(), "label");
  state.score = scores.front();
  state.rows = Observations(groups);
  return state;
}

void Evaluator::update(sdk::Call call, State& state, const sdk::Batch& batch) const {
  std::vector<Column> groups;
  for (const std::size_t group : state.groups) groups.push_back(batch.column(group));
  if (state.classes) {
    GroupedRows added = state.classes->none();
    const auto seen = static_cast<std::int64_t>(state.classes->rows().rows());
    for (std::int64_t first = 0; first < batch.rows(); first += kRowsAtOnce) {
      call.check();
      const std::int64_t count = std::min(kRowsAtOnce, batch.rows() - first);
      add_by_group(groups, first, state.classes->read(batch, first, count, seen), added.width(), added);
    }
    state.classes->merge(added);
    return;
  }
  if (state.pairs) return update_pairs(call, state, batch, groups);
  const Column labels = batch.column(state.label), scores = batch.column(state.score);
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
    add_by_group(groups, first, std::span(rows).first(static_cast<std::size_t>(count)), 1, added);
  }
  state.rows.merge(added);
}

void Evaluator::update_pairs(sdk::Call call, State& state, const sdk::Batch& batch,
                             const std::vector<Column>& groups) const {
  const Column labels = batch.column(state.label), scores = batch.column(state.score),
               references = batch.column(state.reference);
  GroupedRows added = state.pairs->none();
  std::vector<double> label(kRowsAtOnce), score(kRowsAtOnce), reference(kRowsAtOnce);
  Words words;
  for (std::int64_t first = 0; first < batch.rows(); first += kRowsAtOnce) {
    call.check();
    const auto count = static_cast<std::size_t>(std::min(kRowsAtOnce, batch.rows() - first));
    labels.numbers(first, std::span(label).first(count));
    scores.numbers(first, std::span(score).first(count));
    references.numbers(first, std::span(reference).first(count));
    words.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t row = static_cast<std::int64_t>(state.pairs->rows().rows() + i) + first;
      if (!((label[i] == 0 || label[i] == 1) && score[i] >= 0 && score[i] <= 1))
        throw refusal(labels, label[i], scores, score[i], row);
      if (!(reference[i] >= 0 && reference[i] <= 1)) throw bad_score(references, reference[i], row);
      const PairWords pair = pair_of(score[i], reference[i], label[i] == 1);
      words.insert(words.end(), pair.begin(), pair.end());
    }
    add_by_group(groups, first, std::span<const std::uint64_t>(words), added.width(), added);
  }
  state.pairs->merge(added);
}

void Evaluator::merge(sdk::Call, State& into, const State& from) const {
  if (into.pairs.has_value() != from.pairs.has_value())
    throw sdk::Error(ASSAY_E_INVALID_ARGUMENT,
                     "an evaluation of one model and a comparison of two cannot be merged");
  if (into.pairs) return into.pairs->merge(from.pairs->rows());
  if (into.classes.has_value() != from.classes.has_value())
    throw sdk::Error(ASSAY_E_INVALID_ARGUMENT,
                     "an evaluation of one column of scores and one of several cannot be merged");
  into.classes ? into.classes->merge(*from.classes) : into.rows.merge(from.rows);
}

void Evaluator::save(sdk::Call call, const State& state, sdk::Sink out) const {
  const Poll poll = [&] { call.check(); };
  out.put("state", "application/octet-stream",
          state.classes ? state.classes->save(poll)
                        : state.pairs ? state.pairs->save(poll) : state.rows.save(poll));
}

Evaluator::State Evaluator::restore(sdk::Call call, const sdk::Schema& schema, sdk::Roles roles,
                                    sdk::Source saved) const {
  State state = begin(call, schema, roles, std::nullopt);
  const Poll poll = [&] { call.check(); };
  if (state.classes) {
    state.classes->load(saved.bytes("state"), poll);
    return state;
  }
  if (state.pairs) {
    PairedRows pairs = PairedRows::load(saved.bytes("state"), poll);
    require_groups(pairs.rows().group_columns(), state.pairs->rows().group_columns());
    state.pairs = std::move(pairs);
    return state;
  }
  Observations rows = Observations::load(saved.bytes("state"), poll);
  require_groups(rows.group_columns(), state.rows.group_columns());
  state.rows = std::move(rows);
  return state;
}

std::vector<sdk::Metric> Evaluator::finish(sdk::Call call, const State& state,
                                           std::optional<sdk::Sink> extras) const {
  if (state.classes) return finish_classes(call, *state.classes, extras);
  if (state.pairs) return finish_pairs(call, *state.pairs);
  const Poll poll = [&] { call.check(); };
  std::vector<sdk::Metric> out;
  Groups groups(call);
  state.rows.for_each_slice(poll, [&](const Slice& slice) {
    const Evaluated rows(slice.sample, settings_, poll);
    groups.add(slice.column, report(call, poll, slice, rows, out), out);
    if (!extras || !slice.name.empty()) return;
    extras->put("roc.json", "application/json", roc_json(slice.sample));
    extras->put("pr.json", "application/json", pr_json(slice.sample));
    extras->put("calibration.json", "application/json", calibration_json(rows));
  });
  groups.close(out);
  return out;
}

std::vector<sdk::Metric> Evaluator::finish_classes(sdk::Call call, const ClassRows& classes,
                                                   std::optional<sdk::Sink> extras) const {
  const Poll poll = [&] { call.check(); };
  const BootstrapSettings settings{call.seed(), resamples_, confidence_};
  const ClassNames names{classes.label_name(), classes.classes()};
  std::vector<sdk::Metric> out;
  classes.rows().for_each_slice(poll, [&](std::string_view, const std::string& slice, const Words& words) {
    const ClassEvaluated rows(words, names.classes.size(), top_k_, poll);
    const ClassSummary summary =
        report_classes(rows, slice, slice.empty() ? &names : nullptr, settings, poll, out);
    if (std::isnan(summary.roc_auc_ovr(false)))
      call.log(sdk::Log::warning,
               "roc_auc_ovr of " + called(slice) + " is not defined: " +
                   (rows.rows() == 0 ? "there are no rows" : "a class does not occur, or no other does"));
    if (extras && slice.empty())
      extras->put("confusion.json", "application/json", confusion_json(summary, names.classes));
  });
  return out;
}

std::vector<sdk::Metric> Evaluator::finish_pairs(sdk::Call call, const PairedRows& pairs) const {
  const Poll poll = [&] { call.check(); };
  const BootstrapSettings resampling{call.seed(), resamples_, confidence_};
  std::vector<sdk::Metric> out;
  pairs.for_each_slice(poll, [&](const std::string& slice, const PairedSample& sample) {
    const std::size_t before = out.size();
    report_pair(sample, slice, settings_, resampling, poll, out);
    if (std::isnan(out[before].value))
      call.log(sdk::Log::warning, out[before].name + " of " + called(slice) + " is not defined: " +
                                      (sample.size() == 0 ? "there are no rows" : "only one class occurs"));
  });
  return out;
}

Confusion Evaluator::report(sdk::Call call, const Poll& poll, const Slice& slice, const Evaluated& rows,
                            std::vector<sdk::Metric>& out) const {
  const Summary summary = rows.summary();
  const BootstrapIntervals sampled =
      bootstrap(rows, summary, {call.seed(), resamples_, confidence_}, poll);
  const Confusion& c = summary.counts;
  const Ranking& r = summary.ranking;
  const auto share = [&](std::int64_t part, std::int64_t whole) { return wilson(part, whole, confidence_); };

  MetricRows add(slice.name, slice.sample.size(), out);
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
             "roc_auc, ks and recall_at_fpr of " + called(slice.name) + " are not defined: " +
                 (c.rows() == 0 ? "there are no rows" : "only one class occurs"));
  return c;
}

}  // namespace assay::classification
