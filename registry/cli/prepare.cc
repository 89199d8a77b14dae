// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "registry/cli/bench.h"
#include "registry/cli/table.h"
#include "registry/compute/compare.h"
#include "registry/compute/evaluate.h"
#include "registry/compute/time_scoring.h"
#include "registry/compute/validate.h"

namespace assay::cli {
namespace {

std::string maker(const Need& need) {
  if (!need.plugin.empty() || need.batch > 0) return need.plugin;  // a model is timed in its own
  return need.kind == EvidenceKind::validation ? "table_contract" : "classification";
}

void make(const Need& need, Workbench bench, const CallOptions& options, Progress& progress) {
  if (need.kind == EvidenceKind::validation) {
    validate({.data = need.dataset, .plugin = need.plugin}, bench, options, progress);
    return;
  }
  if (need.batch > 0) {
    time_scoring({.model = need.model, .data = need.dataset, .batches = {need.batch}}, bench, options, progress);
    return;
  }
  EvaluateRequest request{.model = need.model, .data = need.dataset, .plugin = need.plugin, .group = need.by};
  if (need.kind == EvidenceKind::comparison) {
    request.config = nlohmann::json{{"confidence", need.confidence}}.dump();
    compare(request, need.reference, bench, options, progress);
    return;
  }
  evaluate(request, bench, options, progress);
}

// The registry's own word, where a policy takes no other.
void make_attested(const Need& need, Context& context) {
  ComputeOptions options;
  options.plugin = need.plugin;
  nlohmann::json wish = {{"kind", to_text(need.kind)}, {"model", need.model},         {"data", need.dataset},
                         {"group", need.by},           {"reference", need.reference}};
  if (need.batch > 0) wish["timing"] = {{"batches", {need.batch}}};
  if (need.kind == EvidenceKind::comparison) options.settings = {fmt::format("confidence={}", need.confidence)};
  make_on_server(context, options, std::move(wish));
}

// Whether nothing is left to choose; a library of this machine is not chosen by a server's answer.
bool is_plain(const Need& need) {
  return !(need.kind == EvidenceKind::comparison && need.reference.empty()) && !need.plugin.ends_with(".so");
}

// In the order of the rules, each once, with the plugin that will make it.
std::vector<Need> distinct_needs(const Decision& decision) {
  std::vector<Need> out;
  for (const RuleResult& rule : decision.rules)
    for (Need need : rule.needs) {
      need.plugin = maker(need);
      if (std::find(out.begin(), out.end(), need) == out.end()) out.push_back(std::move(need));
    }
  return out;
}

}  // namespace

int prepare_evidence(Context& context, const Decision& decision) {
  std::optional<Bench> bench;  // plugins are looked for only when there is something to make
  int made = 0;
  for (const Need& need : distinct_needs(decision)) {
    if (!is_plain(need)) {
      std::cerr << "not prepared, it is yours to choose: " << plain(command(need)) << '\n';
      continue;
    }
    std::cerr << plain(command(need)) << '\n';
    if (need.level == Level::attested) {
      make_attested(need, context);
    } else {
      if (!bench) bench.emplace(context);
      TerminalProgress progress(need.batch > 0 ? "latency" : need.plugin);
      make(need, bench->workbench(), call_options({}), progress);
    }
    ++made;
  }
  return made;
}

}  // namespace assay::cli
