// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/csv_columns.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "registry/compute/cell.h"
#include "registry/domain/utf8.h"

namespace assay {
namespace {

constexpr std::size_t kMostWindow = 16 << 20;  // for a record longer than a window

bool has_number(const Decimal& decimal) { return decimal.kind == Decimal::Kind::number; }

}  // namespace

CsvColumns::CsvColumns(const CsvOptions& options, const std::vector<std::string>& names,
                       std::vector<CsvGuess> guesses, std::int64_t rows, const CsvPath& path)
    : CsvRecords(options.source), path_(path), again_(false), window_bytes_(path.window_bytes), expected_(names) {
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    Column column({names[i], guesses[i].type()}, options.memory);
    column.reserve(rows, guesses[i].text_bytes);
    slots_.push_back({std::move(column), guesses[i], State::filling});
  }
}

CsvColumns::CsvColumns(const CsvOptions& options, CsvColumns&& first, const CsvPath& path)
    : CsvRecords(options.source),
      path_(path),
      again_(true),
      window_bytes_(path.window_bytes),
      slots_(std::move(first.slots_)),
      expected_(std::move(first.expected_)) {
  for (Slot& slot : slots_) {
    if (slot.state == State::guessing) {
      slot.column = Column({slot.column.name(), slot.guess.type()}, options.memory);
      slot.column.reserve(first.rows_);
      slot.state = State::filling;
    } else {
      slot.state = State::kept;
    }
  }
}

bool CsvColumns::complete() const {
  return unfit_ || std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.state == State::guessing; });
}

TablePtr CsvColumns::table() {
  if (unfit_) throw Error(unfit_->error);
  std::vector<Column> columns;
  for (Slot& slot : slots_) {
    if (slot.column.size() != rows_) changed();
    columns.push_back(std::move(slot.column));
  }
  return std::make_shared<Table>(std::move(columns));
}

void CsvColumns::changed() const {
  throw Error(Code::conflict, source() + " changed while it was read; try again");
}

void CsvColumns::header() {
  if (names() != expected_) changed();
}

void CsvColumns::misfit(std::size_t at, std::string_view text, std::uint64_t line, std::size_t record) {
  Slot& slot = slots_[at];
  if (slot.guess.declared) {
    slot.state = State::kept;
    // The first of the input is told: an earlier window's, or this window's record before it.
    if (!unfit_ || record < unfit_->record)
      unfit_ = Unfit{record, at,
                     cell_error(line, at, fmt::format("\"{}\" is not of type {}", beginning(text, 80),
                                                      name_of(slot.column.type())))};
    return;
  }
  if (again_) changed();
  slot.column = Column(slot.column.spec());
  slot.state = State::guessing;
  slot.guess.see(text);
}

// ---- cell by cell ----

void CsvColumns::value(std::size_t at, std::string_view text, bool quoted) {
  Slot& slot = slots_[at];
  if (slot.state == State::kept) return;
  if (slot.state == State::guessing) {
    if (!text.empty()) slot.guess.see(text);
    return;
  }
  if (text.empty() && !(quoted && slot.column.type() == ColumnType::utf8)) return slot.column.append_null();
  const bool fits = [&] {
    if (slot.guess.declared) return append_literal(slot.column, text);
    CsvGuess with = slot.guess;
    if (with.any && !with.settled()) with.see(text);
    // A cell that leaves the guess as it was spells a value of the type.
    return with.any && with.type() == slot.column.type() && append_literal(slot.column, text);
  }();
  if (!fits) misfit(at, text, cell_line(), static_cast<std::size_t>(rows_));
}

// ---- a window at once ----

CsvTaken CsvColumns::records_at_once(std::string_view rest) {
  if (rest.size() <= kCsvOverread) return {0, 0, rest.size()};
  const std::size_t most = rest.size() - kCsvOverread;
  const std::string_view text = rest.substr(0, std::min(most, window_bytes_));
  index_csv(path_.cpu, text, index_);
  if (!index_.odd && index_.records == 0 && text.size() < most && window_bytes_ < kMostWindow) {
    window_bytes_ *= 2;
    return records_at_once(rest);
  }
  const CsvTaken untaken{0, 0, text.size()};
  const std::size_t columns = slots_.size();
  if (index_.odd || index_.records == 0 || index_.cells != index_.records * columns) return untaken;
  for (std::size_t record = 1; record <= index_.records; ++record)
    if (text[index_.ends[record * columns]] != '\n') return untaken;
  const std::string_view taken = text.substr(0, index_.bytes);
  if (!index_.ascii && !is_utf8(taken)) return untaken;

  const CsvWindow window{text.data(), index_.ends.data(), index_.records, columns, index_.carriage_returns};
  valid_.resize(std::max(valid_.size(), index_.records));
  for (std::size_t at = 0; at < columns; ++at) fill(slots_[at], window, at);
  rows_ += static_cast<std::int64_t>(index_.records);
  const auto lines = index_.quotes ? static_cast<std::size_t>(std::count(taken.begin(), taken.end(), '\n'))
                                   : index_.records;
  return {taken.size(), lines, 0};
}

void CsvColumns::fill(Slot& slot, const CsvWindow& window, std::size_t at) {
  if (slot.state == State::kept) return;
  std::size_t from = 0;
  if (slot.state == State::filling) {
    from = [&] {
      if (!slot.guess.declared && !slot.guess.any) return fill_nothing(slot.column, window, at);
      switch (slot.column.type()) {
        case ColumnType::f64:
          return fill_f64(slot.column, window, at);
        case ColumnType::i64:
          return fill_i64(slot, window, at);
        case ColumnType::boolean:
          return fill_bool(slot, window, at);
        case ColumnType::utf8:
          break;
      }
      return fill_utf8(slot.column, window, at);
    }();
    if (from == window.records) return;
    const CsvWindow::Cell cell = window.cell(from, at);
    const auto lines = std::count(window.text, cell.begin, '\n');
    misfit(at, text_of(cell), next_line() + static_cast<std::uint64_t>(lines),
           static_cast<std::size_t>(rows_) + from);
    ++from;
  }
  if (slot.state != State::guessing) return;
  for (; from < window.records && !slot.guess.settled(); ++from) {
    const std::string_view text = text_of(window.cell(from, at));
    if (!text.empty()) slot.guess.see(text);
  }
}

std::string_view CsvColumns::text_of(const CsvWindow::Cell& cell) {
  std::string_view text(cell.begin, cell.size);
  if (text.empty() || text.front() != '"') return text;
  text = text.substr(1, text.size() - 2);
  std::size_t quote = text.find('"');
  if (quote == text.npos) return text;
  unquoted_.clear();
  for (; quote != text.npos; quote = text.find('"')) {
    unquoted_.append(text.substr(0, quote + 1));
    text.remove_prefix(quote + 2);  // the second of the pair
  }
  return unquoted_.append(text);
}

template <typename Value, typename Plain, typename Any>
std::size_t CsvColumns::fill_numbers(Column& column, std::vector<Value>& values, const CsvWindow& window,
                                     std::size_t at, Plain plain, Any any) {
  decimals_.resize(std::max(decimals_.size(), window.records));
  values.resize(std::max(values.size(), window.records));
  read_decimals(path_.cpu, window, at, decimals_.data());
  for (std::size_t i = 0; i < window.records; ++i) {
    const Decimal& decimal = decimals_[i];
    valid_[i] = 1;
    if (has_number(decimal) && plain(decimal, values[i])) continue;
    const std::string_view text = text_of(window.cell(i, at));
    valid_[i] = text.empty() ? 0 : 1;
    values[i] = 0;
    if (text.empty()) continue;
    const std::optional<Value> value = any(text);
    if (!value) return i;
    values[i] = *value;
  }
  column.append(std::span<const Value>(values.data(), window.records), std::span(valid_).first(window.records));
  return window.records;
}

std::size_t CsvColumns::fill_f64(Column& column, const CsvWindow& window, std::size_t at) {
  const auto plain = [](const Decimal& decimal, double& value) {
    double size = 0;
    if (!quotient(decimal.digits, decimal.fraction, size)) return false;
    // By bits, since a branch on signs is hard to foresee.
    value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(size) | std::uint64_t{decimal.negative} << 63);
    return true;
  };
  return fill_numbers(column, f64_, window, at, plain, parse_f64);
}

std::size_t CsvColumns::fill_i64(Slot& slot, const CsvWindow& window, std::size_t at) {
  const auto plain = [](const Decimal& decimal, std::int64_t& value) {
    // "1." has no fraction either, but is no integer; 2^63 is left to parse_i64.
    if (decimal.has_point || decimal.digits > INT64_MAX) return false;
    value = static_cast<std::int64_t>(decimal.digits);
    if (decimal.negative) value = -value;
    return true;
  };
  return fill_numbers(slot.column, i64_, window, at, plain, slot.guess.declared ? i64_of : parse_i64);
}

std::size_t CsvColumns::fill_bool(Slot& slot, const CsvWindow& window, std::size_t at) {
  bits_.resize(std::max(bits_.size(), window.records));
  for (std::size_t i = 0; i < window.records; ++i) {
    const std::string_view text = text_of(window.cell(i, at));
    valid_[i] = text.empty() ? 0 : 1;
    bits_[i] = 0;
    if (text.empty()) continue;
    const std::optional<bool> value = slot.guess.declared ? bool_of(text) : parse_bool(text);
    if (!value) return i;
    bits_[i] = *value ? 1 : 0;
  }
  slot.column.append_bits(std::span(bits_).first(window.records), std::span(valid_).first(window.records));
  return window.records;
}

std::size_t CsvColumns::fill_utf8(Column& column, const CsvWindow& window, std::size_t at) {
  ends_.resize(std::max(ends_.size(), window.records));
  constexpr std::size_t room = 16;
  texts_.resize(std::max(texts_.size(), index_.bytes + room));
  char* out = texts_.data();
  for (std::size_t i = 0; i < window.records; ++i) {
    const CsvWindow::Cell cell = window.cell(i, at);
    valid_[i] = cell.size == 0 ? 0 : 1;
    if (cell.size <= room && *cell.begin != '"') {
      std::memcpy(out, cell.begin, room);  // short ones in one move; what is too much is overwritten
      out += cell.size;
    } else {
      const std::string_view text = text_of(cell);
      out = std::copy(text.begin(), text.end(), out);
    }
    ends_[i] = static_cast<std::uint32_t>(out - texts_.data());
  }
  column.append({texts_.data(), static_cast<std::size_t>(out - texts_.data())},
                std::span(ends_).first(window.records), std::span(valid_).first(window.records));
  return window.records;
}

std::size_t CsvColumns::fill_nothing(Column& column, const CsvWindow& window, std::size_t at) {
  for (std::size_t i = 0; i < window.records; ++i)
    if (!text_of(window.cell(i, at)).empty()) return i;
  for (std::size_t i = 0; i < window.records; ++i) column.append_null();
  return window.records;
}

}  // namespace assay
