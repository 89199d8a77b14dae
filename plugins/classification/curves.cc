// SPDX-License-Identifier: Apache-2.0
// Writes curves by hand: a plugin needs no JSON library for three lists of numbers.
#include "curves.h"

#include <charconv>
#include <cmath>

namespace assay::classification {
namespace {

struct Step {
  double threshold = 0, positives = 0, negatives = 0;  // at or above the threshold
};

// The shortest text that reads back as the same number; null where JSON has none.
void put(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void put_list(std::string& out, const char* name, const std::vector<double>& values) {
  out += out.size() > 1 ? ",\"" : "\"";
  out += name;
  out += "\":[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    put(out, values[i]);
  }
  out += ']';
}

std::vector<Step> steps_of(const Sample& sample) {
  std::vector<Step> out{{INFINITY, 0, 0}};
  for (std::size_t i = sample.size(); i > 0; --i) {
    if (out.back().threshold != sample.scores[i - 1]) {
      out.push_back(out.back());
      out.back().threshold = sample.scores[i - 1];
    }
    (sample.labels[i - 1] != 0 ? out.back().positives : out.back().negatives) += 1;
  }
  return out;
}

std::vector<Step> without_straight_runs(const std::vector<Step>& steps) {
  std::vector<Step> out;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i > 0 && i + 1 < steps.size()) {
      const Step &before = steps[i - 1], &here = steps[i], &after = steps[i + 1];
      if (here.positives - before.positives == after.positives - here.positives &&
          here.negatives - before.negatives == after.negatives - here.negatives)
        continue;
    }
    out.push_back(steps[i]);
  }
  return out;
}

std::vector<Step> thinned(std::vector<Step> steps) {
  if (steps.size() <= kMaxCurvePoints) return steps;
  std::vector<Step> out;
  for (std::size_t i = 0; i < kMaxCurvePoints; ++i)
    out.push_back(steps[i * (steps.size() - 1) / (kMaxCurvePoints - 1)]);
  return out;
}

}  // namespace

std::string roc_json(const Sample& sample) {
  std::vector<Step> steps = steps_of(sample);
  const double positives = steps.back().positives, negatives = steps.back().negatives;
  if (positives == 0 || negatives == 0) steps.clear();
  std::vector<double> fpr, tpr, threshold;
  for (const Step& step : thinned(without_straight_runs(steps))) {
    fpr.push_back(step.negatives / negatives);
    tpr.push_back(step.positives / positives);
    threshold.push_back(step.threshold);
  }
  std::string out = "{";
  put_list(out, "fpr", fpr);
  put_list(out, "tpr", tpr);
  put_list(out, "threshold", threshold);
  return out + "}";
}

std::string pr_json(const Sample& sample) {
  std::vector<Step> steps = steps_of(sample);
  const double positives = steps.back().positives;
  if (positives == 0) steps.clear();
  std::vector<double> recall, precision, threshold;
  for (const Step& step : thinned(std::move(steps))) {
    const double flagged = step.positives + step.negatives;
    recall.push_back(step.positives / positives);
    precision.push_back(flagged == 0 ? 1.0
                                     : step.positives / flagged);  // the curve starts at (0, 1) by convention
    threshold.push_back(step.threshold);
  }
  std::string out = "{";
  put_list(out, "recall", recall);
  put_list(out, "precision", precision);
  put_list(out, "threshold", threshold);
  return out + "}";
}

std::string calibration_json(const Evaluated& rows) {
  std::string out = "{\"bins\":[";
  const std::vector<CalibrationBin> bins = rows.calibration();
  for (std::size_t b = 0; b < bins.size(); ++b) {
    out += b == 0 ? "{\"low\":" : ",{\"low\":";
    put(out, static_cast<double>(b) / kCalibrationBins);
    out += ",\"high\":";
    put(out, static_cast<double>(b + 1) / kCalibrationBins);
    out += ",\"n\":";
    put(out, bins[b].weight);
    out += ",\"mean_score\":";
    put(out, bins[b].score_sum / bins[b].weight);
    out += ",\"share_positive\":";
    put(out, bins[b].positives / bins[b].weight);
    out += '}';
  }
  return out + "]}";
}

}  // namespace assay::classification
