// SPDX-License-Identifier: Apache-2.0
// `assay promote`: asks the server to move a stage, and answers with the verdict's own exit code.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/decision_report.h"
#include "registry/cli/decision_text.h"
#include "registry/cli/prepare.h"
#include "registry/cli/report.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"
#include "registry/cli/yaml_file.h"
#include "registry/domain/plan.h"

namespace assay::cli {
namespace {

struct Options {
  std::string reference;
  std::string stage;
  std::int64_t expected = -1;
  bool dry_run = false;
  bool prepare = false;
  std::string plan;
  std::string manifest;
  bool force = false;
  std::string reason;
  ReportOptions report;
};

Decision read_plan(const std::string& file) {
  const Decision plan = decision_from_json(read_yaml_file(file));
  if (plan.dry_run) return plan;
  throw Error(Code::invalid_argument, file + " is no plan: write one with --dry-run --plan " + file);
}

// What is otherwise than planned, a line for each thing.
std::string differences(const Decision& plan, const Decision& now) {
  std::string out;
  const auto differs = [&](const std::string& what, const std::string& then, const std::string& today) {
    if (then != today) out += fmt::format("\n  {}: {} in the plan, {} now", plain(what), then, today);
  };
  const auto text = [](const std::optional<Digest>& digest) { return digest ? digest->short_text() : "none"; };
  differs("the version", show_mark(plan, plan.candidate), show_mark(now, now.candidate));
  differs("what the stage holds", show_mark(plan, plan.champion), show_mark(now, now.champion));
  differs("the stage's revision", std::to_string(plan.revision_before), std::to_string(now.revision_before));
  differs("the policy", text(plan.policy_digest), text(now.policy_digest));
  differs("the verdict", std::string(to_text(plan.verdict)), std::string(to_text(now.verdict)));
  for (std::size_t i = 0; i < std::min(plan.rules.size(), now.rules.size()); ++i) {
    const RuleResult &then = plan.rules[i], &today = now.rules[i];
    if (then.rule != today.rule) continue;  // another policy, which is said already
    differs(then.rule, std::string(to_text(then.verdict)), std::string(to_text(today.verdict)));
    if (then.evidence != today.evidence) out += fmt::format("\n  {}: decided by other evidence", plain(then.rule));
  }
  return out;
}

// The plan is checked by the server, in the transaction; why it does not hold is found out here, from a new one.
Decision promote_by_plan(Context& context, const Name& model, const std::string& stage,
                         client::PromotionWanted wanted, const Decision& plan) {
  wanted.plan = plan_digest(plan);
  try {
    return context.api().promote(model, stage, wanted);
  } catch (const Error& error) {
    if (error.code() != Code::conflict) throw;
    client::PromotionWanted look{wanted.version};
    look.dry_run = true;
    throw Error(error.code(), error.message() + differences(plan, context.api().promote(model, stage, look)));
  }
}

// What the worst of them makes of the whole; a withheld one is so because of another.
int batch_exit_code(const std::vector<Decision>& decisions) {
  for (const Decision& decision : decisions)
    if (decision.verdict != DecisionVerdict::withheld && exit_code(decision.verdict) != 0)
      return exit_code(decision.verdict);
  return 0;
}

int promote_manifest(Context& context, const Options& options) {
  const nlohmann::json document = read_yaml_file(options.manifest);
  if (!document.is_object() || document.size() != 1 || !document.contains("promotions"))
    throw Error(Code::invalid_argument,
                options.manifest + " is no manifest: write `promotions:` and a list of {model, version, stage}");
  nlohmann::json items = document["promotions"];
  for (nlohmann::json& item : items)  // YAML reads 4 as a number, the server takes numbers, stages and digests as text
    if (item.is_object() && item.contains("version") && !item["version"].is_string())
      item["version"] = item["version"].dump();
  const std::vector<Decision> decisions = context.api().promote_batch(items, options.dry_run);
  const int code = batch_exit_code(decisions);
  if (context.json()) {
    context.print_json(nlohmann::json(decisions));
    return code;
  }
  Table table({"version", "stage", "verdict", "revision"});
  for (const Decision& decision : decisions)
    table.add({show_mark(decision, decision.candidate), decision.stage, std::string(to_text(decision.verdict)),
               std::to_string(decision.revision_after)});
  table.print(std::cout);
  for (const Decision& decision : decisions)
    if (exit_code(decision.verdict) != 0 && decision.verdict != DecisionVerdict::withheld)
      std::cout << "- " << plain(decision.summary) << '\n';
  if (options.dry_run) std::cout << "dry run: nothing was moved or recorded\n";
  return code;
}

int promote(Context& context, const Options& options) {
  if (!options.manifest.empty()) return promote_manifest(context, options);
  if (options.reference.empty() || options.stage.empty())
    throw Error(Code::invalid_argument, "say what goes where: assay promote churn@4 --to production");
  const Reference reference = Reference::parse(options.reference);
  client::PromotionWanted wanted{reference.selector.text(), std::nullopt, options.dry_run};
  wanted.force = options.force;
  wanted.reason = options.reason;
  if (options.expected >= 0) wanted.expected_revision = options.expected;
  const std::string stage = StageName::parse(options.stage).text();
  if (options.prepare) {
    client::PromotionWanted look{wanted.version};
    look.dry_run = true;
    prepare_evidence(context, context.api().promote(reference.name, stage, look));
  }
  const bool by_plan = !options.plan.empty() && !options.dry_run;
  const Decision decision = by_plan
                                ? promote_by_plan(context, reference.name, stage, wanted, read_plan(options.plan))
                                : context.api().promote(reference.name, stage, wanted);
  if (!options.plan.empty() && options.dry_run)
    write_report(nlohmann::json(decision).dump(2) + '\n', options.plan);
  report_decision(context, decision, options.report);
  return exit_code(decision.verdict);
}

}  // namespace

void add_promote(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kStageGroup,
      {"promote", "Move a stage to a version, if its policy agrees",
       "assay promote churn@4 --to production\n"
       "assay promote churn@4 --to production --dry-run --plan plan.json  # look at what would happen, and keep it\n"
       "assay promote churn@4 --to production --plan plan.json            # exactly that, or nothing\n"
       "assay promote churn@4 --to production --prepare                   # make the evidence that is missing first\n"
       "assay promote --manifest release.yaml                             # many models, all or none:\n"
       "#   promotions:\n"
       "#     - {model: churn, version: 4, stage: production}\n"
       "#     - {model: fraud, version: 9, stage: production}\n"
       "assay promote churn@4 --to production --format md >> \"$GITHUB_STEP_SUMMARY\"",
       "0 promoted or already there, 10 a rule refused it, 11 evidence missing or stale, "
       "12 evidence not comparable, 20 waiting for approval, 30 the stage moved meanwhile or the plan is out of date, "
       "31 the stage is frozen or leased"});
  command
      .add_option("reference", options->reference, "the version: NAME@VERSION, NAME@STAGE or NAME@sha256:…");
  auto* to = command.add_option("--to", options->stage, "the stage");
  command.add_option("--manifest", options->manifest, "a file of promotions that are made together: all or none")
      ->excludes(to);
  command
      .add_option("--expect", options->expected,
                  "only if the stage is at this revision (see `assay show`, `history`)")
      ->check(whole_number(0));
  command.add_flag("--dry-run", options->dry_run, "judge, but move and record nothing");
  command.add_flag("--prepare", options->prepare,
                   "first evaluate, compare and validate what the policy lacks, naming each command");
  command.add_option("--plan", options->plan,
                     "with --dry-run, write the plan to this file; without, do what it says or nothing");
  auto* reason = command.add_option("--reason", options->reason, "why, for the record");
  command
      .add_flag("--force", options->force,
                "override the order of stages, a freeze or a lease, never evidence; for admins, and recorded")
      ->needs(reason);
  add_report_options(command, options->report);
  commands.on(command, [options](Context& context) { return promote(context, *options); });
}

}  // namespace assay::cli
