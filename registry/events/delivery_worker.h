// SPDX-License-Identifier: Apache-2.0
// The threads behind webhooks: one looks what is due, and gives each delivery to one that sends it and records what came
// of it. Requests never wait for any of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string_view>
#include <thread>

#include "registry/domain/log_event.h"
#include "registry/events/bell.h"
#include "registry/events/delivery_queue.h"

namespace assay {

struct DeliveryTotals {
  std::uint64_t delivered = 0;  // attempts that the receiver took, since the start
  std::uint64_t failed = 0;     // those that it did not
  std::uint64_t dead = 0;       // deliveries given up
};

class DeliveryWorker {
 public:
  struct Options {
    std::size_t concurrent = 8;  // sent at once; a receiver that never answers holds one of them
    std::chrono::milliseconds pause{20};  // between two looks, so that many writes are one reason to look
    std::function<void(const LogEvent& event)> log;  // of failures that are ours; any thread
  };

  // Starts. Borrows all three; `bell` is rung when something may be due.
  DeliveryWorker(DeliveryQueue& queue, WebhookSender& sender, Bell& bell, const Clock& clock, Options options);
  // Cancels what is being sent, which stays due, and waits for the threads.
  ~DeliveryWorker();
  DeliveryWorker(const DeliveryWorker&) = delete;
  DeliveryWorker& operator=(const DeliveryWorker&) = delete;

  // Any thread.
  DeliveryTotals totals() const { return {delivered_.load(), failed_.load(), dead_.load()}; }
  Backlog backlog() const { return queue_.backlog(); }

 private:
  struct Flight {
    std::atomic<bool> landed = false;
    std::jthread thread;
  };

  void run(const std::stop_token& stop);
  bool start_one();
  void fly(const Assignment& assignment);
  std::chrono::milliseconds until_next();
  void guarded(std::string_view what, const std::function<void()>& work);

  DeliveryQueue& queue_;
  WebhookSender& sender_;
  Bell& bell_;
  const Clock& clock_;
  const Options options_;
  std::atomic<std::uint64_t> delivered_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
  std::atomic<std::uint64_t> dead_ = 0;
  std::list<Flight> flights_;  // the looking thread's
  std::jthread thread_;        // last, so that it ends before what it uses
};

}  // namespace assay
