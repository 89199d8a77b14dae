// SPDX-License-Identifier: Apache-2.0
// Making and ending webhooks, and what became of their deliveries. The sending is registry/events/delivery_worker.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "registry/access/principal.h"
#include "registry/domain/page.h"
#include "registry/domain/webhook.h"
#include "registry/events/receiver_policy.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"

namespace assay {

// Of one namespace, or of all: whoever needs more fans out behind one receiver.
inline constexpr std::int64_t kMaxWebhooks = 100;

struct WebhookRequest {
  WebhookUrl url;
  EventFilter events;
  std::optional<Namespace> space;  // none: all
};

// From a request body {"url","events","namespace"}; no events means every type, no namespace all. Throws
// invalid_argument.
WebhookRequest parse_webhook_request(std::string_view body);

// Needs `admin` on the namespace, or everywhere for all. It is told of what happens from now on. Its secret is in the
// answer, in no other. Throws invalid_argument when `policy` lets nothing be sent there, and too_large beyond
// kMaxWebhooks.
Webhook create_webhook(const Services& services, const ReceiverPolicy& policy, const Principal& caller,
                       const WebhookRequest& request);
// What creating answers: with {"secret"}.
nlohmann::json created_webhook_answer(const Webhook& webhook);

// All of the following need what creating it would need, and throw not_found otherwise.
// Oldest first.
std::vector<Webhook> list_webhooks(const Services& services, const Principal& caller);
Webhook describe_webhook(const Services& services, const Principal& caller, const Id& id);
// Its deliveries go too. What is being sent at the moment still arrives.
void delete_webhook(const Services& services, const Principal& caller, const Id& id);

// The newest first.
Page<Delivery> list_deliveries(const Services& services, const Principal& caller, const Id& webhook,
                               const PageRequest& page);
Delivery describe_delivery(const Services& services, const Principal& caller, const Id& id);
// A new delivery of the same event, due at once. Throws conflict while the earlier one is due, and for a test or a
// webhook whose receiver is gone.
Delivery redeliver(const Services& services, const Principal& caller, const Id& id, RequestKey* key = nullptr);
// One delivery of an event of type io.assay.webhook.test, due at once and tried once. Throws conflict when the receiver
// is gone.
Delivery test_webhook(const Services& services, const Principal& caller, const Id& id, RequestKey* key = nullptr);

}  // namespace assay
