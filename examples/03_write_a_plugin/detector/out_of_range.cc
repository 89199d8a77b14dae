// SPDX-License-Identifier: Apache-2.0
// A drift detector: which share of a window's numbers lies outside of the range that the reference held. It only
// counts and compares, so neither batches nor the order of merges change a bit. rust/src/lib.rs is the same in Rust:
// both write the same bytes, and a state of one is a reference for the other.
#include <algorithm>
#include <limits>

#include "assay/plugin.hpp"
#include "assay_manifest.h"

namespace {

using namespace assay::sdk;

constexpr std::string_view magic = "out-of-range/1", entry = "ranges";

struct Range {
  std::int64_t rows = 0;  // that hold a number
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    ++rows;
    // A zero of either sign is one number.
    low = std::min(low, value + 0.0);
    high = std::max(high, value + 0.0);
  }
  void add(const Range& other) {
    rows += other.rows;
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
  void save(ByteWriter& out) const {
    out.i64(rows);
    out.f64(low);
    out.f64(high);
  }
  static Range load(ByteReader& in) {
    Range out{in.i64(), in.f64(), in.f64()};
    if (out.rows < 0 || (out.rows > 0) != (out.low <= out.high)) throw ByteReader::corrupt("a range is none");
    return out;
  }
};

struct Watched {
  std::string name;
  Range seen, reference;  // the reference has no rows when there is none
  std::int64_t outside = 0;
};

struct OutOfRange {
  static constexpr std::string_view id = "out-of-range", capability = ASSAY_CAP_DRIFT_V1;
  using State = std::vector<Watched>;

  explicit OutOfRange(const Config& config) : threshold(config.f64("/threshold", 0, 1)) {}

  State begin(Call, const Schema& schema, Roles, std::optional<Source> reference) const {
    State state;
    for (const Field& field : schema)
      if (field.type == Type::f64 || field.type == Type::i64) state.push_back({field.name, {}, {}, 0});
    if (reference)
      for (const Watched& known : load(*reference))
        for (Watched& column : state)
          if (column.name == known.name) column.reference = known.seen;
    return state;
  }

  void update(Call, State& state, const Batch& batch) const {
    for (Watched& watched : state) {
      const Column column = batch.column(watched.name);
      for (std::int64_t row = 0; row < batch.rows(); ++row) {
        const double value = column.number(row);
        if (value != value) continue;  // empty cells are another plugin's business
        watched.seen.add(value);
        watched.outside += value < watched.reference.low || value > watched.reference.high;
      }
    }
  }

  void merge(Call, State& into, const State& from) const {
    for (std::size_t i = 0; i < into.size() && i < from.size(); ++i) {
      into[i].seen.add(from[i].seen);
      into[i].outside += from[i].outside;
    }
  }

  void save(Call, const State& state, Sink out) const {
    ByteWriter bytes;
    bytes.u64(state.size());
    for (const Watched& column : state) {
      bytes.text(column.name);
      column.seen.save(bytes);
      column.reference.save(bytes);
      bytes.i64(column.outside);
    }
    out.put(entry, "application/octet-stream", seal(magic, bytes.take()));
  }

  State restore(Call, const Schema&, Roles, Source saved) const { return load(saved); }

  std::vector<Drift> finish(Call, const State& state, std::optional<Sink>) const {
    std::vector<Drift> out;
    for (const Watched& column : state) {
      if (column.reference.rows == 0) continue;
      const double share = column.seen.rows == 0
                               ? 0
                               : static_cast<double>(column.outside) / static_cast<double>(column.seen.rows);
      out.push_back({.column = column.name,
                     .statistic = "share_out_of_range",
                     .value = share,
                     .p_value = std::nullopt,
                     .threshold = threshold,
                     .drifted = share > threshold,
                     .n_ref = column.reference.rows,
                     .n_cur = column.seen.rows});
    }
    return out;
  }

  static State load(const Source& source) {
    const std::string stored = source.bytes(entry);
    ByteReader in(unseal(magic, stored));
    State state;
    for (std::size_t left = in.count(64); left > 0; --left) {
      Watched column{in.text(), Range::load(in), Range::load(in), in.i64()};
      if (column.outside < 0 || column.outside > column.seen.rows)
        throw ByteReader::corrupt("a count is out of range");
      state.push_back(std::move(column));
    }
    in.end();
    return state;
  }

  double threshold;
};

}  // namespace

ASSAY_PLUGIN(assay_manifest, OutOfRange)
