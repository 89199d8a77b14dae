// SPDX-License-Identifier: Apache-2.0
// XGBoost's C API as two owned objects. Every failure of the library is an Error of INTERNAL with its words,
// unless said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/features.hpp"

namespace gbt {

struct Settings {
  assay::sdk::Task task = assay::sdk::Task::classification;
  std::int64_t rounds = 100, max_depth = 6;
  double learning_rate = 0.1, subsample = 1, colsample = 1, min_child_weight = 1, lambda = 1;
};

// While it lives, OpenMP uses at most this many threads where the library was not told (loading is such a
// place); afterwards none is left, because OpenMP would keep them for a next time that a plugin may not have.
class ThreadBudget {
 public:
  explicit ThreadBudget(int threads);
  ThreadBudget(const ThreadBudget&) = delete;
  ThreadBudget& operator=(const ThreadBudget&) = delete;
  ~ThreadBudget();

 private:
  int before_;
};

// Rows to learn from, in the library's own form.
class Matrix {
 public:
  // `cells`: rows of `width` numbers, NaN for missing. `weights` is empty or one a row.
  Matrix(std::span<const float> cells, std::size_t width, const std::vector<float>& labels,
         const std::vector<float>& weights, int threads);
  void* handle() const { return handle_.get(); }

 private:
  struct Free {
    void operator()(void* handle) const;
  };
  std::unique_ptr<void, Free> handle_;
};

// A forest, growing or grown. One thread at a time.
class Booster {
 public:
  // An empty forest whose answer is `base_score` everywhere. Borrows `train` and `valid` (may be null): they
  // outlive it.
  Booster(const Settings& settings, const Matrix& train, const Matrix* valid, double base_score,
          std::uint64_t seed, int threads);
  void grow(int round);
  // The loss on the training rows, and on the validation rows when given: log loss, or root mean squared
  // error.
  std::vector<double> losses(int round) const;
  // The model in XGBoost's UBJSON form, which its other clients read too.
  std::string save() const;
  // One number a row: the probability of 1, or the value. What forest.h must equal.
  std::vector<double> predict(std::span<const float> cells, std::size_t width) const;

 private:
  void set(const char* name, const std::string& value);
  struct Free {
    void operator()(void* handle) const;
  };
  std::unique_ptr<void, Free> handle_;
  std::vector<void*> watched_;
};

}  // namespace gbt
