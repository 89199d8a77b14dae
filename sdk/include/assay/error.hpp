// SPDX-License-Identifier: Apache-2.0
// The SDK's exception. It never crosses the binary boundary: every edge turns it into a status and an
// explanation.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "assay/abi.h"

namespace assay::sdk {

namespace detail {

// The length of the UTF-8 sequence that starts `text`, or 0 when it is not one.
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (lead < 0xC2 || length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  // Overlong forms, surrogates, and what lies past U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
  if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
  return length;
}

// `text` with every byte that is not UTF-8 replaced by '?': library messages and data reach people through
// the host.
inline std::string clean_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    out += length == 0 ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

// `text` as a JSON string, quotes included.
inline std::string json_quote(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : clean_utf8(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += hex[static_cast<unsigned char>(c) >> 4];
      out += hex[c & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

inline std::string_view view(assay_str text) {
  return text.size == 0 ? std::string_view()
                        : std::string_view(text.data, static_cast<std::size_t>(text.size));
}
inline assay_str str(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace detail

// Throw it from anywhere in a component. The message says what was attempted, on what, and what to do next.
//   throw Error(ASSAY_E_INVALID_DATA, "label 'late' holds 2 at row 7; it must be 0 or
//   1").column("late").row(7);
class Error : public std::exception {
 public:
  Error(assay_status status, std::string message) : status_(status), message_(std::move(message)) {}

  Error& column(std::string_view name) { return add("column", detail::json_quote(name)); }
  Error& row(std::int64_t row) { return add("row", std::to_string(row)); }
  Error& pointer(std::string_view json_pointer) {
    return add("json_pointer", detail::json_quote(json_pointer));
  }
  Error& hint(std::string_view text) { return add("hint", detail::json_quote(text)); }

  assay_status status() const noexcept { return status_; }
  const std::string& message() const noexcept { return message_; }
  // An object, or empty when nothing was added.
  std::string details_json() const { return members_.empty() ? std::string() : "{" + members_ + "}"; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Error& add(std::string_view key, const std::string& json) {
    if (!members_.empty()) members_ += ',';
    members_ += '"';
    members_ += key;
    members_ += "\":";
    members_ += json;
    return *this;
  }

  assay_status status_;
  std::string message_;
  std::string members_;
};

}  // namespace assay::sdk
