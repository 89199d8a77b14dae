// SPDX-License-Identifier: Apache-2.0
#include "registry/service/webhooks.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/catalog/deliveries.h"
#include "registry/catalog/events.h"
#include "registry/catalog/webhooks.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/events/signature.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxWanted = 64;  // there are fewer types

bool may_administer(const Principal& caller, const std::optional<Namespace>& space) {
  return space ? caller.may(Permission::admin, *space) : caller.may_everywhere(Permission::admin);
}

// Who could not have made it is not told that it exists.
Webhook own_webhook(Snapshot& snapshot, const Principal& caller, const Id& id) {
  auto webhook = find_webhook(snapshot, id);
  if (!webhook || !may_administer(caller, webhook->space))
    throw Error(Code::not_found,
                fmt::format("There is no webhook {} that \"{}\" administers", id.text(), caller.name));
  return *std::move(webhook);
}

Delivery own_delivery(Snapshot& snapshot, const Principal& caller, const Id& id) {
  auto delivery = find_delivery(snapshot, id);
  const auto webhook = delivery ? find_webhook(snapshot, delivery->webhook) : std::nullopt;
  if (!webhook || !may_administer(caller, webhook->space))
    throw Error(Code::not_found, fmt::format("There is no delivery {} of a webhook that \"{}\" administers; old ones "
                                             "are not kept",
                                             id.text(), caller.name));
  return *std::move(delivery);
}

void require_active(const Webhook& webhook) {
  if (!webhook.active)
    throw Error(Code::conflict, fmt::format("The receiver of webhook {} answered 410 Gone, which ended it: delete it "
                                            "and make a new one",
                                            webhook.id.text()));
}

// The namespaces that the caller administers.
ReadableSpaces administered(const Principal& caller) {
  if (caller.may_everywhere(Permission::admin)) return ReadableSpaces::everything();
  ReadableSpaces out;
  for (const Grant& grant : caller.grants)
    if (grant.space && permits(grant.role, Permission::admin)) out.keys.push_back(grant.space->key());
  return out;
}

// The URL is not in it: receivers put secrets into theirs.
AuditEntry audit_entry(const Principal& caller, std::string action, const Webhook& webhook, Time now) {
  return {.time = now,
          .actor = caller.name,
          .action = std::move(action),
          .subject = "webhooks/" + webhook.id.text(),
          .details = canonical({{"namespace", webhook.space ? webhook.space->text() : "*"},
                                {"host", webhook.url.host()},
                                {"events", webhook.events.wanted()},
                                {"token", caller.id.text()}})};
}

void require_room_for_another(Snapshot& snapshot, const std::optional<Namespace>& space) {
  if (count_webhooks(snapshot, space) >= kMaxWebhooks)
    throw Error(Code::too_large,
                fmt::format("There are {} webhooks for {} already, as many as may be: delete one first", kMaxWebhooks,
                            space ? "namespace " + space->text() : "all namespaces"));
}

// What `make` answers, put on the list; the earlier answer when the request is repeated.
template <class Make>
Delivery add_delivery(const Services& services, const Principal& caller, RequestKey* key, const Make& make) {
  const Id id = new_id(services.clock, services.entropy);
  const Time now = services.clock.now();
  return services.database.write([&](Transaction& transaction) {
    if (const auto earlier = find_recorded(transaction, caller, key, now))
      return own_delivery(transaction, caller, Id::parse(*earlier));
    Delivery delivery = make(transaction, id, now);
    insert_delivery(transaction, delivery);
    remember(transaction, caller, key, id.text(), now);
    return delivery;
  });
}

}  // namespace

WebhookRequest parse_webhook_request(std::string_view body) {
  const json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  std::vector<std::string> wanted;
  if (const json* types = object.optional_array("events", kMaxWanted))
    for (const json& type : *types) {
      if (!type.is_string())
        throw Error(Code::invalid_argument, "\"events\" of the request body must be a list of types of events");
      wanted.push_back(type.get<std::string>());
    }
  WebhookRequest request{
      .url = WebhookUrl::parse(object.text("url")), .events = EventFilter::parse(std::move(wanted)), .space = {}};
  if (const auto space = object.optional_text("namespace"); space && *space != "*")
    request.space = Namespace::parse(*space);
  object.finish();
  return request;
}

Webhook create_webhook(const Services& services, const ReceiverPolicy& policy, const Principal& caller,
                       const WebhookRequest& request) {
  if (request.space)
    require(caller, Permission::admin, *request.space);
  else
    require_everywhere(caller, Permission::admin);
  policy.require_possible(request.url);
  Webhook webhook{.id = new_id(services.clock, services.entropy),
                  .space = request.space,
                  .url = request.url,
                  .events = request.events,
                  .secret = new_webhook_secret(services.entropy),
                  .created_at = services.clock.now(),
                  .created_by = caller.name};
  services.database.write([&](Transaction& transaction) {
    require_room_for_another(transaction, webhook.space);
    webhook.cursor = newest_event(transaction);
    insert_webhook(transaction, webhook);
    append_audit(transaction, audit_entry(caller, "create_webhook", webhook, webhook.created_at));
  });
  return webhook;
}

json created_webhook_answer(const Webhook& webhook) {
  json out = webhook;
  out["secret"] = webhook.secret;
  return out;
}

std::vector<Webhook> list_webhooks(const Services& services, const Principal& caller) {
  require_somewhere(caller, Permission::admin);
  return services.database.read(
      [&](Snapshot& snapshot) { return list_webhooks(snapshot, administered(caller)); });
}

Webhook describe_webhook(const Services& services, const Principal& caller, const Id& id) {
  return services.database.read([&](Snapshot& snapshot) { return own_webhook(snapshot, caller, id); });
}

void delete_webhook(const Services& services, const Principal& caller, const Id& id) {
  const Time now = services.clock.now();
  services.database.write([&](Transaction& transaction) {
    const Webhook webhook = own_webhook(transaction, caller, id);
    delete_webhook(transaction, id);
    append_audit(transaction, audit_entry(caller, "delete_webhook", webhook, now));
  });
}

Page<Delivery> list_deliveries(const Services& services, const Principal& caller, const Id& webhook,
                               const PageRequest& page) {
  return services.database.read([&](Snapshot& snapshot) {
    own_webhook(snapshot, caller, webhook);
    return list_deliveries(snapshot, webhook, page);
  });
}

Delivery describe_delivery(const Services& services, const Principal& caller, const Id& id) {
  return services.database.read([&](Snapshot& snapshot) { return own_delivery(snapshot, caller, id); });
}

Delivery redeliver(const Services& services, const Principal& caller, const Id& id, RequestKey* key) {
  return add_delivery(services, caller, key, [&](Transaction& transaction, const Id& fresh, Time now) {
    const Delivery earlier = own_delivery(transaction, caller, id);
    require_active(own_webhook(transaction, caller, earlier.webhook));
    if (earlier.status == DeliveryStatus::due)
      throw Error(Code::conflict, fmt::format("The delivery {} is due and will be tried again by itself", id.text()));
    if (earlier.cause == DeliveryCause::test)
      throw Error(Code::conflict, "A test is not repeated: make another one with assay webhook test");
    return Delivery{.id = fresh,
                    .webhook = earlier.webhook,
                    .cause = DeliveryCause::again,
                    .event = earlier.event,
                    .created_at = now,
                    .due_at = now};
  });
}

Delivery test_webhook(const Services& services, const Principal& caller, const Id& id, RequestKey* key) {
  return add_delivery(services, caller, key, [&](Transaction& transaction, const Id& fresh, Time now) {
    require_active(own_webhook(transaction, caller, id));
    return Delivery{.id = fresh,
                    .webhook = id,
                    .cause = DeliveryCause::test,
                    .event = test_event(id, now, fresh),
                    .created_at = now,
                    .due_at = now};
  });
}

}  // namespace assay
