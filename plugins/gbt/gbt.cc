// SPDX-License-Identifier: Apache-2.0
// The plugin "gbt": encodes the columns, lets XGBoost grow the trees, and scores them by itself (forest.h).
#include <cmath>
#include <limits>

#include "assay/features.hpp"
#include "assay/plugin.hpp"
#include "assay_manifest.h"
#include "booster.h"
#include "forest.h"

namespace {

using namespace assay::sdk;

constexpr std::string_view magic = "assay-gbt/2";
constexpr std::string_view forest_entry = "forest", trees_entry = "xgboost.ubj";
// Twelve bytes each while training: 12 GiB, past which the worker's memory is the wrong place.
constexpr std::size_t max_cells = std::size_t{1} << 30;

// What training reads of a dataset. Labels and weights are checked; one of each a row, or no weights at all.
struct Examples {
  std::vector<float> cells, labels, weights;

  gbt::Matrix matrix(std::size_t width, int threads) const {
    return {cells, width, labels, weights, threads};
  }

  // The weighted mean of the labels: where boosting starts. INVALID_DATA when there is nothing to learn from
  // it.
  double mean(Task task) const {
    double sum = 0, total = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const double weight = weights.empty() ? 1 : weights[i];
      sum += weight * labels[i];
      total += weight;
    }
    if (!(total > 0))
      throw Error(ASSAY_E_INVALID_DATA, "training needs at least one row with a positive weight");
    const double mean = sum / total;
    if (task == Task::classification && (mean == 0 || mean == 1))
      throw Error(ASSAY_E_INVALID_DATA, "every label is " + std::string(mean == 0 ? "0" : "1") +
                                            "; classification needs rows of both classes");
    return mean;
  }
};

float row_weight(const Column& weights, std::int64_t row) {
  const double weight = weights.number(row);
  if (!(weight >= 0 && weight <= std::numeric_limits<float>::max()))
    throw Error(ASSAY_E_INVALID_DATA,
                "weight '" + weights.name() + "' must be a number from 0 up in every row")
        .column(weights.name());
  return static_cast<float>(weight);
}

struct Gbt {
  static constexpr std::string_view id = "gbt";

  explicit Gbt(const Config& config) : max_categories(config.i64("/max_categories", 0, 10000)) {
    settings.task = task_of(config);
    settings.rounds = config.i64("/rounds", 1, 100000);
    settings.max_depth = config.i64("/max_depth", 1, 16);
    settings.learning_rate = config.f64("/learning_rate", 1e-6, 1);
    settings.subsample = config.f64("/subsample", 0.01, 1);
    settings.colsample = config.f64("/colsample", 0.01, 1);
    settings.min_child_weight = config.f64("/min_child_weight", 0, 1e9);
    settings.lambda = config.f64("/lambda", 0, 1e9);
  }

  void fit(Call call, const Training& data, const Sink& model) const {
    const gbt::ThreadBudget budget(call.max_threads());
    const std::vector<std::string> columns = feature_columns(data.train.schema(), data.train.roles());
    FeatureEncoder encoder(data.train, columns, {max_categories, Missing::nan, Scale::none});
    if (encoder.width() == 0)
      throw Error(ASSAY_E_INVALID_DATA, "training needs at least one column besides the label");

    const int threads = call.max_threads();
    const Examples examples = read(data.train, columns, encoder);
    const gbt::Matrix train = examples.matrix(encoder.width(), threads);
    std::optional<gbt::Matrix> valid;
    if (data.valid) valid.emplace(read(*data.valid, columns, encoder).matrix(encoder.width(), threads));
    gbt::Booster booster(settings, train, valid ? &*valid : nullptr, examples.mean(settings.task),
                         call.seed(), threads);
    grow(call, booster);

    const std::string trees = booster.save();
    const gbt::Forest forest(gbt::read_xgboost(trees));
    compare(booster, forest, examples.cells);

    ByteWriter out;
    out.u64(trees.size());
    out.u64(checksum(trees));
    encoder.save(out);
    forest.save(out);
    model.put(forest_entry, "application/octet-stream", seal(magic, out.take()));
    model.put(trees_entry, "application/ubjson", trees);
  }

  struct Model {
    explicit Model(const Source& source) {
      const std::string stored = source.bytes(forest_entry);
      ByteReader in(unseal(magic, stored));
      const std::uint64_t size = in.u64(), sum = in.u64();
      encoder = FeatureEncoder::load(in);
      forest = gbt::Forest::load(in);
      in.end();
      if (encoder.width() != forest.features()) throw ByteReader::corrupt("trees and encoder differ in features");
      // Nothing here reads them, but whoever takes them to XGBoost relies on them as much.
      const std::string trees = source.bytes(trees_entry);
      if (trees.size() != size || checksum(trees) != sum)
        throw ByteReader::corrupt("the checksum of xgboost.ubj does not match; fetch the version again");
    }
    void bind(const Schema& input) { encoder.bind(input); }
    std::vector<double> score(Call, const Batch& batch) const {
      std::vector<float> cells;
      encoder.append(batch, cells);
      std::vector<double> out(static_cast<std::size_t>(batch.rows()));
      forest.predict(cells, out);
      return out;
    }

    FeatureEncoder encoder;
    gbt::Forest forest;
  };

 private:
  // A release of XGBoost that sums or stores otherwise is found here, before its model is kept.
  static void compare(const gbt::Booster& booster, const gbt::Forest& forest, std::span<const float> cells) {
    constexpr std::size_t enough = 1000;
    const std::size_t rows = std::min(enough, cells.size() / forest.features());
    cells = cells.first(rows * forest.features());
    std::vector<double> ours(rows);
    forest.predict(cells, ours);
    if (ours != booster.predict(cells, forest.features()))
      throw Error(ASSAY_E_INTERNAL,
                  "this release of XGBoost predicts other bits than the forest that scoring would use");
  }

 private:
  Examples read(const Dataset& data, const std::vector<std::string>& columns, FeatureEncoder& encoder) const {
    Scan scan{columns, 0};
    scan.columns.push_back(data.label());
    const auto weight = data.roles().get("weight");
    if (weight) scan.columns.push_back(*weight);
    LabelReader reader(data.label(), settings.task);
    Examples out;
    data.scan(scan, [&](const Batch& batch) {
      encoder.bind(batch.schema());
      if (out.cells.size() + static_cast<std::size_t>(batch.rows()) * encoder.width() > max_cells)
        throw Error(ASSAY_E_INVALID_DATA, "rows times features exceed " + std::to_string(max_cells) +
                                              "; use fewer rows or a smaller max_categories");
      encoder.append(batch, out.cells, static_cast<std::int64_t>(out.labels.size()));
      reader.append(batch, out.labels);
      if (weight)
        for (std::int64_t row = 0; row < batch.rows(); ++row)
          out.weights.push_back(row_weight(batch.column(columns.size() + 1), row));
    });
    return out;
  }

  void grow(Call call, gbt::Booster& booster) const {
    const std::string loss = settings.task == Task::classification ? "logloss" : "rmse";
    for (std::int64_t round = 0; round < settings.rounds; ++round) {
      call.check();
      booster.grow(static_cast<int>(round));
      const std::vector<double> losses = booster.losses(static_cast<int>(round));
      if (!losses.empty()) call.metric("train_" + loss, round, losses[0]);
      if (losses.size() > 1) call.metric("valid_" + loss, round, losses[1]);
      call.progress(static_cast<double>(round + 1) / static_cast<double>(settings.rounds), "growing trees");
    }
  }

  gbt::Settings settings;
  std::int64_t max_categories;
};

}  // namespace

ASSAY_PLUGIN(assay_manifest, Gbt)
