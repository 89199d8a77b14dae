// SPDX-License-Identifier: Apache-2.0
// The little JSON that FakeHost needs to read manifests and settings. For tests; real hosts bring a real
// parser.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/error.hpp"

namespace assay::sdk::testing {

// A value of any kind. Parsing throws std::invalid_argument. Escapes \uXXXX outside ASCII are refused.
class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  using Object = std::map<std::string, Json, std::less<>>;

  Json() = default;
  Json(bool value) : kind_(Kind::boolean), boolean_(value) {}                      // NOLINT
  Json(double value) : kind_(Kind::number), number_(value) {}                      // NOLINT
  Json(int value) : Json(static_cast<double>(value)) {}                            // NOLINT
  Json(std::int64_t value) : Json(static_cast<double>(value)) {}                   // NOLINT
  Json(const char* value) : Json(std::string(value)) {}                            // NOLINT
  Json(std::string value) : kind_(Kind::string), string_(std::move(value)) {}      // NOLINT
  Json(std::vector<Json> value) : kind_(Kind::array), array_(std::move(value)) {}  // NOLINT
  Json(Object value) : kind_(Kind::object), object_(std::move(value)) {}           // NOLINT

  static Json parse(std::string_view text) {
    Json out = value(text, 0);
    skip(text);
    if (!text.empty()) throw std::invalid_argument("JSON: text follows the value");
    return out;
  }

  Kind kind() const { return kind_; }
  bool boolean() const { return boolean_; }
  double number() const { return number_; }
  const std::string& string() const { return string_; }
  const std::vector<Json>& array() const { return array_; }
  Object& object() { return object_; }
  const Object& object() const { return object_; }
  // The member, or null.
  const Json& operator[](std::string_view key) const {
    static const Json none;
    const auto found = object_.find(key);
    return found == object_.end() ? none : found->second;
  }
  // The value at a JSON pointer (without escapes), or nullptr.
  const Json* at(std::string_view pointer) const {
    const Json* here = this;
    while (!pointer.empty()) {
      if (pointer[0] != '/') return nullptr;
      pointer.remove_prefix(1);
      const std::string_view key = pointer.substr(0, pointer.find('/'));
      here = here->child(key);
      if (here == nullptr) return nullptr;
      pointer.remove_prefix(key.size());
    }
    return here;
  }

  std::string dump() const {
    switch (kind_) {
      case Kind::null:
        return "null";
      case Kind::boolean:
        return boolean_ ? "true" : "false";
      case Kind::number:
        return dump_number();
      case Kind::string:
        return detail::json_quote(string_);
      case Kind::array:
        return "[" + joined(array_, [](const Json& each) { return each.dump(); }) + "]";
      case Kind::object:
        break;
    }
    return "{" +
           joined(
               object_,
               [](const auto& each) { return detail::json_quote(each.first) + ":" + each.second.dump(); }) +
           "}";
  }

 private:
  const Json* child(std::string_view key) const {
    if (kind_ == Kind::array) {
      std::size_t index = array_.size();
      std::from_chars(key.data(), key.data() + key.size(), index);
      return index < array_.size() ? &array_[index] : nullptr;
    }
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &found->second;
  }
  template <class Items, class Text>
  static std::string joined(const Items& items, Text text) {
    std::string out;
    for (const auto& item : items) out += (out.empty() ? "" : ",") + text(item);
    return out;
  }
  std::string dump_number() const {
    char buffer[32];
    const bool whole = std::floor(number_) == number_ && std::abs(number_) < 9e15;
    const auto end =
        whole ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<std::int64_t>(number_)).ptr
              : std::to_chars(buffer, buffer + sizeof buffer, number_).ptr;
    return {buffer, end};
  }

  static void skip(std::string_view& text) {
    while (!text.empty() && std::string_view(" \t\r\n").find(text[0]) != std::string_view::npos)
      text.remove_prefix(1);
  }
  static bool eat(std::string_view& text, std::string_view token) {
    skip(text);
    if (!text.starts_with(token)) return false;
    text.remove_prefix(token.size());
    return true;
  }
  static void expect(std::string_view& text, std::string_view token) {
    if (!eat(text, token)) throw std::invalid_argument("JSON: expected " + std::string(token));
  }

  static Json value(std::string_view& text, int depth) {
    if (depth > 64) throw std::invalid_argument("JSON: nested too deep");
    if (eat(text, "null")) return {};
    if (eat(text, "true")) return true;
    if (eat(text, "false")) return false;
    if (eat(text, "\"")) return quoted(text);
    if (eat(text, "[")) return list(text, depth);
    if (eat(text, "{")) return members(text, depth);
    return number(text);
  }
  static double number(std::string_view& text) {
    double out = 0;
#ifdef __cpp_lib_to_chars
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    const std::size_t used = error == std::errc() ? static_cast<std::size_t>(end - text.data()) : 0;
#else  // libc++ before 20
    const std::string copy(text.substr(0, text.find_first_not_of("+-.0123456789eE")));
    char* end = nullptr;
    out = std::strtod(copy.c_str(), &end);
    const auto used = static_cast<std::size_t>(end - copy.c_str());
#endif
    if (used == 0) throw std::invalid_argument("JSON: expected a value");
    text.remove_prefix(used);
    return out;
  }
  static Json list(std::string_view& text, int depth) {
    Json out;
    out.kind_ = Kind::array;
    if (eat(text, "]")) return out;
    do out.array_.push_back(value(text, depth + 1));
    while (eat(text, ","));
    expect(text, "]");
    return out;
  }
  static Json members(std::string_view& text, int depth) {
    Json out{Object{}};
    if (eat(text, "}")) return out;
    do {
      expect(text, "\"");
      std::string key = quoted(text);
      expect(text, ":");
      out.object_.insert_or_assign(std::move(key), value(text, depth + 1));
    } while (eat(text, ","));
    expect(text, "}");
    return out;
  }
  static std::string quoted(std::string_view& text) {
    std::string out;
    for (;;) {
      if (text.empty()) throw std::invalid_argument("JSON: a string does not end");
      const char c = text[0];
      text.remove_prefix(1);
      if (c == '"') return out;
      out += c == '\\' ? escape(text) : c;
    }
  }
  static char escape(std::string_view& text) {
    static constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
    const char c = text.empty() ? '\0' : text[0];
    if (const auto at = from.find(c); at != std::string_view::npos) {
      text.remove_prefix(1);
      return to[at];
    }
    unsigned code = 0;
    if (c != 'u' || text.size() < 5 ||
        std::from_chars(text.data() + 1, text.data() + 5, code, 16).ptr != text.data() + 5 || code > 127)
      throw std::invalid_argument("JSON: an escape that is not supported here");
    text.remove_prefix(5);
    return static_cast<char>(code);
  }

  Kind kind_ = Kind::null;
  bool boolean_ = false;
  double number_ = 0;
  std::string string_;
  std::vector<Json> array_;
  Object object_;
};

}  // namespace assay::sdk::testing
