// SPDX-License-Identifier: Apache-2.0
// `assay reproduce`: does a recorded run give the same again? The work is compute/reproduce.h's.
#include "registry/compute/reproduce.h"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/table.h"
#include "registry/compute/environment.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

constexpr int kDiffers = 10;
constexpr std::size_t kShown = 20;  // differences that a terminal gets; --json has them all

EvidenceQuery evidence_of(const Run& run) {
  EvidenceQuery query;
  for (const RunInput& input : run.draft.inputs) {
    if (input.role == "data") query.dataset = input.digest;
    if (input.role == "model") query.model = input.digest;
  }
  return query;
}

std::optional<Evidence> find_evidence(client::ApiClient& api, const Run& run) {
  if (run.draft.kind == RunKind::train) return std::nullopt;
  for (Evidence& evidence : api.evidence(evidence_of(run), SIZE_MAX))
    if (evidence.run == run.id) return std::move(evidence);
  return std::nullopt;
}

// What this machine and that one do not have in common, as the likeliest reason.
void print_environments(const Json& then, const Json& now) {
  for (const auto& [key, value] : now.items())
    if (then.contains(key) && then[key] != value)
      std::cout << fmt::format("{} was {}, is {}\n", plain(key), plain(then[key].dump()), plain(value.dump()));
}

void print_result(const Run& run, const Reproduction& result, const std::string& environment) {
  const RunDraft& draft = run.draft;
  std::cout << fmt::format("{} run {} again: {} {} {}, seed {}, {} threads\n", to_text(draft.kind), run.id.text(),
                           plain(draft.plugin.name), plain(draft.plugin.version), draft.plugin.digest.short_text(),
                           draft.seed, draft.max_threads);
  if (result.equal()) {
    std::cout << "the same came out: " << result.compared << '\n';
    return;
  }
  std::cout << "what came out differs\n\n";
  Table table({"what", "recorded", "now"});
  for (std::size_t i = 0; i < std::min(result.differences.size(), kShown); ++i)
    table.add({result.differences[i].what, result.differences[i].recorded, result.differences[i].now});
  table.print(std::cout);
  if (result.differences.size() > kShown)
    std::cout << fmt::format("and {} more: see --json\n", result.differences.size() - kShown);
  print_environments(Json::parse(draft.environment), Json::parse(environment));
}

Json document_of(const Run& run, const Reproduction& result, const std::string& environment) {
  Json differences = Json::array();
  for (const Reproduction::Difference& one : result.differences)
    differences.push_back({{"what", one.what}, {"recorded", one.recorded}, {"now", one.now}});
  return {{"run_id", run.id.text()},
          {"equal", result.equal()},
          {"compared", result.compared},
          {"differences", std::move(differences)},
          {"environment",
           {{"recorded", Json::parse(run.draft.environment)}, {"now", Json::parse(environment)}}}};
}

int run_again(Context& context, const std::string& id) {
  const Run run = context.api().run(Id::parse(id));
  const std::optional<Evidence> recorded = find_evidence(context.api(), run);
  Bench bench(context);
  const Reproduction result = [&] {
    TerminalProgress progress(run.draft.plugin.name);
    return reproduce(run, recorded ? &*recorded : nullptr, bench.workbench(), progress);
  }();
  const std::string environment = this_environment(context.program().version);
  if (context.json())
    context.print_json(document_of(run, result, environment));
  else
    print_result(run, result, environment);
  return result.equal() ? 0 : kDiffers;
}

}  // namespace

void add_reproduce(CommandSet& commands) {
  auto id = make_options<std::string>();
  CLI::App& command = commands.add(
      kComputeGroup,
      {"reproduce", "Do a recorded run again and compare what comes out; nothing is published or recorded",
       "assay reproduce 01jd…   # as `assay runs list` and `assay lineage` name it",
       "0 the same came out, 10 it differs"});
  command.add_option("run", *id, "the run's id")->required();
  commands.on(command, [id](Context& context) { return run_again(context, *id); });
}

}  // namespace assay::cli
