// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/decision_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "registry/cli/decision_text.h"
#include "registry/cli/naming.h"
#include "registry/cli/report.h"
#include "registry/cli/table.h"
#include "registry/domain/plan.h"

namespace assay::cli {
namespace {

bool passes(const RuleResult& rule) {
  return lets_in(rule.verdict);
}

std::string subject(const Decision& decision) {
  return fmt::format("{} to {}", show_mark(decision, decision.candidate), decision.stage);
}

std::string sign(bool good) {
  return good ? "\u2705" : "\u274c";
}

std::string footer(const Decision& decision) {
  std::string out = decision.id ? fmt::format("decision `{}`, stage revision {}", decision.id->text(),
                                              decision.revision_after)
                                : "dry run: nothing was moved or recorded";
  if (decision.policy_digest) out += fmt::format(", policy `{}`", decision.policy_digest->short_text());
  return out + fmt::format(", plan `{}`", plan_digest(decision).short_text());
}

}  // namespace

std::string decision_markdown(const Decision& decision) {
  std::string out = fmt::format("### {} {}\n\n{}\n", sign(exit_code(decision.verdict) == 0), subject(decision),
                                markdown(decision.summary));
  if (!decision.rules.empty()) {
    out += "\n| | rule | verdict | candidate | champion | bound | n |\n|---|---|---|--:|--:|--:|--:|\n";
    for (const RuleResult& rule : decision.rules)
      out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", sign(passes(rule)), markdown(rule.rule),
                         markdown(to_text(rule.verdict)), human_number(rule.candidate), human_number(rule.champion),
                         markdown(bound_text(rule)), rule.n ? std::to_string(*rule.n) : "-");
    out += "\n<details><summary>Why, and what would change it</summary>\n\n";
    for (const RuleResult& rule : decision.rules)
      out += fmt::format("- {} {}\n", sign(passes(rule)), markdown(rule.explanation));
    out += "\n</details>\n";
  }
  return out + "\n" + footer(decision) + "\n";
}

std::string decision_junit(const Decision& decision) {
  const std::string suite = xml("assay promote " + subject(decision));
  const auto failures = std::count_if(decision.rules.begin(), decision.rules.end(), std::not_fn(passes));
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" timestamp=\"{}\">\n"
      "<properties><property name=\"decision\" value=\"{}\"/><property name=\"plan\" value=\"{}\"/></properties>\n",
      suite, decision.rules.size(), failures, format_time(decision.at), decision.id ? decision.id->text() : "",
      plan_digest(decision).text());
  for (const RuleResult& rule : decision.rules) {
    out += fmt::format("<testcase classname=\"{}\" name=\"{}\">", suite, xml(rule.rule));
    if (!passes(rule))
      out += fmt::format("<failure type=\"{}\" message=\"{}\"/>", xml(to_text(rule.verdict)), xml(rule.explanation));
    out += "</testcase>\n";
  }
  return out + fmt::format("<system-out>{}</system-out>\n</testsuite>\n</testsuites>\n", xml(decision.summary));
}

void add_report_options(CLI::App& command, ReportOptions& options) {
  command.add_option("--format", options.format, "text, md (Markdown, as for a job's summary), junit or json")
      ->check(CLI::IsMember({"text", "md", "junit", "json"}))
      ->capture_default_str();
  command.add_option("--output", options.output, "write it to this file");
}

void report_decision(Context& context, const Decision& decision, const ReportOptions& options) {
  const std::string format = context.json() ? "json" : options.format;
  if (format == "json") return write_report(nlohmann::json(decision).dump(2) + '\n', options.output);
  if (format == "md") return write_report(decision_markdown(decision), options.output);
  if (format == "junit") return write_report(decision_junit(decision), options.output);
  std::ostringstream text;
  print_decision(decision, text);
  write_report(text.str(), options.output);
}

}  // namespace assay::cli
