// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/judged_rows.h"

#include <fmt/format.h>

#include "storage/base/error.h"

namespace assay {

RowSet judged_rows(const Table& table, std::string_view what, const std::string& label,
                   const std::string& group, const Table& predictions) {
  std::vector<Column> columns = {table.at(label, what)};
  RowSet rows{.table = nullptr, .roles = {{"label", label}}, .digest = std::nullopt};
  if (!group.empty() && group != label) columns.push_back(table.at(group, what));
  if (!group.empty()) rows.roles.push_back({"group", group});
  for (const Column& prediction : predictions.columns()) {
    for (const Column& column : columns)
      if (column.name() == prediction.name())
        throw Error(
            Code::invalid_argument,
            fmt::format("{} has a column \"{}\", which is what the model calls its prediction; rename it", what,
                        column.name()));
    columns.push_back(prediction);
    rows.roles.push_back({"score", prediction.name()});
  }
  rows.table = std::make_shared<Table>(std::move(columns));
  return rows;
}

}  // namespace assay
