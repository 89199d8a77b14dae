// SPDX-License-Identifier: Apache-2.0
// `assay explain`: what a stage holds, or held at a moment, and the decision that put it there.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/decision_report.h"
#include "registry/cli/decision_text.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string reference;
  std::string at;
  ReportOptions report;
};

client::ApiClient::StageThen look(Context& context, const Name& model, const std::string& stage,
                                  const std::string& at) {
  if (!at.empty()) return context.api().stage_at(model, stage, parse_time(at));
  client::ApiClient::StageThen now{context.api().stage(model, stage), std::nullopt};
  if (now.stage.decision_id) now.decision = context.api().decision(now.stage.decision_id->text());
  return now;
}

void print_stage(const Name& model, const std::string& stage_name, const client::ApiClient::StageThen& then,
                 const std::string& at) {
  const Stage& stage = then.stage;
  const std::string when = at.empty() ? "holds" : "at " + plain(at) + " held";
  std::cout << fmt::format("{}@{} {} ", show_name(model), stage_name, when);
  if (!stage.version) {
    std::cout << "nothing\n";
    return;
  }
  std::cout << show_reference(model, stage.version->number) << ' ' << stage.version->digest.text() << '\n';
  if (stage.updated_at)
    std::cout << fmt::format("since {} by {}, revision {}\n", human_time(format_time(*stage.updated_at)),
                             plain(stage.updated_by), stage.revision);
  if (!then.decision) return;
  std::cout << '\n';
  print_decision(*then.decision, std::cout);
  if (!then.decision->reason.empty()) std::cout << "reason: " << plain(then.decision->reason) << '\n';
}

int explain(Context& context, const Options& options) {
  if (looks_like_id(options.reference)) {
    report_decision(context, context.api().decision(Id::parse(options.reference).text()), options.report);
    return 0;
  }
  const Reference reference = Reference::parse(options.reference);
  const std::string stage = named_stage(reference, options.reference).text();
  const auto then = look(context, reference.name, stage, options.at);
  if (options.report.format == "md" || options.report.format == "junit") {
    if (!then.decision)
      throw Error(Code::not_found, options.reference + " holds nothing, so there is no decision to show");
    report_decision(context, *then.decision, options.report);
  } else if (context.json()) {
    nlohmann::json document = then.stage;
    document["decision"] = then.decision ? nlohmann::json(*then.decision) : nlohmann::json();
    context.print_json(document);
  } else {
    print_stage(reference.name, stage, then, options.at);
  }
  return 0;
}

}  // namespace

void add_explain(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kRecordGroup,
      {"explain", "Say what a stage holds or held, who moved it there and why",
       "assay explain churn@production\n"
       "assay explain churn@production --at 2026-03-01T12:00:00Z\n"
       "assay explain 01kb2h5v0q4t8w9xaz3c6d7efg --format junit --output gate.xml",
       ""});
  command.add_option("reference", options->reference, "MODEL@STAGE, or the id of a decision")->required();
  command.add_option("--at", options->at, "a moment: 2026-03-01, or 2026-03-01T12:00:00Z");
  add_report_options(command, options->report);
  commands.on(command, [options](Context& context) { return explain(context, *options); });
}

}  // namespace assay::cli
