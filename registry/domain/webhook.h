// SPDX-License-Identifier: Apache-2.0
// Webhooks: who is told of events, and each telling of one event with what came of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/domain/event.h"
#include "registry/domain/event_filter.h"
#include "registry/domain/name.h"
#include "registry/domain/webhook_url.h"

namespace assay {

struct Webhook {
  Id id;
  std::optional<Namespace> space;  // whose events; none: those of all
  WebhookUrl url;
  EventFilter events;
  std::string secret;  // what deliveries are signed with; never in to_json
  Time created_at;
  std::string created_by;
  bool active = true;       // false: the receiver said that it is gone for good
  std::int64_t cursor = 0;  // the last event that it was told of, or that came before it
};

enum class DeliveryStatus {
  due,        // it will be tried, for the first time or again
  delivered,  // the receiver answered 2xx
  dead        // it will not be tried again unless somebody asks
};
enum class DeliveryCause {
  event,  // it happened: these come one after the other
  again,  // somebody asked for a delivery to be repeated
  test    // somebody tries the receiver out
};

std::string_view to_text(DeliveryStatus status);
std::string_view to_text(DeliveryCause cause);
// Throw invalid_argument.
DeliveryStatus parse_delivery_status(std::string_view text);
DeliveryCause parse_delivery_cause(std::string_view text);

// One try.
struct DeliveryAttempt {
  Time at{};
  std::optional<int> http_status{};        // none: no answer came
  std::string error{};                     // why it failed; empty: it did not
  std::chrono::milliseconds duration{};

  bool operator==(const DeliveryAttempt&) const = default;
};

struct Delivery {
  Id id;
  Id webhook;
  DeliveryCause cause = DeliveryCause::event;
  Event event;
  Time created_at;
  DeliveryStatus status = DeliveryStatus::due;
  std::optional<Time> due_at;  // when it is tried next, while it is due
  std::vector<DeliveryAttempt> attempts{};
};

// {"id","namespace","url","events","active","created_at","created_by"}; "*" is all namespaces.
void to_json(nlohmann::json& json, const Webhook& webhook);
// {"at","http_status","error","duration_ms"}
void to_json(nlohmann::json& json, const DeliveryAttempt& attempt);
void from_json(const nlohmann::json& json, DeliveryAttempt& attempt);
// {"id","webhook","cause","created_at","status","due_at","event","attempts"}
void to_json(nlohmann::json& json, const Delivery& delivery);

}  // namespace assay
