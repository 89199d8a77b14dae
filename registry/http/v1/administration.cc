// SPDX-License-Identifier: Apache-2.0
// Who is calling, tokens, trusted workloads and totals. Next to read: registry/service/tokens.h.
#include <nlohmann/json.hpp>

#include "registry/http/limits.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/stats.h"
#include "registry/service/tokens.h"
#include "registry/service/trusts.h"

namespace assay::http::v1 {
namespace {

Response show_caller(const Context& context, Request& request) {
  return json_response(200, whoami(*request.principal, context.version));
}

Response secret_response(const NewToken& token) {
  Response response = json_response(201, token);
  response.headers.set("Cache-Control", "no-store");  // the secret is in it
  return response;
}

Response make_token(const Context& context, Request& request) {
  const TokenRequest wish = parse_token_request(json_body(request));
  return secret_response(create_token(context.services, *request.principal, wish));
}

Response exchange(const Context& context, Request& request) {
  return secret_response(exchange_token(context.services, parse_exchange_request(json_body(request))));
}

Response show_trusts(const Context& context, Request& request) {
  return json_response(200, {{"items", list_trusts(context.services, *request.principal)}});
}

Response set_trust(const Context& context, Request& request) {
  return json_response(200, put_trust(context.services, *request.principal, request.parameter("trust"), json_body(request)));
}

Response end_trust(const Context& context, Request& request) {
  remove_trust(context.services, *request.principal, request.parameter("trust"));
  Response response;
  response.status = 204;
  return response;
}

Response end_token(const Context& context, Request& request) {
  revoke_token(context.services, *request.principal, Id::parse(request.parameter("id")));
  Response response;
  response.status = 204;
  return response;
}

Response show_stats(const Context& context, Request& request) {
  return json_response(200, stats(context.services, *request.principal));
}

}  // namespace

void add_administration_routes(RouteTable& table, const Context& context) {
  using Call = Response (*)(const Context&, Request&);
  const auto bound = [&](Call call) {
    return [context, call](Request& request) { return call(context, request); };
  };
  table.add({.method = Method::get,
             .pattern = "/api/v1/whoami",
             .permission = Permission::read,
             .handler = bound(show_caller)});
  table.add({.method = Method::post,
             .pattern = "/api/v1/tokens",
             .permission = Permission::admin,
             .body = BodyKind::whole,
             .body_limit = kSmallJsonBytes,
             .handler = bound(make_token)});
  table.add({.method = Method::post,
             .pattern = "/api/v1/tokens:exchange",
             .permission = Permission::public_,
             .body = BodyKind::whole,
             .body_limit = kSmallJsonBytes,
             .handler = bound(exchange)});
  table.add({.method = Method::get,
             .pattern = "/api/v1/trusts",
             .permission = Permission::admin,
             .handler = bound(show_trusts)});
  table.add({.method = Method::put,
             .pattern = "/api/v1/trusts/{trust}",
             .permission = Permission::admin,
             .body = BodyKind::whole,
             .body_limit = kJsonBytes,
             .handler = bound(set_trust)});
  table.add({.method = Method::delete_,
             .pattern = "/api/v1/trusts/{trust}",
             .permission = Permission::admin,
             .handler = bound(end_trust)});
  table.add({.method = Method::delete_,
             .pattern = "/api/v1/tokens/{id}",
             .permission = Permission::admin,
             .handler = bound(end_token)});
  table.add({.method = Method::get,
             .pattern = "/api/v1/stats",
             .permission = Permission::read,
             .handler = bound(show_stats)});
}

}  // namespace assay::http::v1
