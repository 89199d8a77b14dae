// SPDX-License-Identifier: Apache-2.0
// A decision for people: its summary, then one line a rule, then why each rule that did not pass did not.
#pragma once

#include <iosfwd>

#include "registry/domain/decision.h"

namespace assay::cli {

void print_decision(const Decision& decision, std::ostream& out);
// ">= 0.8", or "-".
std::string bound_text(const RuleResult& rule);
// "churn@3", or "nothing".
std::string show_mark(const Decision& decision, const std::optional<VersionMark>& mark);

}  // namespace assay::cli
