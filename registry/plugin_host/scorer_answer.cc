// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/scorer_answer.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace assay {

std::string wrong_columns(const TableSchema& output) {
  std::set<std::string_view> names;
  for (const ColumnSpec& column : output)
    if (column.name.empty() || !names.insert(column.name).second)
      return fmt::format("answers with the column name \"{}\" empty or twice", column.name);
  return output.empty() ? "answers with no column at all" : "";
}

std::string wrong_number(const Column& column, std::int64_t from) {
  if (column.type() != ColumnType::f64) return "";
  for (std::int64_t row = from; row < column.size(); ++row)
    if (!column.is_null(row) && !std::isfinite(column.f64(row)))
      return fmt::format("the prediction \"{}\" for row {} is {}, not a number; the model is unfit for this row",
                         column.name(), row + 1, column.f64(row));
  return "";
}

}  // namespace assay
