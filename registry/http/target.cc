// SPDX-License-Identifier: Apache-2.0
#include "registry/http/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "storage/base/error.h"

namespace assay::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// How many bytes the UTF-8 sequence at the front of `text` takes; 0 when it is none (RFC 3629: shortest form
// only, no surrogates, nothing past U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const std::size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xED && byte(1) > 0x9F;
  const bool too_big = byte(0) == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_big ? 0 : length;
}

void require_clean_text(std::string_view decoded, std::string_view raw) {
  for (std::size_t i = 0; i < decoded.size();) {
    const auto c = static_cast<unsigned char>(decoded[i]);
    const std::size_t length = utf8_length(decoded.substr(i));
    if (c < 0x20 || c == 0x7F || length == 0)
      throw Error(
          Code::invalid_argument,
          fmt::format("decoding `{}` of the URL gives control characters or broken UTF-8; send plain text",
                      raw.substr(0, 64)));
    i += length;
  }
}

enum class Plus { literal, blank };

std::string decode(std::string_view raw, Plus plus) {
  std::string decoded;
  decoded.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '+' && plus == Plus::blank) {
      decoded += ' ';
    } else if (raw[i] != '%') {
      decoded += raw[i];
    } else {
      const int high = i + 2 < raw.size() ? hex_value(raw[i + 1]) : -1;
      const int low = i + 2 < raw.size() ? hex_value(raw[i + 2]) : -1;
      if (high < 0 || low < 0)
        throw Error(Code::invalid_argument,
                    fmt::format("`{}` of the URL holds a `%` that two hexadecimal digits "
                                "do not follow; write `%25` for a percent sign",
                                raw.substr(0, 64)));
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  require_clean_text(decoded, raw);
  return decoded;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string decode_segment(std::string_view raw) {
  std::string decoded = decode(raw, Plus::literal);
  if (decoded == "." || decoded == "..")
    throw Error(Code::invalid_argument,
                fmt::format("the path segment `{}` is not a name; leave dot segments out", raw));
  return decoded;
}

Query Query::parse(std::string_view raw) {
  Query query;
  if (raw.empty()) return query;
  for (const std::string& part : split(raw, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view value = std::string_view(part).substr(std::min(equals + 1, part.size()));
    query.pairs_.emplace_back(decode(std::string_view(part).substr(0, equals), Plus::blank),
                              decode(value, Plus::blank));
  }
  return query;
}

std::optional<std::string> Query::find(std::string_view name) const {
  std::optional<std::string> found;
  for (const auto& [key, value] : pairs_) {
    if (key != name) continue;
    if (found)
      throw Error(Code::invalid_argument,
                  fmt::format("the query parameter `{}` is there twice; send it once", name));
    found = value;
  }
  return found;
}

std::uint64_t Query::number(std::string_view name, std::uint64_t fallback, std::uint64_t least,
                            std::uint64_t most) const {
  const std::optional<std::string> text = find(name);
  if (!text) return fallback;
  std::uint64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end || value < least || value > most)
    throw Error(
        Code::invalid_argument,
        fmt::format("the query parameter `{}` must be a whole number from {} to {}", name, least, most));
  return value;
}

Target Target::parse(std::string_view raw) {
  Target target;
  target.raw = raw;
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (!raw.starts_with(scheme)) continue;
    const std::size_t slash = raw.find('/', scheme.size());
    raw = slash == std::string_view::npos ? "/" : raw.substr(slash);
  }
  if (!raw.starts_with('/') || raw.find('#') != std::string_view::npos)
    throw Error(Code::invalid_argument, "the request target is not a path; send `/…` without a fragment");
  const std::size_t question = std::min(raw.find('?'), raw.size());
  target.path = raw.substr(0, question);
  target.raw_query = raw.substr(std::min(question + 1, raw.size()));
  target.segments = split(std::string_view(target.path).substr(1), '/');
  return target;
}

}  // namespace assay::http
