// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/webhook.h"

#include <nlohmann/json.hpp>

#include "registry/domain/words.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr Words<DeliveryStatus, 3> kStatuses = {
    {{DeliveryStatus::due, "due"}, {DeliveryStatus::delivered, "delivered"}, {DeliveryStatus::dead, "dead"}}};
constexpr Words<DeliveryCause, 3> kCauses = {
    {{DeliveryCause::event, "event"}, {DeliveryCause::again, "again"}, {DeliveryCause::test, "test"}}};

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

}  // namespace

std::string_view to_text(DeliveryStatus status) {
  return spell(kStatuses, status);
}
std::string_view to_text(DeliveryCause cause) {
  return spell(kCauses, cause);
}
DeliveryStatus parse_delivery_status(std::string_view text) {
  return read_word(kStatuses, text, "the delivery's status");
}
DeliveryCause parse_delivery_cause(std::string_view text) {
  return read_word(kCauses, text, "the delivery's cause");
}

void to_json(json& out, const Webhook& webhook) {
  out = {{"id", webhook.id.text()},
         {"namespace", webhook.space ? webhook.space->text() : "*"},
         {"url", webhook.url.text()},
         {"events", webhook.events.wanted()},
         {"active", webhook.active},
         {"created_at", format_time(webhook.created_at)},
         {"created_by", webhook.created_by}};
}

void to_json(json& out, const DeliveryAttempt& attempt) {
  out = {{"at", format_time(attempt.at)},
         {"http_status", or_null(attempt.http_status)},
         {"error", attempt.error.empty() ? json() : json(attempt.error)},
         {"duration_ms", attempt.duration.count()}};
}

void from_json(const json& in, DeliveryAttempt& attempt) {
  attempt.at = parse_time(in.at("at").get<std::string>());
  if (!in.at("http_status").is_null()) attempt.http_status = in.at("http_status").get<int>();
  if (!in.at("error").is_null()) attempt.error = in.at("error").get<std::string>();
  attempt.duration = std::chrono::milliseconds(in.at("duration_ms").get<std::int64_t>());
}

void to_json(json& out, const Delivery& delivery) {
  out = {{"id", delivery.id.text()},
         {"webhook", delivery.webhook.text()},
         {"cause", to_text(delivery.cause)},
         {"created_at", format_time(delivery.created_at)},
         {"status", to_text(delivery.status)},
         {"due_at", delivery.due_at ? json(format_time(*delivery.due_at)) : json()},
         {"event", delivery.event},
         {"attempts", delivery.attempts}};
}

}  // namespace assay
