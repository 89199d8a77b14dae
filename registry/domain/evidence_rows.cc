// SPDX-License-Identifier: Apache-2.0
// The three result tables of the plugin ABI as JSON: one object a row, one member a column, nothing else.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "registry/domain/evidence.h"
#include "registry/domain/json_reader.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxRows = 10'000;       // 100 metrics over 100 slices
constexpr std::size_t kMaxSampleRows = 1'000;  // a sample, not the data
constexpr std::int64_t kMaxCount = 9'007'199'254'740'991;

json number_json(const std::optional<double>& value) {
  return value ? json(*value) : json();
}

bool required_boolean(JsonObject& row, const std::string& key, const std::string& what) {
  const json& value = row.any(key);
  if (!value.is_boolean())
    throw Error(Code::invalid_argument, fmt::format("{}.{} must be true or false", what, key));
  return value.get<bool>();
}

MetricRow metric_row(const json& document, const std::string& what) {
  JsonObject row(document, what);
  MetricRow out{.name = row.text("name"),
                .value = row.optional_number("value"),
                .ci_low = row.optional_number("ci_low"),
                .ci_high = row.optional_number("ci_high"),
                .slice = row.optional_text("slice").value_or(""),
                .n = row.integer("n", 0, kMaxCount),
                .higher_is_better = required_boolean(row, "higher_is_better", what)};
  row.finish();
  return out;
}

DriftRow drift_row(const json& document, const std::string& what) {
  JsonObject row(document, what);
  DriftRow out{.column = row.text("column"),
               .statistic = row.text("statistic"),
               .value = row.optional_number("value"),
               .p_value = row.optional_number("p_value"),
               .threshold = row.optional_number("threshold"),
               .drifted = required_boolean(row, "drifted", what),
               .n_ref = row.integer("n_ref", 0, kMaxCount),
               .n_cur = row.integer("n_cur", 0, kMaxCount)};
  row.finish();
  return out;
}

std::vector<std::int64_t> sample_rows(JsonObject& row, const std::string& what) {
  std::vector<std::int64_t> out;
  const json* samples = row.optional_array("sample_rows", kMaxSampleRows);
  if (samples == nullptr) return out;
  for (const json& sample : *samples) {
    if (!sample.is_number_integer())
      throw Error(Code::invalid_argument, fmt::format("{}.sample_rows must hold row numbers only", what));
    out.push_back(sample.get<std::int64_t>());
  }
  return out;
}

FindingRow finding_row(const json& document, const std::string& what) {
  JsonObject row(document, what);
  FindingRow out{.severity = parse_severity(row.text("severity"), what + ".severity"),
                 .rule = row.text("rule"),
                 .column = row.optional_text("column").value_or(""),
                 .row_count = row.integer("row_count", 0, kMaxCount),
                 .sample_rows = sample_rows(row, what),
                 .message = row.text("message")};
  row.finish();
  return out;
}

json row_json(const MetricRow& row) {
  return {{"name", row.name},
          {"value", number_json(row.value)},
          {"ci_low", number_json(row.ci_low)},
          {"ci_high", number_json(row.ci_high)},
          {"slice", row.slice},
          {"n", row.n},
          {"higher_is_better", row.higher_is_better}};
}

json row_json(const DriftRow& row) {
  return {{"column", row.column},
          {"statistic", row.statistic},
          {"value", number_json(row.value)},
          {"p_value", number_json(row.p_value)},
          {"threshold", number_json(row.threshold)},
          {"drifted", row.drifted},
          {"n_ref", row.n_ref},
          {"n_cur", row.n_cur}};
}

json row_json(const FindingRow& row) {
  return {{"severity", to_text(row.severity)},
          {"rule", row.rule},
          {"column", row.column},
          {"row_count", row.row_count},
          {"sample_rows", row.sample_rows},
          {"message", row.message}};
}

template <class Row>
std::vector<Row> read_rows(const json& rows, Row (*read)(const json&, const std::string&)) {
  std::vector<Row> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back(read(rows[i], fmt::format("evidence.rows[{}]", i)));
  return out;
}

// A rule names a metric and a slice; two answers to it in one record would leave the choice to chance.
std::vector<MetricRow> distinct(std::vector<MetricRow> rows) {
  std::set<std::pair<std::string, std::string>> seen;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!seen.emplace(rows[i].name, rows[i].slice).second)
      throw Error(Code::invalid_argument,
                  fmt::format("evidence.rows[{}] repeats the metric \"{}\" of slice \"{}\": report each once",
                              i, rows[i].name, rows[i].slice));
  return rows;
}

}  // namespace

EvidenceRows rows_from_json(EvidenceKind kind, const json& rows) {
  if (!rows.is_array()) throw Error(Code::invalid_argument, "evidence.rows must be an array of objects");
  if (rows.size() > kMaxRows)
    throw Error(Code::too_large, fmt::format("evidence.rows has {} rows; at most {} are kept in one record: "
                                             "report fewer slices or several records",
                                             rows.size(), kMaxRows));
  switch (kind) {
    case EvidenceKind::validation:
      return read_rows(rows, finding_row);
    case EvidenceKind::drift:
      return read_rows(rows, drift_row);
    case EvidenceKind::evaluation:
    case EvidenceKind::comparison:
      break;
  }
  return distinct(read_rows(rows, metric_row));
}

json rows_to_json(const EvidenceRows& rows) {
  json out = json::array();
  std::visit(
      [&](const auto& table) {
        for (const auto& row : table) out.push_back(row_json(row));
      },
      rows);
  return out;
}

}  // namespace assay
