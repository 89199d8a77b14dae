// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/log_event.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace assay {
namespace {

using nlohmann::json;

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == ':';
  });
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return out + '"';
}

std::string as_json(const auto& value) {
  return json(value).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

// Not inline: gcc 12 takes the variant's other members for uninitialized ones once it inlines their making.
LogEvent& LogEvent::with(std::string_view key, std::string_view value) {
  return add(key, std::string(value));
}
LogEvent& LogEvent::with(std::string_view key, double value) {
  return add(key, value);
}
LogEvent& LogEvent::with(std::string_view key, bool value) {
  return add(key, value);
}
LogEvent& LogEvent::with(std::string_view key, std::int64_t value) {
  return add(key, value);
}

LogEvent& LogEvent::add(std::string_view key, Value value) {
  fields_.emplace_back(key, std::move(value));
  return *this;
}

std::string LogEvent::text() const {
  std::string out = name_;
  for (const auto& [key, value] : fields_) {
    const auto* text = std::get_if<std::string>(&value);
    out.append(" ").append(key).append("=");
    if (text)
      out += is_word(*text) ? *text : in_quotes(*text);
    else
      out += std::visit([](const auto& other) { return as_json(other); }, value);
  }
  return out;
}

std::string LogEvent::json_members() const {
  std::string out = "\"event\":" + as_json(name_);
  for (const auto& [key, value] : fields_)
    out += "," + as_json(std::string(key)) + ":" + std::visit([](const auto& any) { return as_json(any); }, value);
  return out;
}

}  // namespace assay
