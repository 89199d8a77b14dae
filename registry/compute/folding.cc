// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/folding.h"

#include "registry/compute/bundle.h"

namespace assay {

FoldPlan plan_fold(Plugins& plugins, std::string_view plugin, std::string_view component,
                   std::string_view capability, std::string_view config) {
  PluginInfo found = plugins.find(plugin);
  const ComponentInfo& chosen = choose_component(found, component, capability);
  PluginUse use = use_of(found, chosen);
  Config complete = plugins.complete_config(found, chosen.id, config);
  return {.plugin = std::move(found), .use = std::move(use), .config = std::move(complete), .capability = capability};
}

EvidenceRows fold_rows(const FoldPlan& plan, Plugins& plugins, const RowSet& rows, const RowSet* reference,
                       const CallOptions& options, Progress& progress) {
  const auto fold = plugins.fold(plan.plugin, plan.use.component, plan.capability, plan.config);
  MemoryBundle saved;
  if (reference != nullptr) {
    const auto state = fold->begin(reference->table->schema(), reference->roles, nullptr, options, progress);
    state->update(*reference, options, progress);
    state->save(saved, options, progress);
  }
  const auto state = fold->begin(rows.table->schema(), rows.roles, reference != nullptr ? &saved : nullptr,
                                 options, progress);
  state->update(rows, options, progress);
  return state->finish(nullptr, options, progress);
}

RunInput version_input(std::string role, const ArtifactVersion& version) {
  return {std::move(role), version.kind, version.reference, version.digest};
}

EvidenceDraft evidence_over(EvidenceKind kind, const FoldPlan& plan, const Digest& dataset) {
  return {.kind = kind,
          .model = std::nullopt,
          .dataset = dataset,
          .reference = std::nullopt,
          .slice = {},
          .plugin = plan.use,
          .config = plan.config,
          .seed = 0,
          .run = std::nullopt,
          .rows = {}};
}

RunRoles asked_roles(const std::string& label, const std::string& group) {
  RunRoles roles;
  if (!label.empty()) roles["label"] = label;
  if (!group.empty()) roles["group"] = group;
  return roles;
}

EvidenceResult record_evidence(RunKind kind, const FoldPlan& plan, std::vector<RunInput> inputs,
                               EvidenceDraft evidence, RunLog& log, const CallOptions& options,
                               Progress& progress, const EvidenceWork& work) {
  RunDraft draft{.kind = kind, .plugin = plan.use, .inputs = std::move(inputs), .config = plan.config};
  draft.seed = static_cast<std::int64_t>(options.seed);
  draft.max_threads = options.max_threads;
  draft.roles = plan.roles;
  RecordedRun run(log, draft, progress);
  return run.record([&](Progress& watched) {
    evidence.seed = draft.seed;
    evidence.run = run.id();
    evidence.rows = work(evidence, watched);
    return EvidenceResult{.evidence = log.record(evidence),
                          .run = run.id(),
                          .draft = evidence,
                          .model = {},
                          .data = {},
                          .reference = {}};
  });
}

}  // namespace assay
