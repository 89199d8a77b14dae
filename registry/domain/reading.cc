// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace assay {
namespace {

bool on_slice(const Evidence& evidence, const MetricRow& row, const std::string& slice) {
  if (evidence.slice.empty()) return row.slice == slice;
  return row.slice.empty() && evidence.slice == slice;
}

const std::vector<MetricRow>& metrics(const Evidence& evidence) {
  static const std::vector<MetricRow> kNone;
  const auto* rows = std::get_if<std::vector<MetricRow>>(&evidence.rows);
  return rows == nullptr ? kNone : *rows;
}

Reading reading_of(const MetricRow& row) {
  return {.value = row.value,
          .n = row.n,
          .higher_is_better = row.higher_is_better,
          .ci_low = row.ci_low,
          .ci_high = row.ci_high,
          .slice = row.slice};
}

std::optional<Reading> read_row(const Evidence& evidence, const std::string& name, const std::string& slice) {
  for (const MetricRow& row : metrics(evidence))
    if (row.name == name && on_slice(evidence, row, slice)) return reading_of(row);
  return std::nullopt;
}

// The four outcomes of a binary decision, as an evaluator counted them.
struct Counts {
  std::optional<double> tp{}, fp{}, fn{}, tn{};

  // Whether all four were given and can be counts of anything.
  bool usable() const {
    for (const auto& count : {tp, fp, fn, tn})
      if (!count || !(*count >= 0 && *count <= kMost)) return false;
    return all() > 0;
  }
  double all() const { return tp.value_or(0) + fp.value_or(0) + fn.value_or(0) + tn.value_or(0); }
  std::int64_t rows() const { return usable() ? static_cast<std::int64_t>(all()) : 0; }

  static constexpr double kMost = 0x1p53;
  static constexpr std::string_view kIncomplete = "its counts tp, fp, fn and tn are not all there";
};

// By slice; "" is all rows of the record.
std::map<std::string, Counts> read_counts(const Evidence& evidence) {
  std::map<std::string, Counts> out;
  for (const MetricRow& row : metrics(evidence)) {
    if (!evidence.slice.empty() && !row.slice.empty()) continue;
    for (const auto& [name, count] :
         {std::pair("tp", &Counts::tp), {"fp", &Counts::fp}, {"fn", &Counts::fn}, {"tn", &Counts::tn}})
      if (row.name == name) out[row.slice].*count = row.value;
  }
  return out;
}

std::optional<Reading> mean_cost(const Requirement& requirement, const Evidence& evidence) {
  const auto counts = read_counts(evidence);
  // A record on a slice has its rows under "".
  const std::string& slice = requirement.key->slice;
  const auto found = evidence.slice.empty() ? counts.find(slice)
                                            : evidence.slice == slice ? counts.find("") : counts.end();
  if (found == counts.end()) return std::nullopt;
  const auto& [ignored, seen] = *found;
  Reading out{.n = seen.rows(), .higher_is_better = false};
  if (!seen.usable()) {
    out.why = Counts::kIncomplete;
    return out;
  }
  const CostMatrix& cost = *requirement.costs;
  out.value = (cost.true_positive * *seen.tp + cost.false_positive * *seen.fp + cost.false_negative * *seen.fn +
               cost.true_negative * *seen.tn) /
              seen.all();
  return out;
}

// "sex=f" of the column "sex".
bool is_slice_of(const std::string& slice, const std::string& column) {
  return slice.size() > column.size() && slice.starts_with(column) && slice[column.size()] == '=';
}

// The range of a share over groups; none when a group has nobody of whom it could be the share.
struct Spread {
  double low = INFINITY, high = -INFINITY;
  bool defined = true;

  void add(double part, double whole) {
    defined = defined && whole > 0;
    low = std::min(low, part / whole);
    high = std::max(high, part / whole);
  }
  std::optional<double> width() const { return defined ? std::optional(high - low) : std::nullopt; }
};

std::optional<double> unfairness(const std::vector<Counts>& groups, FairnessMetric metric) {
  Spread selected, recall, false_alarms;
  for (const Counts& group : groups) {
    selected.add(*group.tp + *group.fp, group.all());
    recall.add(*group.tp, *group.tp + *group.fn);
    false_alarms.add(*group.fp, *group.fp + *group.tn);
  }
  switch (metric) {
    case FairnessMetric::demographic_parity_difference:
      return selected.width();
    case FairnessMetric::demographic_parity_ratio:
      return selected.high > 0 ? std::optional(selected.low / selected.high) : std::nullopt;
    case FairnessMetric::equal_opportunity_difference:
      return recall.width();
    case FairnessMetric::equalized_odds_difference:
      break;
  }
  if (!recall.defined || !false_alarms.defined) return std::nullopt;
  return std::max(*recall.width(), *false_alarms.width());
}

std::optional<Reading> fairness(const Requirement& requirement, const Evidence& evidence) {
  const auto metric = parse_fairness_metric(requirement.field, "a fairness rule");
  Reading out{.higher_is_better = metric == FairnessMetric::demographic_parity_ratio};
  std::vector<Counts> groups;
  for (const auto& [slice, counts] : read_counts(evidence)) {
    if (!is_slice_of(slice, requirement.key->by)) continue;
    if (!counts.usable()) out.why = fmt::format("in group {} {}", slice, Counts::kIncomplete);
    groups.push_back(counts);
    out.n += counts.rows();
  }
  if (groups.empty()) return std::nullopt;
  if (groups.size() == 1) out.why = "there is only one group";
  if (!out.why.empty()) return out;
  out.value = unfairness(groups, metric);
  if (!out.value) out.why = "a group has no rows that it could be measured on";
  return out;
}

}  // namespace

bool Reading::finite() const {
  return value && std::isfinite(*value);
}

std::map<std::string, Reading> read_slices(const Requirement& requirement, const Evidence& evidence) {
  std::map<std::string, Reading> out;
  for (const MetricRow& row : metrics(evidence))
    if (row.name == requirement.field && evidence.slice.empty() && is_slice_of(row.slice, requirement.key->by))
      out.emplace(row.slice, reading_of(row));
  return out;
}

std::optional<Reading> read_anywhere(const Requirement& requirement, const Evidence& evidence) {
  if (auto here = read_evaluation(requirement, evidence)) return here;
  for (const MetricRow& row : metrics(evidence))
    if (row.name == requirement.field) return reading_of(row);
  return std::nullopt;
}

std::optional<Reading> read_evaluation(const Requirement& requirement, const Evidence& evidence) {
  switch (requirement.kind) {
    case RuleKind::cost:
      return mean_cost(requirement, evidence);
    case RuleKind::fairness:
      return evidence.slice.empty() ? fairness(requirement, evidence) : std::nullopt;
    case RuleKind::slices: {
      const auto slices = read_slices(requirement, evidence);
      if (slices.empty()) return std::nullopt;
      // Which of them decides is known only beside the champion's.
      Reading any = slices.begin()->second;
      any.slice.clear();
      return any;
    }
    default:
      return read_row(evidence, requirement.field, requirement.key->slice);
  }
}

}  // namespace assay
