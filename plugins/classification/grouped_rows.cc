// SPDX-License-Identifier: Apache-2.0
// Arrival order in, canonical order out.
#include "grouped_rows.h"

#include <algorithm>
#include <set>

#include "order.h"

namespace assay::classification {
namespace {

constexpr std::size_t kWordsPerPoll = std::size_t{1} << 20;

}  // namespace

GroupedRows::GroupedRows(std::vector<std::string> group_columns, std::size_t width)
    : group_columns_(std::move(group_columns)), width_(width) {}

void GroupedRows::add(std::span<const std::uint64_t> words, std::span<const std::string_view> group) {
  Words& into = rows_of(group);
  into.insert(into.end(), words.begin(), words.end());
  rows_ += words.size() / width_;
}

Words& GroupedRows::rows_of(std::span<const std::string_view> group) {
  if (const auto found = groups_.find(group); found != groups_.end()) return found->second;
  return groups_[Group(group.begin(), group.end())];
}

void GroupedRows::require_room_for(const GroupedRows& from) const {
  if (rows_ > kMaxRows || from.rows_ > kMaxRows - rows_)
    throw sdk::Error(ASSAY_E_UNSUPPORTED,
                     "an evaluation takes at most 2 147 483 648 rows; evaluate a sample of them");
  std::size_t slices = 0;
  for (std::size_t column = 0; column < group_columns_.size(); ++column) {
    std::set<std::string_view> values;
    for (const GroupedRows* side : {this, &from})
      for (const auto& [group, rows] : side->groups_) values.insert(group[column]);
    slices += values.size();
    if (slices > kMaxSlices)
      throw sdk::Error(ASSAY_E_INVALID_DATA, "the groups of '" + group_columns_[column] +
                                                 "' make more than " + std::to_string(kMaxSlices) +
                                                 " slices; group by a column with fewer values")
          .column(group_columns_[column]);
  }
}

void GroupedRows::merge(const GroupedRows& from) {
  if (from.group_columns_ != group_columns_)
    throw sdk::Error(
        ASSAY_E_INVALID_ARGUMENT,
        "two evaluations grouped by different columns cannot be merged; begin both with the same groups");
  if (from.width_ != width_)
    throw sdk::Error(ASSAY_E_INVALID_ARGUMENT,
                     "two evaluations of different numbers of classes cannot be merged");
  require_room_for(from);
  for (const auto& [group, rows] : from.groups_) {
    Words& into = groups_[group];
    const std::size_t before = into.size(), added = rows.size();
    into.resize(before + added);  // not insert: a state may be merged with itself
    std::copy_n(rows.begin(), added, into.begin() + static_cast<std::ptrdiff_t>(before));
  }
  rows_ += from.rows_;
}

void GroupedRows::for_each_slice(const Poll& poll, const Visit& visit) const {
  Words rows, spare;
  const auto slice = [&](std::string_view column, const std::string& name, const auto& belongs) {
    rows.clear();
    for (const auto& [group, some] : groups_)
      if (belongs(group)) rows.insert(rows.end(), some.begin(), some.end());
    sort_rows(rows, width_, spare, poll);
    visit(column, name, rows);
  };
  slice("", "", [](const Group&) { return true; });
  for (std::size_t column = 0; column < group_columns_.size(); ++column) {
    std::set<std::string_view> values;
    for (const auto& [group, some] : groups_) values.insert(group[column]);
    for (const std::string_view value : values)
      slice(group_columns_[column], group_columns_[column] + "=" + std::string(value),
            [&](const Group& group) { return group[column] == value; });
  }
}

void GroupedRows::save(sdk::ByteWriter& out, const Poll& poll) const {
  out.u64(group_columns_.size());
  for (const std::string& column : group_columns_) out.text(column);
  out.u64(groups_.size());
  Words spare;
  for (const auto& [group, some] : groups_) {
    for (const std::string& value : group) out.text(value);
    Words rows = some;
    sort_rows(rows, width_, spare, poll);
    out.u64(rows.size() / width_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i % kWordsPerPoll == 0) poll();
      out.u64(rows[i]);
    }
  }
}

GroupedRows GroupedRows::load(sdk::ByteReader& in, std::size_t width, const Poll& poll,
                              const std::function<void(std::span<const std::uint64_t>)>& check) {
  std::vector<std::string> columns(in.count(8));
  for (std::string& column : columns) column = in.text();
  GroupedRows out(columns, width);
  std::vector<std::string> names(columns.size());
  std::vector<std::string_view> group(columns.size());
  for (std::size_t groups = in.count(8 * (columns.size() + 1)); groups > 0; --groups) {
    for (std::size_t g = 0; g < names.size(); ++g) group[g] = names[g] = in.text();
    Words& rows = out.rows_of(group);
    in.require(rows.empty(), "a group occurs twice");
    const std::size_t count = in.count(8 * width);
    in.require(count > 0, "a group has no rows");
    rows.resize(count * width);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i % kWordsPerPoll == 0) poll();
      rows[i] = in.u64();
    }
    check(rows);
    out.rows_ += count;
  }
  out.require_room_for(GroupedRows(columns, width));
  return out;
}

}  // namespace assay::classification
