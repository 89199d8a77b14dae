// SPDX-License-Identifier: Apache-2.0
// Where this server may send webhooks: over TLS to addresses of the public internet, and to what its operator allowed by
// name or network, there also without TLS. Otherwise whoever may make a webhook could reach what only the server can.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "registry/domain/webhook_url.h"
#include "registry/events/ip_address.h"

namespace assay {

class ReceiverPolicy {
 public:
  ReceiverPolicy() = default;  // nothing beyond the public internet
  // Each a host name, an address or a network in CIDR notation. Throws invalid_argument.
  static ReceiverPolicy parse(const std::vector<std::string>& allowed);

  // Why `url` must not be sent to at `address`, which its host turned out to have; nothing: it may.
  std::optional<std::string> refusal(const WebhookUrl& url, const IpAddress& address) const;
  // Throws invalid_argument when no address that the host could turn out to have would do.
  void require_possible(const WebhookUrl& url) const;

 private:
  bool allows(const WebhookUrl& url, const IpAddress& address) const;

  std::set<std::string> hosts_;
  std::vector<Network> networks_;
};

}  // namespace assay
