// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/config_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/nearest.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

const json* member(const json& schema, const char* key) {
  if (!schema.is_object()) return nullptr;
  const auto found = schema.find(key);
  return found == schema.end() ? nullptr : &*found;
}

bool is_closed(const json& schema) {
  const json* additional = member(schema, "additionalProperties");
  const bool open = additional != nullptr && (additional->is_object() || *additional == true);
  return !open && member(schema, "patternProperties") == nullptr;
}

// What stands at `pointer`, for messages.
std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 80) text.replace(77, std::string::npos, "...");
  return text;
}

void complete(const json& schema, json& value, const std::string& pointer, std::string_view who) {
  const json* properties = member(schema, "properties");
  if (!value.is_object() || (properties == nullptr && member(schema, "type") == nullptr)) return;
  std::vector<std::string> known;
  if (properties != nullptr)
    for (const auto& [key, ignored] : properties->items()) known.push_back(key);
  if (is_closed(schema))
    for (const auto& [key, item] : value.items())
      if (std::find(known.begin(), known.end(), key) == known.end())
        throw Error(Code::invalid_argument,
                    fmt::format("{} has no setting {}/{}{}{}", who, pointer, key, did_you_mean(key, known),
                                known.empty() ? "; it takes none"
                                              : fmt::format("; it takes {}", fmt::join(known, ", "))));
  for (const std::string& key : known) {
    const json& inner = (*properties)[key];
    if (const json* given = member(inner, "default"); given != nullptr && !value.contains(key))
      value[key] = *given;
    if (value.contains(key)) complete(inner, value[key], pointer + '/' + key, who);
  }
}

// The part of the schema that governs `pointer`, as far as plain properties and items lead there.
const json* governing(const json& schema, const std::vector<std::string>& path) {
  const json* at = &schema;
  for (const std::string& step : path) {
    const json* properties = member(*at, "properties");
    const json* next = properties == nullptr ? nullptr : member(*properties, step.c_str());
    if (next == nullptr) next = member(*at, "items");
    if (next == nullptr) return nullptr;
    at = next;
  }
  return at;
}

std::string allowed(const json& schema) {
  std::vector<std::string> words;
  if (const json* values = member(schema, "enum")) {
    for (const json& value : *values) words.push_back(shown(value));
    return fmt::format("one of {}", fmt::join(words, ", "));
  }
  if (const json* type = member(schema, "type"))
    words.push_back(type->is_string() ? type->get<std::string>() : shown(*type));
  constexpr std::pair<const char*, const char*> bounds[] = {
      {"minimum", ">="},          {"exclusiveMinimum", ">"},       {"maximum", "<="},
      {"exclusiveMaximum", "<"},  {"multipleOf", "a multiple of"}, {"minLength", "length >="},
      {"maxLength", "length <="}, {"minItems", "items >="},        {"maxItems", "items <="},
      {"pattern", "matching"}};
  for (const auto& [key, words_for] : bounds)
    if (const json* bound = member(schema, key))
      words.push_back(fmt::format("{} {}", words_for, shown(*bound)));
  return fmt::format("{}", fmt::join(words, ", "));
}

// valijson writes a context as "<root>", "[max_depth]", "[0]".
std::vector<std::string> path_of(const std::vector<std::string>& context) {
  std::vector<std::string> path;
  for (const std::string& step : context)
    if (step.size() >= 2 && step.front() == '[') path.push_back(step.substr(1, step.size() - 2));
  return path;
}

[[noreturn]] void refuse(const json& schema, const json& config, valijson::ValidationResults& results,
                         std::string_view who) {
  // The deepest complaint is the cause; those above only repeat that something below them is wrong.
  std::vector<std::string> path;
  std::string why = "it does not match the schema";
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    std::vector<std::string> found = path_of(error.context);
    if (found.size() < path.size()) continue;
    path = std::move(found);
    why = error.description;
  }
  json::json_pointer pointer;
  for (const std::string& step : path) pointer /= step;
  const json* rule = governing(schema, path);
  const bool present = config.contains(pointer);
  const std::string place = pointer.empty() ? "its settings" : "setting " + pointer.to_string();
  if (rule != nullptr && present && !config[pointer].is_object())
    throw Error(Code::invalid_argument,
                fmt::format("{}: {} is {}; it takes {}", who, place, shown(config[pointer]), allowed(*rule)));
  throw Error(Code::invalid_argument, fmt::format("{}: {}: {}", who, place, why));
}

void compile(const json& schema, valijson::Schema& compiled, std::string_view who) {
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(Adapter(schema), compiled);
  } catch (const std::exception& error) {
    throw Error(
        Code::unsupported,
        fmt::format("{}: the plugin's config_schema is not one that assay reads: {}", who, error.what()));
  }
}

}  // namespace

Config complete_config(std::string_view schema_text, std::string_view config_text, std::string_view who) {
  const json schema = parse_json(schema_text, fmt::format("the config_schema of {}", who));
  json config =
      parse_json(config_text, fmt::format("the settings of {}", who), {.max_bytes = kMaxConfigBytes});
  if (!config.is_object())
    throw Error(Code::invalid_argument, fmt::format("the settings of {} are not a JSON object", who));
  complete(schema, config, "", who);
  valijson::Validator validator;
  valijson::ValidationResults results;
  valijson::Schema compiled;
  compile(schema, compiled, who);
  if (!validator.validate(compiled, Adapter(config), &results)) refuse(schema, config, results, who);
  std::string text = canonical(config);
  const Digest digest = Digest::of(text);
  return {std::move(text), digest};
}

}  // namespace assay
