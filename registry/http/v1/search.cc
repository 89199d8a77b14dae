// SPDX-License-Identifier: Apache-2.0
// GET /api/v1/search. Next to read: registry/service/search.h.
#include <nlohmann/json.hpp>

#include "registry/http/v1/add_route.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/search.h"

namespace assay::http::v1 {
namespace {

Response show(const Context& context, Request& request) {
  SearchRequest wanted{.query = request.query.find("q").value_or(""),
                       .order = request.query.find("order").value_or("")};
  if (const auto kind = request.query.find("kind")) wanted.kind = kind_from_singular(*kind);
  const Page<FoundVersion> page = search(context.services, *request.principal, wanted, page_of(request));
  return page_response(request, page.items, page.next_cursor);
}

}  // namespace

void add_search_routes(RouteTable& table, const Context& context) {
  add_reading(table, context, "/api/v1/search", {"q", "order", "kind", "cursor", "limit"}, show);
}

}  // namespace assay::http::v1
