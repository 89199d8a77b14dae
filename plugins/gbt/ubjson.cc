// SPDX-License-Identifier: Apache-2.0
#include "ubjson.h"

#include <bit>
#include <cstdint>

#include "assay/error.hpp"

namespace gbt {
namespace {

using assay::sdk::Error;

constexpr int kMaxDepth = 16;  // XGBoost's models have seven levels

[[noreturn]] void unreadable(const std::string& why) {
  throw Error(ASSAY_E_INTERNAL, "XGBoost's stored trees do not parse: " + why);
}

class Parser {
 public:
  explicit Parser(std::string_view bytes) : rest_(bytes) {}

  Ubjson document() {
    Ubjson out = value(byte(), 0);
    if (!rest_.empty()) unreadable("bytes follow their end");
    return out;
  }

 private:
  char byte() {
    if (rest_.empty()) unreadable("they are cut short");
    const char out = rest_.front();
    rest_.remove_prefix(1);
    return out;
  }
  std::string_view bytes(std::uint64_t size) {
    if (size > rest_.size()) unreadable("they are cut short");
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  std::uint64_t big_endian(std::size_t size) {
    std::uint64_t out = 0;
    for (const char c : bytes(size)) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }

  double number(char marker) {
    switch (marker) {
      case 'i': return static_cast<std::int8_t>(big_endian(1));
      case 'U': return static_cast<double>(big_endian(1));
      case 'I': return static_cast<std::int16_t>(big_endian(2));
      case 'l': return static_cast<std::int32_t>(big_endian(4));
      case 'L': return static_cast<double>(static_cast<std::int64_t>(big_endian(8)));
      case 'd': return std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(4)));
      case 'D': return std::bit_cast<double>(big_endian(8));
      default: unreadable("a number has the type '" + std::string(1, marker) + "'");
    }
  }
  std::uint64_t count() {
    const double out = number(byte());
    if (!(out >= 0 && out <= static_cast<double>(rest_.size()))) unreadable("a count is too large");
    return static_cast<std::uint64_t>(out);
  }
  std::string text() { return std::string(bytes(count())); }

  Ubjson value(char marker, int depth) {
    if (depth > kMaxDepth) unreadable("they are nested too deeply");
    Ubjson out;
    switch (marker) {
      case '{': return object(depth);
      case '[': return array(depth);
      case 'S': out.text = text(); return out;
      case 'C': out.text = std::string(1, byte()); return out;
      case 'T': out.numbers = {1}; return out;
      case 'F': out.numbers = {0}; return out;
      case 'Z': case 'N': return out;
      default: out.numbers = {number(marker)}; return out;
    }
  }
  Ubjson object(int depth) {
    Ubjson out;
    while (!rest_.empty() && rest_.front() != '}') {
      std::string name = text();
      out.members.insert_or_assign(std::move(name), value(byte(), depth + 1));
    }
    byte();
    return out;
  }
  Ubjson array(int depth) {
    Ubjson out;
    char type = 0;
    if (!rest_.empty() && rest_.front() == '$') {
      byte();
      type = byte();
    }
    if (!rest_.empty() && rest_.front() == '#') {
      byte();
      for (std::uint64_t left = count(); left > 0; --left)
        if (type != 0)
          out.numbers.push_back(number(type));
        else
          out.items.push_back(value(byte(), depth + 1));
      return out;
    }
    if (type != 0) unreadable("an array of one type has no count");
    while (!rest_.empty() && rest_.front() != ']') out.items.push_back(value(byte(), depth + 1));
    byte();
    return out;
  }

  std::string_view rest_;
};

}  // namespace

const Ubjson& Ubjson::at(std::string_view name) const {
  const auto found = members.find(name);
  if (found == members.end()) unreadable("\"" + std::string(name) + "\" is missing");
  return found->second;
}

Ubjson parse_ubjson(std::string_view bytes) {
  return Parser(bytes).document();
}

}  // namespace gbt
