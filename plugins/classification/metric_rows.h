// SPDX-License-Identifier: Apache-2.0
// Adds the rows of one slice to the metric table.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "assay/results.hpp"
#include "intervals.h"

namespace assay::classification {

class MetricRows {
 public:
  MetricRows(std::string slice, std::size_t n, std::vector<sdk::Metric>& out)
      : slice_(std::move(slice)), n_(static_cast<std::int64_t>(n)), out_(out) {}

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

}  // namespace assay::classification
