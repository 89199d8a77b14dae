// SPDX-License-Identifier: Apache-2.0
#include "registry/client/endpoint.h"

#include <algorithm>
#include <charconv>

#include "storage/base/error.h"

namespace assay::client {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_plain(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~:").find(static_cast<char>(c)) != std::string_view::npos;
}

bool is_host_character(char c) {
  return (is_plain(static_cast<unsigned char>(c)) && c != '~') || c == '[' || c == ']';
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0 && value < 65536;
}

bool is_authority(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_host_character)) return false;
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return true;
  return colon > 0 && is_port(text.substr(colon + 1));
}

}  // namespace

Endpoint Endpoint::parse(std::string_view url) {
  std::string_view text = url;
  if (text.ends_with('/')) text.remove_suffix(1);
  for (const std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme) && is_authority(text.substr(scheme.size())))
      return Endpoint(std::string(text));
  // What was written may hold a password, so it is not repeated.
  if (url.find('@') != std::string_view::npos)
    throw Error(Code::invalid_argument,
                "the registry's URL holds an '@': write http://host:port and give the token by ASSAY_TOKEN "
                "or --token-file");
  throw Error(Code::invalid_argument,
              "\"" + std::string(url.substr(0, 200)) + "\" is not a registry's URL: write http://host:port");
}

std::string encode_segment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(byte)) {
      out += c;
    } else {
      out += '%';
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    }
  }
  return out;
}

}  // namespace assay::client
