// SPDX-License-Identifier: Apache-2.0
// The conditions of a search as SQL: fixed texts, values bound. For search.cc and search_sources.cc only.
#pragma once

#include "registry/catalog/fragment.h"
#include "registry/domain/readable_spaces.h"
#include "registry/domain/search.h"

namespace assay {

// True of the versions that meet the condition, in a statement that joins `versions v`, `artifacts a` and
// `namespaces n`. Versions' own columns are written so that no index is chosen for them: what is walked is for
// search_sources.h to say.
Fragment condition_sql(const SearchExpression& expression, const ReadableSpaces& readable);

// Whether the field's value in `column` meets the comparison, which is none of the negated ones and not `absent`.
Fragment test_sql(std::string_view column, const SearchCondition& condition);

// The value to order by; NULL when the version has none. In such a statement.
Fragment order_sql(const SearchKey& key, const ReadableSpaces& readable);

// `n` is a namespace that may be read; true for who may read all.
Fragment readable_sql(const ReadableSpaces& readable);

// As the catalogue stores values of the field.
Fragment::Bound bound_value(SearchField field, const SearchValue& value);

// `churn%` begins with `churn`; `%churn` with nothing.
std::string literal_prefix(const std::string& pattern);

}  // namespace assay
