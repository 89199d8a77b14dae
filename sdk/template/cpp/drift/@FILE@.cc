// @NAME@: how much more or less often cells are empty than in the reference.
#include "assay/plugin.hpp"
#include "assay_manifest.h"  // made from manifest.json

namespace {

using namespace assay::sdk;

constexpr std::string_view magic = "@NAME@/1";

struct Counts {
  std::string column;
  std::int64_t rows = 0, empty = 0;
  std::int64_t reference_rows = 0, reference_empty = 0;  // no rows when there is no reference

  double share() const { return rows == 0 ? 0 : static_cast<double>(empty) / static_cast<double>(rows); }
};

struct EmptyCells {
  static constexpr std::string_view id = "@NAME@", capability = ASSAY_CAP_DRIFT_V1;
  explicit EmptyCells(const Config& config) : threshold(config.f64("/threshold", 0, 1)) {}

  // Only counts, so that neither batches nor the order of merges matter.
  using State = std::vector<Counts>;

  State begin(Call, const Schema& schema, Roles, std::optional<Source> reference) const {
    State state;
    for (const Field& field : schema) state.push_back({.column = field.name});
    if (reference)
      for (const Counts& known : load(*reference))
        for (Counts& counts : state)
          if (counts.column == known.column) {
            counts.reference_rows = known.rows;
            counts.reference_empty = known.empty;
          }
    return state;
  }
  void update(Call, State& state, const Batch& batch) const {
    for (Counts& counts : state) {
      const Column cells = batch.column(counts.column);
      counts.rows += batch.rows();
      for (std::int64_t row = 0; row < batch.rows(); ++row) counts.empty += cells.is_null(row);
    }
  }
  void merge(Call, State& into, const State& from) const {
    for (std::size_t i = 0; i < into.size() && i < from.size(); ++i) {
      into[i].rows += from[i].rows;
      into[i].empty += from[i].empty;
    }
  }
  void save(Call, const State& state, Sink out) const {
    ByteWriter bytes;
    bytes.u64(state.size());
    for (const Counts& counts : state) {
      bytes.text(counts.column);
      for (const std::int64_t count : {counts.rows, counts.empty, counts.reference_rows, counts.reference_empty})
        bytes.i64(count);
    }
    out.put("counts", "application/octet-stream", seal(magic, bytes.take()));
  }
  State restore(Call, const Schema&, Roles, Source saved) const { return load(saved); }
  std::vector<Drift> finish(Call, const State& state, std::optional<Sink>) const {
    std::vector<Drift> out;
    for (const Counts& counts : state) {
      if (counts.reference_rows == 0) continue;
      const double before = static_cast<double>(counts.reference_empty) / static_cast<double>(counts.reference_rows);
      const double change = std::abs(counts.share() - before);
      out.push_back({.column = counts.column,
                     .statistic = "change_of_empty_share",
                     .value = change,
                     .p_value = std::nullopt,
                     .threshold = threshold,
                     .drifted = change > threshold,
                     .n_ref = counts.reference_rows,
                     .n_cur = counts.rows});
    }
    return out;
  }

 private:
  static State load(const Source& source) {
    const std::string stored = source.bytes("counts");
    ByteReader in(unseal(magic, stored));  // CORRUPT_ARTIFACT if altered
    State state;
    for (std::size_t left = in.count(40); left > 0; --left) {
      Counts counts{.column = in.text()};
      for (std::int64_t* count : {&counts.rows, &counts.empty, &counts.reference_rows, &counts.reference_empty})
        *count = in.i64();
      if (counts.empty < 0 || counts.empty > counts.rows || counts.reference_empty < 0 ||
          counts.reference_empty > counts.reference_rows)
        throw ByteReader::corrupt("a count is out of range");
      state.push_back(std::move(counts));
    }
    in.end();
    return state;
  }

  double threshold;
};

}  // namespace

ASSAY_PLUGIN(assay_manifest, EmptyCells)
