// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/profile.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "registry/compute/csv.h"
#include "registry/domain/canonical_json.h"

namespace assay {
namespace {

using nlohmann::json;

// Integers that JSON carries exactly stay integers.
json number_json(const Column& column, double value) {
  const bool whole_type = column.type() != ColumnType::f64;
  if (whole_type && std::abs(value) <= 0x1p53 - 1) return static_cast<std::int64_t>(value);
  return value;
}

void describe_numbers(const Column& column, json& out) {
  double sum = 0, least = INFINITY, most = -INFINITY;
  std::int64_t count = 0, non_finite = 0;
  const auto each = [&](auto&& use) {
    for (std::int64_t row = 0; row < column.size(); ++row)
      if (const auto value = column.number(row); value && std::isfinite(*value)) use(*value);
  };
  each([&](double value) {
    sum += value;
    least = std::min(least, value);
    most = std::max(most, value);
    ++count;
  });
  non_finite = column.size() - column.null_count() - count;
  if (non_finite > 0) out["non_finite"] = non_finite;
  if (count == 0) return;
  const double mean = sum / static_cast<double>(count);
  double squares = 0;
  each([&](double value) { squares += (value - mean) * (value - mean); });
  out["min"] = number_json(column, least);
  out["max"] = number_json(column, most);
  // Sums of huge doubles may overflow; such a moment is left out rather than written as something else.
  if (std::isfinite(mean)) out["mean"] = mean;
  const double deviation = std::sqrt(squares / static_cast<double>(count - 1));
  if (count > 1 && std::isfinite(deviation)) out["std"] = deviation;
}

// Code points, so that what people count as letters is what is counted here, more or less.
std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void describe_texts(const Column& column, json& out) {
  std::size_t least = SIZE_MAX, most = 0;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row)) continue;
    least = std::min(least, length(column.utf8(row)));
    most = std::max(most, length(column.utf8(row)));
  }
  if (least == SIZE_MAX) return;
  out["min_length"] = least;
  out["max_length"] = most;
}

std::string spelling(const Column& column, std::int64_t row) {
  switch (column.type()) {
    case ColumnType::f64:
      return format_f64(column.f64(row));
    case ColumnType::i64:
      return std::to_string(column.i64(row));
    case ColumnType::boolean:
      return column.boolean(row) ? "true" : "false";
    case ColumnType::utf8:
      return std::string(column.utf8(row));
  }
  return {};
}

struct Common {
  std::int64_t first_row = 0, count = 0;
};

json top_values(const Column& column, std::vector<Common> common) {
  const std::size_t kept = std::min(common.size(), kTopValues);
  // Ties go to the value seen first, so that the profile of the same rows is the same document.
  std::partial_sort(common.begin(), common.begin() + static_cast<std::ptrdiff_t>(kept), common.end(),
                    [](const Common& a, const Common& b) {
                      return a.count != b.count ? a.count > b.count : a.first_row < b.first_row;
                    });
  json top = json::array();
  for (std::size_t i = 0; i < kept; ++i) {
    constexpr std::size_t max_shown = 200;
    std::string value = spelling(column, common[i].first_row);
    while (value.size() > max_shown || (!value.empty() && value.size() == max_shown)) {
      // Cut between code points.
      std::size_t end = max_shown - 1;
      while (end > 0 && (value[end] & 0xC0) == 0x80) --end;
      value.resize(end);
    }
    top.push_back({{"value", value}, {"count", common[i].count}});
  }
  return top;
}

template <typename Key, typename KeyOf>
void count_distinct(const Column& column, json& out, KeyOf key_of) {
  std::unordered_map<Key, Common> seen;
  bool capped = false;
  for (std::int64_t row = 0; row < column.size() && !capped; ++row) {
    if (column.is_null(row)) continue;
    ++seen.try_emplace(key_of(row), Common{row, 0}).first->second.count;
    capped = seen.size() > kMaxDistinctCounted;
  }
  out["distinct"] = capped ? kMaxDistinctCounted : seen.size();
  out["distinct_capped"] = capped;
  if (capped) return;
  std::vector<Common> common;
  for (const auto& [key, value] : seen) common.push_back(value);
  out["top"] = top_values(column, std::move(common));
}

json describe(const Column& column) {
  json out = {{"name", column.name()}, {"type", name_of(column.type())}, {"nulls", column.null_count()}};
  switch (column.type()) {
    case ColumnType::f64:
      describe_numbers(column, out);
      // Adding zero makes -0.0 and 0.0 one value.
      count_distinct<std::uint64_t>(
          column, out, [&](std::int64_t row) { return std::bit_cast<std::uint64_t>(column.f64(row) + 0.0); });
      break;
    case ColumnType::i64:
      describe_numbers(column, out);
      count_distinct<std::int64_t>(column, out, [&](std::int64_t row) { return column.i64(row); });
      break;
    case ColumnType::boolean:
      describe_numbers(column, out);
      count_distinct<int>(column, out, [&](std::int64_t row) { return column.boolean(row) ? 1 : 0; });
      break;
    case ColumnType::utf8:
      describe_texts(column, out);
      count_distinct<std::string_view>(column, out, [&](std::int64_t row) { return column.utf8(row); });
      break;
  }
  return out;
}

}  // namespace

std::string profile_json(const Table& table) {
  json columns = json::array();
  for (const Column& column : table.columns()) columns.push_back(describe(column));
  return canonical({{"rows", table.rows()}, {"columns", std::move(columns)}});
}

}  // namespace assay
