// SPDX-License-Identifier: Apache-2.0
#include "registry/events/delivery_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/deliveries.h"
#include "registry/catalog/events.h"
#include "registry/catalog/holdings.h"
#include "registry/catalog/webhooks.h"
#include "registry/events/retry_schedule.h"
#include "registry/events/signature.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

constexpr int kGone = 410;

WebhookMessage message_of(const Webhook& webhook, const Event& event, Time now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::string body = nlohmann::json(event).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string signature = webhook_signature(webhook.secret, event.id.text(), seconds, body);
  return {webhook.url, event.id.text(), seconds, std::move(signature), std::move(body)};
}

bool succeeded(const SendResult& result) {
  return result.http_status && *result.http_status / 100 == 2;
}

std::string error_of(const SendResult& result) {
  if (succeeded(result)) return "";
  return result.http_status ? fmt::format("the receiver answered {}", *result.http_status) : result.error;
}

// The delivery after one more attempt.
Delivery after(Delivery delivery, DeliveryAttempt attempt) {
  const bool done = attempt.error.empty();
  const Time end = attempt.at + attempt.duration;
  const bool gone = attempt.http_status == kGone;
  delivery.attempts.push_back(std::move(attempt));
  // A test says at once what it found.
  const auto wait = done || gone || delivery.cause == DeliveryCause::test ? std::nullopt
                                                                          : retry_after(delivery.attempts.size());
  delivery.status = done ? DeliveryStatus::delivered : wait ? DeliveryStatus::due : DeliveryStatus::dead;
  delivery.due_at.reset();
  if (wait) delivery.due_at = end + *wait;
  return delivery;
}

}  // namespace

std::set<Id> DeliveryQueue::not_to_take(Time now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(taken_, [&](const auto& entry) { return entry.second.until <= now; });
  std::set<Id> out;
  for (const auto& [webhook, taken] : taken_) out.insert(webhook);
  return out;
}

std::optional<Assignment> DeliveryQueue::take() {
  const Time now = clock_.now();
  // Before the snapshot: a webhook that is settled meanwhile would be seen as it was before.
  const std::set<Id> except = not_to_take(now);
  auto found = database_.read([&](Snapshot& snapshot) { return find_due(snapshot, now, except); });
  for (bool more = true; !found && more;)
    found = database_.read([&](Snapshot& snapshot) { return find_new(snapshot, now, except, more); });
  if (!found) return std::nullopt;
  const std::lock_guard lock(mutex_);
  taken_[found->delivery.webhook] = {Time::max(), found->delivery.event.at, found->recorded};
  return found;
}

std::optional<Assignment> DeliveryQueue::find_due(Snapshot& snapshot, Time now, const std::set<Id>& except) {
  auto delivery = due_delivery(snapshot, now, except);
  if (!delivery) return std::nullopt;
  const auto webhook = find_webhook(snapshot, delivery->webhook);  // a delivery goes with its webhook
  WebhookMessage message = message_of(*webhook, delivery->event, now);
  return Assignment{*std::move(delivery), std::move(message), true};
}

std::optional<Assignment> DeliveryQueue::find_new(Snapshot& snapshot, Time now, const std::set<Id>& except,
                                                  bool& more) {
  more = false;
  const std::int64_t newest = newest_event(snapshot);
  for (const Webhook& webhook : webhooks_without_debt(snapshot, except)) {
    std::int64_t& looked = looked_[webhook.id];
    const std::int64_t from = std::max(webhook.cursor, looked);
    if (from >= newest) continue;
    const std::int64_t last = std::min(newest, from + kScan);
    if (const auto event = next_event(snapshot, webhook, from, last))
      return Assignment{{.id = new_id(clock_, entropy_),
                         .webhook = webhook.id,
                         .cause = DeliveryCause::event,
                         .event = *event,
                         .created_at = now,
                         .due_at = now},
                        message_of(webhook, *event, now)};
    looked = last;
    more = more || last < newest;
  }
  return std::nullopt;
}

std::optional<Time> DeliveryQueue::next_time() {
  const Time now = clock_.now();
  auto next = database_.read([&](Snapshot& snapshot) { return next_due(snapshot, now); });
  const std::lock_guard lock(mutex_);
  for (const auto& [webhook, taken] : taken_)
    if (taken.until != Time::max() && (!next || taken.until < *next)) next = taken.until;
  return next;
}

void DeliveryQueue::record(Transaction& transaction, const Assignment& assignment, const Delivery& delivery) {
  if (!find_webhook(transaction, delivery.webhook)) return;  // deleted while it was told
  if (assignment.recorded) {
    update_delivery(transaction, delivery);
  } else {
    insert_delivery(transaction, delivery);
    advance_webhook(transaction, delivery.webhook, delivery.event.seq);
    trim_deliveries(transaction, delivery.webhook, kKeptDeliveries);
  }
  if (delivery.attempts.back().http_status == kGone) end_webhook(transaction, delivery.webhook);
}

DeliveryStatus DeliveryQueue::settle(const Assignment& assignment, const SendResult& result, std::chrono::milliseconds took) {
  const Time now = clock_.now();
  const Delivery delivery = after(assignment.delivery, {.at = now - took,
                                                        .http_status = result.http_status,
                                                        .error = error_of(result),
                                                        .duration = took});
  try {
    database_.write([&](Transaction& transaction) { record(transaction, assignment, delivery); });
  } catch (...) {
    const std::lock_guard lock(mutex_);
    taken_[delivery.webhook].until = now + kRest;
    throw;
  }
  put_back(assignment);
  return delivery.status;
}

void DeliveryQueue::put_back(const Assignment& assignment) {
  const std::lock_guard lock(mutex_);
  taken_.erase(assignment.delivery.webhook);
}

Backlog DeliveryQueue::backlog() {
  const DueDeliveries due = database_.read([](Snapshot& snapshot) { return due_deliveries(snapshot); });
  Backlog out{due.count, due.oldest};
  const std::lock_guard lock(mutex_);
  for (const auto& [webhook, taken] : taken_) {
    if (!taken.recorded) ++out.deliveries;
    if (!out.oldest || taken.event < *out.oldest) out.oldest = taken.event;
  }
  return out;
}

}  // namespace assay
