// SPDX-License-Identifier: Apache-2.0
// Counting rows. How a profile becomes bytes is in profile_bytes.cc.
#include "profile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

namespace assay::drift {
namespace {

constexpr std::int64_t kRowsAtOnce = 2048;
constexpr std::int64_t kRowsPerPoll = std::int64_t{1} << 17;

Profile empty_like(const Profile& profile) {
  Profile out;
  for (const ColumnProfile& column : profile.columns) {
    ColumnProfile empty(column.values.limit());
    empty.name = column.name;
    empty.kind = column.kind;
    empty.part = column.part;
    out.columns.push_back(std::move(empty));
  }
  return out;
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::numeric:
      return "numbers";
    case Kind::categorical:
      return "categories";
    case Kind::unreadable:
      break;
  }
  return "values of an unsupported type";
}

const ColumnProfile* Profile::find(std::string_view name) const {
  for (const ColumnProfile& column : columns)
    if (column.name == name) return &column;
  return nullptr;
}

Reference::Reference(Profile known) : profile(std::move(known)) {
  for (const ColumnProfile& column : profile.columns) {
    grids.emplace_back(column.values);
    spreads.emplace_back(column.values);
  }
}

Window::Window(Profile counted, std::shared_ptr<const Reference> reference)
    : profile_(std::move(counted)),
      reference_(std::move(reference)),
      grids_(profile_.columns.size()),
      counters_(profile_.columns.size()) {
  for (std::size_t i = 0; reference_ && i < profile_.columns.size(); ++i) {
    const std::vector<ColumnProfile>& known = reference_->profile.columns;
    const ColumnProfile* same = reference_->profile.find(profile_.columns[i].name);
    if (same == nullptr || same->kind != Kind::numeric || profile_.columns[i].kind != Kind::numeric) continue;
    grids_[i] = &reference_->grids[static_cast<std::size_t>(same - known.data())];
    counters_[i].assign(grids_[i]->bins(), 0);
  }
}

void Window::update(const sdk::Batch& batch, const Poll& poll) {
  poll();
  constexpr std::int64_t cells_at_once = std::int64_t{1} << 21;
  if (batch.rows() * static_cast<std::int64_t>(batch.columns()) <= cells_at_once) return count(batch, [] {});
  // It takes long enough to be stopped half-way: then what was counted is dropped whole.
  Window added(empty_like(profile_), reference_);
  added.count(batch, poll);
  merge(added);
}

void Window::count(const sdk::Batch& batch, const Poll& poll) {
  profile_.rows += static_cast<std::uint64_t>(batch.rows());
  for (std::size_t i = 0; i < profile_.columns.size(); ++i) {
    if (profile_.columns[i].kind == Kind::numeric) count_numbers(i, batch.column(i), poll);
    if (profile_.columns[i].kind == Kind::categorical) count_categories(i, batch.column(i), poll);
  }
}

void Window::count_numbers(std::size_t i, const sdk::Column& column, const Poll& poll) {
  ColumnProfile& profile = profile_.columns[i];
  std::array<double, kRowsAtOnce> values;
  std::array<Key, kRowsAtOnce> keys;
  for (std::int64_t first = 0; first < column.rows(); first += kRowsAtOnce) {
    if (first % kRowsPerPoll == 0) poll();
    const auto rows = static_cast<std::size_t>(std::min<std::int64_t>(kRowsAtOnce, column.rows() - first));
    column.numbers(first, std::span(values).first(rows));
    std::size_t present = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      keys[present] = key_of(values[row]);
      present += std::isfinite(values[row]) ? 1u : 0u;
    }
    profile.missing += rows - present;
    profile.values.add(std::span(keys).first(present));
    if (grids_[i] != nullptr) grids_[i]->count(std::span(keys).first(present), counters_[i]);
  }
}

void Window::count_categories(std::size_t i, const sdk::Column& column, const Poll& poll) {
  ColumnProfile& profile = profile_.columns[i];
  const bool boolean = column.type() == sdk::Type::boolean;
  // Texts that recur are looked up in the order of the batch, not in that of all names.
  std::unordered_map<std::string_view, std::uint64_t> counts;
  for (std::int64_t row = 0; row < column.rows(); ++row) {
    if (row % kRowsPerPoll == 0) poll();
    if (column.is_null(row))
      ++profile.missing;
    else if (boolean)
      ++counts[column.boolean(row) ? "true" : "false"];
    else
      ++counts[column.text(row)];
  }
  for (const auto& [text, rows] : counts) profile.categories.add(text, rows);
}

void Window::require_same_columns(const Profile& other) const {
  bool same = profile_.columns.size() == other.columns.size();
  for (std::size_t i = 0; same && i < other.columns.size(); ++i)
    same = profile_.columns[i].name == other.columns[i].name &&
           profile_.columns[i].kind == other.columns[i].kind;
  if (!same)
    throw sdk::Error(
        ASSAY_E_INVALID_ARGUMENT,
        "two drift states over different columns cannot be joined; begin both with the same schema");
}

void Window::merge(const Window& from) {
  require_same_columns(from.profile_);
  if (reference_ != from.reference_ &&
      !(reference_ && from.reference_ && reference_->profile == from.reference_->profile))
    throw sdk::Error(
        ASSAY_E_INVALID_ARGUMENT,
        "two drift states against different references cannot be merged; begin both with the same reference");
  const std::vector<Counts> counters = from.counters_;  // copies: a state may be merged with itself
  const std::uint64_t rows = from.profile_.rows;
  for (std::size_t i = 0; i < profile_.columns.size(); ++i) {
    ColumnProfile& into = profile_.columns[i];
    const ColumnProfile& other = from.profile_.columns[i];
    into.missing += other.missing;
    into.values.merge(other.values);
    into.categories.merge(other.categories);
    for (std::size_t bin = 0; bin < counters_[i].size(); ++bin) counters_[i][bin] += counters[i][bin];
  }
  profile_.rows += rows;
}

}  // namespace assay::drift
