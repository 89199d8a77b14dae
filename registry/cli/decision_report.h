// SPDX-License-Identifier: Apache-2.0
// A decision in the formats that people and programs around a registry read: text for a terminal, Markdown for a job's
// summary or a comment, JUnit for a test report, JSON for anything else.
#pragma once

#include <string>

#include "registry/cli/command.h"
#include "registry/domain/decision.h"

namespace assay::cli {

struct ReportOptions {
  std::string format = "text";
  std::string output;
};
// Adds --format and --output.
void add_report_options(CLI::App& command, ReportOptions& options);
// Writes it as asked for; --json is --format json.
void report_decision(Context& context, const Decision& decision, const ReportOptions& options);

// One table, the reasons folded away, and what to look it up by.
std::string decision_markdown(const Decision& decision);
// One suite, a test case for every rule: whatever did not pass is a failure.
std::string decision_junit(const Decision& decision);

}  // namespace assay::cli
