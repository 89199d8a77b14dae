// SPDX-License-Identifier: Apache-2.0
// Sends deliveries over HTTP to receivers that nobody vouches for. The name is resolved once, here; the address that is
// checked is the one that is connected to; one deadline covers everything from the connection to the answer; of the
// answer only the status is looked at, and no more is read than limits say. No redirect is followed, nothing unpacked.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "registry/events/receiver_policy.h"
#include "registry/events/resolver.h"
#include "registry/events/webhook_sender.h"

namespace assay {

struct SendLimits {
  std::chrono::milliseconds deadline{15'000};   // a receiver should queue and answer, not work
  std::size_t head_bytes = 16 * 1024;           // of the answer
  std::size_t body_bytes = 64 * 1024;           // read and dropped, so that a receiver sees its answer taken
};

class HttpSender final : public WebhookSender {
 public:
  // Borrows both. Certificates are held against the system's authorities (or SSL_CERT_FILE).
  HttpSender(const ReceiverPolicy& policy, Resolver& resolver, SendLimits limits = {});
  ~HttpSender() override;

  SendResult send(const WebhookMessage& message) override;
  void cancel() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay
