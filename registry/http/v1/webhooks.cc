// SPDX-License-Identifier: Apache-2.0
// Webhooks and their deliveries. Next to read: registry/service/webhooks.h.
#include "registry/service/webhooks.h"

#include <nlohmann/json.hpp>

#include "registry/http/v1/add_route.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"

namespace assay::http::v1 {
namespace {

const std::string kWebhooks = "/api/v1/webhooks";
const std::string kWebhook = kWebhooks + "/{id}";
const std::string kDelivery = "/api/v1/deliveries/{id}";

Id id_of(const Request& request) {
  return Id::parse(request.parameter("id"));
}

Response create(const Context& context, Request& request) {
  const WebhookRequest wish = parse_webhook_request(json_body(request));
  const Webhook webhook = create_webhook(context.services, context.receivers, *request.principal, wish);
  Response response = json_response(201, created_webhook_answer(webhook), kWebhooks + "/" + webhook.id.text());
  response.headers.set("Cache-Control", "no-store");  // the secret is in it
  return response;
}

Response list(const Context& context, Request& request) {
  return json_response(200, {{"items", list_webhooks(context.services, *request.principal)}});
}

Response show(const Context& context, Request& request) {
  return json_response(200, describe_webhook(context.services, *request.principal, id_of(request)));
}

Response remove(const Context& context, Request& request) {
  delete_webhook(context.services, *request.principal, id_of(request));
  Response response;
  response.status = 204;
  return response;
}

Response deliveries(const Context& context, Request& request) {
  const Page<Delivery> page =
      list_deliveries(context.services, *request.principal, id_of(request), page_of(request));
  return page_response(request, page.items, page.next_cursor);
}

Response show_delivery(const Context& context, Request& request) {
  return json_response(200, describe_delivery(context.services, *request.principal, id_of(request)));
}

using Add = Delivery (*)(const Services&, const Principal&, const Id&, RequestKey*);

Response add(const Context& context, Request& request, Add add_delivery) {
  return with_key(request, "", [&](RequestKey* key) {
    const Delivery delivery = add_delivery(context.services, *request.principal, id_of(request), key);
    return json_response(202, delivery, "/api/v1/deliveries/" + delivery.id.text());
  });
}

Response test(const Context& context, Request& request) {
  return add(context, request, test_webhook);
}

Response repeat(const Context& context, Request& request) {
  return add(context, request, redeliver);
}

}  // namespace

void add_webhook_routes(RouteTable& table, const Context& context) {
  const auto add_bodiless = [&](Method method, std::string pattern, Call call, std::vector<std::string> query = {}) {
    table.add({.method = method,
               .pattern = std::move(pattern),
               .permission = Permission::admin,
               .query = std::move(query),
               .handler = [context, call](Request& request) { return call(context, request); }});
  };
  add_changing(table, context, Method::post, kWebhooks, Permission::admin, create);
  add_bodiless(Method::get, kWebhooks, list);
  add_bodiless(Method::get, kWebhook, show);
  add_bodiless(Method::delete_, kWebhook, remove);
  add_bodiless(Method::post, kWebhook + ":test", test);
  add_bodiless(Method::get, kWebhook + "/deliveries", deliveries, {"cursor", "limit"});
  add_bodiless(Method::get, kDelivery, show_delivery);
  add_bodiless(Method::post, kDelivery + ":redeliver", repeat);
}

}  // namespace assay::http::v1
