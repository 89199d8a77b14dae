// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/judged_rows.h"

#include <fmt/format.h>

#include "storage/base/error.h"

namespace assay {

namespace {

void add_scores(const std::string& role, Column scores, std::string_view what, std::vector<Column>& columns,
                RowSet& rows) {
  for (const Column& column : columns)
    if (column.name() == scores.name())
      throw Error(
          Code::invalid_argument,
          fmt::format("{} has a column \"{}\", which is what the model calls its prediction; rename it", what,
                      column.name()));
  rows.roles.push_back({role, scores.name()});
  columns.push_back(std::move(scores));
}

RowSet gathered(const Table& table, std::string_view what, const std::string& label, const std::string& group,
                const Table& predictions, const Table* references) {
  std::vector<Column> columns = {table.at(label, what)};
  RowSet rows{.table = nullptr, .roles = {{"label", label}}, .digest = std::nullopt};
  if (!group.empty() && group != label) columns.push_back(table.at(group, what));
  if (!group.empty()) rows.roles.push_back({"group", group});
  for (const Column& prediction : predictions.columns()) add_scores("score", prediction, what, columns, rows);
  if (references != nullptr)
    for (const Column& other : references->columns())
      add_scores("reference_score", other.renamed("reference_" + other.name()), what, columns, rows);
  rows.table = std::make_shared<Table>(std::move(columns));
  return rows;
}

}  // namespace

RowSet judged_rows(const Table& table, std::string_view what, const std::string& label, const std::string& group,
                   const Table& predictions) {
  return gathered(table, what, label, group, predictions, nullptr);
}

RowSet judged_pairs(const Table& table, std::string_view what, const std::string& label, const std::string& group,
                    const Table& predictions, const Table& references) {
  return gathered(table, what, label, group, predictions, &references);
}

std::string judged_label(const std::string& asked, std::string_view model, const std::string& trained_on) {
  if (!asked.empty()) return asked;
  if (!trained_on.empty()) return trained_on;
  throw Error(Code::invalid_argument,
              fmt::format("{} was trained without a label; name the column to compare with", model));
}

}  // namespace assay
