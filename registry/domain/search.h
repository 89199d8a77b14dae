// SPDX-License-Identifier: Apache-2.0
// What people search versions by: `metrics.roc_auc > 0.8 AND labels.team = 'risk' ORDER BY created_at`. The text becomes
// a tree of conditions; what a condition means on stored versions is registry/catalog/search.h. The grammar for users is
// registry/docs/search.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "registry/domain/time.h"

namespace assay {

inline constexpr std::size_t kMaxSearchBytes = 4096;      // what a request's first line carries, percent-encoded
inline constexpr std::size_t kMaxSearchConditions = 100;  // each may cost a look-up for every version looked at
inline constexpr std::size_t kMaxSearchDepth = 32;        // of parentheses and NOTs: the stack's bound
inline constexpr std::size_t kMaxSearchItems = 100;       // of one IN
inline constexpr std::size_t kMaxSearchOrders = 4;
inline constexpr std::size_t kMaxSearchKeyBytes = 256;  // of a label, metric or parameter

enum class SearchField {
  kind,
  namespace_,
  name,
  number,
  digest,
  created_at,
  created_by,
  size,
  stage,    // those that point to the version now
  plugin,   // of the run that made it
  labels,   // this and the next two have a key
  metrics,  // of its newest evaluation that has the metric, over all rows
  params,   // the settings of the run that made it
};

// `name`, or `metrics.roc_auc`.
struct SearchKey {
  SearchField field = SearchField::name;
  std::string key{};

  bool operator==(const SearchKey&) const = default;
};

enum class SearchOperator {
  equal,
  not_equal,
  less,
  at_most,
  greater,
  at_least,
  in,
  not_in,
  like,  // `%` is any text, `_` one character, `\` takes the next one as it is
  not_like,
  ilike,  // ignores the case of ASCII letters
  not_ilike,
  absent,
  present,
};

// By the field: names and text; metrics, sizes, numbers; instants. Names are in lower case, as they are compared.
using SearchValue = std::variant<std::string, double, Time>;

// Whatever the operator, a comparison with what is absent (or a metric that is not a number) is false, and so
// `labels.team != 'risk'` is "there is a team and it is another"; NOT turns around whatever it stands before.
struct SearchCondition {
  SearchKey subject;
  SearchOperator comparison = SearchOperator::equal;
  std::vector<SearchValue> values;  // one; several of in and not_in, none of absent and present

  bool operator==(const SearchCondition&) const = default;
};

struct SearchExpression {
  enum class Form { condition, negation, conjunction, disjunction };
  Form form = Form::condition;
  SearchCondition condition{};                // of a condition
  std::vector<SearchExpression> parts{};  // one of a negation, two or more of the others

  bool operator==(const SearchExpression&) const = default;
};

struct SearchOrder {
  enum class Direction { ascending, descending };
  SearchKey subject;
  Direction direction = Direction::ascending;

  bool operator==(const SearchOrder&) const = default;
};

struct Search {
  std::vector<SearchExpression> condition{};  // one, or none: everything
  std::vector<SearchOrder> order{};           // none: the newest first

  bool operator==(const Search&) const = default;
};

// Throws invalid_argument, showing the place and saying what was expected there and which known word is nearest;
// too_large beyond a limit above.
Search parse_search(std::string_view text);
// What stands behind ORDER BY, alone: `metrics.roc_auc DESC, created_at`. Throws as parse_search does.
std::vector<SearchOrder> parse_search_order(std::string_view text);

// Parsed again they give the same.
std::string to_text(const Search& search);
std::string to_text(const std::vector<SearchOrder>& order);
std::string to_text(const SearchKey& key);

// The labels, metrics or parameters (by `field`) that the search speaks of, in the order of their first mention.
std::vector<std::string> mentioned_keys(const Search& search, SearchField field);

}  // namespace assay
