// SPDX-License-Identifier: Apache-2.0
// A search written as text that parses to the same search again.
#include <fmt/format.h>

#include <algorithm>

#include "registry/domain/search_fields.h"
#include "registry/domain/search_lexer.h"

namespace assay {
namespace {

std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

std::string value_text(const SearchValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* time = std::get_if<Time>(&value)) return in_quotes(format_time(*time), '\'');
  return in_quotes(std::get<std::string>(value), '\'');
}

std::string condition_text(const SearchCondition& condition) {
  std::string out = to_text(condition.subject) + ' ' + std::string(to_text(condition.comparison));
  const SearchOperator positive_one = positive(condition.comparison);
  if (positive_one == SearchOperator::absent || positive_one == SearchOperator::present) return out;
  if (positive_one != SearchOperator::in) return out + ' ' + value_text(condition.values.front());
  out += " (";
  for (const SearchValue& value : condition.values)
    out += (&value == &condition.values.front() ? "" : ", ") + value_text(value);
  return out + ')';
}

std::string expression_text(const SearchExpression& expression) {
  using Form = SearchExpression::Form;
  if (expression.form == Form::condition) return condition_text(expression.condition);
  const auto part_text = [](const SearchExpression& part) {
    const bool bare = part.form == Form::condition || part.form == Form::negation;
    return bare ? expression_text(part) : '(' + expression_text(part) + ')';
  };
  if (expression.form == Form::negation) return "NOT " + part_text(expression.parts.front());
  std::string out;
  for (const SearchExpression& part : expression.parts)
    out += (out.empty() ? "" : expression.form == Form::conjunction ? " AND " : " OR ") + part_text(part);
  return out;
}

void collect_keys(const SearchExpression& expression, SearchField field, std::vector<std::string>& out) {
  const SearchKey& subject = expression.condition.subject;
  if (expression.form == SearchExpression::Form::condition && subject.field == field) out.push_back(subject.key);
  for (const SearchExpression& part : expression.parts) collect_keys(part, field, out);
}

}  // namespace

std::string_view to_text(SearchOperator comparison) {
  constexpr std::string_view kTexts[] = {"=",      "!=",   "<",        "<=",    ">",         ">=",      "IN",
                                         "NOT IN", "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE", "IS NULL", "IS NOT NULL"};
  return kTexts[static_cast<std::size_t>(comparison)];
}

SearchOperator positive(SearchOperator comparison) {
  switch (comparison) {
    case SearchOperator::not_equal:
      return SearchOperator::equal;
    case SearchOperator::not_in:
      return SearchOperator::in;
    case SearchOperator::not_like:
      return SearchOperator::like;
    case SearchOperator::not_ilike:
      return SearchOperator::ilike;
    default:
      return comparison;
  }
}

std::string to_text(const SearchKey& key) {
  const std::string field(info(key.field).text);
  if (!info(key.field).keyed) return field;
  return field + '.' +
         (std::all_of(key.key.begin(), key.key.end(), is_search_word) ? key.key : in_quotes(key.key, '`'));
}

std::string to_text(const std::vector<SearchOrder>& order) {
  std::string out;
  for (const SearchOrder& one : order)
    out += (out.empty() ? "" : ", ") + to_text(one.subject) +
           (one.direction == SearchOrder::Direction::descending ? " DESC" : "");
  return out;
}

std::string to_text(const Search& search) {
  std::string out = search.condition.empty() ? "" : expression_text(search.condition.front());
  if (!search.order.empty()) out += (out.empty() ? "ORDER BY " : " ORDER BY ") + to_text(search.order);
  return out;
}

std::vector<std::string> mentioned_keys(const Search& search, SearchField field) {
  std::vector<std::string> all, out;
  for (const SearchExpression& expression : search.condition) collect_keys(expression, field, all);
  for (const SearchOrder& order : search.order)
    if (order.subject.field == field) all.push_back(order.subject.key);
  for (std::string& key : all)
    if (std::find(out.begin(), out.end(), key) == out.end()) out.push_back(std::move(key));
  return out;
}

}  // namespace assay
