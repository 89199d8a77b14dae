// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/profile_table.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "registry/cli/table.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

std::string cell(const Json& column, const char* key) {
  if (!column.contains(key) || column[key].is_null()) return "";
  if (column[key].is_string()) return column[key].get<std::string>();
  return column[key].is_number() ? human_number(column[key].get<double>()) : column[key].dump();
}

std::string distinct_cell(const Json& column) {
  const Json capped = column.value("distinct_capped", Json(false));
  return (capped == Json(true) ? "> " : "") + cell(column, "distinct");
}

}  // namespace

void print_profile(const std::string& profile, std::ostream& out) {
  const Json document = Json::parse(profile, nullptr, false);
  if (!document.is_object() || !document.contains("columns") || !document["columns"].is_array()) return;
  out << cell(document, "rows") << " rows\n";
  Table table({"column", "type", "nulls", "distinct", "min", "mean", "max"});
  for (const Json& column : document["columns"]) {
    if (!column.is_object()) continue;
    table.add({cell(column, "name"), cell(column, "type"), cell(column, "nulls"), distinct_cell(column),
               cell(column, "min"), cell(column, "mean"), cell(column, "max")});
  }
  table.print(out);
}

}  // namespace assay::cli
