// SPDX-License-Identifier: Apache-2.0
// What is to be delivered next, and what becomes of it. Knows of no thread and no network: time comes from a clock,
// deliveries are taken and settled. Each webhook has at most one delivery taken, and is told of events in their order:
// as long as one is due again later, those behind it wait. What is in memory only makes looking cheaper; all that must
// survive is in the catalogue, so after a crash everything that was not settled is taken again.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "registry/catalog/database.h"
#include "registry/domain/webhook.h"
#include "registry/events/webhook_sender.h"

namespace assay {

class Clock;
class Entropy;

inline constexpr int kKeptDeliveries = 1000;  // settled ones of a webhook: weeks of most, an afternoon of the busiest
// Before a webhook is looked at again whose last delivery could not be recorded: the disk may be full.
inline constexpr std::chrono::seconds kRest{60};

// Events that one read looks through for one that a webhook wants: ten milliseconds or so.
inline constexpr std::int64_t kScan = 10'000;

struct Assignment {
  Delivery delivery;
  WebhookMessage message;
  bool recorded = false;  // the delivery is in the catalogue
};

struct Backlog {
  std::int64_t deliveries = 0;  // being made, or due now or later
  std::optional<Time> oldest;   // when the oldest event happened of which one is to be told
};

// One thread takes; any thread settles.
class DeliveryQueue {
 public:
  // Borrows all three.
  DeliveryQueue(Database& database, const Clock& clock, Entropy& entropy)
      : database_(database), clock_(clock), entropy_(entropy) {}

  // One that is due now, of a webhook that has none taken. Nothing: there is none.
  std::optional<Assignment> take();
  // When there may be another one without anything being written or settled; nothing: only then.
  std::optional<Time> next_time();

  // Records what came of it, which it returns; it is durable then. A failure makes it due again later, or dead after
  // kMaxAttempts; 410 Gone ends the webhook. The webhook may be taken again, after kRest when this throws as the database does.
  DeliveryStatus settle(const Assignment& assignment, const SendResult& result, std::chrono::milliseconds took);
  // As if it had not been taken.
  void put_back(const Assignment& assignment);

  // What is still to be told, with one short read. Any thread.
  Backlog backlog();

 private:
  // A webhook that is not to be taken now.
  struct Taken {
    Time until;            // Time::max(): it is told something, until that is settled
    Time event;            // when what it is told happened
    bool recorded = true;  // the delivery is in the catalogue
  };

  std::set<Id> not_to_take(Time now);
  std::optional<Assignment> find_due(Snapshot& snapshot, Time now, const std::set<Id>& except);
  // Looks at kScan events of each webhook; says in `more` whether some are left.
  std::optional<Assignment> find_new(Snapshot& snapshot, Time now, const std::set<Id>& except, bool& more);
  void record(Transaction& transaction, const Assignment& assignment, const Delivery& delivery);

  Database& database_;
  const Clock& clock_;
  Entropy& entropy_;
  std::map<Id, std::int64_t> looked_;  // by webhook: the last event that it does not want; the taking thread's
  std::mutex mutex_;
  std::map<Id, Taken> taken_;
};

}  // namespace assay
