// SPDX-License-Identifier: Apache-2.0
#include "registry/service/search.h"

#include <fmt/format.h>

#include "registry/catalog/database.h"
#include "registry/catalog/search.h"
#include "registry/service/record_evidence.h"
#include "storage/base/error.h"

namespace assay {
namespace {

SearchExpression is_kind(Kind kind) {
  return {.condition = {.subject = {.field = SearchField::kind},
                        .comparison = SearchOperator::equal,
                        .values = {std::string(singular(kind))}}};
}

Search read(const SearchRequest& request) {
  Search out = parse_search(request.query);
  if (!request.order.empty()) {
    if (!out.order.empty())
      throw Error(Code::invalid_argument, "The search says ORDER BY and order, too: leave one of them out");
    out.order = parse_search_order(request.order);
  }
  if (!request.kind) return out;
  SearchExpression both{.form = SearchExpression::Form::conjunction};
  both.parts.push_back(is_kind(*request.kind));
  // The parts of an AND stay the parts of an AND, for the indexes to be found.
  if (!out.condition.empty() && out.condition.front().form == SearchExpression::Form::conjunction)
    both.parts.insert(both.parts.end(), out.condition.front().parts.begin(), out.condition.front().parts.end());
  else if (!out.condition.empty())
    both.parts.push_back(out.condition.front());
  out.condition = {both.parts.size() == 1 ? both.parts.front() : both};
  return out;
}

}  // namespace

Page<FoundVersion> search(const Services& services, const Principal& caller, const SearchRequest& request,
                          const PageRequest& page) {
  require_somewhere(caller, Permission::read);
  const Search wanted = read(request);
  try {
    return services.database.read([&](Snapshot& snapshot) {
      snapshot.limit_time(kMaxSearchTime);
      return search_versions(snapshot, wanted, readable_spaces(caller), page);
    });
  } catch (const Error& error) {
    if (error.code() != Code::deadline) throw;
    throw Error(Code::deadline,
                fmt::format("The search was given up after {} s. Require something that fewer versions meet, as in "
                            "labels.team = 'risk' AND …, or order by created_at or by a metric",
                            std::chrono::duration<double>(kMaxSearchTime).count()));
  }
}

}  // namespace assay
