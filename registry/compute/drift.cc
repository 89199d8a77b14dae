// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/drift.h"

#include <fmt/format.h>

#include <fstream>
#include <span>

#include "registry/compute/cast.h"
#include "registry/compute/csv.h"
#include "registry/compute/folding.h"
#include "registry/compute/score.h"
#include "storage/base/error.h"
#include "storage/base/sha256.h"

namespace assay {
namespace {

// The rows under suspicion: a dataset version, or a file that was never pushed.
struct Window {
  std::optional<ArtifactVersion> version;
  std::filesystem::path file;
  std::string name;  // for messages and the run
  Digest digest;
};

Digest digest_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw system_error("open " + path.string(), errno);
  Sha256 hash;
  std::string block(1 << 20, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
    hash.update(std::as_bytes(std::span(block)).first(static_cast<std::size_t>(file.gcount())));
  if (file.bad()) throw system_error("read " + path.string(), errno);
  return hash.finish();
}

Window window_of(const DriftRequest& request, Artifacts& artifacts) {
  if (request.data.empty() == request.data_file.empty())
    throw Error(Code::invalid_argument, "drift needs one window of rows: a dataset reference or a CSV file");
  if (request.data.empty())
    return {std::nullopt, request.data_file, request.data_file.filename().string(),
            digest_of(request.data_file)};
  ArtifactVersion version = artifacts.resolve(Kind::dataset, request.data);
  return {version, {}, version.reference, version.digest};
}

ArtifactVersion reference_of(const DriftRequest& request, const ArtifactVersion& model,
                             const BundleInfo& info, Artifacts& artifacts) {
  if (!request.reference.empty()) return artifacts.resolve(Kind::dataset, request.reference);
  if (info.data_digest) return artifacts.resolve_input(model, *info.data_digest);
  throw Error(
      Code::invalid_argument,
      fmt::format("{} does not say what it was trained on; name a reference dataset", model.reference));
}

TablePtr read_window(const Window& window, Artifacts& artifacts, const TableSchema& features) {
  if (window.version) return fetch_table(artifacts, *window.version, features);
  return read_csv_file(window.file, {.declared = features, .source = window.file.string()});
}

// The features as the model sees them and, in the role "score", what it makes of them: a shift that moves no
// single column may still move the predictions.
RowSet features_and_scores(const Table& table, const std::string& what, const Digest& digest,
                           const BundleInfo& info, const std::string& model_name, ScoredModel* model,
                           const CallOptions& options, Progress& progress) {
  const TablePtr features = cast_table(table, info.columns, what, model_name);
  RowSet rows{.table = features, .roles = {}, .digest = digest};
  if (model == nullptr) return rows;
  std::vector<Column> columns = features->columns();
  const TablePtr predictions = model->score(*features, what, options, progress);
  for (const Column& prediction : predictions->columns()) {
    if (features->find(prediction.name()) != nullptr) return rows;
    columns.push_back(prediction);
    rows.roles.push_back({"score", prediction.name()});
  }
  rows.table = std::make_shared<Table>(std::move(columns));
  return rows;
}

std::unique_ptr<ScoredModel> load_if_here(const ArtifactVersion& version, Workbench bench,
                                          const CallOptions& options, Progress& progress) {
  try {
    return ScoredModel::load(version, bench.plugins, bench.artifacts, options, progress);
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    progress.log(PluginLogLevel::warning, "predictions are not compared: " + error.message());
    return nullptr;
  }
}

}  // namespace

EvidenceResult drift(const DriftRequest& request, Workbench bench, const CallOptions& options,
                     Progress& progress) {
  const FoldPlan plan = plan_fold(bench.plugins, request.plugin, request.component, kDrift, request.config);
  const ArtifactVersion model = bench.artifacts.resolve(Kind::model, request.model);
  const BundleInfo info = fetch_model_bundle(bench.artifacts, model).info;
  const Window window = window_of(request, bench.artifacts);
  const ArtifactVersion reference = reference_of(request, model, info, bench.artifacts);

  EvidenceDraft draft = evidence_over(EvidenceKind::drift, plan, window.digest);
  draft.model = model.digest;
  draft.reference = reference.digest;
  const RunInput data_input = {"data", Kind::dataset, window.name, window.digest};
  std::int64_t rows_read = 0;
  EvidenceResult result = record_evidence(
      RunKind::drift, plan,
      {version_input("model", model), data_input, version_input("reference", reference)}, std::move(draft),
      bench.runs, options, progress, [&](EvidenceDraft&, Progress& watched) {
        // The window first: it is the one that may be wrong, and the smaller.
        const TablePtr current = read_window(window, bench.artifacts, info.columns);
        rows_read = current->rows();
        const auto scored = load_if_here(model, bench, options, watched);
        const auto rows = [&](const Table& table, const std::string& name, const Digest& digest) {
          return features_and_scores(table, name, digest, info, model.reference, scored.get(), options,
                                     watched);
        };
        const RowSet now = rows(*current, window.name, window.digest);
        const TablePtr past = fetch_table(bench.artifacts, reference, info.columns);
        const RowSet then = rows(*past, reference.reference, reference.digest);
        return fold_rows(plan, bench.plugins, now, &then, options, watched);
      });
  result.model = model;
  result.data = window.version;
  result.reference = reference;
  result.rows_read = rows_read;
  return result;
}

}  // namespace assay
