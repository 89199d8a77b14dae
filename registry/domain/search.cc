// SPDX-License-Identifier: Apache-2.0
// The parser, by recursive descent. Writing a search back is search_text.cc.
#include "registry/domain/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "registry/domain/kind.h"
#include "registry/domain/name.h"
#include "registry/domain/nearest.h"
#include "registry/domain/search_fields.h"
#include "registry/domain/search_lexer.h"
#include "storage/base/byte_size.h"
#include "storage/base/digest.h"

namespace assay {
namespace {

using Form = SearchToken::Form;
using Expression = SearchExpression;

constexpr std::string_view kKeywords[] = {"and", "or", "not", "in", "like", "ilike", "is", "null", "order", "by"};

// What other registries call these things.
const std::map<std::string, std::string_view, std::less<>> kElsewhere = {
    {"version", "number"}, {"tags", "labels"},     {"tag", "labels"},    {"user", "created_by"}, {"user_id", "created_by"},
    {"alias", "stage"},    {"parameters", "params"}, {"config", "params"}, {"model", "name"}};

bool is_keyword(const SearchToken& token, std::string_view word) {
  return token.form == Form::word && lower_case(token.text) == word;
}

bool is_text(const SearchToken& token) {
  return token.form == Form::text || token.form == Form::quoted;
}

// Only digits, a point and an exponent: no `inf`, no `nan`.
std::optional<double> read_number(const SearchToken& token) {
  const std::string& text = token.text;
  if (token.form != Form::word || text.find_first_not_of("0123456789.eE+-") != std::string::npos) return std::nullopt;
  double value = 0;
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [end, status] = std::from_chars(begin, text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string comparisons_of(const SearchFieldInfo& field) {
  std::string out = "=, !=, ";
  const SearchType type = field.type;
  if (type == SearchType::number || type == SearchType::time || type == SearchType::setting) out += "<, <=, >, >=, ";
  if (type == SearchType::name || type == SearchType::text || type == SearchType::setting) out += "LIKE, ILIKE, ";
  return out + (field.optional ? "IN or IS NULL" : "or IN");
}

bool takes_order(SearchType type) {
  return type == SearchType::number || type == SearchType::time || type == SearchType::setting;
}

bool takes_pattern(SearchType type) {
  return type == SearchType::name || type == SearchType::text || type == SearchType::setting;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {
    if (text.size() > kMaxSearchBytes)
      throw Error(Code::too_large, fmt::format("The search has {} bytes, at most {} are read; ask for less at once",
                                               text.size(), kMaxSearchBytes));
    tokens_ = search_tokens(text);
  }

  Search search() {
    Search out;
    if (peek().form != Form::end && !is_keyword(peek(), "order")) out.condition.push_back(disjunction(0));
    if (take_keyword("order")) {
      if (!take_keyword("by")) expected("BY, as in ORDER BY created_at");
      out.order = order_list();
    }
    if (peek().form != Form::end) expected(out.order.empty() ? "AND, OR, ORDER BY or the end" : "a comma or the end");
    return out;
  }

  std::vector<SearchOrder> orders() {
    std::vector<SearchOrder> out = order_list();
    if (peek().form != Form::end) expected("a comma or the end");
    return out;
  }

 private:
  Expression disjunction(std::size_t depth) {
    return joined(Expression::Form::disjunction, "or", [&] {
      return joined(Expression::Form::conjunction, "and", [&] { return factor(depth); });
    });
  }

  template <class Part>
  Expression joined(Expression::Form form, std::string_view word, const Part& part) {
    Expression first = part();
    if (!is_keyword(peek(), word)) return first;
    Expression out{.form = form};
    out.parts.push_back(std::move(first));
    while (take_keyword(word)) out.parts.push_back(part());
    return out;
  }

  Expression factor(std::size_t depth) {
    const SearchToken& here = peek();
    if (depth > kMaxSearchDepth)
      refuse(Code::too_large, here, fmt::format("parentheses and NOTs go at most {} deep", kMaxSearchDepth));
    if (take_keyword("not")) {
      Expression out{.form = Expression::Form::negation};
      out.parts.push_back(factor(depth + 1));
      return out;
    }
    if (!take_sign("(")) return condition();
    Expression out = disjunction(depth + 1);
    if (!take_sign(")")) expected("AND, OR or the ) of the ( at column " + std::to_string(column(here)));
    return out;
  }

  Expression condition() {
    if (++conditions_ > kMaxSearchConditions)
      refuse(Code::too_large, peek(), fmt::format("a search has at most {} conditions", kMaxSearchConditions));
    SearchCondition out{.subject = key(), .comparison = {}, .values = {}};
    const SearchToken& sign = peek();
    out.comparison = comparison(out.subject);
    const SearchFieldInfo& field = info(out.subject.field);
    switch (positive(out.comparison)) {
      case SearchOperator::in:
        out.values = items(field);
        break;
      case SearchOperator::like:
      case SearchOperator::ilike:
        out.values.emplace_back(pattern(field));
        break;
      case SearchOperator::absent:
      case SearchOperator::present:
        if (!field.optional) refuse(Code::invalid_argument, sign, fmt::format("every version has a {}", field.text));
        break;
      default:
        out.values.push_back(value(field, out.comparison));
    }
    return {.form = Expression::Form::condition, .condition = std::move(out)};
  }

  SearchKey key() {
    const SearchToken& token = peek();
    if (token.form != Form::word || is_any_keyword(token)) expected("a field, NOT or (; " + fields());
    const std::size_t dot = token.text.find('.');
    const std::string head = token.text.substr(0, dot);
    const SearchFieldInfo& field = known_field(token, head);
    next();
    if (!field.keyed) {
      if (dot != std::string::npos) refuse(Code::invalid_argument, token, fmt::format("{} takes no key", head));
      return {.field = field.field};
    }
    std::string key = dot == std::string::npos ? "" : token.text.substr(dot + 1);
    if (key.empty() && dot != std::string::npos && peek().joined &&
        (peek().form == Form::quoted || peek().form == Form::quoted_key))
      key = next().text;
    if (key.empty())
      refuse(Code::invalid_argument, token,
             fmt::format("{} needs a key, as in {}.a_name or {}.`another name`", head, head, head));
    if (key.size() > kMaxSearchKeyBytes)
      refuse(Code::too_large, token, fmt::format("a key has at most {} bytes", kMaxSearchKeyBytes));
    return {.field = field.field, .key = std::move(key)};
  }

  const SearchFieldInfo& known_field(const SearchToken& token, const std::string& head) {
    std::vector<std::string> known;
    for (const SearchFieldInfo& field : kSearchFields) {
      if (field.text == head) return field;
      known.emplace_back(field.text);
    }
    const auto elsewhere = kElsewhere.find(lower_case(head));
    refuse(Code::invalid_argument, token,
           fmt::format("there is no field \"{}\"{}; {}", head,
                       elsewhere == kElsewhere.end() ? did_you_mean(head, known)
                                                     : fmt::format("; here it is \"{}\"", elsewhere->second),
                       fields()));
  }

  SearchOperator comparison(const SearchKey& subject) {
    static const std::map<std::string, SearchOperator, std::less<>> kSigns = {
        {"=", SearchOperator::equal},    {"!=", SearchOperator::not_equal}, {"<", SearchOperator::less},
        {"<=", SearchOperator::at_most}, {">", SearchOperator::greater},    {">=", SearchOperator::at_least}};
    const SearchToken& token = peek();
    const SearchFieldInfo& field = info(subject.field);
    if (token.form == Form::sign && kSigns.contains(token.text)) {
      const SearchOperator found = kSigns.at(next().text);
      if (found != SearchOperator::equal && found != SearchOperator::not_equal && !takes_order(field.type))
        refuse_comparison(token, subject);
      return found;
    }
    if (take_keyword("is")) {
      const bool present = take_keyword("not");
      if (!take_keyword("null")) expected("NULL or NOT NULL");
      return present ? SearchOperator::present : SearchOperator::absent;
    }
    const bool negated = take_keyword("not");
    if (take_keyword("in")) return negated ? SearchOperator::not_in : SearchOperator::in;
    const SearchToken& word = peek();
    const bool ilike = is_keyword(word, "ilike");
    if (!ilike && !is_keyword(word, "like")) refuse_comparison(word, subject);
    if (!takes_pattern(field.type)) refuse_comparison(word, subject);
    next();
    if (ilike) return negated ? SearchOperator::not_ilike : SearchOperator::ilike;
    return negated ? SearchOperator::not_like : SearchOperator::like;
  }

  [[noreturn]] void refuse_comparison(const SearchToken& token, const SearchKey& subject) {
    expected(token, fmt::format("a comparison for {}: {}", to_text(subject), comparisons_of(info(subject.field))));
  }

  std::vector<SearchValue> items(const SearchFieldInfo& field) {
    if (!take_sign("(")) expected("( and a list of values");
    std::vector<SearchValue> out;
    do {
      if (out.size() == kMaxSearchItems)
        refuse(Code::too_large, peek(), fmt::format("IN takes at most {} values", kMaxSearchItems));
      out.push_back(value(field, SearchOperator::in));
    } while (take_sign(","));
    if (!take_sign(")")) expected("a comma or )");
    return out;
  }

  std::string pattern(const SearchFieldInfo& field) {
    const SearchToken& token = next();
    if (!is_text(token)) expected(token, "a pattern in quotes, as in 'churn%'");
    const std::size_t last = token.text.find_last_not_of('\\');
    const std::size_t escapes = token.text.size() - (last == std::string::npos ? 0 : last + 1);
    if (escapes % 2 != 0) refuse(Code::invalid_argument, token, "the pattern's last \\ has nothing behind it to take");
    return field.type == SearchType::name ? lower_case(token.text) : token.text;
  }

  SearchValue value(const SearchFieldInfo& field, SearchOperator comparison) {
    const SearchToken& token = next();
    if (!is_text(token) && (token.form != Form::word || is_any_keyword(token)))
      expected(token, fmt::format("a value of {}", field.text));
    const auto number = read_number(token);
    switch (field.type) {
      case SearchType::number:
        if (number) return *number;
        if (field.field == SearchField::size) return static_cast<double>(read(token, parse_byte_size));
        expected(token, fmt::format("a number, which {} is compared with", field.text));
      case SearchType::setting:
        if (number) return *number;
        if (comparison == SearchOperator::equal || comparison == SearchOperator::not_equal ||
            comparison == SearchOperator::in)
          return token.text;
        expected(token, "a number: texts are only equal or not");
      case SearchType::time:
        return read(token, parse_time);
      case SearchType::name:
        if (token.text.find('/') != std::string::npos)
          refuse(Code::invalid_argument, token,
                 "no name holds a /: write namespace = 'acme' AND name = 'churn' for acme/churn");
        return lower_case(token.text);
      case SearchType::word:
        if (field.field == SearchField::digest) return read(token, Digest::parse).text();
        return std::string(singular(read(token, kind_from_singular)));
      default:
        return token.text;
    }
  }

  // What `parse` makes of the token; its complaint becomes ours.
  template <class Parse>
  std::invoke_result_t<const Parse&, std::string_view> read(const SearchToken& token, const Parse& parse) {
    try {
      return parse(token.text);
    } catch (const Error& error) {
      refuse(Code::invalid_argument, token, error.message());
    }
  }

  std::vector<SearchOrder> order_list() {
    std::vector<SearchOrder> out;
    do {
      const SearchToken& token = peek();
      if (out.size() == kMaxSearchOrders)
        refuse(Code::too_large, token, fmt::format("ORDER BY takes at most {} fields", kMaxSearchOrders));
      out.push_back({.subject = key()});
      if (!info(out.back().subject.field).sortable)
        refuse(Code::invalid_argument, token, fmt::format("nothing is ordered by {}", to_text(out.back().subject)));
      if (take_keyword("desc"))
        out.back().direction = SearchOrder::Direction::descending;
      else
        take_keyword("asc");
    } while (take_sign(","));
    return out;
  }

  const SearchToken& peek() const { return tokens_[at_]; }
  // The end stays.
  const SearchToken& next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool take_keyword(std::string_view word) {
    if (!is_keyword(peek(), word)) return false;
    next();
    return true;
  }
  bool take_sign(std::string_view sign) {
    if (peek().form != Form::sign || peek().text != sign) return false;
    next();
    return true;
  }
  static bool is_any_keyword(const SearchToken& token) {
    return std::any_of(std::begin(kKeywords), std::end(kKeywords),
                       [&](std::string_view word) { return is_keyword(token, word); });
  }
  static std::string fields() {
    std::string out = "fields are";
    for (const SearchFieldInfo& field : kSearchFields)
      out += fmt::format("{}{}{}", out.ends_with("are") ? " " : ", ", field.text, field.keyed ? ".KEY" : "");
    return out;
  }
  std::size_t column(const SearchToken& token) const { return search_column(text_, token.offset); }

  [[noreturn]] void refuse(Code code, const SearchToken& token, const std::string& why) const {
    throw refuse_search(code, text_, token.offset, why);
  }
  [[noreturn]] void expected(const SearchToken& token, const std::string& what) const {
    refuse(Code::invalid_argument, token, "expected " + what);
  }
  [[noreturn]] void expected(const std::string& what) const { expected(peek(), what); }

  std::string_view text_;
  std::vector<SearchToken> tokens_;
  std::size_t at_ = 0;
  std::size_t conditions_ = 0;
};

}  // namespace

Search parse_search(std::string_view text) {
  return Parser(text).search();
}

std::vector<SearchOrder> parse_search_order(std::string_view text) {
  return Parser(text).orders();
}

}  // namespace assay
