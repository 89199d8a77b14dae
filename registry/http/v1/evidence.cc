// SPDX-License-Identifier: Apache-2.0
// Evidence in and out. Next to read: registry/service/record_evidence.h.
#include <nlohmann/json.hpp>

#include "registry/http/limits.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/record_evidence.h"

namespace assay::http::v1 {
namespace {

Response record(const Context& context, Request& request) {
  const std::string body = json_body(request);
  return with_key(request, body, [&](RequestKey* key) {
    const Evidence evidence = record_evidence(context.services, *request.principal, body, key);
    return json_response(201, evidence, "/api/v1/evidence/" + evidence.id.text());
  });
}

Response list(const Context& context, Request& request) {
  EvidenceQuery query;
  if (const std::optional<std::string> kind = request.query.find("kind"))
    query.kind = parse_evidence_kind(*kind, "the query parameter `kind`");
  if (const std::optional<std::string> model = request.query.find("model_digest"))
    query.model = Digest::parse(*model);
  if (const std::optional<std::string> data = request.query.find("dataset_digest"))
    query.dataset = Digest::parse(*data);
  const Page<Evidence> page = list_evidence(context.services, *request.principal, query, page_of(request));
  return page_response(request, page.items, page.next_cursor);
}

Response show(const Context& context, Request& request) {
  return json_response(
      200, describe_evidence(context.services, *request.principal, Id::parse(request.parameter("id"))));
}

}  // namespace

void add_evidence_routes(RouteTable& table, const Context& context) {
  table.add({.method = Method::post,
             .pattern = "/api/v1/evidence",
             .permission = Permission::evaluate,
             .body = BodyKind::whole,
             .body_limit = kJsonBytes,
             .handler = [context](Request& request) { return record(context, request); }});
  table.add({.method = Method::get,
             .pattern = "/api/v1/evidence",
             .permission = Permission::read,
             .query = {"kind", "model_digest", "dataset_digest", "cursor", "limit"},
             .handler = [context](Request& request) { return list(context, request); }});
  table.add({.method = Method::get,
             .pattern = "/api/v1/evidence/{id}",
             .permission = Permission::read,
             .handler = [context](Request& request) { return show(context, request); }});
}

}  // namespace assay::http::v1
