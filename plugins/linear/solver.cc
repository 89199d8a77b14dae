// SPDX-License-Identifier: Apache-2.0
#include "solver.h"

#include <linear.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <mutex>

namespace linear {

using assay::sdk::Error;
using assay::sdk::Task;

bool Weights::finite() const {
  return std::isfinite(intercept) &&
         std::all_of(features.begin(), features.end(), [](double w) { return std::isfinite(w); });
}

void Rows::append(const std::vector<double>& cells, std::size_t rows) {
  for (std::size_t row = 0; row < rows; ++row) {
    starts_.push_back(nodes_.size());
    for (std::size_t i = 0; i < width_; ++i)
      if (const double value = cells[row * width_ + i]; value != 0)
        nodes_.push_back({static_cast<int>(i) + 1, value});
    nodes_.push_back({static_cast<int>(width_) + 1, 1});  // the intercept
    nodes_.push_back({-1, 0});                            // liblinear's end of a row
  }
}

// The arrays in liblinear's own types.
class Problem {
 public:
  Problem(const Rows& rows, std::vector<double> labels) : labels_(std::move(labels)) {
    nodes_.reserve(rows.nodes_.size());
    for (const Rows::Node& node : rows.nodes_) nodes_.push_back({node.index, node.value});
    for (const std::size_t start : rows.starts_) starts_.push_back(nodes_.data() + start);
    problem.l = static_cast<int>(starts_.size());
    problem.n = static_cast<int>(rows.width_) + 1;
    problem.y = labels_.data();
    problem.x = starts_.data();
    problem.bias = 1;
  }
  ::problem problem{};

 private:
  std::vector<double> labels_;
  std::vector<feature_node> nodes_;
  std::vector<feature_node*> starts_;
};

namespace {

struct Scaled {
  std::vector<double> labels;
  double shift = 0, factor = 1;  // label = shift + factor * scaled
};

// Regression in units of the label's deviation, so that `tube` and `cost` mean the same whatever the label's
// unit.
Scaled scaled(const std::vector<double>& labels) {
  Scaled out;
  double n = 0, squares = 0;
  for (const double y : labels) {
    const double delta = y - out.shift;
    out.shift += delta / ++n;
    squares += delta * (y - out.shift);
  }
  const double deviation = std::sqrt(squares / n);
  if (!std::isfinite(deviation)) throw Error(ASSAY_E_INVALID_DATA, "the labels are too large; rescale them");
  if (deviation > 0) out.factor = deviation;
  for (const double y : labels) out.labels.push_back((y - out.shift) / out.factor);
  return out;
}

parameter parameters(const Settings& settings, const std::vector<double>& labels) {
  parameter out{};
  out.C = settings.cost;
  out.p = settings.tube;
  if (settings.task == Task::regression) {
    out.solver_type = L2R_L2LOSS_SVR;
    out.eps = settings.tolerance;
    return out;
  }
  const auto ones = std::count(labels.begin(), labels.end(), 1.0);
  if (ones == 0 || ones == static_cast<std::ptrdiff_t>(labels.size()))
    throw Error(ASSAY_E_INVALID_DATA, "every label is " + std::string(ones == 0 ? "0" : "1") +
                                          "; logistic regression needs rows of both classes");
  out.solver_type = L2R_LR;
  // liblinear itself scales the tolerance by the share of the rarer class; undo that, so that it means the
  // same here.
  const double rarer =
      static_cast<double>(std::min<std::ptrdiff_t>(ones, static_cast<std::ptrdiff_t>(labels.size()) - ones));
  out.eps = std::min(settings.tolerance * static_cast<double>(labels.size()) / rarer, 1.0);
  return out;
}

void silence(const char*) {}

}  // namespace

Weights solve(const Settings& settings, const Rows& rows, const std::vector<double>& labels,
              std::uint64_t seed) {
  if (rows.rows() == 0) throw Error(ASSAY_E_INVALID_DATA, "training needs at least one row");
  if (rows.rows() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error(ASSAY_E_INVALID_DATA, "liblinear takes at most 2147483647 rows");
  const Scaled target = settings.task == Task::regression ? scaled(labels) : Scaled{labels, 0, 1};
  const parameter how = parameters(settings, labels);
  Problem problem(rows, target.labels);
  if (const char* why = check_parameter(&problem.problem, &how))
    throw Error(ASSAY_E_INVALID_CONFIG, std::string("liblinear refuses the settings: ") + why);

  // The generator and the print hook belong to the process, not to this object.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  set_print_string_function(&silence);
  std::srand(static_cast<unsigned>(seed ^ (seed >> 32)));
  const auto free_model = [](model* it) { free_and_destroy_model(&it); };
  const std::unique_ptr<model, decltype(free_model)> learned(train(&problem.problem, &how), free_model);

  // liblinear's sum is positive for the label that it met first.
  const double sign = settings.task == Task::classification && learned->label[0] != 1 ? -1 : 1;
  Weights out;
  for (std::size_t i = 0; i < rows.width(); ++i) out.features.push_back(sign * target.factor * learned->w[i]);
  out.intercept = sign * target.factor * learned->w[rows.width()] + target.shift;
  if (!out.finite()) throw Error(ASSAY_E_INVALID_DATA, "the weights diverged; lower the setting cost");
  return out;
}

}  // namespace linear
