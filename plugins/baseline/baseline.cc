// SPDX-License-Identifier: Apache-2.0
// The plugin "baseline": one number for every row. It also shows the smallest complete trainer and scorer.
#include <cmath>

#include "assay/features.hpp"
#include "assay/plugin.hpp"
#include "assay_manifest.h"

namespace {

using namespace assay::sdk;

constexpr std::string_view magic = "assay-baseline/1";

struct Baseline {
  static constexpr std::string_view id = "baseline";

  explicit Baseline(const Config& config) : task(task_of(config)) {}

  // The weighted mean of the label, which for 0 and 1 is the share of ones.
  void fit(Call call, const Dataset& train, const Sink& model) const {
    LabelReader reader(train.label(), task);
    const auto weight = train.roles().get("weight");
    Scan scan{{train.label()}, 0};
    if (weight) scan.columns.push_back(*weight);
    double sum = 0, total = 0;
    std::vector<double> labels, weights;
    train.scan(scan, [&](const Batch& batch) {
      labels.clear();
      reader.append(batch, labels);
      for (std::int64_t row = 0; row < batch.rows(); ++row) {
        const double w = weight ? row_weight(batch.column(1), row) : 1;
        sum += w * labels[static_cast<std::size_t>(row)];
        total += w;
      }
    });
    if (!(total > 0))
      throw Error(ASSAY_E_INVALID_DATA, "training needs at least one row with a positive weight");
    const double answer = sum / total;
    if (!std::isfinite(answer))
      throw Error(ASSAY_E_INVALID_DATA, "the sum of the labels is too large; rescale them");
    call.metric(task == Task::classification ? "train_prior" : "train_mean", 0, answer);
    ByteWriter out;
    out.f64(answer);
    model.put("baseline", "application/octet-stream", seal(magic, out.take()));
  }

  static double row_weight(const Column& weights, std::int64_t row) {
    const double weight = weights.number(row);
    if (!(weight >= 0) || std::isinf(weight))
      throw Error(ASSAY_E_INVALID_DATA,
                  "weight '" + weights.name() + "' must be a number from 0 up in every row")
          .column(weights.name());
    return weight;
  }

  struct Model {
    static constexpr bool concurrent = true;

    explicit Model(const Source& source) {
      const std::string stored = source.bytes("baseline");
      ByteReader in(unseal(magic, stored));
      answer = in.f64();
      in.end();
      if (!std::isfinite(answer)) throw ByteReader::corrupt("the answer is not finite");
    }
    void bind(const Schema&) const {}
    std::vector<double> score(Call, const Batch& batch) const {
      return std::vector<double>(static_cast<std::size_t>(batch.rows()), answer);
    }
    double answer = 0;
  };

  Task task;
};

}  // namespace

ASSAY_PLUGIN(assay_manifest, Baseline)
