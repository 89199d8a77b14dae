// SPDX-License-Identifier: Apache-2.0
// The steps that evaluate, validate and drift have in common: choose a fold, record a run around it, record
// what it found.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/compute/evaluate.h"
#include "registry/compute/recorded_run.h"

namespace assay {

// A fold that has been found and configured, but not made.
struct FoldPlan {
  PluginInfo plugin;
  PluginUse use;
  Config config;
  std::string_view capability;
  RunRoles roles = {};  // the columns that were asked for
};

// Throws as Plugins::find, choose_component and complete_config do.
FoldPlan plan_fold(Plugins& plugins, std::string_view plugin, std::string_view component,
                   std::string_view capability, std::string_view config);

// The result table over `rows`, against the saved state over `reference` when that is given. Both must fit
// the fold.
EvidenceRows fold_rows(const FoldPlan& plan, Plugins& plugins, const RowSet& rows, const RowSet* reference,
                       const CallOptions& options, Progress& progress);

// The input of a run that is a version in the registry.
RunInput version_input(std::string role, const ArtifactVersion& version);

// Answers the rows of the evidence; what else is known only by then, it writes into it.
using EvidenceWork = std::function<EvidenceRows(EvidenceDraft& evidence, Progress& progress)>;

// The columns that were asked for, those without a name left out.
RunRoles asked_roles(const std::string& label, const std::string& group = {});

// Starts a run of `kind` over `inputs`, lets `work` fill the rows of `evidence` (whose plugin, config, seed
// and run are set here), records it and finishes the run; a failure anywhere is the run's. Which versions were judged,
// and how many rows were read, is for the caller to add to the result.
EvidenceResult record_evidence(RunKind kind, const FoldPlan& plan, std::vector<RunInput> inputs,
                                 EvidenceDraft evidence, RunLog& log, const CallOptions& options,
                                 Progress& progress, const EvidenceWork& work);

// A draft with the digests given; record_evidence fills in the rest.
EvidenceDraft evidence_over(EvidenceKind kind, const FoldPlan& plan, const Digest& dataset);

}  // namespace assay
