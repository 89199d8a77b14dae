// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/cursor.h"

#include <charconv>
#include <optional>

namespace assay {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr char kSeparator = '\n';  // in no name, number or id

std::optional<std::string> from_hex(std::string_view hex) {
  std::string out;
  if (hex.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const auto high = kDigits.find(hex[i]), low = kDigits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

}  // namespace

Error refuse_cursor() {
  return Error(Code::invalid_argument, "The cursor is not one that this list gave; start again without it");
}

// Hexadecimal: nobody is tempted to build one, and it needs no escaping in a URL.
std::string encode_cursor(std::string_view list, const std::vector<std::string>& keys) {
  std::string plain(list);
  for (const std::string& key : keys) (plain += kSeparator) += key;
  std::string out;
  for (const char c : plain) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[c & 15];
  }
  return out;
}

std::vector<std::string> decode_cursor(std::string_view list, std::string_view cursor,
                                       std::size_t key_count) {
  const auto plain = from_hex(cursor);
  if (!plain) throw refuse_cursor();
  std::vector<std::string> parts(1);
  for (const char c : *plain) {
    if (c == kSeparator)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  if (parts.size() != key_count + 1 || parts.front() != list) throw refuse_cursor();
  parts.erase(parts.begin());
  return parts;
}

std::int64_t integer_key(const std::string& key) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(key.data(), key.data() + key.size(), value);
  if (status != std::errc() || end != key.data() + key.size()) throw refuse_cursor();
  return value;
}

}  // namespace assay
