// SPDX-License-Identifier: Apache-2.0
// Naive Bayes: given the class, columns are taken as independent, so that each contributes the logarithm of
// how much likelier its value is in class 1 than in class 0. Numbers follow a normal density per class, texts
// a smoothed share. An empty cell contributes nothing.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "assay/features.hpp"
#include "assay/plugin.hpp"
#include "assay_manifest.h"

namespace {

using namespace assay::sdk;

constexpr std::string_view magic = "naive-bayes/1";
constexpr std::size_t max_values = 100'000;  // a text column with more is an identifier

// Mean and variance of the numbers seen so far (Welford's update).
struct Moments {
  double n = 0, mean = 0, squares = 0;

  void add(double x) {
    const double delta = x - mean;
    mean += delta / ++n;
    squares += delta * (x - mean);
  }
  double variance() const { return n > 0 ? squares / n : 0; }
};

// What is learned of one column: moments of either class, or how often each value occurs in either.
struct Feature {
  std::string name;
  bool is_text = false;
  std::array<Moments, 2> numbers;
  Moments both;
  std::map<std::string, std::array<double, 2>, std::less<>> values;
  std::array<double, 2> rows{};  // not empty, of a text column

  void learn(const Column& column, std::int64_t row, std::size_t label) {
    if (column.is_null(row)) return;
    if (is_text) {
      const auto place = values.try_emplace(std::string(column.text(row))).first;
      if (values.size() > max_values)
        throw Error(ASSAY_E_INVALID_DATA,
                    "column '" + name + "' has more than 100000 different texts; leave it out")
            .column(name);
      ++place->second[label];
      ++rows[label];
    } else if (const double x = column.number(row); std::isfinite(x)) {
      numbers[label].add(x);
      both.add(x);
    }
  }
};

// The same, reduced to what scoring needs: the log-ratio of a text, or of a number as a parabola around the
// mean.
struct Factor {
  std::string name;
  bool is_text = false;
  double a = 0, b = 0, c = 0, shift = 0;  // a z^2 + b z + c with z = x - shift
  std::map<std::string, double, std::less<>> ratios;
  double unseen = 0;

  double operator()(const Column& column, std::int64_t row) const {
    if (column.is_null(row)) return 0;
    if (is_text) {
      const auto found = ratios.find(column.text(row));
      return found == ratios.end() ? unseen : found->second;
    }
    const double z = column.number(row) - shift;
    const double ratio = (a * z + b) * z + c;
    // Far beyond what was seen the parabola says nothing sound; +-1e6 is certainty already.
    return std::isfinite(ratio) ? std::clamp(ratio, -1e6, 1e6) : 0;
  }
};

Factor number_factor(const Feature& feature, double floor) {
  Factor out{.name = feature.name, .ratios = {}};
  if (feature.numbers[0].n == 0 || feature.numbers[1].n == 0 || !(feature.both.variance() > 0)) return out;
  const double least = floor * feature.both.variance();
  const double v0 = std::max(feature.numbers[0].variance(), least),
               v1 = std::max(feature.numbers[1].variance(), least);
  out.shift = feature.both.mean;
  const double m0 = feature.numbers[0].mean - out.shift, m1 = feature.numbers[1].mean - out.shift;
  // log N(z; m1, v1) - log N(z; m0, v0), ordered by powers of z
  out.a = 0.5 / v0 - 0.5 / v1;
  out.b = m1 / v1 - m0 / v0;
  out.c = 0.5 * (m0 * m0 / v0 - m1 * m1 / v1) + 0.5 * std::log(v0 / v1);
  if (!std::isfinite(out.a) || !std::isfinite(out.b) || !std::isfinite(out.c)) out.a = out.b = out.c = 0;
  return out;
}

Factor text_factor(const Feature& feature, double smoothing) {
  Factor out{.name = feature.name, .is_text = true, .ratios = {}};
  const double kinds = static_cast<double>(feature.values.size()) + 1;  // one for what was never seen
  const auto share = [&](double rows, std::size_t label) {
    return (rows + smoothing) / (feature.rows[label] + smoothing * kinds);
  };
  for (const auto& [value, rows] : feature.values)
    out.ratios[value] = std::log(share(rows[1], 1) / share(rows[0], 0));
  out.unseen = std::log(share(0, 1) / share(0, 0));
  return out;
}

struct NaiveBayes {
  static constexpr std::string_view id = "naive-bayes";

  explicit NaiveBayes(const Config& config)
      : smoothing(config.f64("/smoothing", 1e-9, 1e6)),
        variance_floor(config.f64("/variance_floor", 1e-12, 1)) {}

  void fit(Call call, const Dataset& train, const Sink& model) const {
    const Schema schema = train.schema();
    Scan scan{feature_columns(schema, train.roles()), 0};
    std::vector<Feature> features;
    for (const std::string& name : scan.columns) {
      features.emplace_back().name = name;
      features.back().is_text = schema[schema.require(name)].type == Type::utf8;
    }
    scan.columns.push_back(train.label());

    LabelReader reader(train.label(), Task::classification);
    std::array<double, 2> classes{};
    train.scan(scan, [&](const Batch& batch) {
      std::vector<std::size_t> labels;
      reader.append(batch, labels);
      for (const std::size_t label : labels) ++classes[label];
      for (std::size_t i = 0; i < features.size(); ++i) {
        const Column column = batch.column(i);
        for (std::int64_t row = 0; row < batch.rows(); ++row)
          features[i].learn(column, row, labels[static_cast<std::size_t>(row)]);
      }
    });
    if (classes[0] == 0 || classes[1] == 0)
      throw Error(ASSAY_E_INVALID_DATA, "naive Bayes needs rows with label 0 and rows with label 1");
    call.metric("train_prior", 0, classes[1] / (classes[0] + classes[1]));
    model.put("naive-bayes", "application/octet-stream", stored(std::log(classes[1] / classes[0]), features));
  }

  struct Model {
    static constexpr bool concurrent = true;

    explicit Model(const Source& source) {
      const std::string bytes = source.bytes("naive-bayes");
      ByteReader in(unseal(magic, bytes));
      prior = in.f64();
      for (std::size_t left = in.count(57); left > 0; --left) {
        Factor factor;
        factor.name = in.text();
        factor.is_text = in.u8() != 0;
        for (double* value : {&factor.a, &factor.b, &factor.c, &factor.shift, &factor.unseen})
          *value = in.f64();
        for (std::size_t values = in.count(16); values > 0; --values) {
          std::string value = in.text();
          factor.ratios.emplace(std::move(value), in.f64());
        }
        factors.push_back(std::move(factor));
      }
      in.end();
    }

    void bind(const Schema& input) {
      columns.clear();
      for (const Factor& factor : factors) {
        const std::size_t at = input.require(factor.name);
        const Type type = input[at].type;
        const bool is_number = type == Type::f64 || type == Type::i64 || type == Type::boolean;
        if (factor.is_text ? type != Type::utf8 : !is_number)
          throw Error(ASSAY_E_INVALID_DATA,
                      "column '" + factor.name + "' is " + std::string(type_name(type)) +
                          "; the model learned it as " + (factor.is_text ? "utf8" : "a number"))
              .column(factor.name);
        columns.push_back(at);
      }
    }

    std::vector<double> score(Call, const Batch& batch) const {
      std::vector<double> out(static_cast<std::size_t>(batch.rows()), prior);
      for (std::size_t i = 0; i < factors.size(); ++i) {
        const Column column = batch.column(columns[i]);
        for (std::size_t row = 0; row < out.size(); ++row)
          out[row] += factors[i](column, static_cast<std::int64_t>(row));
      }
      // Columns are not independent, so the sum is too sure of itself; no answer is 0 or 1.
      for (double& value : out) value = 1 / (1 + std::exp(-std::clamp(value, -30.0, 30.0)));
      return out;
    }

    double prior = 0;
    std::vector<Factor> factors;
    std::vector<std::size_t> columns;
  };

 private:
  std::string stored(double prior, const std::vector<Feature>& features) const {
    ByteWriter out;
    out.f64(prior);
    out.u64(features.size());
    for (const Feature& feature : features) {
      const Factor factor =
          feature.is_text ? text_factor(feature, smoothing) : number_factor(feature, variance_floor);
      out.text(factor.name);
      out.u8(factor.is_text ? 1 : 0);
      for (const double value : {factor.a, factor.b, factor.c, factor.shift, factor.unseen}) out.f64(value);
      out.u64(factor.ratios.size());
      for (const auto& [value, ratio] : factor.ratios) {
        out.text(value);
        out.f64(ratio);
      }
    }
    return seal(magic, out.take());
  }

  double smoothing, variance_floor;
};

}  // namespace

ASSAY_PLUGIN(assay_manifest, NaiveBayes)
