// SPDX-License-Identifier: Apache-2.0
// Signatures of model versions, and the keys that a namespace trusts. Next to read: registry/service/signatures.h.
#include <nlohmann/json.hpp>

#include "registry/http/v1/add_route.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/signatures.h"

namespace assay::http::v1 {
namespace {

constexpr const char* kSignatures = "/api/v1/models/{namespace}/{name}/versions/{version}/signatures";
constexpr const char* kKeys = "/api/v1/namespaces/{namespace}/keys";
constexpr const char* kKey = "/api/v1/namespaces/{namespace}/keys/{key}";

Namespace space_of(const Request& request) {
  return Namespace::parse(request.parameter("namespace"));
}

KeyName key_of(const Request& request) {
  return KeyName::parse(request.parameter("key"));
}

template <class Items, class Render>
Response items_response(const Items& items, Render render) {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& item : items) out.push_back(render(item));
  return json_response(200, {{"items", std::move(out)}});
}

Response list_of_signatures(const Context& context, Request& request) {
  return items_response(
      list_signatures(context.services, *request.principal, name_of(request), selector_of(request)), signature_answer);
}

Response post_signature(const Context& context, Request& request) {
  const std::string body = json_body(request);
  return with_key(request, body, [&](RequestKey* key) {
    return json_response(200, signature_answer(add_signature(context.services, *request.principal, name_of(request),
                                                             selector_of(request), body, key)));
  });
}

Response list_of_keys(const Context& context, Request& request) {
  return items_response(list_trusted_keys(context.services, *request.principal, space_of(request)),
                        trusted_key_answer);
}

Response put_key(const Context& context, Request& request) {
  return json_response(200, trusted_key_answer(set_trusted_key(context.services, *request.principal, space_of(request),
                                                               key_of(request), json_body(request))));
}

Response delete_key(const Context& context, Request& request) {
  return json_response(200, trusted_key_answer(remove_trusted_key(context.services, *request.principal,
                                                                  space_of(request), key_of(request))));
}

}  // namespace

void add_signing_routes(RouteTable& table, const Context& context) {
  add_reading(table, context, kSignatures, {}, list_of_signatures);
  table.add({.method = Method::post,
             .pattern = kSignatures,
             .permission = Permission::register_,
             .body = BodyKind::whole,
             .body_limit = kJsonBytes,
             .handler = [context](Request& request) { return post_signature(context, request); }});
  add_reading(table, context, kKeys, {}, list_of_keys);
  add_changing(table, context, Method::put, kKey, Permission::admin, put_key);
  table.add({.method = Method::delete_,
             .pattern = kKey,
             .permission = Permission::admin,
             .handler = [context](Request& request) { return delete_key(context, request); }});
}

}  // namespace assay::http::v1
