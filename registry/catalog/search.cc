// SPDX-License-Identifier: Apache-2.0
// Three ways through a catalogue: gather what a narrow index finds and sort it; walk an index that lies in the asked
// order and stop when the page is full; or, when there is neither, look at everything.
#include "registry/catalog/search.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/cursor.h"
#include "registry/catalog/found_versions.h"
#include "registry/catalog/search_conditions.h"
#include "registry/catalog/search_sources.h"
#include "registry/domain/search_fields.h"

namespace assay {
namespace {

using nlohmann::json;
using Direction = SearchOrder::Direction;

// One column of the order: what it holds, and whether it may be NULL.
struct Column {
  Fragment sql;
  Direction direction;
  bool optional;
};

// Which versions are looked at. Streamed, they come in the order of the first column (of ids when there is none).
struct Walk {
  std::string from = "versions v";
  Fragment where{};
  std::string id = "v.id";
  bool streamed = false;
};

struct Row {
  std::vector<json> values;  // of the columns
  std::int64_t id;
};

Fragment::Bound bound(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.get<double>();
}

// Those behind `after` in the order of the columns from `at` on, and last by falling id.
Fragment behind(const std::vector<Column>& columns, const std::string& id, const Row& after, std::size_t at = 0) {
  if (at == columns.size()) return Fragment(id + " < ").bind(after.id);
  const Column& column = columns[at];
  const json& value = after.values[at];
  const Fragment rest = behind(columns, id, after, at + 1);
  if (value.is_null()) return Fragment("(") << column.sql << " IS NULL AND " << rest << ")";
  const char* sign = column.direction == Direction::ascending ? " > " : " < ";
  Fragment out("(");
  out << column.sql << Fragment(sign).bind(bound(value));
  if (column.optional) out << " OR " << column.sql << " IS NULL";
  return out << " OR (" << column.sql << Fragment(" = ").bind(bound(value)) << " AND " << rest << "))";
}

Fragment sorted_by(const std::vector<Column>& columns, const std::string& id) {
  Fragment out(" ORDER BY ");
  for (const Column& column : columns) {
    out << column.sql << (column.direction == Direction::ascending ? " ASC" : " DESC");
    out << (column.optional ? " NULLS LAST, " : ", ");
  }
  return out << std::string_view(id + " DESC");
}

class VersionSearch {
 public:
  VersionSearch(Snapshot& snapshot, const Search& search, const ReadableSpaces& readable, int limit,
                std::int64_t max_gathered)
      : snapshot_(snapshot), search_(search), readable_(readable), limit_(limit), max_gathered_(max_gathered) {
    for (const SearchOrder& order : search.order)
      columns_.push_back({order_sql(order.subject, readable), order.direction, info(order.subject.field).optional});
    condition_ = condition_without(nullptr);
  }

  // At most `limit`.
  std::vector<Row> run(const std::optional<Row>& after) {
    if (const auto source = narrow_source(snapshot_, search_, readable_, max_gathered_)) {
      Walk gathered{.where = "v.id IN ("};
      gathered.where << source->ids << ")";
      return rows_of(gathered, columns_, condition_without(source->proven), after);
    }
    if (columns_.empty()) return rows_of(newest_first(), columns_, condition_, after);
    switch (search_.order.front().subject.field) {
      case SearchField::created_at:
        return rows_of({.from = "versions v INDEXED BY versions_by_time", .streamed = true}, columns_, condition_, after);
      case SearchField::metrics:
        return by_metric(after);
      default:
        return rows_of({}, columns_, condition_, after);
    }
  }

 private:
  Fragment condition_without(const SearchExpression* proven) const {
    Fragment out("TRUE");
    for (const SearchExpression* part : required(search_))
      if (part != proven) out << " AND " << condition_sql(*part, readable_);
    return out;
  }

  // A label that is asked for lies in the order of publication, too.
  Walk newest_first() const {
    for (const SearchCondition* condition : required_conditions(search_)) {
      if (condition->subject.field != SearchField::labels || condition->comparison != SearchOperator::equal) continue;
      return {.from = "labels d CROSS JOIN versions v ON v.id = d.version_id",
              .where = {"d.key = ? AND d.value = ?",
                        {condition->subject.key, bound_value(SearchField::labels, condition->values.front())}},
              .id = "d.version_id",
              .streamed = true};
    }
    return {.streamed = true};
  }

  // First those that have the metric, along its index; then the others.
  std::vector<Row> by_metric(const std::optional<Row>& after) {
    const SearchKey& metric = search_.order.front().subject;
    std::vector<Row> out;
    if (!after || !after->values.front().is_null()) {
      std::vector<Column> columns = columns_;
      columns.front().sql = "d.value";
      columns.front().optional = false;
      out = rows_of({.from = "newest_metrics d CROSS JOIN versions v ON v.manifest_id = d.manifest_id",
                     .where = {"a.namespace_id = d.namespace_id AND d.value IS NOT NULL AND d.name = ?", {metric.key}},
                     .streamed = true},
                    columns, condition_, after);
    }
    const auto required = required_conditions(search_);
    const bool all_have_it = std::any_of(required.begin(), required.end(), [&](const SearchCondition* condition) {
      return condition->subject == metric && condition->comparison != SearchOperator::absent;
    });
    const auto missing = static_cast<std::size_t>(limit_) - out.size();
    if (all_have_it || missing == 0) return out;
    for (Row& row : without(metric, after && after->values.front().is_null() ? after : std::nullopt)) {
      if (out.size() == static_cast<std::size_t>(limit_)) break;
      out.push_back(std::move(row));
    }
    return out;
  }

  std::vector<Row> without(const SearchKey& metric, std::optional<Row> after) {
    Fragment condition = condition_;
    condition << " AND "
              << condition_sql({.condition = {.subject = metric, .comparison = SearchOperator::absent, .values = {}}},
                               readable_);
    if (after) after->values.erase(after->values.begin());
    const std::vector<Column> columns(columns_.begin() + 1, columns_.end());
    std::vector<Row> out = rows_of({.streamed = columns.empty()}, columns, condition, after);
    for (Row& row : out) row.values.insert(row.values.begin(), nullptr);
    return out;
  }

  std::vector<Row> rows_of(const Walk& walk, const std::vector<Column>& columns, const Fragment& condition,
                           const std::optional<Row>& after) {
    Rows rows = (walk.streamed ? streamed(walk, columns, condition, after) : sorted(walk, columns, condition, after))
                    .query(snapshot_);
    std::vector<Row> out;
    while (rows.next()) {
      Row row{{}, rows.get<std::int64_t>(0)};
      for (std::size_t i = 0; i < columns.size(); ++i)
        row.values.push_back(value_of(rows, static_cast<int>(i) + 1, search_.order[search_.order.size() - columns.size() + i]));
      out.push_back(std::move(row));
    }
    return out;
  }

  static json value_of(const Rows& rows, int column, const SearchOrder& order) {
    if (rows.null(column)) return nullptr;
    const SearchType type = info(order.subject.field).type;
    if (type == SearchType::number || type == SearchType::time || type == SearchType::setting)
      return rows.get<double>(column);
    return rows.get<std::string>(column);
  }

  Fragment streamed(const Walk& walk, const std::vector<Column>& columns, const Fragment& condition,
                    const std::optional<Row>& after) const {
    Fragment out("SELECT " + walk.id);
    for (const Column& column : columns) out << ", " << column.sql;
    out << matching(walk, condition);
    if (after) {
      // What an index can begin at; the rest is decided row by row.
      if (!columns.empty())
        out << " AND " << columns.front().sql
            << Fragment(columns.front().direction == Direction::ascending ? " >= " : " <= ").bind(bound(after->values.front()));
      out << " AND " << behind(columns, walk.id, *after);
    }
    return out << sorted_by(columns, walk.id) << Fragment(" LIMIT ").bind(std::int64_t{limit_});
  }

  // Each column is computed once.
  Fragment sorted(const Walk& walk, const std::vector<Column>& columns, const Fragment& condition,
                  const std::optional<Row>& after) const {
    Fragment out("WITH found AS MATERIALIZED (SELECT v.id AS id");
    Fragment names;
    std::vector<Column> named;
    for (const Column& column : columns) {
      const std::string name = "o" + std::to_string(named.size());
      out << ", " << column.sql << std::string_view(" AS " + name);
      names << std::string_view(", " + name);
      named.push_back({std::string_view(name), column.direction, column.optional});
    }
    out << matching(walk, condition) << ") SELECT id" << names << " FROM found";
    if (after) out << " WHERE " << behind(named, "id", *after);
    return out << sorted_by(named, "id") << Fragment(" LIMIT ").bind(std::int64_t{limit_});
  }

  Fragment matching(const Walk& walk, const Fragment& condition) const {
    Fragment out(" FROM " + walk.from +
                 " CROSS JOIN artifacts a ON a.id = v.artifact_id CROSS JOIN namespaces n ON n.id = a.namespace_id "
                 "WHERE v.deleted_at IS NULL");
    if (!walk.where.empty()) out << " AND " << walk.where;
    return out << " AND " << readable_sql(readable_) << " AND " << condition;
  }

  Snapshot& snapshot_;
  const Search& search_;
  const ReadableSpaces& readable_;
  const int limit_;
  const std::int64_t max_gathered_;
  std::vector<Column> columns_;
  Fragment condition_;
};

// The order is a key, so that the cursor of another one is refused; JSON keeps each key on its line.
std::string cursor_of(const Search& search, const Row& row) {
  std::vector<std::string> keys = {json(to_text(search.order)).dump()};
  for (const json& value : row.values) keys.push_back(value.dump());
  keys.push_back(std::to_string(row.id));
  return encode_cursor("search", keys);
}

Row row_of(const Search& search, std::string_view cursor) {
  std::vector<std::string> keys = decode_cursor("search", cursor, search.order.size() + 2);
  if (keys.front() != json(to_text(search.order)).dump()) throw refuse_cursor();
  Row row{{}, integer_key(keys.back())};
  for (std::size_t i = 0; i < search.order.size(); ++i) {
    json value = json::parse(keys[i + 1], nullptr, false);
    const SearchFieldInfo& field = info(search.order[i].subject.field);
    const bool of_type = field.type == SearchType::text || field.type == SearchType::name || field.type == SearchType::word
                             ? value.is_string()
                             : value.is_number();
    if (!of_type && !(field.optional && value.is_null())) throw refuse_cursor();
    row.values.push_back(std::move(value));
  }
  return row;
}

}  // namespace

Page<FoundVersion> search_versions(Snapshot& snapshot, const Search& search, const ReadableSpaces& readable,
                                   const PageRequest& page, std::int64_t max_gathered) {
  std::optional<Row> after;
  if (page.cursor) after = row_of(search, *page.cursor);
  const std::vector<Row> rows = VersionSearch(snapshot, search, readable, page.limit + 1, max_gathered).run(after);
  const ShownKeys shown{mentioned_keys(search, SearchField::metrics), mentioned_keys(search, SearchField::params)};
  Page<FoundVersion> out;
  for (const Row& row : rows) {
    if (out.items.size() == static_cast<std::size_t>(page.limit)) {
      out.next_cursor = cursor_of(search, rows[out.items.size() - 1]);
      break;
    }
    out.items.push_back(read_found_version(snapshot, row.id, shown, readable));
  }
  return out;
}

}  // namespace assay
