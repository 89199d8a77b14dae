// SPDX-License-Identifier: Apache-2.0
// The drift detector: counts rows, against a reference if there is one. A state without a reference has no
// rows to report; saved, it is the reference of later windows.
#pragma once

#include <optional>
#include <vector>

#include "assay/plugin.hpp"
#include "comparison.h"
#include "profile.h"

namespace assay::drift {

class Detector {
 public:
  static constexpr std::string_view id = "drift";
  static constexpr std::string_view capability = ASSAY_CAP_DRIFT_V1;

  struct State {
    Window window;
  };

  explicit Detector(const sdk::Config& config);

  State begin(sdk::Call call, const sdk::Schema& schema, sdk::Roles roles,
              std::optional<sdk::Source> reference) const;
  void update(sdk::Call call, State& state, const sdk::Batch& batch) const;
  void merge(sdk::Call call, State& into, const State& from) const;
  void save(sdk::Call call, const State& state, sdk::Sink out) const;
  State restore(sdk::Call call, const sdk::Schema& schema, sdk::Roles roles, sdk::Source saved) const;
  // Writes columns.json to `extras`: the bins and methods behind the rows.
  std::vector<sdk::Drift> finish(sdk::Call call, const State& state, std::optional<sdk::Sink> extras) const;

 private:
  Profile shape_of(const sdk::Schema& schema, const sdk::Roles& roles) const;

  Thresholds thresholds_;
  std::size_t exact_values_;
};

}  // namespace assay::drift
