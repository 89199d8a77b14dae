// @NAME@: the share of rows on whose label (0 or 1) the score is right.
#include "assay/plugin.hpp"
#include "assay_manifest.h"  // made from manifest.json

namespace {

using namespace assay::sdk;

constexpr std::string_view magic = "@NAME@/1";

struct Accuracy {
  static constexpr std::string_view id = "@NAME@", capability = ASSAY_CAP_EVALUATOR_V1;
  explicit Accuracy(const Config& config) : cut(config.f64("/cut", 0, 1)) {}

  // Only counts, so that neither batches nor the order of merges matter.
  struct State {
    std::size_t label = 0, score = 0;  // where they stand in the batches
    std::int64_t right = 0, rows = 0;
  };

  State begin(Call, const Schema& schema, Roles roles, std::optional<Source>) const {
    return {schema.require(roles.label()), schema.require(roles.require("score")), 0, 0};
  }
  void update(Call, State& state, const Batch& batch) const {
    const Column labels = batch.column(state.label), scores = batch.column(state.score);
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      const double label = labels.number(row), score = scores.number(row);
      if ((label != 0 && label != 1) || std::isnan(score))
        throw Error(ASSAY_E_INVALID_DATA, "a label must be 0 or 1 and a score must be a number").row(row);
      state.right += (score >= cut) == (label == 1);
      ++state.rows;
    }
  }
  void merge(Call, State& into, const State& from) const {
    into.right += from.right;
    into.rows += from.rows;
  }
  void save(Call, const State& state, Sink out) const {
    ByteWriter bytes;
    bytes.i64(state.right);
    bytes.i64(state.rows);
    out.put("counts", "application/octet-stream", seal(magic, bytes.take()));
  }
  State restore(Call call, const Schema& schema, Roles roles, Source saved) const {
    State state = begin(call, schema, roles, std::nullopt);
    const std::string stored = saved.bytes("counts");
    ByteReader in(unseal(magic, stored));
    state.right = in.i64();
    state.rows = in.i64();
    in.end();
    if (state.right < 0 || state.right > state.rows) throw ByteReader::corrupt("a count is out of range");
    return state;
  }
  std::vector<Metric> finish(Call, const State& state, std::optional<Sink>) const {
    if (state.rows == 0) throw Error(ASSAY_E_INVALID_DATA, "there are no rows to judge");
    return {{.name = "accuracy",
             .value = static_cast<double>(state.right) / static_cast<double>(state.rows),
             .ci_low = std::nullopt,
             .ci_high = std::nullopt,
             .slice = "",
             .n = state.rows,
             .higher_is_better = true}};
  }

  double cut;
};

}  // namespace

ASSAY_PLUGIN(assay_manifest, Accuracy)
