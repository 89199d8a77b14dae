// SPDX-License-Identifier: Apache-2.0
// Counting rows. How a profile becomes bytes is in profile_bytes.cc.
#include "profile.h"

#include <cmath>

namespace assay::drift {

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

void Profile::settle() {
  for (ColumnProfile& column : columns) column.values.settle();
}

Window::Window(const Profile& shape, std::shared_ptr<const Reference> reference)
    : profile_(shape),
      reference_(std::move(reference)),
      grids_(shape.columns.size()),
      counters_(shape.columns.size()) {
  for (std::size_t i = 0; reference_ && i < profile_.columns.size(); ++i) {
    const std::vector<ColumnProfile>& known = reference_->profile.columns;
    const ColumnProfile* same = reference_->profile.find(profile_.columns[i].name);
    if (same == nullptr || same->kind != Kind::numeric || profile_.columns[i].kind != Kind::numeric) continue;
    grids_[i] = &reference_->grids[static_cast<std::size_t>(same - known.data())];
    counters_[i].assign(grids_[i]->bins(), 0);
  }
}

void Window::update(const sdk::Batch& batch) {
  profile_.rows += static_cast<std::uint64_t>(batch.rows());
  for (std::size_t i = 0; i < profile_.columns.size(); ++i) {
    if (profile_.columns[i].kind == Kind::numeric) count_numbers(i, batch.column(i));
    if (profile_.columns[i].kind == Kind::categorical) count_categories(i, batch.column(i));
  }
}

void Window::count_numbers(std::size_t i, const sdk::Column& column) {
  ColumnProfile& profile = profile_.columns[i];
  for (std::int64_t row = 0; row < column.rows(); ++row) {
    const double value = column.number(row);
    if (!std::isfinite(value)) {
      ++profile.missing;
      continue;
    }
    profile.values.add(value);
    if (grids_[i] != nullptr) ++counters_[i][grids_[i]->bin_of(key_of(value))];
  }
}

void Window::count_categories(std::size_t i, const sdk::Column& column) {
  ColumnProfile& profile = profile_.columns[i];
  for (std::int64_t row = 0; row < column.rows(); ++row) {
    if (column.is_null(row))
      ++profile.missing;
    else if (column.type() == sdk::Type::boolean)
      profile.categories.add(column.boolean(row) ? "true" : "false");
    else
      profile.categories.add(column.text(row));
  }
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
  if ((reference_ ? reference_->fingerprint : 0) != (from.reference_ ? from.reference_->fingerprint : 0))
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

Window Window::settled() const {
  Window out = *this;
  out.profile_.settle();
  return out;
}

}  // namespace assay::drift
