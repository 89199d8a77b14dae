// SPDX-License-Identifier: Apache-2.0
#include "registry/events/delivery_worker.h"

#include <algorithm>

#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

// The wall clock may be set while we wait by another one, and a look may fail.
constexpr milliseconds kLongestWait{60'000};
constexpr milliseconds kAfterFailure{1'000};

}  // namespace

DeliveryWorker::DeliveryWorker(DeliveryQueue& queue, WebhookSender& sender, Bell& bell, const Clock& clock,
                               Options options)
    : queue_(queue), sender_(sender), bell_(bell), clock_(clock), options_(std::move(options)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

DeliveryWorker::~DeliveryWorker() {
  thread_.request_stop();
  sender_.cancel();
  // The members' destructors join.
}

void DeliveryWorker::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::erase_if(flights_, [](const Flight& flight) { return flight.landed.load(); });
    milliseconds wait = kAfterFailure;
    guarded("looking for webhooks to send", [&] {
      while (!stop.stop_requested() && flights_.size() < options_.concurrent && start_one()) {
      }
      wait = until_next();
    });
    bell_.wait(stop, wait);
    // The bell also rings for what is no event; a moment later all of it is one look.
    Bell().wait(stop, options_.pause);
  }
}

bool DeliveryWorker::start_one() {
  auto assignment = queue_.take();
  if (!assignment) return false;
  Flight& flight = flights_.emplace_back();
  flight.thread = std::jthread([this, &flight, assignment = *std::move(assignment)] {
    guarded("sending a webhook", [&] { fly(assignment); });
    flight.landed = true;
    bell_.ring();
  });
  return true;
}

void DeliveryWorker::fly(const Assignment& assignment) {
  const auto start = clock_.steady_now();
  const SendResult result = sender_.send(assignment.message);
  if (result.cancelled) return queue_.put_back(assignment);
  const bool taken = result.http_status && *result.http_status / 100 == 2;
  ++(taken ? delivered_ : failed_);
  const auto took = std::chrono::duration_cast<milliseconds>(clock_.steady_now() - start);
  if (queue_.settle(assignment, result, took) == DeliveryStatus::dead) ++dead_;
}

milliseconds DeliveryWorker::until_next() {
  // With all senders busy, one that lands rings.
  if (flights_.size() >= options_.concurrent) return kLongestWait;
  const auto next = queue_.next_time();
  if (!next) return kLongestWait;
  return std::clamp(*next - clock_.now(), milliseconds(0), kLongestWait);
}

// A thread's entry: nothing may leave it.
void DeliveryWorker::guarded(std::string_view what, const std::function<void()>& work) {
  std::string failure;
  try {
    return work();
  } catch (const Error& error) {
    failure = error.message();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (options_.log) options_.log(LogEvent("webhooks").with("failed", what).with("error", failure));
}

}  // namespace assay
