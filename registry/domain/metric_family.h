// SPDX-License-Identifier: Apache-2.0
// A figure of the server with all its samples, as whoever watches it is given it. Names follow Prometheus: base units,
// counters end in `_total`; the values of a label come from a set that is bounded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "storage/base/histogram.h"

namespace assay {

enum class MetricType { counter, gauge, histogram };

struct MetricSample {
  std::vector<std::pair<std::string_view, std::string>> labels;  // each a name of ours, and a value that may be anything
  std::variant<double, HistogramCounts> value;
};

struct MetricFamily {
  std::string_view name;
  MetricType type;
  std::string_view help;  // one sentence for people
  std::vector<MetricSample> samples;
};

// A number without labels.
template <class Number>
MetricFamily metric(std::string_view name, MetricType type, std::string_view help, Number value) {
  return {name, type, help, {{{}, static_cast<double>(value)}}};
}

inline MetricFamily metric(std::string_view name, std::string_view help, HistogramCounts counts) {
  return {name, MetricType::histogram, help, {{{}, std::move(counts)}}};
}

}  // namespace assay
