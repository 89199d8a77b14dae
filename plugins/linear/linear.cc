// SPDX-License-Identifier: Apache-2.0
// The plugin "linear": standardises and one-hot encodes, lets liblinear find the weights, and scores without
// it.
#include <cmath>

#include "assay/features.hpp"
#include "assay/plugin.hpp"
#include "assay_manifest.h"
#include "solver.h"

namespace {

using namespace assay::sdk;

constexpr std::string_view magic = "assay-linear/1";

// exp never overflows here, whatever the sum.
double sigmoid(double sum) {
  const double e = std::exp(-std::abs(sum));
  return sum >= 0 ? 1 / (1 + e) : e / (1 + e);
}

struct Linear {
  static constexpr std::string_view id = "linear";

  explicit Linear(const Config& config) : max_categories(config.i64("/max_categories", 0, 10000)) {
    settings.task = task_of(config);
    settings.cost = config.f64("/cost", 1e-9, 1e9);
    settings.tube = config.f64("/tube", 0, 1e9);
    settings.tolerance = config.f64("/tolerance", 1e-12, 1);
  }

  void fit(Call call, const Dataset& train, const Sink& model) const {
    if (const auto weight = train.roles().get("weight"))
      throw Error(ASSAY_E_UNSUPPORTED,
                  "linear takes no row weights, but '" + *weight + "' has the role weight")
          .column(*weight);
    const std::vector<std::string> columns = feature_columns(train.schema(), train.roles());
    if (columns.empty())
      throw Error(ASSAY_E_INVALID_DATA, "training needs at least one column besides the label");
    FeatureEncoder encoder(train, columns, {max_categories, Missing::mean, Scale::standard});
    call.progress(0.2, "encoding");

    linear::Rows rows(encoder.width());
    const std::vector<double> labels = read(train, columns, encoder, rows);
    call.progress(0.5, "solving");
    const linear::Weights weights = linear::solve(settings, rows, labels, call.seed());
    call.check();

    ByteWriter out;
    out.u8(settings.task == Task::classification ? 1 : 0);
    encoder.save(out);
    out.f64s(weights.features);
    out.f64(weights.intercept);
    const std::string stored = seal(magic, out.take());
    report(call, train, stored);
    model.put("linear", "application/octet-stream", stored);
  }

  struct Model {
    static constexpr bool concurrent = true;

    explicit Model(const Source& source) : Model(std::string_view(source.bytes("linear"))) {}
    explicit Model(std::string_view stored) {
      ByteReader in(unseal(magic, stored));
      probability = in.u8() != 0;
      encoder = FeatureEncoder::load(in);
      weights.features = in.f64s();
      weights.intercept = in.f64();
      in.end();
      if (weights.features.size() != encoder.width())
        throw ByteReader::corrupt("weights and features differ in number");
      if (!weights.finite()) throw ByteReader::corrupt("a weight is not finite");
    }
    void bind(const Schema& input) { encoder.bind(input); }

    // Sums in the order of the features, so that a row's bits do not depend on its neighbours.
    std::vector<double> score(Call, const Batch& batch) const {
      std::vector<double> cells;
      encoder.append(batch, cells);
      std::vector<double> out;
      const std::size_t width = encoder.width();
      for (std::size_t row = 0; row < static_cast<std::size_t>(batch.rows()); ++row) {
        double sum = weights.intercept;
        for (std::size_t i = 0; i < width; ++i) sum += weights.features[i] * cells[row * width + i];
        const double answer = probability ? sigmoid(sum) : sum;
        if (!std::isfinite(answer)) throw too_large(row);
        out.push_back(answer);
      }
      return out;
    }
    static Error too_large(std::size_t row) {
      return Error(ASSAY_E_INVALID_DATA, "the numbers in row " + std::to_string(row) +
                                             " are too far from those of the training rows to be added up")
          .row(static_cast<std::int64_t>(row));
    }

    bool probability = true;
    FeatureEncoder encoder;
    linear::Weights weights;
  };

 private:
  std::vector<double> read(const Dataset& train, const std::vector<std::string>& columns,
                           FeatureEncoder& encoder, linear::Rows& rows) const {
    Scan scan{columns, 0};
    scan.columns.push_back(train.label());
    LabelReader reader(train.label(), settings.task);
    std::vector<double> labels, cells;
    train.scan(scan, [&](const Batch& batch) {
      encoder.bind(batch.schema());
      cells.clear();
      encoder.append(batch, cells, static_cast<std::int64_t>(labels.size()));
      reader.append(batch, labels);
      rows.append(cells, static_cast<std::size_t>(batch.rows()));
    });
    return labels;
  }

  // The loss over the training rows, computed by the model as it is stored.
  void report(Call call, const Dataset& train, std::string_view stored) const {
    Model model(stored);
    LabelReader reader(train.label(), settings.task);
    double loss = 0, n = 0;
    train.scan([&](const Batch& batch) {
      model.bind(batch.schema());
      std::vector<double> labels;
      reader.append(batch, labels);
      const std::vector<double> answers = model.score(call, batch);
      for (std::size_t i = 0; i < labels.size(); ++i, ++n) {
        const double hit = labels[i] == 1 ? answers[i] : 1 - answers[i];
        loss += model.probability ? -std::log(std::max(hit, 1e-15))
                                  : (labels[i] - answers[i]) * (labels[i] - answers[i]);
      }
    });
    call.metric(model.probability ? "train_logloss" : "train_rmse", 0,
                model.probability ? loss / n : std::sqrt(loss / n));
  }

  linear::Settings settings;
  std::int64_t max_categories;
};

}  // namespace

ASSAY_PLUGIN(assay_manifest, Linear)
