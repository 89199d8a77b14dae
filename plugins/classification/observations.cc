// SPDX-License-Identifier: Apache-2.0
// The state of an evaluation: arrival order in, canonical order out.
#include "observations.h"

#include <algorithm>
#include <set>

#include "assay/bytes.hpp"
#include "assay/numbers.hpp"

namespace assay::classification {
namespace {

constexpr std::string_view kMagic = "assay.classification/2";
constexpr std::size_t kRowsPerPoll = std::size_t{1} << 20;

Sample sample_of(const std::vector<Row>& sorted, const Poll& poll) {
  Sample out;
  out.scores.reserve(sorted.size());
  out.labels.reserve(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i % kRowsPerPoll == 0) poll();
    out.scores.push_back(score_of(sorted[i]));
    out.labels.push_back(static_cast<std::uint8_t>(sorted[i] & 1));
  }
  return out;
}

}  // namespace

Observations::Observations(std::vector<std::string> group_columns)
    : group_columns_(std::move(group_columns)) {}

void Observations::add(double score, bool label, std::span<const std::string_view> group) {
  const Row row = row_of(score, label);
  add(std::span(&row, 1), group);
}

void Observations::add(std::span<const Row> rows, std::span<const std::string_view> group) {
  std::vector<Row>& into = rows_of(group);
  into.insert(into.end(), rows.begin(), rows.end());
  rows_ += rows.size();
}

std::vector<Row>& Observations::rows_of(std::span<const std::string_view> group) {
  if (const auto found = groups_.find(group); found != groups_.end()) return found->second;
  return groups_[Group(group.begin(), group.end())];
}

void Observations::require_room_for(const Observations& from) const {
  if (rows_ > kMaxRows || from.rows_ > kMaxRows - rows_)
    throw sdk::Error(ASSAY_E_UNSUPPORTED,
                     "an evaluation takes at most 2 147 483 648 rows; evaluate a sample of them");
  std::size_t slices = 0;
  for (std::size_t column = 0; column < group_columns_.size(); ++column) {
    std::set<std::string_view> values;
    for (const Observations* side : {this, &from})
      for (const auto& [group, rows] : side->groups_) values.insert(group[column]);
    slices += values.size();
    if (slices > kMaxSlices)
      throw sdk::Error(ASSAY_E_INVALID_DATA, "the groups of '" + group_columns_[column] +
                                                 "' make more than " + std::to_string(kMaxSlices) +
                                                 " slices; group by a column with fewer values")
          .column(group_columns_[column]);
  }
}

void Observations::merge(const Observations& from) {
  if (from.group_columns_ != group_columns_)
    throw sdk::Error(
        ASSAY_E_INVALID_ARGUMENT,
        "two evaluations grouped by different columns cannot be merged; begin both with the same groups");
  require_room_for(from);
  for (const auto& [group, rows] : from.groups_) {
    std::vector<Row>& into = groups_[group];
    const std::size_t before = into.size(), added = rows.size();
    into.resize(before + added);  // not insert: a state may be merged with itself
    std::copy_n(rows.begin(), added, into.begin() + static_cast<std::ptrdiff_t>(before));
  }
  rows_ += from.rows_;
}

void Observations::for_each_slice(const Poll& poll, const std::function<void(const Slice&)>& visit) const {
  std::vector<Row> rows, spare;
  const auto slice = [&](std::string name, const auto& belongs) {
    rows.clear();
    for (const auto& [group, some] : groups_)
      if (belongs(group)) rows.insert(rows.end(), some.begin(), some.end());
    sdk::radix_sort(rows, spare, poll);
    visit({std::move(name), sample_of(rows, poll)});
  };
  slice("", [](const Group&) { return true; });
  for (std::size_t column = 0; column < group_columns_.size(); ++column) {
    std::set<std::string_view> values;
    for (const auto& [group, some] : groups_) values.insert(group[column]);
    for (const std::string_view value : values)
      slice(group_columns_[column] + "=" + std::string(value),
            [&](const Group& group) { return group[column] == value; });
  }
}

std::string Observations::save(const Poll& poll) const {
  sdk::ByteWriter out;
  out.u64(group_columns_.size());
  for (const std::string& column : group_columns_) out.text(column);
  out.u64(groups_.size());
  std::vector<Row> spare;
  for (const auto& [group, some] : groups_) {
    for (const std::string& value : group) out.text(value);
    std::vector<Row> rows = some;
    sdk::radix_sort(rows, spare, poll);
    out.u64(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i % kRowsPerPoll == 0) poll();
      out.u64(rows[i]);
    }
  }
  return sdk::seal(kMagic, out.take());
}

Observations Observations::load(std::string_view bytes, const Poll& poll) {
  sdk::ByteReader in(sdk::unseal(kMagic, bytes));
  std::vector<std::string> columns(in.count(8));
  for (std::string& column : columns) column = in.text();
  Observations out(columns);
  std::vector<std::string> names(columns.size());
  std::vector<std::string_view> group(columns.size());
  for (std::size_t groups = in.count(8 * (columns.size() + 1)); groups > 0; --groups) {
    for (std::size_t g = 0; g < names.size(); ++g) group[g] = names[g] = in.text();
    std::vector<Row>& rows = out.rows_of(group);
    in.require(rows.empty(), "a group occurs twice");
    rows.resize(in.count(8));
    in.require(!rows.empty(), "a group has no rows");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i % kRowsPerPoll == 0) poll();
      rows[i] = in.u64();
      in.require(rows[i] <= row_of(1, true), "a score is not a probability");
    }
    out.rows_ += rows.size();
  }
  in.end();
  out.require_room_for(Observations(columns));
  return out;
}

}  // namespace assay::classification
