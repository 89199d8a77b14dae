// SPDX-License-Identifier: Apache-2.0
// What sends webhooks in a server, put together. Next to read: registry/events/delivery_worker.h.
#pragma once

#include "registry/events/delivery_worker.h"
#include "registry/events/http_sender.h"
#include "registry/events/ringing_database.h"

namespace assay::daemon {

class Webhooks {
 public:
  // Borrows `database`, `clock`, `entropy` and `log`. Sends from start() on.
  Webhooks(Database& database, const Clock& clock, Entropy& entropy, ReceiverPolicy policy)
      : policy_(std::move(policy)),
        clock_(clock),
        ringing_(database, bell_),
        queue_(database, clock, entropy),
        sender_(policy_, resolver_) {}

  // As `database`; what is written through it is looked at.
  Database& database() { return ringing_; }
  const ReceiverPolicy& policy() const { return policy_; }

  void start(std::function<void(const LogEvent& event)> log) {
    worker_.emplace(queue_, sender_, bell_, clock_, DeliveryWorker::Options{.log = std::move(log)});
  }
  const DeliveryWorker& worker() const { return *worker_; }
  // Until then worker() may be asked.
  void stop() { worker_.reset(); }

 private:
  const ReceiverPolicy policy_;
  const Clock& clock_;
  Bell bell_;
  RingingDatabase ringing_;
  DeliveryQueue queue_;
  SystemResolver resolver_;
  HttpSender sender_;
  std::optional<DeliveryWorker> worker_;
};

}  // namespace assay::daemon
