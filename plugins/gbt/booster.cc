// SPDX-License-Identifier: Apache-2.0
#include "booster.h"

#include <omp.h>
#include <xgboost/c_api.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>

namespace gbt {

using assay::sdk::Error;
using assay::sdk::Task;

namespace {

void check(int failed, const char* what) {
  if (failed == 0) return;
  const std::string why = XGBGetLastError();
  if (why.find("bad_alloc") != std::string::npos) throw std::bad_alloc();
  throw Error(ASSAY_E_INTERNAL, std::string(what) + " failed: " + why);
}

// The library's verbosity is a setting of the thread; plugins print nothing.
void quiet() {
  check(XGBSetGlobalConfig(R"({"verbosity": 0})"), "silencing XGBoost");
}

// The shortest text that reads back as the same number, in any locale.
std::string number(double value) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

}  // namespace

ThreadBudget::ThreadBudget(int threads) : before_(omp_get_max_threads()) {
  omp_set_num_threads(threads);
}

ThreadBudget::~ThreadBudget() {
  omp_set_num_threads(before_);
  omp_pause_resource_all(omp_pause_hard);
}

void Matrix::Free::operator()(void* handle) const {
  XGDMatrixFree(handle);
}

Matrix::Matrix(std::span<const float> cells, std::size_t width, const std::vector<float>& labels,
               const std::vector<float>& weights, int threads) {
  quiet();
  DMatrixHandle raw = nullptr;
  check(XGDMatrixCreateFromMat_omp(cells.data(), labels.size(), width,
                                   std::numeric_limits<float>::quiet_NaN(), &raw, threads),
        "building XGBoost's matrix");
  handle_.reset(raw);
  check(XGDMatrixSetFloatInfo(raw, "label", labels.data(), labels.size()), "setting the labels");
  if (!weights.empty())
    check(XGDMatrixSetFloatInfo(raw, "weight", weights.data(), weights.size()), "setting the weights");
}

void Booster::Free::operator()(void* handle) const {
  XGBoosterFree(handle);
}

void Booster::set(const char* name, const std::string& value) {
  check(XGBoosterSetParam(handle_.get(), name, value.c_str()), name);
}

Booster::Booster(const Settings& settings, const Matrix& train, const Matrix* valid, double base_score,
                 std::uint64_t seed, int threads)
    : watched_{train.handle()} {
  quiet();
  if (valid != nullptr) watched_.push_back(valid->handle());
  BoosterHandle raw = nullptr;
  check(XGBoosterCreate(watched_.data(), watched_.size(), &raw), "making a booster");
  handle_.reset(raw);
  const bool classifies = settings.task == Task::classification;
  set("objective", classifies ? "binary:logistic" : "reg:squarederror");
  set("eval_metric", classifies ? "logloss" : "rmse");
  // Given rather than left to the library, whose default differs between releases.
  set("base_score", number(base_score));
  set("tree_method", "hist");
  set("nthread", std::to_string(threads));
  set("seed", std::to_string(seed));
  set("max_depth", std::to_string(settings.max_depth));
  set("eta", number(settings.learning_rate));
  set("subsample", number(settings.subsample));
  set("colsample_bytree", number(settings.colsample));
  set("min_child_weight", number(settings.min_child_weight));
  set("lambda", number(settings.lambda));
}

void Booster::grow(int round) {
  check(XGBoosterUpdateOneIter(handle_.get(), round, watched_[0]), "growing a tree");
}

std::vector<double> Booster::losses(int round) const {
  const char* names[] = {"train", "valid"};
  std::vector<void*> watched = watched_;
  const char* text = nullptr;
  check(XGBoosterEvalOneIter(handle_.get(), round, watched.data(), names, watched.size(), &text),
        "computing the loss");
  // "[3]\ttrain-logloss:0.61\tvalid-logloss:0.63"
  std::vector<double> out;
  for (std::string_view rest = text; rest.find(':') != std::string_view::npos;) {
    rest.remove_prefix(rest.find(':') + 1);
    double loss = std::numeric_limits<double>::quiet_NaN();
    std::from_chars(rest.data(), rest.data() + rest.size(), loss);
    out.push_back(loss);
  }
  return out;
}

std::string Booster::save() const {
  bst_ulong size = 0;
  const char* bytes = nullptr;
  check(XGBoosterSaveModelToBuffer(handle_.get(), R"({"format": "ubj"})", &size, &bytes),
        "storing the trees");
  return {bytes, static_cast<std::size_t>(size)};
}

std::vector<double> Booster::predict(std::span<const float> cells, std::size_t width) const {
  if (cells.empty()) return {};
  const std::string array = R"({"data": [)" + std::to_string(reinterpret_cast<std::uintptr_t>(cells.data())) +
                            R"(, true], "shape": [)" + std::to_string(cells.size() / width) + ", " +
                            std::to_string(width) + R"(], "typestr": "<f4", "version": 3})";
  constexpr const char* how =
      R"({"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": true,
          "cache_id": 0, "missing": NaN})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* result = nullptr;
  check(XGBoosterPredictFromDense(handle_.get(), array.c_str(), how, nullptr, &shape, &dimensions, &result),
        "scoring");
  return {result, result + cells.size() / width};
}

}  // namespace gbt
