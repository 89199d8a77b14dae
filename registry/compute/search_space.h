// SPDX-License-Identifier: Apache-2.0
// Where a search may look: the settings of a plugin that its descriptor marks with `x-tunable`, and how a
// trial's settings are drawn from them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace assay {

enum class SearchScale { linear, logarithmic };

// One setting and the values to try: a range, or a list of choices.
struct SearchDimension {
  std::string name;
  bool whole = false;  // integers only
  double minimum = 0, maximum = 0;
  SearchScale scale = SearchScale::linear;
  std::vector<std::string> choices{};  // JSON texts; when not empty, there is no range
};

// Those of a component's config_schema that are numbers with `x-tunable: {"minimum", "maximum", "scale"}`
// (scale "linear" or "log"), and any setting with `x-tunable: true` and an `enum`. By name. Throws unsupported
// for a range that is none, naming the setting.
std::vector<SearchDimension> search_space(std::string_view config_schema, std::string_view who);

// `text` is NAME=LOW..HIGH, NAME=LOW..HIGH:log or NAME=A,B,C; replaces what the space says of that setting, or
// adds it when the plugin has it. Throws invalid_argument naming what is wrong.
void narrow(std::vector<SearchDimension>& space, std::string_view text, std::string_view config_schema,
            std::string_view who);

// The settings of trial `number` over `fixed` (a JSON object, whose settings are never drawn). Trial 0 is
// `fixed` alone: the defaults. The same seed and number give the same settings, however many trials there are.
nlohmann::json draw_settings(const std::vector<SearchDimension>& space, const nlohmann::json& fixed,
                             std::uint64_t seed, std::uint64_t number);

}  // namespace assay
