// SPDX-License-Identifier: Apache-2.0
// For trainers of tables: turns columns into numbers the same way in training and in scoring, and reads
// labels strictly. Optional; nothing in the contract asks for it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/bytes.hpp"
#include "assay/host.hpp"

namespace assay::sdk {

enum class Task { classification, regression };

// The setting /task.
inline Task task_of(const Config& config) {
  return config.choice("/task", {"classification", "regression"}) == 0 ? Task::classification
                                                                       : Task::regression;
}

// Every column that plays no role, in the order of the schema. INVALID_DATA when a name appears twice.
inline std::vector<std::string> feature_columns(const Schema& schema, const Roles& roles) {
  std::vector<std::string> taken;
  for (const char* role : {"label", "weight", "group", "timestamp", "score", "reference_score"})
    for (std::string& column : roles.all(role)) taken.push_back(std::move(column));
  std::vector<std::string> features;
  std::set<std::string_view> seen;
  for (const Field& field : schema) {
    if (!seen.insert(field.name).second)
      throw Error(ASSAY_E_INVALID_DATA, "two columns are named '" + field.name + "'; rename one")
          .column(field.name);
    if (std::find(taken.begin(), taken.end(), field.name) == taken.end()) features.push_back(field.name);
  }
  return features;
}

namespace detail {

inline std::string shown(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

}  // namespace detail

// Reads labels batch by batch: 0 or 1 for classification, any finite number for regression.
class LabelReader {
 public:
  LabelReader(std::string column, Task task) : column_(std::move(column)), task_(task) {}

  // Appends one label a row. INVALID_DATA says which value at which row (of all that this reader has seen) is
  // wrong.
  template <class T>
  void append(const Batch& batch, std::vector<T>& out) {
    const Column labels = batch.column(column_);
    for (std::int64_t i = 0; i < batch.rows(); ++i) out.push_back(static_cast<T>(value(labels, i)));
    rows_ += batch.rows();
  }

 private:
  double value(const Column& labels, std::int64_t i) const {
    if (labels.is_null(i)) throw wrong("nothing", i);
    if (labels.type() == Type::utf8) throw wrong("'" + std::string(labels.text(i).substr(0, 64)) + "'", i);
    const double value = labels.number(i);
    const bool good = task_ == Task::classification ? value == 0 || value == 1 : std::isfinite(value);
    if (!good) throw wrong(detail::shown(value), i);
    return value;
  }
  Error wrong(const std::string& value, std::int64_t i) const {
    const std::string row = std::to_string(rows_ + i);
    return Error(ASSAY_E_INVALID_DATA, "label '" + column_ + "' holds " + value + " at row " + row +
                                           "; it must be " +
                                           (task_ == Task::classification ? "0 or 1 for classification"
                                                                          : "a finite number for regression"))
        .column(column_)
        .row(rows_ + i);
  }

  std::string column_;
  Task task_;
  std::int64_t rows_ = 0;
};

enum class Missing { nan, mean };     // what a missing number becomes
enum class Scale { none, standard };  // standard: (x - mean) / standard deviation

struct EncoderOptions {
  std::int64_t max_categories = 32;  // per utf8 column; rarer ones are all zeros, as are null and unseen ones
  Missing missing = Missing::nan;
  Scale scale = Scale::none;
};

// f64, i64 and bool columns become one number each, utf8 columns a 0/1 number for each of their most frequent
// values (by count, then by name). Null and NaN are missing. An infinite number is INVALID_DATA. Equal rows
// give equal numbers, however they are cut into batches.
class FeatureEncoder {
 public:
  // A utf8 column with more distinct values than this is an identifier, not a feature.
  static constexpr std::size_t max_distinct = 1u << 20;

  FeatureEncoder() = default;
  // Reads the chosen columns of `data` once. INVALID_DATA for a column of another type.
  FeatureEncoder(const Dataset& data, const std::vector<std::string>& columns, EncoderOptions options)
      : options_(options) {
    const Schema schema = data.schema();
    std::vector<Statistics> statistics(columns.size());
    for (const std::string& name : columns) columns_.push_back(feature(schema, name));
    if (!columns.empty()) {
      std::int64_t rows = 0;
      data.scan(Scan{columns, 0}, [&](const Batch& batch) {
        for (std::size_t i = 0; i < columns_.size(); ++i)
          statistics[i].add(batch.column(i), columns_[i], rows);
        rows += batch.rows();
      });
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) statistics[i].finish(columns_[i], options_);
    lay_out();
  }

  // How many numbers a row becomes, and what each is called: "distance", "carrier=AA".
  std::size_t width() const { return width_; }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Feature& feature : columns_) {
      if (!feature.categorical) names.push_back(feature.name);
      for (const std::string& category : feature.categories) names.push_back(feature.name + "=" + category);
    }
    return names;
  }

  // Finds the wanted columns in `input`. INVALID_DATA names one that is missing or of an unusable type.
  void bind(const Schema& input) {
    positions_.clear();
    for (const Feature& feature : columns_) {
      const std::size_t at = input.require(feature.name);
      const Type type = input[at].type;
      const bool usable = feature.categorical
                              ? type == Type::utf8
                              : type == Type::f64 || type == Type::i64 || type == Type::boolean;
      if (!usable)
        throw Error(ASSAY_E_INVALID_DATA, "column '" + feature.name + "' is " + std::string(type_name(type)) +
                                              "; the model learned it as " +
                                              (feature.categorical ? "utf8" : "a number"))
            .column(feature.name);
      positions_.push_back(at);
    }
  }

  // Appends rows() * width() numbers, row by row. `first_row` is only for messages. After `bind`; any thread.
  template <class T>
  void append(const Batch& batch, std::vector<T>& out, std::int64_t first_row = 0) const {
    const std::size_t begin = out.size();
    out.resize(begin + static_cast<std::size_t>(batch.rows()) * width_, T{0});
    std::size_t slot = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const Feature& feature = columns_[i];
      const Column column = batch.column(positions_[i]);
      T* cell = out.data() + begin + slot;
      for (std::int64_t row = 0; row < batch.rows(); ++row, cell += width_) {
        if (!feature.categorical) {
          *cell = narrowed<T>(feature.encoded(finite(column, row, first_row), options_.missing));
        } else if (!column.is_null(row)) {
          if (const auto found = feature.slots.find(column.text(row)); found != feature.slots.end())
            cell[found->second] = 1;
        }
      }
      slot += feature.width();
    }
  }

  void save(ByteWriter& out) const {
    out.u8(options_.missing == Missing::mean ? 1 : 0);
    out.u64(columns_.size());
    for (const Feature& feature : columns_) {
      out.text(feature.name);
      out.u8(feature.categorical ? 1 : 0);
      out.f64(feature.mean);
      out.f64(feature.shift);
      out.f64(feature.factor);
      out.u64(feature.categories.size());
      for (const std::string& category : feature.categories) out.text(category);
    }
  }
  // CORRUPT_ARTIFACT when the bytes are not what `save` wrote.
  static FeatureEncoder load(ByteReader& in) {
    FeatureEncoder out;
    out.options_.missing = in.u8() != 0 ? Missing::mean : Missing::nan;
    for (std::size_t left = in.count(41); left > 0; --left) {
      Feature feature;
      feature.name = in.text();
      feature.categorical = in.u8() != 0;
      feature.mean = in.f64();
      feature.shift = in.f64();
      feature.factor = in.f64();
      if (!std::isfinite(feature.mean) || !std::isfinite(feature.shift) || !std::isfinite(feature.factor))
        throw ByteReader::corrupt("a scale is not finite");
      for (std::size_t categories = in.count(8); categories > 0; --categories)
        feature.categories.push_back(in.text());
      out.columns_.push_back(std::move(feature));
    }
    out.lay_out();
    return out;
  }

 private:
  struct Feature {
    std::string name;
    bool categorical = false;
    double mean = 0, shift = 0, factor = 1;
    std::vector<std::string> categories;
    std::map<std::string, std::size_t, std::less<>> slots;

    std::size_t width() const { return categorical ? categories.size() : 1; }
    double encoded(double value, Missing missing) const {
      if (std::isnan(value)) {
        if (missing == Missing::nan) return value;
        value = mean;
      }
      return (value - shift) * factor;
    }
  };

  // What one pass over a column gathers. Means by Welford's update, row by row, so that batches do not
  // matter.
  struct Statistics {
    double n = 0, mean = 0, squares = 0, largest = 0;
    std::map<std::string, std::int64_t, std::less<>> counts;

    void add(const Column& column, const Feature& feature, std::int64_t first_row) {
      for (std::int64_t row = 0; row < column.rows(); ++row) {
        if (feature.categorical) {
          if (!column.is_null(row)) count(column, row);
        } else if (const double value = finite(column, row, first_row); !std::isnan(value)) {
          const double delta = value - mean;
          mean += delta / ++n;
          squares += delta * (value - mean);
          largest = std::max(largest, std::abs(value));
        }
      }
    }
    void count(const Column& column, std::int64_t row) {
      const std::string_view text = column.text(row);
      if (const auto found = counts.find(text); found != counts.end()) {
        ++found->second;
        return;
      }
      if (counts.size() == max_distinct)
        throw Error(ASSAY_E_INVALID_DATA, "column '" + column.name() + "' has more than " +
                                              std::to_string(max_distinct) + " distinct values; leave it out")
            .column(column.name());
      counts.emplace(text, 1);
    }
    void finish(Feature& feature, const EncoderOptions& options) const {
      if (feature.categorical) {
        std::vector<std::pair<std::int64_t, std::string>> ranked;
        for (const auto& [name, rows] : counts) ranked.emplace_back(-rows, name);
        std::sort(ranked.begin(), ranked.end());
        for (const auto& [rows, name] : ranked)
          if (static_cast<std::int64_t>(feature.categories.size()) < options.max_categories)
            feature.categories.push_back(name);
        return;
      }
      // Values near the end of the range overflow a sum of squares, and would overflow more in a solver; such a
      // column is scaled into [-1, 1].
      const double deviation = n > 0 ? std::sqrt(squares / n) : 0;
      feature.mean = std::isfinite(mean) ? mean : 0;
      if (options.scale == Scale::standard && std::isfinite(deviation)) {
        feature.shift = feature.mean;
        feature.factor = deviation > 0 && std::isfinite(1 / deviation) ? 1 / deviation : 1;
      } else if (options.scale == Scale::standard) {
        feature.factor = 1 / largest;
      }
    }
  };

  static Feature feature(const Schema& schema, const std::string& name) {
    const Type type = schema[schema.require(name)].type;
    if (type == Type::list_i64 || type == Type::other)
      throw Error(ASSAY_E_INVALID_DATA, "column '" + name + "' is " + std::string(type_name(type)) +
                                            "; features are f64, i64, bool or utf8")
          .column(name);
    Feature out;
    out.name = name;
    out.categorical = type == Type::utf8;
    return out;
  }

  static double finite(const Column& column, std::int64_t row, std::int64_t first_row) {
    const double value = column.number(row);
    if (std::isinf(value))
      throw Error(ASSAY_E_INVALID_DATA, "column '" + column.name() + "' is infinite at row " +
                                            std::to_string(first_row + row) + "; leave such a cell empty")
          .column(column.name())
          .row(first_row + row);
    return value;
  }

  // A double beyond float's range becomes float's largest: still ordered, and finite.
  template <class T>
  static T narrowed(double value) {
    constexpr double limit = std::numeric_limits<T>::max();
    return static_cast<T>(std::isnan(value) ? value : std::clamp(value, -limit, limit));
  }

  void lay_out() {
    width_ = 0;
    for (Feature& feature : columns_) {
      for (std::size_t i = 0; i < feature.categories.size(); ++i)
        feature.slots.emplace(feature.categories[i], i);
      width_ += feature.width();
    }
  }

  EncoderOptions options_;
  std::vector<Feature> columns_;
  std::vector<std::size_t> positions_;
  std::size_t width_ = 0;
};

}  // namespace assay::sdk
