// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/webhook_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "registry/domain/name.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::size_t kMaxHost = 253;  // RFC 1035
constexpr std::size_t kMaxLabel = 63;

// The text is not repeated: receivers put secrets into it.
[[noreturn]] void refuse(std::string_view why) {
  throw Error(Code::invalid_argument,
              fmt::format("the webhook's URL {}; write https://host[:port][/path][?query]", why));
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

bool is_name(std::string_view host) {
  if (host.size() > kMaxHost) return false;
  for (;;) {
    const std::size_t dot = host.find('.');
    if (!is_label(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

bool is_bracketed(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']' &&
         host.find_first_not_of("0123456789abcdefABCDEF:.", 1) == host.size() - 1;
}

bool is_target_character(char c) {
  return is_alphanumeric(c) || std::string_view("-._~%!$&'()*+,;=:@/?").find(c) != std::string_view::npos;
}

std::uint16_t read_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535)
    refuse("has a port that is not 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

}  // namespace

WebhookUrl WebhookUrl::parse(std::string_view text) {
  if (text.size() > kMaxWebhookUrl) refuse(fmt::format("has more than {} bytes", kMaxWebhookUrl));
  WebhookUrl url;
  url.text_ = text;
  url.encrypted_ = text.starts_with("https://");
  if (!url.encrypted_ && !text.starts_with("http://")) refuse("does not start with https://");
  text.remove_prefix(url.encrypted_ ? 8 : 7);

  const std::size_t path = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, path);
  const std::string_view target = text.substr(path);
  if (authority.find('@') != std::string_view::npos) refuse("names a user");
  if (target.find('#') != std::string_view::npos) refuse("has a fragment, which no server ever sees");
  if (!std::all_of(target.begin(), target.end(), is_target_character))
    refuse("has characters in its path or query that must be percent-encoded");
  url.target_ = target.starts_with('/') ? std::string(target) : "/" + std::string(target);

  url.authority_ = lower_case(authority);
  authority = url.authority_;
  url.port_ = url.encrypted_ ? 443 : 80;
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && !authority.ends_with(']')) {
    url.port_ = read_port(authority.substr(colon + 1));
    authority = authority.substr(0, colon);
  }
  const bool bracketed = is_bracketed(authority);
  if (!bracketed && !is_name(authority)) refuse("has no host that is a name or an address");
  url.host_ = bracketed ? authority.substr(1, authority.size() - 2) : authority;
  return url;
}

}  // namespace assay
