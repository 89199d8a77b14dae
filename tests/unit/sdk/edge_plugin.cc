// SPDX-License-Identifier: Apache-2.0
// A plugin linked into the tests: components that misbehave on request, and one of each shape the layer
// knows.
#include <map>
#include <new>
#include <stdexcept>

#include "assay/plugin.hpp"

namespace {

using namespace assay::sdk;

// Throws what the setting /throw names, from its constructor, from fit, or not at all.
struct Thrower {
  static constexpr std::string_view id = "thrower";
  explicit Thrower(const Config& config) : what(config.text("/throw")) {
    if (what == "create") throw Error(ASSAY_E_INVALID_CONFIG, "refused").pointer("/throw");
  }
  void fit(Call, const Dataset&, const Sink& sink) const {
    if (what == "error")
      throw Error(ASSAY_E_INVALID_DATA, "a \"bad\" label\n\xff").column("l\"").row(7).hint("fix it");
    if (what == "memory") throw std::bad_alloc();
    if (what == "standard") throw std::runtime_error("the library said no");
    if (what == "number") throw 42;  // NOLINT(hicpp-exception-baseclass): the point of the test
    if (what == "ok") throw Error(ASSAY_OK, "not an error");
    sink.put("a", "text/plain", "1");
  }
  std::string what;
};

// Answers two columns; scores the sum of numbers, or fails on a negative one.
struct Scorer {
  static constexpr std::string_view id = "scorer";
  void fit(Call call, const Training& data, const Sink& model) const {
    call.log(Log::info, "hello");
    call.progress(0.5, "half");
    call.metric("m", 0, 1);
    const std::string text =
        std::string(data.valid ? "valid" : "") + (data.warm_start ? data.warm_start->bytes("a") : "");
    model.put("a", "text/plain", text);
  }
  struct Model {
    static constexpr bool concurrent = true;
    Model(Call call, const Source& source) : stored(source.bytes("a")) { call.check(); }
    Schema bind(const Schema& input) {
      at = input.require("x");
      return {{"sum", Type::f64, Nulls::never}, {"who", Type::utf8}};
    }
    void score(Call, const Batch& batch, Table& out) const {
      for (std::int64_t row = 0; row < batch.rows(); ++row) {
        const double x = batch.number(at, row);
        if (x < 0) throw Error(ASSAY_E_INVALID_DATA, "negative").row(row);
        if (x == 99) return;  // too few rows: the layer must notice
        out.column(0).f64(x + 1);
        if (x == 0)
          out.column(1).null();
        else
          out.column(1).utf8(stored);
      }
    }
    std::string stored;
    std::size_t at = 0;
  };
};

// Counts rows by carrier.
struct Counter {
  static constexpr std::string_view id = "counter";
  static constexpr std::string_view capability = ASSAY_CAP_DRIFT_V1;
  struct State {
    std::int64_t now = 0, then = -1;
  };
  State begin(Call, const Schema& schema, const Roles&, const std::optional<Source>& reference) const {
    schema.require("x");
    State state;
    if (reference) state.then = reference->get<std::int64_t>("n").at(0);
    return state;
  }
  void update(Call, State& state, const Batch& batch) const {
    if (batch.rows() == 13) throw Error(ASSAY_E_INVALID_DATA, "thirteen");
    state.now += batch.rows();
  }
  void merge(Call, State& into, const State& from) const { into.now += from.now; }
  void save(Call, const State& state, const Sink& out) const {
    out.put("n", "x", std::vector<std::int64_t>{state.now, state.then});
  }
  State restore(Call, const Schema&, const Roles&, const Source& saved) const {
    const auto both = saved.get<std::int64_t>("n");
    if (both.size() != 2) throw ByteReader::corrupt("two numbers");
    return {both[0], both[1]};
  }
  std::vector<Drift> finish(Call, const State& state, const std::optional<Sink>& extras) const {
    if (extras) extras->put("curve", "x", "y");
    return {{.column = "x",
             .statistic = "rows",
             .value = static_cast<double>(state.now),
             .p_value = std::nullopt,
             .threshold = 1,
             .drifted = state.now != state.then,
             .n_ref = state.then,
             .n_cur = state.now}};
  }
};

}  // namespace

ASSAY_PLUGIN(R"({"manifest_version":1,"id":"edges","version":"1.0.0","abi":{"major":1,"min_minor":0},
 "components":[{"id":"thrower","capabilities":["assay.trainer/1"],"config_schema":{"type":"object",
   "properties":{"throw":{"type":"string","default":"nothing"}}}},
  {"id":"scorer","capabilities":["assay.trainer/1","assay.scorer/1"],"config_schema":{"type":"object"}},
  {"id":"counter","capabilities":["assay.drift/1"],"config_schema":{"type":"object"}}]})",
             Thrower, Scorer, Counter)
