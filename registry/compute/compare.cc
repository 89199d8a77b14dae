// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/compute/folding.h"
#include "registry/compute/judged_rows.h"
#include "registry/compute/score.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr const char* kRole = "reference_score";

// An evaluator that does not know the role would judge the candidate alone, and say so in no word.
void require_comparing(const FoldPlan& plan) {
  const auto descriptor = nlohmann::json::parse(plan.plugin.descriptor);
  for (const auto& component : descriptor.value("components", nlohmann::json::array())) {
    if (component.value("id", "") != plan.use.component) continue;
    const auto roles = component.value("input_roles", nlohmann::json::object());
    for (const char* kind : {"required", "optional"})
      for (const auto& role : roles.value(kind, nlohmann::json::array()))
        if (role == kRole) return;
  }
  throw Error(Code::unsupported,
              fmt::format("plugin {} {} cannot compare two models: its {} has no role {}; evaluate each by itself",
                          plan.plugin.name, plan.plugin.version, plan.use.component, kRole));
}

std::string common_label(const EvaluateRequest& request, const std::string& against, const ScoredModel& candidate,
                         const ScoredModel& reference) {
  const std::string label = judged_label(request.label, request.model, candidate.info().label);
  if (!request.label.empty() || reference.info().label.empty() || reference.info().label == label) return label;
  throw Error(Code::invalid_argument,
              fmt::format("{} was trained on the label {}, {} on {}; name the column to judge both by",
                          request.model, label, against, reference.info().label));
}

// Each model reads the same cells, by the types it was trained on.
TablePtr table_for(const ScoredModel& model, const TablePtr& table, const ScoredModel& first, Artifacts& artifacts,
                   const ArtifactVersion& data) {
  return model.info().columns == first.info().columns ? table : fetch_table(artifacts, data, model.info().columns);
}

}  // namespace

EvidenceResult compare(const EvaluateRequest& request, const std::string& against, Workbench bench,
                       const CallOptions& options, Progress& progress) {
  FoldPlan plan = plan_fold(bench.plugins, request.plugin, request.component, kEvaluator, request.config);
  plan.roles = asked_roles(request.label, request.group);
  require_comparing(plan);
  const ArtifactVersion version = bench.artifacts.resolve(Kind::model, request.model);
  const ArtifactVersion other = bench.artifacts.resolve(Kind::model, against);
  if (version.digest == other.digest)
    throw Error(Code::invalid_argument,
                fmt::format("{} and {} are the same version; compare with another one", request.model, against));
  const ArtifactVersion data = bench.artifacts.resolve(Kind::dataset, request.data);
  EvidenceDraft draft = evidence_over(EvidenceKind::comparison, plan, data.digest);
  draft.model = version.digest;
  draft.reference = other.digest;
  std::int64_t rows_read = 0;
  EvidenceResult result = record_evidence(
      RunKind::evaluate, plan,
      {version_input("model", version), version_input("reference", other), version_input("data", data)},
      std::move(draft), bench.runs, options, progress, [&](EvidenceDraft& evidence, Progress& watched) {
        const auto model = ScoredModel::load(version, bench.plugins, bench.artifacts, options, watched);
        const auto reference = ScoredModel::load(other, bench.plugins, bench.artifacts, options, watched);
        const std::string label = evidence.label = common_label(request, against, *model, *reference);
        const TablePtr table = fetch_table(bench.artifacts, data, model->info().columns);
        rows_read = table->rows();
        table->at(label, data.reference);  // refused before all rows are scored
        const TablePtr theirs = table_for(*reference, table, *model, bench.artifacts, data);
        RowSet rows = judged_pairs(*table, data.reference, label, request.group,
                                   *model->score(*table, data.reference, options, watched),
                                   *reference->score(*theirs, data.reference, options, watched));
        rows.digest = data.digest;
        return fold_rows(plan, bench.plugins, rows, nullptr, options, watched);
      });
  result.model = version;
  result.data = data;
  result.reference = other;
  result.rows_read = rows_read;
  return result;
}

}  // namespace assay
