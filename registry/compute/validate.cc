// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/validate.h"

#include "registry/compute/bundle.h"
#include "registry/compute/folding.h"

namespace assay {
namespace {

RowSet rows_of(const ArtifactVersion& version, TablePtr table, const std::string& label) {
  RowSet rows{.table = std::move(table), .roles = {}, .digest = version.digest};
  // A dataset that lost its label column is the validator's to report, not ours to refuse.
  if (!label.empty() && rows.table->find(label) != nullptr) rows.roles.push_back({"label", label});
  return rows;
}

}  // namespace

EvidenceResult validate(const ValidateRequest& request, Workbench bench, const CallOptions& options,
                        Progress& progress) {
  FoldPlan plan = plan_fold(bench.plugins, request.plugin, request.component, kValidator, request.config);
  plan.roles = asked_roles(request.label);
  const ArtifactVersion data = bench.artifacts.resolve(Kind::dataset, request.data);
  std::optional<ArtifactVersion> against;
  if (!request.against.empty()) against = bench.artifacts.resolve(Kind::dataset, request.against);

  EvidenceDraft draft = evidence_over(EvidenceKind::validation, plan, data.digest);
  std::vector<RunInput> inputs = {version_input("data", data)};
  if (against) {
    draft.reference = against->digest;
    inputs.push_back(version_input("reference", *against));
  }
  std::int64_t rows_read = 0;
  EvidenceResult result = record_evidence(
      RunKind::validate, plan, std::move(inputs), std::move(draft), bench.runs, options, progress,
      [&](EvidenceDraft&, Progress& watched) {
        const RowSet rows = rows_of(data, fetch_table(bench.artifacts, data, {}, &bench.plugins), request.label);
        rows_read = rows.table->rows();
        if (!against) return fold_rows(plan, bench.plugins, rows, nullptr, options, watched);
        const RowSet reference = rows_of(*against, fetch_table(bench.artifacts, *against, {}, &bench.plugins), request.label);
        return fold_rows(plan, bench.plugins, rows, &reference, options, watched);
      });
  result.data = data;
  result.reference = against;
  result.rows_read = rows_read;
  return result;
}

}  // namespace assay
