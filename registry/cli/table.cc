// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>

namespace assay::cli {
namespace {

// Code points, not bytes, so that "≥" counts once.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool looks_numeric(std::string_view text) {
  return text == "-" || text.empty() ||
         (text.find_first_not_of("0123456789.+-e%,") == std::string_view::npos &&
          text.find_first_of("0123456789") != std::string_view::npos);
}

void put(std::ostream& out, std::string_view text, std::size_t columns, bool right, bool last) {
  const std::string padding(columns - width(text), ' ');
  if (right) out << padding;
  out << text;
  if (!right && !last) out << padding;
  if (!last) out << "  ";
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = plain(cell);
  cells.resize(heads_.size());
  rows_.push_back(std::move(cells));
}

void Table::print(std::ostream& out) const {
  const std::size_t count = heads_.size();
  std::vector<std::size_t> widths(count);
  std::vector<bool> right(count);
  for (std::size_t i = 0; i < count; ++i) {
    widths[i] = width(heads_[i]);
    bool numeric = !rows_.empty();
    for (const auto& row : rows_) {
      widths[i] = std::max(widths[i], width(row[i]));
      numeric = numeric && looks_numeric(row[i]);
    }
    right[i] = numeric;
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < count; ++i) put(out, cells[i], widths[i], right[i], i + 1 == count);
    out << '\n';
  };
  line(heads_);
  for (const auto& row : rows_) line(row);
}

std::string plain(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return out;
}

std::string human_size(std::uint64_t bytes) {
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (value /= 1000; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string human_number(double value) {
  return fmt::format("{:.6g}", value);
}

std::string human_number(std::optional<double> value) {
  return value ? human_number(*value) : "-";
}

std::string human_time(std::string_view time) {
  if (time.size() < 20 || time[10] != 'T' || time.back() != 'Z') return plain(time);
  return plain(fmt::format("{} {} UTC", time.substr(0, 10), time.substr(11, 8)));
}

}  // namespace assay::cli
