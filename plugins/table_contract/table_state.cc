// SPDX-License-Identifier: Apache-2.0
// Counting rows, alone and against the reference. How a state becomes bytes is in table_bytes.cc.
#include "table_state.h"

#include <algorithm>
#include <cmath>

#include "row_codec.h"

namespace assay::table_contract {
namespace {

// With this many rows without a negative number, one is against the column's meaning.
constexpr std::uint64_t kRowsToKnowTheSign = 500;
// Unless zero was their end, though, they may have kept away from it by luck: then it takes a gap of this share
// of their range, which the tail of a normal column of any length hardly ever jumps.
constexpr double kSignGap = 0.4;

bool is_far(const ColumnState& known, double value) {
  const double width = known.high - known.low;
  if (value < 0 && known.low >= 0 && known.finite >= kRowsToKnowTheSign &&
      (known.low == 0 || value < known.low - kSignGap * width))
    return true;
  return value > known.high + width || value < known.low - width;
}

}  // namespace

Family family_of(sdk::Type type) {
  switch (type) {
    case sdk::Type::f64:
    case sdk::Type::i64:
      return Family::number;
    case sdk::Type::boolean:
      return Family::boolean;
    case sdk::Type::utf8:
      return Family::text;
    default:
      return Family::unreadable;
  }
}

void Categories::add(std::string_view text, std::uint64_t rows) {
  if (too_many_) return;
  if (const auto found = counts_.find(text); found != counts_.end()) {
    found->second += rows;
    return;
  }
  bytes_ += text.size();
  if (counts_.size() >= kMaxCategories || bytes_ > kMaxCategoryBytes) return give_up();
  counts_.emplace(text, rows);
}

void Categories::give_up() {
  too_many_ = true;
  counts_.clear();
  bytes_ = 0;
}

void Categories::merge(const Categories& from) {
  const Categories other = from;  // also when it is this very object
  for (const auto& [text, rows] : other.counts_) add(text, rows);
  if (other.too_many_) give_up();
}

const ColumnState* Table::find(std::string_view name) const {
  for (const ColumnState& column : columns)
    if (column.name == name) return &column;
  return nullptr;
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> out;
  for (const ColumnState& column : columns) out.push_back(column.name);
  return out;
}

Checked::Checked(const sdk::Schema& schema, const std::string& label, std::size_t limit_bytes,
                 std::shared_ptr<const Table> reference)
    : table_(limit_bytes), reference_(std::move(reference)) {
  for (const sdk::Field& field : schema) {
    ColumnState column;
    column.name = field.name;
    column.type = field.type;
    column.is_label = field.name == label;
    table_.columns.push_back(std::move(column));
  }
  link();
}

Checked::Checked(const Checked& like, Empty)
    : table_(like.table_.store.limit_bytes()), reference_(like.reference_) {
  for (const ColumnState& column : like.table_.columns) {
    ColumnState empty;
    empty.name = column.name;
    empty.type = column.type;
    empty.is_label = column.is_label;
    table_.columns.push_back(std::move(empty));
  }
  link();
}

void Checked::link() {
  known_.assign(table_.columns.size(), nullptr);
  if (!reference_) return;
  std::vector<std::string> here = table_.names(), there = reference_->names();
  std::sort(here.begin(), here.end());
  std::sort(there.begin(), there.end());
  same_columns_ = here == there;
  for (std::size_t i = 0; i < known_.size(); ++i) {
    const ColumnState* same = reference_->find(table_.columns[i].name);
    if (same != nullptr && family_of(same->type) == family_of(table_.columns[i].type)) known_[i] = same;
  }
}

bool Checked::comparable_rows() const {
  return reference_ && same_columns_ && !reference_->store.given_up();
}

void Checked::update(const sdk::Batch& batch, const Poll& poll) {
  poll();
  constexpr std::int64_t cells_at_once = std::int64_t{1} << 20;
  if (batch.rows() * static_cast<std::int64_t>(batch.columns()) <= cells_at_once) return add(batch, [] {});
  // It takes long enough to be stopped half-way: then what was seen is dropped whole.
  Checked added(*this, Empty{});
  added.add(batch, poll);
  merge(added);
}

void Checked::add(const sdk::Batch& batch, const Poll& poll) {
  for (std::size_t i = 0; i < table_.columns.size(); ++i) add_column(i, batch.column(i), poll);
  RowEncoder encoder(batch);
  const bool comparable = comparable_rows();
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    if (row % kRowsPerPoll == 0) poll();
    const std::string_view encoded = encoder.row(row);
    table_.store.add(encoded, table_.rows + row);
    if (comparable && reference_->store.contains(encoded)) overlap_.add(table_.rows + row);
  }
  table_.rows += batch.rows();
}

void Checked::add_column(std::size_t i, const sdk::Column& column, const Poll& poll) {
  ColumnState& state = table_.columns[i];
  if (family_of(state.type) == Family::unreadable) return;
  for (std::int64_t row = 0; row < column.rows(); ++row) {
    if (row % kRowsPerPoll == 0) poll();
    const std::int64_t at = table_.rows + row;
    if (column.is_null(row))
      state.missing.add(at);
    else if (column.type() == sdk::Type::utf8)
      add_text(i, column.text(row), at);
    else
      add_number(i, column.number(row), at);
  }
}

void Checked::add_number(std::size_t i, double value, std::int64_t row) {
  ColumnState& state = table_.columns[i];
  if (std::isnan(value)) return state.not_a_number.add(row);
  if (std::isinf(value)) return state.infinite.add(row);
  ++state.finite;
  state.low = std::min(state.low, value + 0.0);
  state.high = std::max(state.high, value + 0.0);
  const ColumnState* known = known_[i];
  if (known == nullptr || known->finite == 0 || (value >= known->low && value <= known->high)) return;
  (value < known->low ? state.below : state.above).add(row);
  if (is_far(*known, value)) state.far.add(row);
}

void Checked::add_text(std::size_t i, std::string_view text, std::int64_t row) {
  ColumnState& state = table_.columns[i];
  state.categories.add(text);
  const ColumnState* known = known_[i];
  if (known == nullptr || known->categories.too_many() || known->categories.counts().empty()) return;
  if (!known->categories.contains(text)) state.unknown_category.add(row);
}

void Checked::merge(const Checked& from) {
  bool same = table_.columns.size() == from.table_.columns.size();
  for (std::size_t i = 0; same && i < table_.columns.size(); ++i)
    same = table_.columns[i].name == from.table_.columns[i].name &&
           table_.columns[i].type == from.table_.columns[i].type;
  const bool same_reference =
      !reference_ == !from.reference_ && (!reference_ || (reference_->rows == from.reference_->rows &&
                                                          reference_->names() == from.reference_->names()));
  if (!same || !same_reference)
    throw sdk::Error(ASSAY_E_INVALID_ARGUMENT,
                     "two validations of different columns or against different references cannot be merged; "
                     "begin both alike");
  const std::int64_t offset = table_.rows, added = from.table_.rows;
  for (std::size_t i = 0; i < table_.columns.size(); ++i) {
    ColumnState& into = table_.columns[i];
    const ColumnState& other = from.table_.columns[i];
    for (const auto tally :
         {&ColumnState::missing, &ColumnState::not_a_number, &ColumnState::infinite, &ColumnState::below,
          &ColumnState::above, &ColumnState::far, &ColumnState::unknown_category})
      (into.*tally).merge(other.*tally, offset);
    into.finite += other.finite;
    into.low = std::min(into.low, other.low);
    into.high = std::max(into.high, other.high);
    into.categories.merge(other.categories);
  }
  table_.store.merge(from.table_.store, offset);
  overlap_.merge(from.overlap_, offset);
  table_.rows += added;
}

}  // namespace assay::table_contract
