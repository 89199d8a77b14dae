// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/check/rules.h"

#include <fmt/format.h>

#include "storage/base/error.h"

namespace assay {
namespace {

constexpr auto B = CheckLevel::basic;
constexpr auto S = CheckLevel::standard;
constexpr auto X = CheckLevel::strict;

// C32 is an author's own build under sanitizers; nothing here can run it.
constexpr CheckRule kRules[] = {
    {"C01", B, "carries one valid descriptor in the section .assay.manifest",
     "validate the manifest against schema/manifest.schema.json and embed it with assay_add_plugin() or ASSAY_PLUGIN"},
    {"C02", B, "exports assay_plugin_open_v1 and nothing else",
     "link with assay_add_plugin(), or with the version script assay_plugin.map"},
    {"C03", B, "is linked safely: no executable stack, no text relocations, relocations read-only, no search path but $ORIGIN",
     "link with -Wl,-z,noexecstack -Wl,-z,relro, compile with -fPIC, and drop -rpath"},
    {"C04", B, "loads with all symbols resolved, and loading it starts no thread, opens no file and prints nothing",
     "link every library that it uses (-Wl,-z,defs says which are missing) and move work out of static constructors"},
    {"C05", B, "can be opened more than once, in any order",
     "keep state in the structs behind `self`, never in globals"},
    {"C06", B, "writes no further than the struct_size that it is given",
     "copy min(out->struct_size, sizeof) bytes, and store that number"},
    {"C07", B, "works in a host without optional callbacks and services",
     "test log, metric, progress and get_service for NULL before each use"},
    {"C08", B, "refuses unknown components, capabilities and extensions",
     "compare whole ids with their sizes; answer NOT_FOUND, or NULL for a capability"},
    {"C09", B, "says when it runs what its descriptor says",
     "answer the embedded bytes as assay_plugin.manifest"},
    {"C10", B, "makes every component with its default settings and with each setting at its ends, and offers the declared capabilities",
     "let `minimum`, `maximum`, `enum` and `capabilities` in the manifest say what the code does"},
    {"C11", S, "refuses settings of a wrong type or out of range with INVALID_CONFIG",
     "check ranges in the component's constructor: config.f64(pointer, low, high), config.choice(...)"},
};

constexpr std::string_view kLevels[] = {"basic", "standard", "strict"};

}  // namespace

std::string_view level_name(CheckLevel level) {
  return kLevels[static_cast<std::size_t>(level)];
}

CheckLevel parse_level(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kLevels); ++i)
    if (kLevels[i] == name) return static_cast<CheckLevel>(i);
  throw Error(Code::invalid_argument, fmt::format("no level \"{}\"; there are {}", name, fmt::join(kLevels, ", ")));
}

std::span<const CheckRule> check_rules() {
  return kRules;
}

const CheckRule& check_rule_named(std::string_view id) {
  for (const CheckRule& rule : kRules)
    if (rule.id == id) return rule;
  throw Error(Code::invalid_argument,
              fmt::format("no rule \"{}\"; the rules are {} to {}, as sdk/CHECKS.md lists them", id,
                          std::begin(kRules)->id, std::rbegin(kRules)->id));
}

}  // namespace assay
