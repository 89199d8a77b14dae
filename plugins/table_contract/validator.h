// SPDX-License-Identifier: Apache-2.0
// The validator of tables: what is wrong with these rows, alone and against the rows they are meant to be
// like.
#pragma once

#include <optional>
#include <vector>

#include "assay/plugin.hpp"
#include "findings.h"
#include "table_state.h"

namespace assay::table_contract {

class Validator {
 public:
  static constexpr std::string_view id = "table_contract";
  static constexpr std::string_view capability = ASSAY_CAP_VALIDATOR_V1;

  struct State {
    Checked checked;
  };

  explicit Validator(const sdk::Config& config);

  State begin(sdk::Call call, const sdk::Schema& schema, sdk::Roles roles,
              std::optional<sdk::Source> reference) const;
  void update(sdk::Call call, State& state, const sdk::Batch& batch) const;
  void merge(sdk::Call call, State& into, const State& from) const;
  void save(sdk::Call call, const State& state, sdk::Sink out) const;
  State restore(sdk::Call call, const sdk::Schema& schema, sdk::Roles roles, sdk::Source saved) const;
  std::vector<sdk::Finding> finish(sdk::Call call, const State& state, std::optional<sdk::Sink> extras) const;

 private:
  Limits limits_;
  std::size_t max_row_bytes_;
};

}  // namespace assay::table_contract
