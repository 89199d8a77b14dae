// SPDX-License-Identifier: Apache-2.0
// One thing that happened, for the operator's log: a name and its fields, written as text or as JSON. Never holds a secret.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace assay {

enum class LogLevel { info, warning, error };

class LogEvent {
 public:
  explicit LogEvent(std::string name) : name_(std::move(name)) {}

  // Each adds a field; `key` is a literal.
  LogEvent& with(std::string_view key, std::string_view value);
  LogEvent& with(std::string_view key, const char* value) { return with(key, std::string_view(value)); }
  LogEvent& with(std::string_view key, double value);
  LogEvent& with(std::string_view key, bool value);
  LogEvent& with(std::string_view key, std::int64_t value);
  LogEvent& with(std::string_view key, std::integral auto value) { return with(key, static_cast<std::int64_t>(value)); }

  // `name key=value …` on one line; texts that are more than a plain word stand in quotes.
  std::string text() const;
  // The members `"event":…,"key":…` without braces, on one line; what is not UTF-8 is repaired.
  std::string json_members() const;

 private:
  using Value = std::variant<std::string, double, bool, std::int64_t>;
  LogEvent& add(std::string_view key, Value value);

  std::string name_;
  std::vector<std::pair<std::string_view, Value>> fields_;
};

}  // namespace assay
