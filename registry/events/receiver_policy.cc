// SPDX-License-Identifier: Apache-2.0
#include "registry/events/receiver_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/error.h"

namespace assay {
namespace {

constexpr const char* kHowToAllow = "its operator can allow it with assay serve --webhook-allow";

// As the host of a URL, so that both are compared in one spelling.
std::string parse_host(const std::string& text) {
  try {
    const WebhookUrl url = WebhookUrl::parse("https://" + text);
    if (url.text() == "https://" + text && url.target() == "/" && url.authority() == url.host()) return url.host();
  } catch (const Error&) {
  }
  throw Error(Code::invalid_argument, fmt::format("--webhook-allow \"{}\" is no host, no address and no network such "
                                                  "as 10.0.0.0/8 (with nothing but zeros behind its prefix)",
                                                  text));
}

}  // namespace

ReceiverPolicy ReceiverPolicy::parse(const std::vector<std::string>& allowed) {
  ReceiverPolicy policy;
  for (const std::string& text : allowed) {
    if (const auto network = Network::parse(text))
      policy.networks_.push_back(*network);
    else
      policy.hosts_.insert(parse_host(text));
  }
  return policy;
}

bool ReceiverPolicy::allows(const WebhookUrl& url, const IpAddress& address) const {
  return hosts_.contains(url.host()) ||
         std::any_of(networks_.begin(), networks_.end(),
                     [&](const Network& network) { return network.holds(address); });
}

std::optional<std::string> ReceiverPolicy::refusal(const WebhookUrl& url, const IpAddress& address) const {
  if (allows(url, address)) return std::nullopt;
  if (const auto kind = special_purpose(address))
    return fmt::format("{} has the address {}, which is {}; {}", url.host(), address.text(), *kind, kHowToAllow);
  if (!url.encrypted()) return fmt::format("{} would be told without TLS; use https, or {}", url.host(), kHowToAllow);
  return std::nullopt;
}

void ReceiverPolicy::require_possible(const WebhookUrl& url) const {
  if (const auto address = IpAddress::parse(url.host())) {
    if (const auto why = refusal(url, *address))
      throw Error(Code::invalid_argument, "this server does not send webhooks there: " + *why);
  } else if (!url.encrypted() && !hosts_.contains(url.host()) && networks_.empty()) {
    throw Error(Code::invalid_argument,
                fmt::format("this server sends webhooks only by https; use that, or {}", kHowToAllow));
  }
}

}  // namespace assay
