// SPDX-License-Identifier: Apache-2.0
// Decisions as Markdown and JUnit: what CI shows, whatever other people named their things.
#include <nlohmann/json.hpp>

#include "registry/cli/decision_report.h"
#include "registry/cli/report.h"
#include "registry/domain/plan.h"
#include "tests/support/catch.h"

namespace assay::cli {
namespace {

using Catch::Matchers::Contains;

Decision refusal() {
  Decision decision{.id = Id::parse("01kb2h5v0q4t8w9xaz3c6d7efg"),
                    .namespace_ = "default",
                    .model = "churn",
                    .stage = "production",
                    .candidate = {.number = 4, .digest = Digest::of("four")},
                    .champion = VersionMark{.number = 3, .digest = Digest::of("three")},
                    .verdict = DecisionVerdict::refused,
                    .policy_digest = Digest::of("policy"),
                    .revision_before = 2,
                    .revision_after = 2,
                    .actor = "ci",
                    .at = parse_time("2026-11-21T00:00:00Z"),
                    .summary = "refused: churn@4 stays out of production: 1 of 2 checks fails (roc_auc)"};
  decision.rules = {{.kind = RuleKind::metric,
                     .rule = "roc_auc on default/holdout@1 >= 0.8",
                     .verdict = RuleVerdict::fail,
                     .field = "roc_auc",
                     .candidate = 0.78,
                     .bound = 0.8,
                     .n = 1000,
                     .explanation = "0.78 is below 0.8; it would pass 0.02 higher"},
                    {.kind = RuleKind::from,
                     .rule = "from staging",
                     .verdict = RuleVerdict::pass,
                     .field = "version",
                     .explanation = "staging holds churn@4"}};
  return decision;
}

TEST_CASE("Report: a decision in Markdown is one table, and the reasons folded away") {
  const Decision decision = refusal();
  CHECK(decision_markdown(decision) ==
        "### \u274c churn@4 to production\n\n"
        "refused: churn&#64;4 stays out of production: 1 of 2 checks fails &#40;roc&#95;auc&#41;\n\n"
        "| | rule | verdict | candidate | champion | bound | n |\n|---|---|---|--:|--:|--:|--:|\n"
        "| \u274c | roc&#95;auc on default/holdout&#64;1 &gt;= 0.8 | fail | 0.78 | - | &gt;= 0.8 | 1000 |\n"
        "| \u2705 | from staging | pass | - | - | - | - |\n\n"
        "<details><summary>Why, and what would change it</summary>\n\n"
        "- \u274c 0.78 is below 0.8; it would pass 0.02 higher\n"
        "- \u2705 staging holds churn&#64;4\n\n</details>\n\n"
        "decision `01kb2h5v0q4t8w9xaz3c6d7efg`, stage revision 2, policy `" +
            Digest::of("policy").short_text() + "`, plan `" + plan_digest(decision).short_text() + "`\n");
}

TEST_CASE("Report: a decision in JUnit has a test case for every rule") {
  const std::string report = decision_junit(refusal());
  CHECK_THAT(report, Contains("tests=\"2\" failures=\"1\"") &&
                         Contains("name=\"roc_auc on default/holdout@1 &gt;= 0.8\"><failure type=\"fail\" message=\"0.78") &&
                         Contains("name=\"from staging\"></testcase>") &&
                         Contains("value=\"01kb2h5v0q4t8w9xaz3c6d7efg\""));
}

TEST_CASE("Report: other people's names are no markup") {
  Decision decision = refusal();
  decision.rules[0].rule = "a|b](http://evil) <img src=x> @everyone\n# big `code` \x1b[2J\"&";
  const std::string table = decision_markdown(decision);
  for (const char* bad : {"a|b", "](", "<img", "@everyone", "\n# big", "`code`", "\x1b"}) {
    INFO(bad);
    CHECK_THAT(table, !Contains(bad));
  }
  const std::string junit = decision_junit(decision);
  for (const char* bad : {"<img", "\x1b", "\"&\""}) CHECK_THAT(junit, !Contains(bad));
}

TEST_CASE("Report: a file that cannot be written is said") {
  try {
    write_report("text", "/nowhere/at/all.md");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::unavailable);
    CHECK_THAT(error.message(), Contains("/nowhere/at/all.md"));
  }
}

}  // namespace
}  // namespace assay::cli
