// SPDX-License-Identifier: Apache-2.0
// Where a webhook is sent. Only what can be read off the text is checked here: whether a server may connect there is
// decided by the address that the host turns out to have (registry/events/receiver_policy.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

inline constexpr std::size_t kMaxWebhookUrl = 2048;  // what intermediaries take for sure

class WebhookUrl {
 public:
  // Takes `https://host[:port][/path][?query]`, also with http. Throws invalid_argument for anything else: user names,
  // fragments, a host that is neither a name nor an address, characters that would need escaping.
  static WebhookUrl parse(std::string_view text);

  const std::string& text() const { return text_; }
  bool encrypted() const { return encrypted_; }
  const std::string& host() const { return host_; }  // lower case; an IPv6 address without its brackets
  std::uint16_t port() const { return port_; }
  const std::string& authority() const { return authority_; }  // as the Host field has it
  const std::string& target() const { return target_; }        // path and query, at least "/"

  bool operator==(const WebhookUrl& other) const { return text_ == other.text_; }

 private:
  WebhookUrl() = default;

  std::string text_, host_, authority_, target_;
  std::uint16_t port_ = 0;
  bool encrypted_ = true;
};

}  // namespace assay
