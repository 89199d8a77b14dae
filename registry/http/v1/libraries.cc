// SPDX-License-Identifier: Apache-2.0
// Plugin libraries by digest. Next to read: registry/service/libraries.h.
#include "registry/service/libraries.h"

#include <nlohmann/json.hpp>

#include "registry/http/limits.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"

namespace assay::http::v1 {
namespace {

Digest library_of(const Request& request) {
  return Digest::parse(request.parameter("digest"));
}

}  // namespace

void add_library_routes(RouteTable& table, const Context& context) {
  table.add({.method = Method::get,
             .pattern = "/api/v1/libraries/{digest}",
             .permission = Permission::read,
             .handler =
                 [context](Request& request) {
                   return json_response(
                       200, describe_library(context.services, *request.principal, library_of(request)));
                 },
             .place = Place::worker});
  const auto change = [&](const char* pattern, auto call) {
    table.add({.method = Method::post,
               .pattern = pattern,
               .permission = Permission::admin,
               .body = BodyKind::whole,
               .body_limit = kSmallJsonBytes,
               .handler = [context, call](Request& request) {
                 const std::string body = json_body(request);
                 return with_key(request, body, [&](RequestKey* key) {
                   return json_response(
                       200, call(context.services, *request.principal, library_of(request), body, key));
                 });
               }});
  };
  change("/api/v1/libraries/{digest}:revoke", revoke_library);
  change("/api/v1/libraries/{digest}:reinstate", reinstate_library);
}

}  // namespace assay::http::v1
