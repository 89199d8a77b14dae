// SPDX-License-Identifier: Apache-2.0
// The checker is tried on plugins that each break one rule: it must fail that rule and no other.
#include "registry/plugin_host/check/check.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

std::vector<std::string> failing(const std::filesystem::path& library) {
  std::vector<std::string> rules;
  for (const CheckResult& each : check_plugin(library, worker(), {.level = CheckLevel::basic}).results)
    if (each.verdict == CheckVerdict::fail) rules.emplace_back(each.rule->id);
  return rules;
}

std::string message(const std::string& plugin, const std::string& rule) {
  return check_plugin(test_plugin(plugin), worker(), {.only = {rule}}).results.at(0).found;
}

using Rules = std::vector<std::string>;

TEST_CASE("Check: a good plugin passes every rule") {
  const PluginCheck check = check_plugin(test_plugin("probe"), worker(), {.level = CheckLevel::basic});
  CHECK(check.results.size() == 10);
  for (const CheckResult& each : check.results) {
    INFO(each.rule->id << ": " << each.found);
    CHECK(each.verdict == CheckVerdict::pass);
  }
  CHECK(check.passed());
}

TEST_CASE("Check: each broken promise fails its own rule") {
  CHECK(failing(test_plugin("rogue_extra_export")) == Rules{"C02"});
  // Trying several sizes takes several opens.
  CHECK(failing(test_plugin("rogue_opens_once")) == Rules{"C05", "C06"});
  CHECK(failing(test_plugin("rogue_overwrites")) == Rules{"C06"});
  CHECK(failing(test_plugin("rogue_any_component")) == Rules{"C08"});
  CHECK(failing(test_plugin("rogue_other_manifest")) == Rules{"C09"});
  CHECK(failing(test_plugin("rogue_undeclared")) == Rules{"C10"});
  CHECK(contains(message("rogue_extra_export", "C02"), "rogue_helper"));
}

TEST_CASE("Check: a library without a usable descriptor skips what would run it") {
  const PluginCheck check = check_plugin(test_plugin("probe_next_major"), worker());
  CHECK(check.results.front().verdict == CheckVerdict::fail);
  CHECK(check.results.back().verdict == CheckVerdict::skipped);
  CHECK_FALSE(check.passed());
}

TEST_CASE("Check: a truncated library fails without being loaded") {
  const TempDir folder;
  const std::string bytes = read_text(test_plugin("probe"));
  write_text(folder / "cut.so", bytes.substr(0, bytes.size() / 2));
  const PluginCheck check = check_plugin(folder / "cut.so", worker());
  CHECK(contains(check.results.front().found, "it is cut off"));
  CHECK(check.results.back().verdict == CheckVerdict::skipped);
}

}  // namespace
}  // namespace assay::test
