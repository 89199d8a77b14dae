// SPDX-License-Identifier: Apache-2.0
// `assay plugin check`: asks for the rules and shows their verdicts as text, JSON or JUnit XML.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/report.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"
#include "registry/domain/utf8.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

constexpr int kSaysNo = 10;

struct Options {
  PluginCheckRequest request;
  std::string format = "text";
  std::string output;
};

std::size_t count(const PluginReport& report, std::string_view verdict) {
  return static_cast<std::size_t>(std::count_if(report.rules.begin(), report.rules.end(),
                                                [&](const auto& rule) { return rule.verdict == verdict; }));
}

std::string text_of(const PluginReport& report, const Options& options) {
  std::ostringstream out;
  Table table({"rule", "level", "verdict", "a plugin …"});
  for (const PluginVerdict& each : report.rules) table.add({each.rule, each.level, each.verdict, each.promise});
  table.print(out);
  for (const PluginVerdict& each : report.rules)
    if (each.verdict == "fail")
      out << fmt::format("\n{} is broken: {}\n  what to do: {}\n", each.rule, plain(each.found), each.mend);
  // Most of a file that is no plugin is skipped for one reason, which is said once.
  std::map<std::string, std::vector<std::string>> skipped;
  for (const PluginVerdict& each : report.rules)
    if (each.verdict == "skipped") skipped[each.found].push_back(each.rule);
  for (const auto& [why, rules] : skipped) out << fmt::format("\nskipped: {}: {}", fmt::join(rules, " "), plain(why));
  out << fmt::format("\n{} {} the plugin contract at level {}: {} kept, {} broken, {} skipped\n",
                     options.request.library.filename().string(),
                     count(report, "fail") == 0 ? "keeps" : "does not keep", options.request.level,
                     count(report, "pass"), count(report, "fail"), count(report, "skipped"));
  return out.str();
}

Json json_of(const PluginReport& report, const Options& options, const std::string& checker) {
  Json rules = Json::array();
  for (const PluginVerdict& each : report.rules) {
    Json rule = {{"rule", each.rule},       {"level", each.level}, {"promise", each.promise},
                 {"verdict", each.verdict}, {"found", each.found}, {"seconds", each.seconds}};
    if (each.verdict == "fail") rule["mend"] = each.mend;
    rules.push_back(std::move(rule));
  }
  return {{"checker", checker},
          {"plugin", {{"name", report.plugin}, {"version", report.version}, {"digest", report.digest}}},
          {"level", options.request.level},
          {"keeps", count(report, "fail") == 0},
          {"rules", std::move(rules)}};
}

std::string junit_of(const PluginReport& report, const Options& options) {
  double seconds = 0;
  for (const PluginVerdict& each : report.rules) seconds += each.seconds;
  const std::string suite = fmt::format("assay plugin check {} {}", options.request.level, report.plugin);
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.3f}\">\n"
      "<properties><property name=\"digest\" value=\"{}\"/></properties>\n",
      xml(suite), report.rules.size(), count(report, "fail"), count(report, "skipped"), seconds, report.digest);
  for (const PluginVerdict& each : report.rules) {
    out += fmt::format("<testcase classname=\"{}\" name=\"{} {}\" time=\"{:.3f}\">", xml(suite), each.rule,
                       xml(each.promise), each.seconds);
    if (each.verdict == "fail")
      out += fmt::format("<failure message=\"{}\">{}</failure>", xml(each.found), xml(each.mend));
    if (each.verdict == "skipped") out += fmt::format("<skipped message=\"{}\"/>", xml(each.found));
    out += "</testcase>\n";
  }
  return out + "</testsuite>\n</testsuites>\n";
}

bool is_utf8(std::string_view text) {
  while (!text.empty())
    if (!take_code_point(text)) return false;
  return true;
}

int check(Context& context, const Options& options) {
  PluginReport report = context.program().check_plugin(options.request);
  // Messages come from the plugin; both formats hold UTF-8 alone.
  for (PluginVerdict& each : report.rules)
    if (!is_utf8(each.found)) each.found = "its message is not UTF-8";
  std::string text;
  if (context.json() || options.format == "json")
    text = json_of(report, options, "assay " + context.program().version).dump(2) + '\n';
  else
    text = options.format == "junit" ? junit_of(report, options) : text_of(report, options);
  write_report(text, options.output);
  return count(report, "fail") == 0 ? 0 : kSaysNo;
}

}  // namespace

void add_plugin_check(CommandSet& commands, CLI::App& family) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      family, {"check", "Check that a library keeps the plugin contract",
               "assay plugin check ./mine.so                        # level standard\n"
               "assay plugin check ./mine.so --level strict\n"
               "assay plugin check ./mine.so --rule C19 --rule C28  # these alone\n"
               "assay plugin check ./mine.so --format junit --output check.xml",
               "0 it does, 10 it does not"});
  command.add_option("file", options->request.library, "the .so file")->required();
  command.add_option("--level", options->request.level, "how much to check: basic, standard or strict")
      ->check(CLI::IsMember({"basic", "standard", "strict"}))
      ->capture_default_str();
  command.add_option("--rule", options->request.rules, "only this rule, of any level; may be repeated");
  command.add_option("--format", options->format, "text, json or junit")
      ->check(CLI::IsMember({"text", "json", "junit"}))
      ->capture_default_str();
  command.add_option("--output", options->output, "write the report to this file");
  command.add_option("--timeout", options->request.timeout_s, "seconds that one rule may take")
      ->check(whole_number(1, 86'400))
      ->capture_default_str();
  command.add_option("--seed", options->request.seed, "what C38 draws its rows, settings and models from")
      ->check(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->capture_default_str();
  commands.on(command, [options](Context& context) { return check(context, *options); });
}

}  // namespace assay::cli
