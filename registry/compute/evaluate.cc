// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/evaluate.h"

#include "registry/compute/folding.h"
#include "registry/compute/judged_rows.h"
#include "registry/compute/score.h"

namespace assay {

EvidenceResult evaluate(const EvaluateRequest& request, Workbench bench, const CallOptions& options,
                        Progress& progress) {
  FoldPlan plan = plan_fold(bench.plugins, request.plugin, request.component, kEvaluator, request.config);
  plan.roles = asked_roles(request.label, request.group);
  const ArtifactVersion version = bench.artifacts.resolve(Kind::model, request.model);
  const ArtifactVersion data = bench.artifacts.resolve(Kind::dataset, request.data);
  EvidenceDraft draft = evidence_over(EvidenceKind::evaluation, plan, data.digest);
  draft.model = version.digest;
  std::int64_t rows_read = 0;
  EvidenceResult result = record_evidence(
      RunKind::evaluate, plan, {version_input("model", version), version_input("data", data)},
      std::move(draft), bench.runs, options, progress, [&](EvidenceDraft& evidence, Progress& watched) {
        const auto model = ScoredModel::load(version, bench.plugins, bench.artifacts, options, watched);
        const TablePtr table = fetch_table(bench.artifacts, data, model->info().columns);
        rows_read = table->rows();
        const std::string label = evidence.label = judged_label(request.label, request.model, model->info().label);
        table->at(label, data.reference);  // refused before all rows are scored
        RowSet rows = judged_rows(*table, data.reference, label, request.group,
                                  *model->score(*table, data.reference, options, watched));
        rows.digest = data.digest;
        return fold_rows(plan, bench.plugins, rows, nullptr, options, watched);
      });
  result.model = version;
  result.data = data;
  result.rows_read = rows_read;
  return result;
}

}  // namespace assay
