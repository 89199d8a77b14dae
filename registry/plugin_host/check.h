// SPDX-License-Identifier: Apache-2.0
// `assay plugin check FILE`: does a library keep the promises of the SDK? Each rule runs in a worker of its
// own, so one that crashes fails its rule and no other.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace assay {

enum class CheckVerdict { pass, fail, skipped };

struct CheckResult {
  std::string rule;   // stable id, "C01"
  std::string title;  // one line, what is promised
  CheckVerdict verdict = CheckVerdict::skipped;
  std::string message;  // what was found; for a failure also what to do
};

// The rules of level "basic", in order; all are answered, also after a failure (those that cannot run are
// skipped). Throws only when the file cannot be read or no worker can be started.
std::vector<CheckResult> check_plugin(const std::filesystem::path& library,
                                      const std::filesystem::path& worker);

// True when no rule failed.
bool passed(const std::vector<CheckResult>& results);

}  // namespace assay
