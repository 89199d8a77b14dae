// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/decision_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "registry/cli/naming.h"
#include "registry/cli/table.h"
#include "registry/domain/trust.h"

namespace assay::cli {

std::string bound_text(const RuleResult& rule) {
  if (!rule.bound) return "-";
  return std::string(to_text(rule.comparator)) + " " + human_number(*rule.bound);
}

std::string show_mark(const Decision& decision, const std::optional<VersionMark>& mark) {
  if (!mark) return "nothing";
  return show_reference(decision.namespace_ + "/" + decision.model + "@" + std::to_string(mark->number));
}

void print_decision(const Decision& decision, std::ostream& out) {
  out << plain(decision.summary) << '\n';
  if (!decision.rules.empty()) {
    out << '\n';
    Table table({"rule", "verdict", "candidate", "champion", "bound", "margin", "n"});
    for (const RuleResult& rule : decision.rules)
      table.add({rule.rule, std::string(to_text(rule.verdict)), human_number(rule.candidate),
                 human_number(rule.champion), bound_text(rule), human_number(rule.margin),
                 rule.n ? std::to_string(*rule.n) : "-"});
    table.print(out);
    out << '\n';
    for (const RuleResult& rule : decision.rules) out << "- " << plain(rule.explanation) << '\n';
  }
  if (!decision.workload.empty())
    out << "asked by " << plain(decision.actor) << ": " << plain(workload_text(decision.workload)) << '\n';
  if (decision.dry_run)
    out << "dry run: nothing was moved or recorded\n";
  else if (decision.id)
    out << fmt::format("decision {}, stage revision {}\n", decision.id->text(), decision.revision_after);
}

}  // namespace assay::cli
