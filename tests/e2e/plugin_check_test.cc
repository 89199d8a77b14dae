// SPDX-License-Identifier: Apache-2.0
// `assay plugin check` as authors and their CI run it: options, reports and exit codes.
#include <nlohmann/json.hpp>

#include "tests/e2e/registry.h"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/broken_copy.h"

namespace assay::test {
namespace {

const std::string kPlugins = ASSAY_TEST_PLUGINS;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ProcessResult check(int exit_code, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {ASSAY_BINARY, "plugin", "check"});
  const ProcessResult result = run_process(arguments);
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == exit_code);
  return result;
}

// A copy of the test plugin that breaks this promise.
struct Broken {
  explicit Broken(const std::string& what) : path(folder / "mine.so") {
    write_broken(kPlugins + "/broken.so", ".assay.breaks", what, path);
  }
  const TempDir folder;
  const std::string path;
};

// The document as another program's XML parser reads it: for each element its name, then "  name=value" for each
// attribute and "  text" if it has one, a line each.
std::string parsed_xml(const std::string& document) {
  ProcessOptions options;
  options.input = document;
  const ProcessResult result = run_process({"/usr/bin/env", "python3", "-c", R"(
import sys, xml.etree.ElementTree as tree
for each in tree.fromstring(sys.stdin.buffer.read()).iter():
    print(each.tag)
    for name, value in each.attrib.items(): print('  %s=%s' % (name, value))
    if each.text and each.text.strip(): print('  ' + each.text)
)"}, options);
  INFO(document << result.err);
  REQUIRE(result.exit_code == 0);
  return result.out;
}

}  // namespace

TEST_CASE("Plugin check: a good plugin exits with 0, a broken one with 10 and what to do about it") {
  const auto good = check(0, {kPlugins + "/broken.so", "--level", "basic"});
  CHECK(has(good.out, "broken.so keeps the plugin contract at level basic: 10 kept, 0 broken, 0 skipped"));
  const auto bad = check(10, {kPlugins + "/broken_exports.so", "--level", "basic"});
  CHECK(has(bad.out, "C02 is broken: it also exports"));
  CHECK(has(bad.out, "what to do: link with assay_add_plugin()"));
  CHECK(has(bad.out, "9 kept, 1 broken, 0 skipped"));
}

TEST_CASE("Plugin check: --rule tries chosen rules of any level, and a wrong name says which there are") {
  const Broken seedy("uses_the_seed");
  check(0, {seedy.path, "--rule", "C01", "--rule", "C37"});
  const auto report =
      nlohmann::json::parse(check(10, {seedy.path, "--rule", "C25", "--rule", "C37", "--format", "json"}).out);
  REQUIRE(report["rules"].size() == 2);
  CHECK(report["rules"][0]["rule"] == "C25");
  CHECK(report["rules"][1]["rule"] == "C37");
  CHECK(has(check(60, {seedy.path, "--rule", "C99"}).err, "C01 to C39"));
  CHECK(has(check(60, {seedy.path, "--level", "stricter"}).err, "strict"));
  const std::string missing = check(60, {seedy.path + ".not", "--rule", "C01"}).err;
  CHECK(has(missing, "mine.so.not: there is no such file; build it first"));
}

TEST_CASE("Plugin check: --seed draws C38 anew, and a failure names it") {
  const Broken trusting("trusts_in_letters");
  CHECK(has(check(10, {trusting.path, "--rule", "C38"}).out, "of --seed 1, component weigher"));
  const std::string other = check(10, {trusting.path, "--rule", "C38", "--seed", "20"}).out;
  CHECK(has(other, "of --seed 20, component weigher"));
  CHECK(check(10, {trusting.path, "--rule", "C38", "--seed", "20"}).out == other);
  CHECK(has(check(60, {trusting.path, "--seed", "-1"}).err, "--seed"));
}

TEST_CASE("Plugin check: JSON has every rule, how each went, and the plugin's digest") {
  const Broken colder("sets_the_environment");
  const auto report =
      nlohmann::json::parse(check(10, {colder.path, "--rule", "C01", "--rule", "C33", "--format", "json"}).out);
  CHECK(report["keeps"] == false);
  CHECK(report["level"] == "standard");
  CHECK(report["checker"].get<std::string>().starts_with("assay "));
  CHECK(report["plugin"]["name"] == "broken");
  CHECK(report["plugin"]["version"] == "1.0.0");
  CHECK(report["plugin"]["digest"].get<std::string>().starts_with("sha256:"));
  const auto& kept = report["rules"][0];
  CHECK(kept["verdict"] == "pass");
  CHECK_FALSE(kept.contains("mend"));
  CHECK(kept["seconds"].is_number());
  const auto& broken = report["rules"][1];
  CHECK(broken["level"] == "strict");
  CHECK(broken["verdict"] == "fail");
  CHECK(has(broken["found"], "environment"));
  CHECK(has(broken["mend"], "restore"));
  CHECK(has(broken["promise"], "changes nothing of its process"));
  // --json of every command is the same.
  CHECK(nlohmann::json::parse(check(0, {colder.path, "--rule", "C01", "--json"}).out)["keeps"] == true);
}

TEST_CASE("Plugin check: JUnit is well-formed, whatever a plugin puts into its messages") {
  const Broken chatty("prints");
  const std::string report = parsed_xml(check(10, {chatty.path, "--rule", "C02", "--rule", "C33", "--format", "junit"}).out);
  INFO(report);
  CHECK(has(report, "testsuite\n  name=assay plugin check standard broken\n  tests=2\n  failures=1\n  errors=0\n  skipped=0\n"));
  CHECK(has(report, "  name=C02 exports assay_plugin_open_v1 and nothing else\n"));
  CHECK(has(report, "failure\n  message=it prints \"still <training> & \"learning\"\"\n  restore what a library changes"));
  const Broken unreadable("explains_in_latin1");
  parsed_xml(check(10, {unreadable.path, "--rule", "C12", "--format", "junit"}).out);
}

TEST_CASE("Plugin check: a library without a descriptor skips rules, and JUnit says why") {
  const TempDir folder;
  write_broken(kPlugins + "/broken.so", ".assay.manifest", "[", folder / "mine.so");
  const std::string report =
      parsed_xml(check(10, {folder / "mine.so", "--rule", "C01", "--rule", "C05", "--format", "junit"}).out);
  INFO(report);
  CHECK(has(report, "  skipped=1\n"));
  CHECK(has(report, "skipped\n  message=it has no valid descriptor, see C01\n"));
}

TEST_CASE("Plugin check: --output writes the report to a file and leaves stdout empty") {
  const TempDir folder;
  const std::string file = folder / "check.xml";
  CHECK(check(0, {kPlugins + "/broken.so", "--rule", "C02", "--format", "junit", "--output", file}).out.empty());
  CHECK(has(parsed_xml(read_file(file)), "  failures=0\n"));
  check(10, {kPlugins + "/broken_exports.so", "--rule", "C02", "--output", file});
  CHECK(has(read_file(file), "C02 is broken"));
  CHECK(has(check(70, {kPlugins + "/broken.so", "--rule", "C02", "--output", folder / "no" / "check.txt"}).err,
            "writing the report"));
}

TEST_CASE("Plugin check: --timeout ends a rule that hangs") {
  const Broken hanging("never_ends");
  CHECK(has(check(10, {hanging.path, "--rule", "C22", "--timeout", "1"}).out, "did not come to an end within 1 s"));
  CHECK(has(check(60, {hanging.path, "--timeout", "0"}).err, "--timeout"));
}

}  // namespace assay::test
