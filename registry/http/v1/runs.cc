// SPDX-License-Identifier: Apache-2.0
// Runs that clients report. Next to read: registry/service/record_run.h.
#include <nlohmann/json.hpp>

#include "registry/http/limits.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/record_run.h"

namespace assay::http::v1 {
namespace {

Response start(const Context& context, Request& request) {
  const std::string body = json_body(request);
  return with_key(request, body, [&](RequestKey* key) {
    const Run run = start_run(context.services, *request.principal, body, key);
    return json_response(201, run, "/api/v1/runs/" + run.id.text());
  });
}

Response finish(const Context& context, Request& request) {
  const Id id = Id::parse(request.parameter("id"));
  const std::string body = json_body(request);
  return with_key(request, body, [&](RequestKey* key) {
    return json_response(200, finish_run(context.services, *request.principal, id, body, key));
  });
}

Response list(const Context& context, Request& request) {
  std::optional<Name> model;
  if (const std::optional<std::string> text = request.query.find("model")) model = Name::parse(*text);
  const Page<Run> page = list_runs(context.services, *request.principal, model, page_of(request));
  return page_response(request, page.items, page.next_cursor);
}

Response show(const Context& context, Request& request) {
  return json_response(
      200, describe_run(context.services, *request.principal, Id::parse(request.parameter("id"))));
}

}  // namespace

void add_run_routes(RouteTable& table, const Context& context) {
  table.add({.method = Method::post,
             .pattern = "/api/v1/runs",
             .permission = Permission::evaluate,
             .body = BodyKind::whole,
             .body_limit = kJsonBytes,
             .handler = [context](Request& request) { return start(context, request); }});
  table.add({.method = Method::post,
             .pattern = "/api/v1/runs/{id}:finish",
             .permission = Permission::evaluate,
             .body = BodyKind::whole,
             .body_limit = kJsonBytes,
             .handler = [context](Request& request) { return finish(context, request); }});
  table.add({.method = Method::get,
             .pattern = "/api/v1/runs",
             .permission = Permission::read,
             .query = {"cursor", "limit", "model"},
             .handler = [context](Request& request) { return list(context, request); }});
  table.add({.method = Method::get,
             .pattern = "/api/v1/runs/{id}",
             .permission = Permission::read,
             .handler = [context](Request& request) { return show(context, request); }});
}

}  // namespace assay::http::v1
