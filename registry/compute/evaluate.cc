// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/evaluate.h"

#include <fmt/format.h>

#include "registry/compute/folding.h"
#include "registry/compute/score.h"
#include "storage/base/error.h"

namespace assay {
namespace {

std::string label_of(const EvaluateRequest& request, const ScoredModel& model) {
  const std::string label = request.label.empty() ? model.info().label : request.label;
  if (label.empty())
    throw Error(
        Code::invalid_argument,
        fmt::format("{} was trained without a label; name the column to compare with", request.model));
  return label;
}

// What an evaluator sees: the truth, the predictions and the groups; never the features.
RowSet judged_rows(const EvaluateRequest& request, ScoredModel& model, const ArtifactVersion& data,
                   const Table& table, const CallOptions& options, Progress& progress) {
  const std::string label = label_of(request, model);
  std::vector<Column> columns = {table.at(label, data.reference)};
  RowSet rows{.table = nullptr, .roles = {{"label", label}}, .digest = data.digest};
  if (!request.group.empty() && request.group != label)
    columns.push_back(table.at(request.group, data.reference));
  if (!request.group.empty()) rows.roles.push_back({"group", request.group});
  const TablePtr predictions = model.score(table, data.reference, options, progress);
  for (const Column& prediction : predictions->columns()) {
    for (const Column& column : columns)
      if (column.name() == prediction.name())
        throw Error(
            Code::invalid_argument,
            fmt::format("{} has a column \"{}\", which is what the model calls its prediction; rename it",
                        data.reference, column.name()));
    columns.push_back(prediction);
    rows.roles.push_back({"score", prediction.name()});
  }
  rows.table = std::make_shared<Table>(std::move(columns));
  return rows;
}

}  // namespace

EvidenceResult evaluate(const EvaluateRequest& request, Workbench bench, const CallOptions& options,
                        Progress& progress) {
  const FoldPlan plan =
      plan_fold(bench.plugins, request.plugin, request.component, kEvaluator, request.config);
  const ArtifactVersion version = bench.artifacts.resolve(Kind::model, request.model);
  const ArtifactVersion data = bench.artifacts.resolve(Kind::dataset, request.data);
  EvidenceDraft draft = evidence_over(EvidenceKind::evaluation, plan, data.digest);
  draft.model = version.digest;
  std::int64_t rows_read = 0;
  RecordedEvidence recorded = record_evidence(
      RunKind::evaluate, plan, {version_input("model", version), version_input("data", data)},
      std::move(draft), bench.runs, options, progress, [&](Progress& watched) {
        const auto model = ScoredModel::load(version, bench.plugins, bench.artifacts, options, watched);
        const TablePtr table = fetch_table(bench.artifacts, data, model->info().columns);
        rows_read = table->rows();
        const RowSet rows = judged_rows(request, *model, data, *table, options, watched);
        return fold_rows(plan, bench.plugins, rows, nullptr, options, watched);
      });
  return {.evidence = recorded.evidence,
          .run = recorded.run,
          .draft = std::move(recorded.draft),
          .model = version,
          .data = data,
          .reference = std::nullopt,
          .rows_read = rows_read};
}

}  // namespace assay
