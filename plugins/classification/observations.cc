// SPDX-License-Identifier: Apache-2.0
// The state of an evaluation: arrival order in, canonical order out.
#include "observations.h"

#include <algorithm>
#include <numeric>

#include "assay/bytes.hpp"

namespace assay::classification {
namespace {

constexpr std::string_view kMagic = "assay.classification/1";

void require(bool holds, std::string_view otherwise) {
  if (!holds) throw sdk::ByteReader::corrupt(otherwise);
}

void append(Sample& sample, double score, std::uint8_t label) {
  sample.scores.push_back(score);
  sample.labels.push_back(label);
}

}  // namespace

Observations::Observations(std::vector<std::string> group_columns)
    : group_columns_(std::move(group_columns)), groups_(group_columns_.size()) {}

void Observations::add(double score, bool label, std::span<const std::string_view> groups) {
  if (rows() >= kMaxRows)
    throw sdk::Error(ASSAY_E_UNSUPPORTED,
                     "an evaluation takes at most 2 147 483 648 rows; evaluate a sample of them");
  for (std::size_t g = 0; g < groups_.size(); ++g) groups_[g].of_rows.push_back(id_of(g, groups[g]));
  scores_.push_back(score + 0.0);  // -0 and 0 are one score
  labels_.push_back(label ? 1 : 0);
}

std::uint32_t Observations::id_of(std::size_t column, std::string_view name) {
  Group& group = groups_[column];
  if (const auto found = group.ids.find(name); found != group.ids.end()) return found->second;
  if (slices_ >= kMaxSlices)
    throw sdk::Error(ASSAY_E_INVALID_DATA, "the groups of '" + group_columns_[column] + "' make more than " +
                                               std::to_string(kMaxSlices) +
                                               " slices; group by a column with fewer values")
        .column(group_columns_[column]);
  ++slices_;
  const auto id = static_cast<std::uint32_t>(group.names.size());
  group.ids.emplace(name, id);
  group.names.emplace_back(name);
  return id;
}

void Observations::merge(const Observations& from) {
  if (from.group_columns_ != group_columns_)
    throw sdk::Error(
        ASSAY_E_INVALID_ARGUMENT,
        "two evaluations grouped by different columns cannot be merged; begin both with the same groups");
  std::vector<std::string_view> names(groups_.size());
  // The count is taken first: a state may be merged with itself.
  for (std::size_t row = 0, rows = from.rows(); row < rows; ++row) {
    for (std::size_t g = 0; g < groups_.size(); ++g)
      names[g] = from.groups_[g].names[from.groups_[g].of_rows[row]];
    add(from.scores_[row], from.labels_[row] != 0, names);
  }
}

bool Observations::before(std::uint32_t a, std::uint32_t b) const {
  if (scores_[a] != scores_[b]) return scores_[a] < scores_[b];
  if (labels_[a] != labels_[b]) return labels_[a] < labels_[b];
  for (const Group& group : groups_)
    if (group.of_rows[a] != group.of_rows[b])
      return group.names[group.of_rows[a]] < group.names[group.of_rows[b]];
  return false;
}

std::vector<std::uint32_t> Observations::sorted() const {
  std::vector<std::uint32_t> order(rows());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) { return before(a, b); });
  return order;
}

std::vector<Slice> Observations::slices() const {
  const std::vector<std::uint32_t> order = sorted();
  std::vector<Slice> out(1);
  for (const std::uint32_t row : order) append(out[0].sample, scores_[row], labels_[row]);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    std::vector<std::size_t> place(groups_[g].names.size());
    for (const auto& [name, id] : groups_[g].ids) {
      place[id] = out.size();
      out.push_back({group_columns_[g] + "=" + name, {}});
    }
    for (const std::uint32_t row : order)
      append(out[place[groups_[g].of_rows[row]]].sample, scores_[row], labels_[row]);
  }
  return out;
}

std::string Observations::save() const {
  sdk::ByteWriter out;
  out.u64(groups_.size());
  std::vector<std::vector<std::uint32_t>> rank(groups_.size());
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    out.text(group_columns_[g]);
    out.u64(groups_[g].ids.size());
    rank[g].resize(groups_[g].ids.size());
    std::uint32_t next = 0;
    for (const auto& [name, id] : groups_[g].ids) {
      out.text(name);
      rank[g][id] = next++;
    }
  }
  out.u64(rows());
  for (const std::uint32_t row : sorted()) {
    out.f64(scores_[row]);
    out.u8(labels_[row]);
    for (std::size_t g = 0; g < groups_.size(); ++g) out.u32(rank[g][groups_[g].of_rows[row]]);
  }
  return sdk::seal(kMagic, out.take());
}

Observations Observations::load(std::string_view bytes) {
  sdk::ByteReader in(sdk::unseal(kMagic, bytes));
  std::vector<std::string> columns(in.count(16));
  std::vector<std::vector<std::string>> names(columns.size());
  std::size_t slices = 0;
  for (std::size_t g = 0; g < columns.size(); ++g) {
    columns[g] = in.text();
    names[g].resize(in.count(8));
    for (std::string& name : names[g]) name = in.text();
    slices += names[g].size();
  }
  require(slices <= kMaxSlices, "it has too many groups");
  Observations out(columns);
  std::vector<std::string_view> groups(columns.size());
  const std::size_t rows = in.count(9 + 4 * columns.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const double score = in.f64();
    require(score >= 0 && score <= 1, "a score is not a probability");
    const std::uint8_t label = in.u8();
    require(label <= 1, "a label is neither 0 nor 1");
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const std::uint32_t id = in.u32();
      require(id < names[g].size(), "a row belongs to an unknown group");
      groups[g] = names[g][id];
    }
    out.add(score, label != 0, groups);
  }
  in.end();
  return out;
}

}  // namespace assay::classification
