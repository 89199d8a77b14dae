// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/domain/canonical_json.h"

namespace assay {
namespace {

// Whatever the policy asks: it cannot be re-evidenced, only trained anew.
RuleResult refuse_maker(const std::string& reason) {
  return {.kind = RuleKind::artifact,
          .rule = "made by a plugin that may run",
          .verdict = RuleVerdict::fail,
          .field = "made_with",
          .explanation = fmt::format("the plugin that trained it was revoked: {}; it would pass once that is reinstated, or "
                                     "trained anew by another",
                                     reason)};
}

RuleResult judge_freeze(const Policy& policy, const Facts& facts, Time now) {
  std::vector<std::string> windows;
  for (const FreezeWindow& window : policy.freeze()) windows.push_back(window.text());
  RuleResult result{.kind = RuleKind::freeze,
                    .rule = fmt::format("no freeze ({})", fmt::join(windows, "; ")),
                    .verdict = RuleVerdict::pass,
                    .field = "freeze",
                    .explanation = "no freeze holds now"};
  if (!facts.frozen || now < facts.frozen->from || now >= facts.frozen->until) return result;
  result.verdict = RuleVerdict::closed;
  result.explanation =
      fmt::format("{} is frozen from {} until {} ({}); it would pass after that, or by force of an admin",
                  policy.stage().text(), format_time(facts.frozen->from), format_time(facts.frozen->until),
                  facts.frozen->window);
  return result;
}

RuleResult judge_lease(const Policy& policy, const Lease& lease) {
  return {.kind = RuleKind::lease,
          .rule = "no lease of somebody else",
          .verdict = RuleVerdict::closed,
          .field = "lease",
          .explanation = fmt::format("{} holds {} until {}{}; it would pass after that, once the lease is given back, "
                                     "or by force of an admin",
                                     lease.holder, policy.stage().text(), format_time(lease.until),
                                     lease.reason.empty() ? "" : " (" + lease.reason + ")")};
}

// What was answered to exactly this.
struct Answers {
  std::set<std::string> agree;
  const Approval* refusal = nullptr;  // the last one
  int void_ = 0;                      // given to something else
};
Answers count_answers(const ApprovalTerms& terms, const Facts& facts, const Digest& binding) {
  Answers out;
  for (const Approval& approval : facts.approvals) {
    const bool author = std::find(facts.authors.begin(), facts.authors.end(), approval.approver) != facts.authors.end();
    if (approval.binding != binding)
      ++out.void_;
    else if (!approval.agrees)
      out.refusal = &approval;
    else if (!author || !terms.author_may_not)
      out.agree.insert(approval.approver);
  }
  return out;
}

std::string people(const std::set<std::string>& names) {
  return names.empty() ? "" : fmt::format(" ({})", fmt::join(names, ", "));
}

RuleResult judge_approvals(const ApprovalTerms& terms, const Facts& facts, const Digest& binding) {
  const Answers answers = count_answers(terms, facts, binding);
  const auto given = std::ssize(answers.agree);
  const std::string who = fmt::format("{}{}", text(terms.role), terms.author_may_not ? " other than the author" : "");
  RuleResult result{.kind = RuleKind::approvals,
                    .rule = fmt::format("approved by {} {}", terms.count, who),
                    .verdict = given >= terms.count ? RuleVerdict::pass : RuleVerdict::waiting,
                    .field = "approvals",
                    .candidate = static_cast<double>(given),
                    .comparator = Comparator::at_least,
                    .bound = terms.count};
  if (answers.refusal != nullptr) {
    result.verdict = RuleVerdict::fail;
    result.explanation =
        fmt::format("{} refused it at {}{}; it would be asked anew with other evidence, another version or another policy",
                    answers.refusal->approver, format_time(answers.refusal->at),
                    answers.refusal->reason.empty() ? "" : ": " + answers.refusal->reason);
    return result;
  }
  result.explanation = fmt::format("{} of {} approval(s) given{}", given, terms.count, people(answers.agree));
  if (answers.void_ > 0)
    result.explanation += fmt::format(", {} given to another policy or other evidence do not count", answers.void_);
  if (result.verdict == RuleVerdict::waiting)
    result.explanation += fmt::format("; it would pass with {} more, of a {}: assay approve", terms.count - given, who);
  return result;
}

}  // namespace

Digest approval_binding(const Digest& candidate, const Digest& policy, const std::vector<const Evidence*>& evidence) {
  std::set<std::string> ids;
  for (const Evidence* one : evidence) ids.insert(one->id.text());
  return canonical_digest({{"candidate", candidate.text()}, {"policy", policy.text()}, {"evidence", ids}});
}

std::vector<RuleResult> judge_standing(const Policy& policy, const Facts& facts, const std::optional<Digest>& binding,
                                       Time now) {
  std::vector<RuleResult> out;
  if (facts.made_with)
    if (const auto revoked = facts.revoked.find(*facts.made_with); revoked != facts.revoked.end())
      out.push_back(refuse_maker(revoked->second));
  if (!policy.freeze().empty()) out.push_back(judge_freeze(policy, facts, now));
  if (facts.lease && now < facts.lease->until) out.push_back(judge_lease(policy, *facts.lease));
  if (binding) out.push_back(judge_approvals(policy.approvals(), facts, *binding));
  return out;
}

void apply_force(std::vector<RuleResult>& results) {
  for (RuleResult& result : results) {
    const bool may = result.kind == RuleKind::from || result.kind == RuleKind::freeze || result.kind == RuleKind::lease;
    if (!may || result.verdict == RuleVerdict::pass) continue;
    result.verdict = RuleVerdict::forced;
    result.explanation += "; overridden by force";
  }
}

}  // namespace assay
