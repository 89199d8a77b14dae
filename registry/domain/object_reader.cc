// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/object_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "registry/domain/nearest_name.h"
#include "storage/base/error.h"

namespace assay {

using nlohmann::json;

ObjectReader::ObjectReader(const json& value, std::string place) : object_(value), place_(std::move(place)) {
  if (!object_.is_object())
    throw Error(Code::invalid_argument, fmt::format("{} must be a JSON object, not {}",
                                                    place_.empty() ? "the document" : place_, value.type_name()));
}

std::string ObjectReader::place(std::string_view key) const {
  return place_.empty() ? std::string(key) : fmt::format("{}.{}", place_, key);
}

void ObjectReader::fail(std::string_view key, std::string_view expected) const {
  throw Error(Code::invalid_argument, fmt::format("{} must be {}", place(key), expected));
}

const json* ObjectReader::find(std::string_view key) {
  known_.emplace_back(key);
  const auto found = object_.find(known_.back());
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const json* ObjectReader::optional_value(std::string_view key) { return find(key); }

const json& ObjectReader::value(std::string_view key) {
  const json* found = find(key);
  if (found == nullptr) fail(key, "given");
  return *found;
}

std::optional<std::string> ObjectReader::optional_text(std::string_view key) {
  const json* found = find(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) fail(key, "a string");
  return found->get<std::string>();
}

std::optional<double> ObjectReader::optional_number(std::string_view key) {
  const json* found = find(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_number() || !std::isfinite(found->get<double>())) fail(key, "a finite number");
  return found->get<double>();
}

std::optional<std::int64_t> ObjectReader::optional_integer(std::string_view key) {
  const json* found = find(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_number_integer()) fail(key, "a whole number");
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
    fail(key, "a whole number below 2^63");
  return found->get<std::int64_t>();
}

std::optional<bool> ObjectReader::optional_boolean(std::string_view key) {
  const json* found = find(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_boolean()) fail(key, "true or false");
  return found->get<bool>();
}

std::optional<Digest> ObjectReader::optional_digest(std::string_view key) {
  const auto written = optional_text(key);
  if (!written) return std::nullopt;
  try {
    return Digest::parse(*written);
  } catch (const Error&) {
    fail(key, "a digest: sha256: and 64 lower-case hex digits");
  }
}

std::string ObjectReader::text(std::string_view key) {
  auto found = optional_text(key);
  if (!found) fail(key, "given, as a string");
  return *std::move(found);
}

double ObjectReader::number(std::string_view key) {
  const auto found = optional_number(key);
  if (!found) fail(key, "given, as a number");
  return *found;
}

std::int64_t ObjectReader::integer(std::string_view key) {
  const auto found = optional_integer(key);
  if (!found) fail(key, "given, as a whole number");
  return *found;
}

bool ObjectReader::boolean(std::string_view key) {
  const auto found = optional_boolean(key);
  if (!found) fail(key, "given, as true or false");
  return *found;
}

Digest ObjectReader::digest(std::string_view key) {
  const auto found = optional_digest(key);
  if (!found) fail(key, "given, as a digest: sha256: and 64 lower-case hex digits");
  return *found;
}

const std::vector<json>& ObjectReader::array(std::string_view key, std::size_t limit) {
  static const std::vector<json> none;
  const json* found = find(key);
  if (found == nullptr) return none;
  if (!found->is_array()) fail(key, "an array");
  if (found->size() > limit)
    throw Error(Code::too_large,
                fmt::format("{} has {} members: at most {} are taken", place(key), found->size(), limit));
  return found->get_ref<const json::array_t&>();
}

void ObjectReader::finish() const {
  for (const auto& [key, ignored] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::vector<std::string_view> names(known_.begin(), known_.end());
    throw Error(Code::invalid_argument,
                fmt::format("{} is not known: did you mean \"{}\"? Known here: {}", place(key.substr(0, 96)),
                            nearest_name(key, names), list_names(names)));
  }
}

}  // namespace assay
