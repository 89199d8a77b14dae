// SPDX-License-Identifier: Apache-2.0
// Settings, columns and entries; the counting is in profile.cc and the judging in comparison.cc.
#include "detector.h"

#include <algorithm>

namespace assay::drift {
namespace {

constexpr std::int64_t kMostExactValues = 1 << 20;

Kind kind_of(sdk::Type type) {
  switch (type) {
    case sdk::Type::f64:
    case sdk::Type::i64:
      return Kind::numeric;
    case sdk::Type::boolean:
    case sdk::Type::utf8:
      return Kind::categorical;
    default:
      return Kind::unreadable;
  }
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Detector::Detector(const sdk::Config& config)
    : exact_values_(static_cast<std::size_t>(config.i64(
          "/exact_values", static_cast<std::int64_t>(ValueCounts::kLeastLimit), kMostExactValues))) {
  thresholds_.ks = config.f64("/ks_threshold", 0, 1);
  thresholds_.psi = config.f64("/psi_threshold", 0, 100);
  thresholds_.js_distance = config.f64("/js_threshold", 0, 1);
  thresholds_.wasserstein = config.f64("/wasserstein_threshold", 0, 1000);
  thresholds_.cramers_v = config.f64("/cramers_v_threshold", 0, 1);
  thresholds_.l_infinity = config.f64("/l_infinity_threshold", 0, 1);
  thresholds_.new_category = config.f64("/new_category_threshold", 0, 1);
  thresholds_.null_rate = config.f64("/null_rate_threshold", 0, 1);
  thresholds_.class_share = config.f64("/class_share_threshold", 0, 1);
  thresholds_.score = config.f64("/score_threshold", 0, 1);
  thresholds_.alpha = config.f64("/alpha", 0, 0.5);
  thresholds_.min_rows = static_cast<std::uint64_t>(config.i64("/min_rows", 1, std::int64_t{1} << 40));
}

Profile Detector::shape_of(const sdk::Schema& schema, const sdk::Roles& roles) const {
  const std::vector<std::string> labels = roles.all("label"), times = roles.all("timestamp"),
                                 scores = roles.all("score");
  Profile out;
  for (const sdk::Field& field : schema) {
    ColumnProfile column(exact_values_);
    column.name = field.name;
    column.kind = kind_of(field.type);
    column.part = holds(labels, field.name)   ? Part::label
                  : holds(times, field.name)  ? Part::time
                  : holds(scores, field.name) ? Part::score
                                              : Part::feature;
    out.columns.push_back(std::move(column));
  }
  return out;
}

Detector::State Detector::begin(sdk::Call, const sdk::Schema& schema, sdk::Roles roles,
                                std::optional<sdk::Source> reference) const {
  std::shared_ptr<const Reference> known;
  if (reference)
    known = std::make_shared<const Reference>(Window::load_profile(reference->bytes("state"), exact_values_));
  return {Window(shape_of(schema, roles), std::move(known))};
}

void Detector::update(sdk::Call call, State& state, const sdk::Batch& batch) const {
  state.window.update(batch, [&] { call.check(); });
}

void Detector::merge(sdk::Call, State& into, const State& from) const {
  into.window.merge(from.window);
}

void Detector::save(sdk::Call, const State& state, sdk::Sink out) const {
  out.put("state", "application/octet-stream", state.window.save());
}

Detector::State Detector::restore(sdk::Call, const sdk::Schema& schema, sdk::Roles roles,
                                  sdk::Source saved) const {
  State state{Window::load(saved.bytes("state"), exact_values_)};
  state.window.require_same_columns(shape_of(schema, roles));
  return state;
}

std::vector<sdk::Drift> Detector::finish(sdk::Call call, const State& state,
                                         std::optional<sdk::Sink> extras) const {
  if (!state.window.reference()) {
    call.log(sdk::Log::info,
             "no reference was given, so there is nothing to report; the saved state can be one");
    return {};
  }
  Comparison result = compare(state.window, thresholds_, [&] { call.check(); });
  for (const std::string& note : result.notes) call.log(sdk::Log::warning, note);
  if (extras) extras->put("columns.json", "application/json", result.details_json);
  return std::move(result.rows);
}

}  // namespace assay::drift
