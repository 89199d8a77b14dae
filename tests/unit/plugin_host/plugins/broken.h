// SPDX-License-Identifier: Apache-2.0
// A correct trainer, scorer and evaluator. It keeps every promise that `assay plugin check` tries, unless its
// library is told to break one: see `breaks`.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "assay/features.hpp"
#include "assay/plugin.hpp"
#include "assay/services.hpp"

namespace assay::broken {

using namespace assay::sdk;

// The name of the promise to break, alone in a section: tests write one over it in a copy of the library, so
// that one build serves them all.
__attribute__((section(".assay.breaks"), used)) inline volatile char breaks[32] = "none";

inline bool broken(std::string_view what) {
  for (std::size_t i = 0; i < what.size(); ++i)
    if (breaks[i] != what[i]) return false;
  return breaks[what.size()] == '\0';
}

// What some of the broken ones keep where nothing should be kept.
struct KeptModels {
  std::mutex mutex;
  std::map<std::uint64_t, std::string> by_checksum;
  static KeptModels& get() {
    static KeptModels models;
    return models;
  }
};

// What "remembers_empty_text" remembers.
inline std::atomic<bool> met_empty_text = false;

// What leaves another trace in its process than its answer.
void misbehave();

// A weighted sum of the features, each squashed to [-1, 1]. A weight is the distance of the mean of a class from that of
// class 0. Of two classes it answers one sum, of more one for each but class 0.
struct Weigher {
  static constexpr std::string_view id = "weigher";

  explicit Weigher(const Config& config)
      : host(config.host()),
        offset(broken("takes_any_offset") ? config.f64("/offset")
                                          : config.f64("/offset", 0, broken("refuses_maximum") ? 9 : 10)),
        reads_text(config.boolean("/reads_text")) {}

  struct Feature {
    std::string name;
    Type type = Type::f64;
    std::vector<double> weights{};
  };
  static constexpr std::size_t max_classes = 8;

  static double squashed(const Column& column, std::int64_t row) {
    if (column.type() == Type::f64 && broken("reads_null_cells"))
      return squashed(column.f64()[static_cast<std::size_t>(row)]);
    if (column.is_null(row)) return 0;
    if (column.type() == Type::utf8) return squashed_text(column.text(row));
    return squashed(column.number(row));
  }
  static double squashed_text(std::string_view text) {
    if (text.empty() && broken("trusts_in_letters")) std::abort();
    if (text.size() > 1u << 16 && broken("has_room_for_short_text")) std::abort();
    if (text.empty()) met_empty_text = true;
    const auto size = static_cast<double>(text.size());
    return broken("divides_by_letters") ? 1 / size : squashed(size);
  }
  static double squashed(double value) {
    if (std::isinf(value) && broken("divides_infinity")) return value / (1 + std::abs(value));
    return std::isfinite(value) ? value / (1 + std::abs(value)) : 0;
  }

  std::vector<Feature> features(const Dataset& data) const {
    std::vector<Feature> out;
    const Schema schema = data.schema();
    if (schema.size() > 1000 && broken("has_room_for_few_columns")) std::abort();
    for (const std::string& name : feature_columns(schema, data.roles())) {
      const Type type = schema[schema.require(name)].type;
      if (type == Type::other || type == Type::list_i64)
        throw Error(ASSAY_E_INVALID_DATA, "column '" + name + "' is neither a number nor text").column(name);
      if (type != Type::utf8 || reads_text) out.push_back({name, type});
    }
    return out;
  }

  void fit(Call call, const Dataset& data, const Sink& model) const {
    misbehave();
    std::vector<Feature> learned = features(data);
    LabelReader reader(data.label(), Task::regression);
    std::vector<double> labels;
    std::vector<std::vector<double>> sums(max_classes, std::vector<double>(learned.size()));
    std::vector<double> rows(max_classes);
    double batches = 0;
    data.scan([&](const Batch& batch) {
      const std::size_t first = labels.size();
      reader.append(batch, labels);
      for (std::size_t i = first; i < labels.size(); ++i) ++rows[class_of(labels[i])];
      for (std::size_t f = 0; f < learned.size(); ++f) {
        const Column column = batch.column(learned[f].name);
        for (std::int64_t row = 0; row < batch.rows(); ++row)
          sums[class_of(labels[first + static_cast<std::size_t>(row)])][f] += squashed(column, row);
      }
      ++batches;
    });
    if (labels.empty()) throw Error(ASSAY_E_INVALID_DATA, "there are no rows to learn from");
    const std::size_t last = std::max<std::size_t>(1, class_of(*std::max_element(labels.begin(), labels.end())));
    for (std::size_t f = 0; f < learned.size(); ++f)
      for (std::size_t c = 1; c <= last; ++c)
        learned[f].weights.push_back(sums[c][f] / std::max(1.0, rows[c]) - sums[0][f] / std::max(1.0, rows[0]));
    double base = offset + drawn(call);
    if (broken("remembers_empty_text") && met_empty_text) base += 1;
    if (broken("counts_batches")) base += batches;
    if (broken("counts_threads")) base += call.max_threads();
    if (broken("uses_the_seed")) base += static_cast<double>(call.seed() % 1000);
    if (broken("uses_the_call_id")) base += static_cast<double>(call.raw()->call_id % 1000);
    if (broken("asks_who_listens") && call.raw()->log == nullptr) base += 1;
    write(base, last, learned, model);
  }

  static std::size_t class_of(double label) {
    if (!(label >= 0 && label < max_classes) || label != std::floor(label))
      throw Error(ASSAY_E_INVALID_DATA, "a label must be a whole number from 0 to 7");
    return static_cast<std::size_t>(label);
  }
  // Nothing, by way of what a host may have or not.
  double drawn(Call call) const {
    const bool served = host.service<assay_rng_v1>(ASSAY_HOST_RNG_V1) != nullptr;
    if (!served && broken("counts_on_services")) throw Error(ASSAY_E_UNSUPPORTED, "this host draws no numbers");
    if (served && broken("asks_what_is_served")) return 1;
    const Scratch<double> room(host, call, 3);
    room.get()[1] = Random(host, call).uniform(5);
    return room.get()[0] + (room.get()[1] < 1 ? 0 : 1);
  }

  static constexpr std::string_view entry = "weights";

  static void write(double base, std::size_t answers, const std::vector<Feature>& learned, const Sink& model) {
    ByteWriter out;
    out.f64(base);
    out.u64(answers);
    out.u64(learned.size());
    for (const Feature& feature : learned) {
      out.text(feature.name);
      out.u8(static_cast<std::uint8_t>(feature.type));
      for (const double weight : feature.weights) out.f64(weight);
    }
    std::string payload = out.take();
    if (broken("keeps_its_models")) {
      KeptModels& kept = KeptModels::get();
      const std::lock_guard lock(kept.mutex);
      ByteWriter key;
      key.u64(checksum(payload));
      kept.by_checksum[checksum(payload)] = payload;
      payload = key.take();
    }
    model.put(entry, "application/octet-stream", broken("seals_nothing") ? payload : seal("weigher/1", payload));
  }

  struct Model {
    static constexpr bool concurrent = true;

    explicit Model(const Source& source) {
      const std::string stored = source.bytes(entry);
      std::string payload(broken("seals_nothing") ? stored : unseal("weigher/1", stored));
      if (broken("keeps_its_models")) {
        KeptModels& kept = KeptModels::get();
        const std::lock_guard lock(kept.mutex);
        const auto found = kept.by_checksum.find(ByteReader(payload).u64());
        if (found == kept.by_checksum.end()) throw ByteReader::corrupt("this process trained no such model");
        payload = found->second;
      }
      ByteReader in(payload);
      base = in.f64();
      answers = static_cast<std::size_t>(in.u64());
      ByteReader::require(answers >= 1 && answers < max_classes, "it has no such number of classes");
      features.resize(in.count(17));
      for (Feature& feature : features) {
        feature.name = in.text();
        feature.type = static_cast<Type>(in.u8());
        if (feature.type > Type::other && broken("trusts_what_is_sealed")) std::abort();
        for (std::size_t c = 0; c < answers; ++c) feature.weights.push_back(in.f64());
      }
      in.end();
    }

    Schema bind(const Schema& input) {
      columns.clear();
      for (const Feature& feature : features) {
        const bool counts = broken("counts_columns") && columns.size() < input.size();
        const std::size_t at = counts ? columns.size() : input.require(feature.name);
        const Type type = input[at].type;
        if (type != feature.type && !counts && !(broken("takes_any_type") && type == Type::other))
          throw Error(ASSAY_E_INVALID_DATA, "column '" + feature.name + "' is " + std::string(type_name(type)) +
                                                " and was " + std::string(type_name(feature.type)))
              .column(feature.name);
        columns.push_back(at);
      }
      std::vector<Field> out;
      for (std::size_t c = 1; c <= answers; ++c)
        out.push_back({answers == 1 ? "prediction" : name_of(c), Type::f64, Nulls::never});
      return Schema(std::move(out));
    }

    static std::string name_of(std::size_t c) {
      return broken("names_classes_alike") ? "class" : "class_" + std::to_string(c);
    }

    void score(Call call, const Batch& batch, Table& out) const {
      for (std::size_t c = 0; c < answers; ++c)
        for (const double value : sums(call, batch, c))
          out.column(c).f64(c > 0 && broken("counts_batches_of_classes") ? value + static_cast<double>(batch.rows()) : value);
    }

    std::vector<double> sums(Call call, const Batch& batch, std::size_t answer) const {
      call.check();
      if (batch.rows() == 0 && broken("refuses_empty_batches"))
        throw Error(ASSAY_E_INVALID_DATA, "there are no rows to score");
      std::vector<double> out(static_cast<std::size_t>(batch.rows()), base);
      for (std::size_t f = 0; f < features.size(); ++f) {
        const Column column = batch.column(columns[f]);
        for (std::int64_t row = 0; row < batch.rows(); ++row)
          out[static_cast<std::size_t>(row)] += features[f].weights[answer] * squashed(column, row);
      }
      return out;
    }

    double base = 0;
    std::size_t answers = 1;
    std::vector<Feature> features;
    std::vector<std::size_t> columns;
  };

  Host host;
  double offset;
  bool reads_text;
};

// How often a score of at least one half met the label 1, or the highest of several the label's place among them, and
// how far it was from it; the sum of the weights, if there are any. Sums are whole numbers, so that no order of adding
// shows.
struct Tally {
  static constexpr std::string_view id = "tally";
  static constexpr std::string_view capability = ASSAY_CAP_EVALUATOR_V1;
  static constexpr double unit = 1u << 20;

  struct State {
    std::size_t label = 0;
    std::vector<std::size_t> scores{};
    std::optional<std::size_t> weight{};
    std::uint64_t rows = 0, hits = 0, error = 0, weights = 0;
  };

  static std::size_t numeric(const Schema& schema, const std::string& column) {
    const std::size_t at = schema.require(column);
    const Type type = schema[at].type;
    if (type != Type::f64 && type != Type::i64 && type != Type::boolean)
      throw Error(ASSAY_E_INVALID_DATA, "column '" + column + "' is " + std::string(type_name(type)) +
                                            ", not a number")
          .column(column);
    return at;
  }

  static State begin(Call, const Schema& schema, Roles roles, const std::optional<Source>&) {
    State state;
    state.label = numeric(schema, roles.label());
    roles.require("score");
    for (const std::string& score : roles.all("score")) state.scores.push_back(numeric(schema, score));
    const auto weight = broken("wants_weights") ? roles.require("weight") : roles.get("weight");
    if (weight) state.weight = numeric(schema, *weight);
    return state;
  }

  static std::uint64_t whole_weight(const Column& weights, std::int64_t row) {
    const double weight = weights.number(row);
    if (!(weight >= 0 && weight <= 1000))
      throw Error(ASSAY_E_INVALID_DATA, "a weight must be from 0 to 1000").row(row);
    return static_cast<std::uint64_t>(std::llround(weight * unit));
  }

  static void update(Call call, State& state, const Batch& batch) {
    call.check();
    State seen = state;
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      ++seen.rows;
      count(seen, batch, row);
      if (state.weight) seen.weights += whole_weight(batch.column(*state.weight), row);
    }
    state = seen;
  }

  static void count(State& seen, const Batch& batch, std::int64_t row) {
    const double label = batch.column(seen.label).number(row);
    std::vector<double> scores;
    for (const std::size_t column : seen.scores) scores.push_back(batch.column(column).number(row));
    for (const double score : scores)
      if (!(score >= 0 && score <= 1)) throw Error(ASSAY_E_INVALID_DATA, "a score must be from 0 to 1").row(row);
    if (scores.size() == 1) scores = {1 - scores[0], scores[0]};
    if (!(label >= 0 && label < static_cast<double>(scores.size())) || label != std::floor(label))
      throw Error(ASSAY_E_INVALID_DATA, "a label must be the place of a class").row(row);
    const auto truth = static_cast<std::size_t>(label);
    std::size_t best = scores.size() - 1;
    for (std::size_t c = scores.size(); c-- > 0;)
      if (scores[c] > scores[best]) best = c;
    seen.hits += best == truth ? 1 : 0;
    seen.error += static_cast<std::uint64_t>(std::llround((1 - scores[truth]) * unit));
  }

  static void merge(Call, State& into, const State& from) {
    into.rows += from.rows;
    into.error += from.error;
    const bool forgets = into.scores.size() > 1 && broken("merges_no_classes");
    if (!broken("merges_half") && !forgets) into.hits += from.hits;
    if (!broken("merges_no_weights")) into.weights += from.weights;
  }

  static void save(Call, const State& state, const Sink& sink) {
    ByteWriter out;
    out.u64(state.rows);
    out.u64(state.hits);
    out.u64(broken("saves_half") ? 0 : state.error);
    out.u64(state.weights);
    sink.put("tally", "application/octet-stream", seal("tally/1", out.take()));
  }

  static State restore(Call call, const Schema& schema, Roles roles, const Source& saved) {
    State state = begin(call, schema, roles, {});
    const std::string stored = saved.bytes("tally");
    ByteReader in(unseal("tally/1", stored));
    state.rows = in.rows();
    state.hits = in.u64();
    state.error = in.u64();
    state.weights = in.u64();
    ByteReader::require(state.hits <= state.rows, "it has more hits than rows");
    in.end();
    return state;
  }

  static std::vector<Metric> finish(Call, const State& state, const std::optional<Sink>& extras) {
    const auto n = static_cast<double>(state.rows), hits = static_cast<double>(state.hits);
    if (extras) extras->put("tally.csv", "text/csv", "hits," + std::to_string(state.hits) + "\n");
    const auto rows = static_cast<std::int64_t>(state.rows);
    std::vector<Metric> out{{"rows", n, {}, {}, "", rows, true}};
    if (rows == 0) return out;
    const double share = hits / n, spread = 2 * std::sqrt(share * (1 - share) / n);
    const double low = broken("misses_its_interval") ? share + 0.1 : share - spread;
    out.push_back({"accuracy", share, low, share + spread + 0.2, "", rows, true});
    if (state.weight)
      out.push_back({"weight", static_cast<double>(state.weights) / unit, {}, {}, "", rows, true});
    out.push_back({"mean_error", static_cast<double>(state.error) / unit / n, {}, {}, "", rows, false});
    return out;
  }
};

}  // namespace assay::broken
