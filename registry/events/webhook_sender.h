// SPDX-License-Identifier: Apache-2.0
// Sends one delivery once, as a seam: the queue and the worker know of no network.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "registry/domain/webhook_url.h"

namespace assay {

struct WebhookMessage {
  WebhookUrl url;
  std::string id;  // of the event: the same whenever it is sent again
  std::int64_t timestamp_s = 0;
  std::string signature;
  std::string body;  // JSON
};

struct SendResult {
  std::optional<int> http_status{};  // none: no answer came
  std::string error{};               // why there is none
  bool cancelled = false;            // we ended it, so it says nothing of the receiver
};

// Any thread may call any method at any time.
class WebhookSender {
 public:
  virtual ~WebhookSender() = default;

  // Blocks for a bounded time. A failure is a result.
  virtual SendResult send(const WebhookMessage& message) = 0;
  // Ends what is being sent, and from now on everything at once.
  virtual void cancel() = 0;
};

}  // namespace assay
