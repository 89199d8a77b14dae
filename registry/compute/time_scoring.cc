// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/time_scoring.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>

#include "registry/compute/folding.h"
#include "registry/compute/sample_rows.h"
#include "registry/compute/score.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/latency.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::int64_t kDistinctBatches = 64;  // so that no call finds its rows where the one before left them

Config config_of(const TimingRequest& request) {
  std::string text = canonical({{"batches", request.batches}, {"calls", request.calls}});
  const Digest digest = Digest::of(text);
  return {std::move(text), digest};
}

std::vector<TablePtr> batches_of(const TablePtr& table, std::int64_t size, std::int64_t calls) {
  std::vector<TablePtr> out;
  std::int64_t row = 0;
  for (std::int64_t i = 0; i < std::min(calls, kDistinctBatches); ++i) {
    std::vector<std::int64_t> rows;
    for (std::int64_t k = 0; k < size; ++k, row = (row + 1) % table->rows()) rows.push_back(row);
    out.push_back(take_rows(*table, rows));
  }
  return out;
}

std::vector<MetricRow> time_batches(ScoredModel& model, const TablePtr& table, std::int64_t size,
                                    const TimingRequest& request, const CallOptions& options, Progress& progress) {
  const std::vector<TablePtr> batches = batches_of(table, size, request.calls);
  const std::string slice = batch_slice(size);
  const std::int64_t untimed = request.calls / 10 + 1;
  std::vector<std::chrono::nanoseconds> times;
  for (std::int64_t call = -untimed; call < request.calls; ++call) {
    const Table& rows = *batches[static_cast<std::size_t>(call + untimed) % batches.size()];
    const auto start = std::chrono::steady_clock::now();
    model.score(rows, request.data, options, progress);
    if (call >= 0) times.push_back(std::chrono::steady_clock::now() - start);
    if (call % 100 == 0) progress.progress(static_cast<double>(call) / static_cast<double>(request.calls), slice);
  }
  return latency_rows(std::move(times), slice);
}

}  // namespace

void check_limits(const TimingRequest& request) {
  const auto within = [](std::int64_t value, std::int64_t most) { return value >= 1 && value <= most; };
  bool sound = within(request.calls, TimingRequest::kMaxCalls) && !request.batches.empty() &&
               request.batches.size() <= TimingRequest::kMaxBatches;
  for (const std::int64_t rows : request.batches) sound = sound && within(rows, TimingRequest::kMaxBatch);
  if (!sound)
    throw Error(Code::invalid_argument,
                fmt::format("timing takes 1 to {} calls with 1 to {} rows each, in at most {} sizes",
                            TimingRequest::kMaxCalls, TimingRequest::kMaxBatch, TimingRequest::kMaxBatches));
}

EvidenceResult time_scoring(const TimingRequest& request, Workbench bench, const CallOptions& options,
                            Progress& progress) {
  check_limits(request);
  const ArtifactVersion version = bench.artifacts.resolve(Kind::model, request.model);
  const ArtifactVersion data = bench.artifacts.resolve(Kind::dataset, request.data);
  const BundleInfo info = fetch_model_bundle(bench.artifacts, version).info;
  const FoldPlan plan{.plugin = bench.plugins.find(info.plugin.digest.text()),
                      .use = info.plugin,
                      .config = config_of(request),
                      .capability = kScorer};
  EvidenceDraft draft = evidence_over(EvidenceKind::evaluation, plan, data.digest);
  draft.model = version.digest;
  std::int64_t rows_read = 0;
  EvidenceResult result = record_evidence(
      RunKind::score, plan, {version_input("model", version), version_input("data", data)}, std::move(draft),
      bench.runs, options, progress, [&](EvidenceDraft&, Progress& watched) -> EvidenceRows {
        const auto model = ScoredModel::load(version, bench.plugins, bench.artifacts, options, watched);
        const TablePtr table = fetch_table(bench.artifacts, data, model->info().columns);
        rows_read = table->rows();
        if (rows_read == 0) throw Error(Code::invalid_argument, data.reference + " has no rows to ask about");
        std::vector<MetricRow> rows;
        for (const std::int64_t size : request.batches)
          std::ranges::move(time_batches(*model, table, size, request, options, watched), std::back_inserter(rows));
        return rows;
      });
  result.model = version;
  result.data = data;
  result.rows_read = rows_read;
  return result;
}

}  // namespace assay
