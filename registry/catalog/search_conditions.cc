// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/search_conditions.h"

#include <algorithm>

#include "registry/domain/search_fields.h"

namespace assay {
namespace {

using Form = SearchExpression::Form;

// Where a field's values are found: `before` and `after` enclose a test of `column`.
struct Place {
  Fragment before{};
  std::string column{};
  Fragment after{};
};

// `q` is a run that the caller may read.
Fragment readable_run_sql(const ReadableSpaces& readable) {
  const auto keys = readable.keys_json();
  if (!keys) return {};
  return Fragment(" AND EXISTS (SELECT 1 FROM run_spaces q WHERE q.run_seq = r.seq AND q.space IN (SELECT value "
                  "FROM json_each(?)))",
                  {*keys});
}

Place place_of(const SearchKey& key, const ReadableSpaces& readable) {
  const Fragment::Bound name = key.key;
  switch (key.field) {
    case SearchField::kind:
      return {.column = "a.kind"};
    case SearchField::namespace_:
      return {.column = "n.key"};
    case SearchField::name:
      return {.column = "a.key"};
    case SearchField::number:
      return {.column = "+v.number"};
    case SearchField::digest:
      return {.before = "EXISTS (SELECT 1 FROM manifests m WHERE m.id = v.manifest_id AND ",
              .column = "m.digest",
              .after = ")"};
    case SearchField::created_at:
      return {.column = "+v.created_at"};
    case SearchField::created_by:
      return {.column = "+v.created_by"};
    case SearchField::size:
      return {.column = "(SELECT COALESCE(SUM(f.size), 0) FROM manifest_files f WHERE f.manifest_id = v.manifest_id)"};
    case SearchField::stage:
      return {.before = "EXISTS (SELECT 1 FROM stages s WHERE s.artifact_id = v.artifact_id AND s.number = v.number AND ",
              .column = "s.key",
              .after = ")"};
    case SearchField::plugin:
      return {.before = "EXISTS (SELECT 1 FROM runs r JOIN run_plugins p ON p.run_seq = r.seq WHERE r.id = v.run_id AND ",
              .column = "p.name",
              .after = readable_run_sql(readable) << Fragment(")")};
    case SearchField::labels:
      return {.before = {"EXISTS (SELECT 1 FROM labels l WHERE l.version_id = v.id AND l.key = ? AND ", {name}},
              .column = "l.value",
              .after = ")"};
    case SearchField::metrics:
      return {.before = {"EXISTS (SELECT 1 FROM newest_metrics x WHERE x.manifest_id = v.manifest_id AND "
                         "x.namespace_id = a.namespace_id AND x.name = ? AND ",
                         {name}},
              .column = "x.value",
              .after = ")"};
    default:
      return {.before = {"EXISTS (SELECT 1 FROM runs r JOIN run_params p ON p.run_seq = r.seq WHERE r.id = v.run_id AND "
                         "p.name = ? AND ",
                         {name}},
              .column = "p.text",
              .after = readable_run_sql(readable) << Fragment(")")};
  }
}

// GLOB minds case, which LIKE does not; what is special to it stands in brackets.
std::string glob_of(const std::string& pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' || pattern[i] == '_') {
      out += pattern[i] == '%' ? '*' : '?';
      continue;
    }
    const char c = pattern[i] == '\\' ? pattern[++i] : pattern[i];
    if (c == '*' || c == '?' || c == '[')
      out += {'[', c, ']'};
    else
      out += c;
  }
  return out;
}

Fragment list_sql(const std::string& column, const std::vector<Fragment::Bound>& values) {
  Fragment out(column + " IN (");
  for (const Fragment::Bound& value : values) {
    if (&value != &values.front()) out << ", ";
    out.bind(value);
  }
  return out << ")";
}

// A setting is compared as what the value is written as: 6 with numbers, '6' with texts.
Fragment setting_sql(const SearchCondition& condition) {
  std::vector<Fragment::Bound> numbers, texts;
  for (const SearchValue& value : condition.values)
    (std::holds_alternative<double>(value) ? numbers : texts).push_back(bound_value(SearchField::params, value));
  if (texts.empty()) return list_sql("p.number", numbers);
  if (numbers.empty()) return list_sql("p.text", texts);
  return Fragment("(") << list_sql("p.number", numbers) << " OR " << list_sql("p.text", texts) << ")";
}

Fragment one_sql(const SearchCondition& condition, const ReadableSpaces& readable) {
  const Place place = place_of(condition.subject, readable);
  return Fragment(place.before) << test_sql(place.column, condition) << place.after;
}

// A negated comparison is false of what is absent.
Fragment leaf_sql(const SearchCondition& condition, const ReadableSpaces& readable) {
  const SearchCondition present{condition.subject, SearchOperator::present, {}};
  if (condition.comparison == SearchOperator::absent) return Fragment("NOT ") << one_sql(present, readable);
  if (!is_negated(condition.comparison)) return one_sql(condition, readable);
  SearchCondition turned = condition;
  turned.comparison = positive(condition.comparison);
  Fragment out("(NOT ");
  out << one_sql(turned, readable);
  if (info(condition.subject.field).optional) out << " AND " << one_sql(present, readable);
  return out << ")";
}

}  // namespace

Fragment condition_sql(const SearchExpression& expression, const ReadableSpaces& readable) {
  if (expression.form == Form::condition) return leaf_sql(expression.condition, readable);
  if (expression.form == Form::negation)
    return Fragment("NOT (") << condition_sql(expression.parts.front(), readable) << ")";
  Fragment out("(");
  for (const SearchExpression& part : expression.parts) {
    if (&part != &expression.parts.front()) out << (expression.form == Form::conjunction ? " AND " : " OR ");
    out << condition_sql(part, readable);
  }
  return out << ")";
}

Fragment test_sql(std::string_view column, const SearchCondition& condition) {
  const bool setting = info(condition.subject.field).type == SearchType::setting;
  std::string name(column);
  const auto compare = [&](const char* sign) {
    if (setting && std::holds_alternative<double>(condition.values.front())) name = "p.number";
    return Fragment(name + sign).bind(bound_value(condition.subject.field, condition.values.front()));
  };
  switch (condition.comparison) {
    case SearchOperator::equal:
      return compare(" = ");
    case SearchOperator::less:
      return compare(" < ");
    case SearchOperator::at_most:
      return compare(" <= ");
    case SearchOperator::greater:
      return compare(" > ");
    case SearchOperator::at_least:
      return compare(" >= ");
    case SearchOperator::like:
      return Fragment(name + " GLOB ").bind(glob_of(std::get<std::string>(condition.values.front())));
    case SearchOperator::ilike:
      return compare(" LIKE ") << " ESCAPE '\\'";
    case SearchOperator::in: {
      if (setting) return setting_sql(condition);
      std::vector<Fragment::Bound> values;
      for (const SearchValue& value : condition.values)
        values.push_back(bound_value(condition.subject.field, value));
      return list_sql(name, values);
    }
    default:
      return Fragment(name + " IS NOT NULL");
  }
}

Fragment order_sql(const SearchKey& key, const ReadableSpaces& readable) {
  const Fragment::Bound name = key.key;
  switch (key.field) {
    case SearchField::plugin:
      return Fragment("(SELECT p.name FROM runs r JOIN run_plugins p ON p.run_seq = r.seq WHERE r.id = v.run_id")
             << readable_run_sql(readable) << ")";
    case SearchField::labels:
      return {"(SELECT l.value FROM labels l WHERE l.version_id = v.id AND l.key = ?)", {name}};
    case SearchField::metrics:
      return {"(SELECT x.value FROM newest_metrics x WHERE x.manifest_id = v.manifest_id AND x.namespace_id = "
              "a.namespace_id AND x.name = ?)",
              {name}};
    case SearchField::params:
      return Fragment("(SELECT p.number FROM runs r JOIN run_params p ON p.run_seq = r.seq WHERE r.id = v.run_id AND "
                      "p.name = ?",
                      {name})
             << readable_run_sql(readable) << ")";
    default: {
      const std::string column = place_of(key, readable).column;
      return Fragment(std::string_view(column).substr(column.starts_with('+') ? 1 : 0));
    }
  }
}

Fragment readable_sql(const ReadableSpaces& readable) {
  const auto keys = readable.keys_json();
  return keys ? Fragment("n.key IN (SELECT value FROM json_each(?))", {*keys}) : Fragment("TRUE");
}

Fragment::Bound bound_value(SearchField field, const SearchValue& value) {
  if (field == SearchField::digest) return Digest::parse(std::get<std::string>(value));
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* time = std::get_if<Time>(&value)) return to_milliseconds(*time);
  return std::get<std::string>(value);
}

std::string literal_prefix(const std::string& pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size() && pattern[i] != '%' && pattern[i] != '_'; ++i)
    out += pattern[i] == '\\' ? pattern[++i] : pattern[i];
  return out;
}

}  // namespace assay
