// SPDX-License-Identifier: Apache-2.0
// What may be asked of each field of a search. For the search's own files only.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "registry/domain/search.h"

namespace assay {

enum class SearchType {
  word,     // one of a closed set, or a digest: compared whole
  name,     // ignores case
  text,
  number,
  time,
  setting,  // a number or a text, as it is written
};

struct SearchFieldInfo {
  SearchField field;
  std::string_view text;
  SearchType type;
  bool keyed = false;      // written with a key behind a dot
  bool optional = false;   // a version may lack it
  bool sortable = true;
};

inline constexpr std::array kSearchFields = {
    SearchFieldInfo{SearchField::kind, "kind", SearchType::word},
    SearchFieldInfo{SearchField::namespace_, "namespace", SearchType::name},
    SearchFieldInfo{SearchField::name, "name", SearchType::name},
    SearchFieldInfo{SearchField::number, "number", SearchType::number},
    SearchFieldInfo{.field = SearchField::digest, .text = "digest", .type = SearchType::word, .sortable = false},
    SearchFieldInfo{SearchField::created_at, "created_at", SearchType::time},
    SearchFieldInfo{SearchField::created_by, "created_by", SearchType::text},
    SearchFieldInfo{SearchField::size, "size", SearchType::number},
    SearchFieldInfo{
        .field = SearchField::stage, .text = "stage", .type = SearchType::name, .optional = true, .sortable = false},
    SearchFieldInfo{.field = SearchField::plugin, .text = "plugin", .type = SearchType::text, .optional = true},
    SearchFieldInfo{
        .field = SearchField::labels, .text = "labels", .type = SearchType::text, .keyed = true, .optional = true},
    SearchFieldInfo{
        .field = SearchField::metrics, .text = "metrics", .type = SearchType::number, .keyed = true, .optional = true},
    SearchFieldInfo{
        .field = SearchField::params, .text = "params", .type = SearchType::setting, .keyed = true, .optional = true},
};

// In the order of the enumeration, which a test holds them to.
constexpr const SearchFieldInfo& info(SearchField field) {
  return kSearchFields[static_cast<std::size_t>(field)];
}

// Of the operators that are words or signs; `not_…` have a NOT before them, absent and present are IS NULL.
std::string_view to_text(SearchOperator comparison);

constexpr bool is_negated(SearchOperator comparison) {
  return comparison == SearchOperator::not_equal || comparison == SearchOperator::not_in ||
         comparison == SearchOperator::not_like || comparison == SearchOperator::not_ilike;
}
// What a negated one negates; the others as they are.
SearchOperator positive(SearchOperator comparison);

}  // namespace assay
