// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/search_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "registry/compute/seeded.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/nearest.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

void require_range(const SearchDimension& dimension, std::string_view who, Code code) {
  const bool logarithmic = dimension.scale == SearchScale::logarithmic;
  if (std::isfinite(dimension.minimum) && std::isfinite(dimension.maximum) &&
      dimension.minimum <= dimension.maximum && (!logarithmic || dimension.minimum > 0))
    return;
  throw Error(code, fmt::format("{}: the search range of {} is {} to {}{}; the first must not be above the "
                                "second{}",
                                who, dimension.name, dimension.minimum, dimension.maximum,
                                logarithmic ? " on a logarithmic scale" : "",
                                logarithmic ? ", and above 0" : ""));
}

SearchDimension range_of(const std::string& name, const json& property, const json& tunable,
                         std::string_view who) {
  JsonObject object(tunable, fmt::format("x-tunable of {}", name));
  SearchDimension out{.name = name, .whole = property.value("type", "") == "integer"};
  out.minimum = object.number("minimum");
  out.maximum = object.number("maximum");
  const std::string scale = object.optional_text("scale").value_or("linear");
  object.finish();
  if (scale == "log")
    out.scale = SearchScale::logarithmic;
  else if (scale != "linear")
    throw Error(Code::unsupported,
                fmt::format("{}: x-tunable of {} has the scale \"{}\"; it is linear or log", who, name, scale));
  require_range(out, who, Code::unsupported);
  return out;
}

std::vector<std::string> choices_of(const json& property) {
  std::vector<std::string> out;
  for (const json& choice : property.at("enum")) out.push_back(choice.dump());
  return out;
}

json properties_of(std::string_view config_schema, std::string_view who) {
  const json schema = parse_json(config_schema, fmt::format("the config_schema of {}", who));
  return schema.value("properties", json::object());
}

double number_in(std::string_view text, std::string_view whole) {
  const json value = json::parse(text, nullptr, false);
  if (!value.is_number())
    throw Error(Code::invalid_argument,
                fmt::format("--range {}: \"{}\" is no number; write NAME=LOW..HIGH, NAME=LOW..HIGH:log or "
                            "NAME=A,B,C",
                            whole, text));
  return value.get<double>();
}

json drawn(const SearchDimension& dimension, double share) {
  if (!dimension.choices.empty()) {
    const auto count = static_cast<double>(dimension.choices.size());
    return json::parse(dimension.choices[static_cast<std::size_t>(share * count)]);
  }
  // A whole number gets as much of the range as any other; the last one would otherwise come up half as often.
  const double low = dimension.minimum, high = dimension.maximum + (dimension.whole ? 1 : 0);
  const double value = dimension.scale == SearchScale::logarithmic
                           ? low * std::exp(share * std::log(high / low))
                           : low + share * (high - low);
  if (dimension.whole)
    return static_cast<std::int64_t>(std::min(std::floor(value), dimension.maximum));
  return std::min(value, dimension.maximum);
}

}  // namespace

std::vector<SearchDimension> search_space(std::string_view config_schema, std::string_view who) {
  std::vector<SearchDimension> out;
  const json properties = properties_of(config_schema, who);
  for (const auto& [name, property] : properties.items()) {
    if (!property.is_object() || !property.contains("x-tunable")) continue;
    const json& tunable = property["x-tunable"];
    if (tunable.is_object())
      out.push_back(range_of(name, property, tunable, who));
    else if (tunable == true && property.contains("enum"))
      out.push_back({.name = name, .choices = choices_of(property)});
  }
  return out;
}

void narrow(std::vector<SearchDimension>& space, std::string_view text, std::string_view config_schema,
            std::string_view who) {
  const std::size_t equals = text.find('=');
  SearchDimension wanted{.name = std::string(text.substr(0, equals))};
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
    throw Error(Code::invalid_argument,
                fmt::format("--range {}: write NAME=LOW..HIGH, NAME=LOW..HIGH:log or NAME=A,B,C", text));
  const json properties = properties_of(config_schema, who);
  if (!properties.contains(wanted.name)) {
    std::vector<std::string> known;
    for (const auto& [key, ignored] : properties.items()) known.push_back(key);
    throw Error(Code::invalid_argument, fmt::format("--range {}: {} has no setting {}{}", text, who,
                                                    wanted.name, did_you_mean(wanted.name, known)));
  }
  std::string_view values = text.substr(equals + 1);
  const std::string type = properties[wanted.name].value("type", "");
  if (const std::size_t dots = values.find(".."); dots != std::string_view::npos) {
    if (values.ends_with(":log")) {
      wanted.scale = SearchScale::logarithmic;
      values.remove_suffix(4);
    }
    wanted.whole = type == "integer";
    wanted.minimum = number_in(values.substr(0, dots), text);
    wanted.maximum = number_in(values.substr(dots + 2), text);
    require_range(wanted, who, Code::invalid_argument);
  } else {
    for (;;) {
      const std::size_t comma = values.find(',');
      const std::string choice(values.substr(0, comma));
      // A word needs no quotes.
      wanted.choices.push_back(json::accept(choice) && type != "string" ? choice : json(choice).dump());
      if (comma == std::string_view::npos) break;
      values.remove_prefix(comma + 1);
    }
  }
  const auto same = std::find_if(space.begin(), space.end(),
                                 [&](const SearchDimension& known) { return known.name == wanted.name; });
  if (same != space.end())
    *same = std::move(wanted);
  else
    space.push_back(std::move(wanted));
}

json draw_settings(const std::vector<SearchDimension>& space, const json& fixed, std::uint64_t seed,
                   std::uint64_t number) {
  json out = fixed;
  if (number == 0) return out;
  for (const SearchDimension& dimension : space)
    // By its name, not its place: narrowing one setting leaves the draws of the others as they were.
    if (!fixed.contains(dimension.name))
      out[dimension.name] = drawn(dimension, seeded_share(seed, number, dimension.name));
  return out;
}

}  // namespace assay
