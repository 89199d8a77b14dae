// SPDX-License-Identifier: Apache-2.0
// Settings and entries; the counting is in table_state.cc and the rules in findings.cc and
// against_reference.cc.
#include "validator.h"

namespace assay::table_contract {

Validator::Validator(const sdk::Config& config)
    : max_row_bytes_(static_cast<std::size_t>(config.i64("/max_row_bytes", 0, std::int64_t{1} << 40))) {
  limits_.null_rate_rise = config.f64("/null_rate_rise", 0, 1);
  limits_.leak_auc = config.f64("/leak_auc", 0.5, 1);
  limits_.duplicate_share = config.f64("/duplicate_share", 0, 1);
}

Validator::State Validator::begin(sdk::Call, const sdk::Schema& schema, sdk::Roles roles,
                                  std::optional<sdk::Source> reference) const {
  std::shared_ptr<const Table> known;
  if (reference)
    known = std::make_shared<const Table>(Checked::load_table(reference->bytes("state"), max_row_bytes_));
  return {Checked(schema, roles.get("label").value_or(""), max_row_bytes_, std::move(known))};
}

void Validator::update(sdk::Call call, State& state, const sdk::Batch& batch) const {
  state.checked.update(batch, [&] { call.check(); });
}

void Validator::merge(sdk::Call, State& into, const State& from) const {
  into.checked.merge(from.checked);
}

void Validator::save(sdk::Call, const State& state, sdk::Sink out) const {
  out.put("state", "application/octet-stream", state.checked.save());
}

Validator::State Validator::restore(sdk::Call, const sdk::Schema& schema, sdk::Roles roles,
                                    sdk::Source saved) const {
  return {Checked::load(saved.bytes("state"), schema, roles.get("label").value_or(""), max_row_bytes_)};
}

std::vector<sdk::Finding> Validator::finish(sdk::Call call, const State& state,
                                            std::optional<sdk::Sink>) const {
  return find_all(state.checked, limits_, [&] { call.check(); });
}

}  // namespace assay::table_contract
