// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/canonical_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxInteger = (std::int64_t{1} << 53) - 1;

[[noreturn]] void refuse(std::string_view why) {
  throw Error(Code::invalid_argument, "The document has no canonical JSON form: " + std::string(why));
}

// ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20) from the shortest digits that read back as the same
// double.
void write_double(std::string& out, double value) {
  if (!std::isfinite(value)) refuse("it holds a number that is not finite");
  if (value == 0) {  // -0 too
    out += '0';
    return;
  }
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, std::abs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const auto e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const std::string_view power = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(power.data(), power.data() + power.size(), exponent);

  const int point = exponent + 1;  // value = 0.digits × 10^point
  const int count = static_cast<int>(digits.size());
  if (value < 0) out += '-';
  if (point >= count && point <= 21) {
    out += digits + std::string(static_cast<std::size_t>(point - count), '0');
  } else if (point > 0 && point <= 21) {
    out += digits.insert(static_cast<std::size_t>(point), 1, '.');
  } else if (point > -6 && point <= 0) {
    out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else {
    if (count > 1) digits.insert(1, 1, '.');
    out += digits + (exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(exponent));
  }
}

// Beyond 2^53 only what a double of that value is written as: then the canonical form of any document is read back as one
// that has the same canonical form.
void write_integer(std::string& out, const json& value) {
  const std::string text = value.dump();
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= std::uint64_t{kMaxInteger}
                        : std::abs(value.get<double>()) <= static_cast<double>(kMaxInteger);
  std::string as_double;
  if (!fits) write_double(as_double, value.get<double>());
  if (!fits && as_double != text)
    refuse("the integer " + text + " is beyond 2^53 - 1 and no double; write it as text");
  out += text;
}

// Escapes only what JSON must. The text is UTF-8 already: check_utf8() has refused everything else.
void write_text(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        (out += '\\') += c;
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          ((out += "\\u00") += kHex[static_cast<unsigned char>(c) >> 4]) += kHex[c & 15];
        else
          out += c;
    }
  }
  out += '"';
}

// RFC 8785 sorts by UTF-16 code units, which differs from byte order above U+FFFF. Of text that is UTF-8.
std::u16string utf16(std::string_view text) {
  std::u16string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto point = take_code_point(text);
    if (!point) refuse("it holds text that is not UTF-8");
    if (*point < 0x10000) {
      out += static_cast<char16_t>(*point);
    } else {
      out += static_cast<char16_t>(0xD800 + ((*point - 0x10000) >> 10));
      out += static_cast<char16_t>(0xDC00 + ((*point - 0x10000) & 0x3FF));
    }
  }
  return out;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void check_utf8(std::string_view text) {
  if (is_ascii(text)) return;
  while (!text.empty())
    if (!take_code_point(text)) refuse("it holds text that is not UTF-8");
}

void write(std::string& out, const json& value);

void write_members(std::string& out, const std::vector<json::const_iterator>& members) {
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    write_text(out, members[i].key());
    out += ':';
    write(out, *members[i]);
  }
  out += '}';
}

void write_object(std::string& out, const json& object) {
  std::vector<json::const_iterator> members;
  members.reserve(object.size());
  bool ascii = true;
  for (auto member = object.begin(); member != object.end(); ++member) {
    check_utf8(member.key());
    members.push_back(member);
    ascii = ascii && is_ascii(member.key());
  }
  // They come sorted by bytes, which is no other order as long as they are ASCII.
  if (!ascii)
    std::sort(members.begin(), members.end(),
              [](const auto& left, const auto& right) { return utf16(left.key()) < utf16(right.key()); });
  write_members(out, members);
}

void write(std::string& out, const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      out += "null";
      break;
    case json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      break;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
      write_integer(out, value);
      break;
    case json::value_t::number_float:
      write_double(out, value.get<double>());
      break;
    case json::value_t::string:
      check_utf8(value.get_ref<const std::string&>());
      write_text(out, value.get_ref<const std::string&>());
      break;
    case json::value_t::array:
      out += '[';
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i > 0) out += ',';
        write(out, value[i]);
      }
      out += ']';
      break;
    case json::value_t::object:
      write_object(out, value);
      break;
    case json::value_t::binary:
    case json::value_t::discarded:
      refuse("it holds a value that JSON does not have");
  }
}

}  // namespace

std::string canonical(const json& document) {
  std::string out;
  write(out, document);
  return out;
}

Digest canonical_digest(const json& document) {
  return Digest::of(canonical(document));
}

}  // namespace assay
