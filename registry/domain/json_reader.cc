// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/json_reader.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "registry/domain/nearest.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxShown = 96;  // of a member's name in a message

// Refuses, while the parser still runs, what the finished document would no longer show.
class Guard {
 public:
  Guard(std::string_view what, std::size_t max_depth) : what_(what), max_depth_(max_depth) {}

  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (static_cast<std::size_t>(depth) >= max_depth_)
          throw Error(Code::invalid_argument,
                      fmt::format("{} is nested more than {} deep; flatten it", what_, max_depth_));
        if (event == json::parse_event_t::object_start) open_.emplace_back();
        break;
      case json::parse_event_t::object_end:
        open_.pop_back();
        break;
      case json::parse_event_t::key:
        if (!open_.back().insert(parsed.get_ref<const std::string&>()).second)
          throw Error(Code::invalid_argument,
                      fmt::format("{} has the member \"{}\" twice; leave one out", what_,
                                  beginning(parsed.get_ref<const std::string&>(), kMaxShown)));
        break;
      default:
        break;
    }
    return true;
  }

 private:
  std::string_view what_;
  std::size_t max_depth_;
  std::vector<std::set<std::string>> open_;  // the members so far of each object around here
};

}  // namespace

json parse_json(std::string_view text, std::string_view what, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes)
    throw Error(Code::too_large, fmt::format("{} has {} bytes of JSON, at most {} are taken", what,
                                             text.size(), limits.max_bytes));
  Guard guard(what, limits.max_depth);
  try {
    return json::parse(text.begin(), text.end(), std::ref(guard));
  } catch (const json::parse_error& error) {
    throw Error(Code::invalid_argument,
                fmt::format("{} is not JSON: the syntax breaks at byte {}; send one document in UTF-8", what,
                            error.byte));
  } catch (const json::out_of_range&) {
    throw Error(Code::invalid_argument, fmt::format("{} has a number too large for a double", what));
  }
}

JsonObject::JsonObject(const json& value, std::string what) : json_(value), what_(std::move(what)) {
  if (!json_.is_object())
    throw Error(Code::invalid_argument,
                fmt::format("{} must be a JSON object, not {}", what_, json_.type_name()));
}

const json* JsonObject::find(const std::string& key) {
  known_.insert(key);
  const auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

const json& JsonObject::need(const std::string& key) {
  const json* found = find(key);
  if (found == nullptr)
    throw Error(Code::invalid_argument, fmt::format("{} lacks \"{}\"; add it", what_, key));
  return *found;
}

void JsonObject::fail(const std::string& key, std::string_view wanted) const {
  throw Error(Code::invalid_argument, fmt::format("\"{}\" of {} must be {}", key, what_, wanted));
}

std::string JsonObject::text(const std::string& key) {
  need(key);
  return *optional_text(key);
}

std::optional<std::string> JsonObject::optional_text(const std::string& key) {
  const json* found = find(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) fail(key, "a string");
  return found->get<std::string>();
}

std::int64_t JsonObject::integer(const std::string& key, std::int64_t min, std::int64_t max) {
  need(key);
  return *optional_integer(key, min, max);
}

std::optional<std::int64_t> JsonObject::optional_integer(const std::string& key, std::int64_t min,
                                                         std::int64_t max) {
  const json* found = find(key);
  if (found == nullptr) return std::nullopt;
  // Beyond 2^63 the parser gives an unsigned number, which no range of ours holds.
  const bool fits = found->is_number_integer() && found->is_number_unsigned()
                        ? found->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)
                        : found->is_number_integer();
  if (!fits || found->get<std::int64_t>() < min || found->get<std::int64_t>() > max)
    fail(key, fmt::format("a whole number from {} to {}", min, max));
  return found->get<std::int64_t>();
}

double JsonObject::number(const std::string& key) {
  need(key);
  return *optional_number(key);
}

std::optional<double> JsonObject::optional_number(const std::string& key) {
  const json* found = find(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_number()) fail(key, "a number");
  return found->get<double>();
}

bool JsonObject::boolean(const std::string& key, bool otherwise) {
  const json* found = find(key);
  if (found == nullptr) return otherwise;
  if (!found->is_boolean()) fail(key, "true or false");
  return found->get<bool>();
}

const json& JsonObject::object(const std::string& key) {
  need(key);
  return *optional_object(key);
}

const json* JsonObject::optional_object(const std::string& key) {
  const json* found = find(key);
  if (found != nullptr && !found->is_object()) fail(key, "an object");
  return found;
}

const json& JsonObject::array(const std::string& key, std::size_t max_items) {
  need(key);
  return *optional_array(key, max_items);
}

const json* JsonObject::optional_array(const std::string& key, std::size_t max_items) {
  const json* found = find(key);
  if (found == nullptr) return nullptr;
  if (!found->is_array()) fail(key, "an array");
  if (found->size() > max_items)
    throw Error(Code::too_large, fmt::format("\"{}\" of {} has {} items, at most {} are taken", key, what_,
                                             found->size(), max_items));
  return found;
}

const json& JsonObject::any(const std::string& key) {
  return need(key);
}

const json* JsonObject::optional_any(const std::string& key) {
  return find(key);
}

std::map<std::string, std::string> JsonObject::optional_text_map(const std::string& key,
                                                                 std::size_t max_items) {
  std::map<std::string, std::string> out;
  const json* found = optional_object(key);
  if (found == nullptr) return out;
  if (found->size() > max_items)
    throw Error(Code::too_large, fmt::format("\"{}\" of {} has {} members, at most {} are taken", key, what_,
                                             found->size(), max_items));
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string()) fail(key, "an object of strings");
    out.emplace(name, value.get<std::string>());
  }
  return out;
}

void JsonObject::finish() const {
  for (const auto& [key, ignored] : json_.items()) {
    if (known_.contains(key)) continue;
    const std::vector<std::string> names(known_.begin(), known_.end());
    throw Error(Code::invalid_argument, fmt::format("{} has the unknown member \"{}\"{}", what_,
                                                    beginning(key, kMaxShown), did_you_mean(key, names)));
  }
}

}  // namespace assay
