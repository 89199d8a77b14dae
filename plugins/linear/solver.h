// SPDX-License-Identifier: Apache-2.0
// liblinear behind one function: rows of features and labels in, weights out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "assay/features.hpp"

namespace linear {

struct Settings {
  assay::sdk::Task task = assay::sdk::Task::classification;
  double cost = 1, tube = 0.1, tolerance = 1e-4;
};

// Row after row; zeros are left out, as liblinear wants them.
class Rows {
 public:
  explicit Rows(std::size_t width) : width_(width) {}

  std::size_t width() const { return width_; }
  std::size_t rows() const { return starts_.size(); }
  // Appends `cells`, a multiple of `width` numbers.
  void append(const std::vector<double>& cells, std::size_t rows);

 private:
  friend class Problem;
  struct Node {
    int index;  // from 1
    double value;
  };
  std::size_t width_;
  std::vector<std::size_t> starts_;
  std::vector<Node> nodes_;
};

struct Weights {
  std::vector<double> features;  // one each
  double intercept = 0;

  bool finite() const;
};

// Minimises liblinear's objective: L2-regularised logistic regression for labels 0 and 1 (both must occur; a
// positive sum is class 1), L2-loss support vector regression for numbers. The same input gives the same
// bits: the libc generator that liblinear may call starts from `seed`, so one call at a time in a process.
// INVALID_DATA when the label has a single class, INVALID_CONFIG for settings that liblinear refuses.
Weights solve(const Settings& settings, const Rows& rows, const std::vector<double>& labels,
              std::uint64_t seed);

}  // namespace linear
