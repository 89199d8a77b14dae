// SPDX-License-Identifier: Apache-2.0
#include "registry/http/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void require_clean_text(std::string_view decoded, std::string_view raw) {
  for (std::string_view rest = decoded; !rest.empty();) {
    const auto point = take_code_point(rest);
    if (!point || *point < 0x20 || *point == 0x7F)
      throw Error(
          Code::invalid_argument,
          fmt::format("decoding `{}` of the URL gives control characters or broken UTF-8; send plain text",
                      raw.substr(0, 64)));
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
