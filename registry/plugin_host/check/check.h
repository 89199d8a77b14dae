// SPDX-License-Identifier: Apache-2.0
// `assay plugin check FILE`: does a library keep the promises of the SDK? Each rule runs in a worker of its
// own, so one that crashes or hangs fails its rule and no other.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "registry/plugin_host/check/rules.h"

namespace assay {

enum class CheckVerdict { pass, fail, skipped };
std::string_view verdict_name(CheckVerdict verdict);

struct CheckResult {
  const CheckRule* rule = nullptr;  // of check_rules()
  CheckVerdict verdict = CheckVerdict::skipped;
  std::string found;  // one sentence: what was seen, or why the rule does not apply
  double seconds = 0;
};

struct CheckOptions {
  CheckLevel level = CheckLevel::standard;
  std::vector<std::string> only{};   // ids of rules; empty: all of the level
  std::chrono::seconds timeout{60};  // of one rule
  unsigned parallel = 0;             // rules at a time; 0: as many as there are processors
  std::uint64_t seed = 1;            // of what rules draw by chance; the same seed draws the same
};

struct PluginCheck {
  std::string plugin, version;  // as its descriptor says; empty when that cannot be read
  std::string digest;           // of the library
  CheckLevel level = CheckLevel::standard;
  std::vector<CheckResult> results;  // of every rule asked for, in order

  bool passed() const;  // no rule failed
};

// All rules are answered, also after a failure (those that cannot run are skipped). Throws when the file
// cannot be read, no worker can be started, or `only` names no rule.
PluginCheck check_plugin(const std::filesystem::path& library, const std::filesystem::path& worker,
                         const CheckOptions& options = {});

}  // namespace assay
