// SPDX-License-Identifier: Apache-2.0
// Summaries to rows.
#include "class_report.h"

#include "metric_rows.h"

namespace assay::classification {
namespace {

// The metrics whose intervals come from resamples.
struct Resampled {
  const char* name;
  bool higher_is_better;
  double (*of)(const ClassSummary&);
};

using S = const ClassSummary&;
constexpr Resampled kResampled[] = {
    {"balanced_accuracy", true, [](S s) { return s.balanced_accuracy(); }},
    {"precision_macro", true, [](S s) { return s.macro().precision; }},
    {"recall_macro", true, [](S s) { return s.macro().recall; }},
    {"f1_macro", true, [](S s) { return s.macro().f1; }},
    {"precision_weighted", true, [](S s) { return s.weighted().precision; }},
    {"f1_weighted", true, [](S s) { return s.weighted().f1; }},
    {"mcc", true, [](S s) { return s.matthews(); }},
    {"kappa", true, [](S s) { return s.kappa(); }},
    {"roc_auc_ovr", true, [](S s) { return s.roc_auc_ovr(false); }},
    {"roc_auc_ovr_weighted", true, [](S s) { return s.roc_auc_ovr(true); }},
    {"roc_auc_ovo", true, [](S s) { return s.roc_auc_ovo(false); }},
    {"roc_auc_ovo_weighted", true, [](S s) { return s.roc_auc_ovo(true); }},
    {"log_loss", false, [](S s) { return s.log_loss; }},
    {"brier", false, [](S s) { return s.brier; }},
};

// Those, then the F1 of each class.
std::vector<double> resampled_values(const ClassSummary& summary) {
  std::vector<double> out;
  for (const Resampled& each : kResampled) out.push_back(each.of(summary));
  for (const OfClass& it : summary.of_classes()) out.push_back(it.f1);
  return out;
}

void put_list(std::string& out, std::size_t size, const std::function<std::string(std::size_t)>& item) {
  out += '[';
  for (std::size_t i = 0; i < size; ++i) out += (i == 0 ? "" : ",") + item(i);
  out += ']';
}

}  // namespace

ClassSummary report_classes(const ClassEvaluated& rows, const std::string& slice, const ClassNames* names,
                            const BootstrapSettings& settings, const Poll& poll, std::vector<sdk::Metric>& out) {
  ClassSummary summary = rows.summary();
  const std::vector<double> values = resampled_values(summary);
  const auto intervals = bootstrap(rows.rows(), values, settings, poll, [&](const std::vector<std::uint8_t>& weights) {
    return resampled_values(rows.summary(weights));
  });
  const auto share = [&](std::int64_t part, std::int64_t whole) {
    return wilson(part, whole, settings.confidence);
  };
  const auto n = static_cast<double>(rows.rows());
  const std::int64_t all = summary.rows();

  MetricRows add(slice, rows.rows(), out);
  add.higher("n", n);
  for (const char* name : {"accuracy", "precision_micro", "recall_micro", "f1_micro", "recall_weighted"})
    add.higher(name, summary.accuracy(), share(summary.correct(), all));
  add.higher("top_k_accuracy", static_cast<double>(summary.in_top_k) / n, share(summary.in_top_k, all));
  for (std::size_t i = 0; i < std::size(kResampled); ++i) {
    const Resampled& each = kResampled[i];
    each.higher_is_better ? add.higher(each.name, values[i], intervals[i])
                          : add.lower(each.name, values[i], intervals[i]);
  }
  if (names == nullptr) return summary;

  const std::vector<OfClass> classes = summary.of_classes();
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const OfClass& it = classes[c];
    MetricRows one(names->label + "=" + names->classes[c], rows.rows(), out);
    one.higher("support", static_cast<double>(it.rows));
    one.higher("precision", it.precision, share(it.found, it.predicted));
    one.higher("recall", it.recall, share(it.found, it.rows));
    one.higher("f1", it.f1, intervals[std::size(kResampled) + c]);
    one.higher("roc_auc", it.roc_auc,
               delong(rows.against_rest(c), it.roc_auc, settings.confidence, poll));
  }
  for (std::size_t c = 0; c < classes.size() && classes.size() <= kMaxClassesInMatrix; ++c)
    for (std::size_t p = 0; p < classes.size(); ++p) {
      MetricRows one(names->label + "=" + names->classes[c] + ", predicted=" + names->classes[p], rows.rows(), out);
      const auto count = static_cast<double>(summary.confusion(c, p));
      c == p ? one.higher("confusion", count) : one.lower("confusion", count);
    }
  return summary;
}

std::string confusion_json(const ClassSummary& summary, const std::vector<std::string>& classes) {
  std::string out = "{\"classes\":";
  put_list(out, classes.size(), [&](std::size_t c) { return sdk::detail::json_quote(classes[c]); });
  out += ",\"counts\":";
  put_list(out, classes.size(), [&](std::size_t c) {
    std::string row;
    put_list(row, classes.size(), [&](std::size_t p) { return std::to_string(summary.confusion(c, p)); });
    return row;
  });
  return out + "}";
}

}  // namespace assay::classification
