// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/result_table.h"

#include <fmt/format.h>

#include <cmath>
#include <span>

#include "registry/compute/ports.h"
#include "storage/base/error.h"

namespace assay {
namespace {

struct ResultColumn {
  std::string_view name;
  std::string_view format;
  bool nullable;
};

constexpr ResultColumn kMetric[] = {
    {"name", "u", false},  {"value", "g", false}, {"ci_low", "g", true},           {"ci_high", "g", true},
    {"slice", "u", false}, {"n", "l", false},     {"higher_is_better", "b", false}};
constexpr ResultColumn kDriftTable[] = {
    {"column", "u", false},    {"statistic", "u", false}, {"value", "g", false}, {"p_value", "g", true},
    {"threshold", "g", false}, {"drifted", "b", false},   {"n_ref", "l", false}, {"n_cur", "l", false}};
constexpr ResultColumn kFinding[] = {{"severity", "u", false},     {"rule", "u", false},
                                     {"column", "u", false},       {"row_count", "l", false},
                                     {"sample_rows", "+l", false}, {"message", "u", false}};

std::span<const ResultColumn> columns_of(std::string_view capability) {
  if (capability == kEvaluator) return kMetric;
  if (capability == kDrift) return kDriftTable;
  return kFinding;
}

[[noreturn]] void wrong(std::string_view what) {
  throw Error(Code::internal, fmt::format("a wrong result table: {}", what));
}

// Cells of one row of a decoded table, whose arrays all start at offset 0.
class Row {
 public:
  Row(const ArrowArray& table, std::span<const ResultColumn> columns, std::int64_t row)
      : table_(table), columns_(columns), row_(row) {}

  std::string text(std::size_t column) const {
    if (null(column)) return {};
    const auto* offsets = buffer<std::int32_t>(column, 1) + row_;
    return std::string(buffer<char>(column, 2) + offsets[0],
                       static_cast<std::size_t>(offsets[1] - offsets[0]));
  }
  std::optional<double> number(std::size_t column) const {
    if (null(column)) return std::nullopt;
    const double value = buffer<double>(column, 1)[row_];
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }
  std::int64_t integer(std::size_t column) const {
    return null(column) ? 0 : buffer<std::int64_t>(column, 1)[row_];
  }
  bool boolean(std::size_t column) const {
    return !null(column) && (buffer<std::uint8_t>(column, 1)[row_ / 8] >> (row_ % 8) & 1) != 0;
  }
  std::vector<std::int64_t> integers(std::size_t column) const {
    if (null(column)) return {};
    const auto* offsets = buffer<std::int32_t>(column, 1) + row_;
    const auto* values = static_cast<const std::int64_t*>(table_.children[column]->children[0]->buffers[1]);
    return {values + offsets[0], values + offsets[1]};
  }

 private:
  template <typename T>
  const T* buffer(std::size_t column, std::size_t which) const {
    return static_cast<const T*>(table_.children[column]->buffers[which]);
  }
  bool null(std::size_t column) const {
    const auto* validity = buffer<std::uint8_t>(column, 0);
    const bool is_null = validity != nullptr && (validity[row_ / 8] >> (row_ % 8) & 1) == 0;
    if (is_null && !columns_[column].nullable)
      wrong(fmt::format("row {} has no {}", row_, columns_[column].name));
    return is_null;
  }

  const ArrowArray& table_;
  std::span<const ResultColumn> columns_;
  std::int64_t row_;
};

MetricRow metric(const Row& row) {
  return {row.text(0), row.number(1),  row.number(2), row.number(3),
          row.text(4), row.integer(5), row.boolean(6)};
}

DriftRow drift_row(const Row& row) {
  return {row.text(0),   row.text(1),    row.number(2),  row.number(3),
          row.number(4), row.boolean(5), row.integer(6), row.integer(7)};
}

FindingRow finding(const Row& row) {
  const std::string severity = row.text(0);
  if (severity != "info" && severity != "warning" && severity != "error") wrong("a severity that is not one");
  return {parse_severity(severity, "severity"),
          row.text(1),
          row.text(2),
          row.integer(3),
          row.integers(4),
          row.text(5)};
}

template <typename Record>
EvidenceRows read_rows(const ArrowArray& table, std::span<const ResultColumn> columns,
                       Record (*read)(const Row&)) {
  std::vector<Record> records;
  for (std::int64_t row = 0; row < table.length; ++row) records.push_back(read(Row(table, columns, row)));
  return records;
}

}  // namespace

void check_result_schema(const ArrowSchema& schema, std::string_view capability) {
  const auto columns = columns_of(capability);
  if (std::string_view(schema.format) != "+s" ||
      schema.n_children != static_cast<std::int64_t>(columns.size()))
    wrong(fmt::format("{} columns where {} has {}", schema.n_children, capability, columns.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ArrowSchema& child = *schema.children[i];
    const bool list_of_integers =
        columns[i].format != "+l" ||
        (child.n_children == 1 && std::string_view(child.children[0]->format) == "l");
    if (columns[i].name != child.name || columns[i].format != child.format || !list_of_integers)
      wrong(fmt::format("column {} is \"{}\" of format {} where \"{}\" of format {} is due", i + 1,
                        child.name, child.format, columns[i].name, columns[i].format));
  }
}

EvidenceRows read_result(const ArrowArray& table, std::string_view capability) {
  if (table.length > kMaxResultRows)
    wrong(fmt::format("{} rows are more than {}", table.length, kMaxResultRows));
  const auto columns = columns_of(capability);
  if (capability == kEvaluator) return read_rows<MetricRow>(table, columns, metric);
  if (capability == kDrift) return read_rows<DriftRow>(table, columns, drift_row);
  return read_rows<FindingRow>(table, columns, finding);
}

}  // namespace assay
