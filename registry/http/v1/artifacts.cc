// SPDX-License-Identifier: Apache-2.0
// GET /api/v1/{kinds} and one artifact of them. Next to read: registry/service/describe.h.
#include <nlohmann/json.hpp>

#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/describe.h"

namespace assay::http::v1 {
namespace {

Response list(const Context& context, const Request& request) {
  std::optional<Namespace> space;
  if (const std::optional<std::string> text = request.query.find("namespace"))
    space = Namespace::parse(*text);
  const Page<Artifact> page =
      list_artifacts(context.services, *request.principal, kind_of(request), space, page_of(request));
  return page_response(request, page.items, page.next_cursor);
}

Response show(const Context& context, const Request& request) {
  return json_response(
      200, describe_artifact(context.services, *request.principal, kind_of(request), name_of(request)));
}

}  // namespace

void add_artifact_routes(RouteTable& table, const Context& context) {
  table.add({.method = Method::get,
             .pattern = "/api/v1/{kind=models|datasets|plugins}",
             .permission = Permission::read,
             .query = {"namespace", "cursor", "limit"},
             .handler = [context](Request& request) { return list(context, request); }});
  table.add({.method = Method::get,
             .pattern = "/api/v1/{kind=models|datasets|plugins}/{namespace}/{name}",
             .permission = Permission::read,
             .handler = [context](Request& request) { return show(context, request); }});
}

}  // namespace assay::http::v1
