// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/train.h"

#include <fmt/format.h>

#include "registry/compute/bundle.h"
#include "registry/compute/folding.h"
#include "registry/compute/recorded_run.h"
#include "storage/base/error.h"

namespace assay {
namespace {

// What is known before anything runs.
struct Plan {
  PluginInfo plugin;
  PluginUse use;
  Config config;
  ArtifactVersion data;
  std::optional<ArtifactVersion> valid;
};

Plan make_plan(const TrainRequest& request, Workbench bench) {
  PluginInfo plugin = bench.plugins.find(request.plugin);
  const ComponentInfo& component = choose_component(plugin, request.component, kTrainer);
  PluginUse use = use_of(plugin, component);
  Config config = bench.plugins.complete_config(plugin, component.id, request.config);
  ArtifactVersion data = bench.artifacts.resolve(Kind::dataset, request.data);
  std::optional<ArtifactVersion> valid;
  if (!request.valid.empty()) valid = bench.artifacts.resolve(Kind::dataset, request.valid);
  return {std::move(plugin), std::move(use), std::move(config), std::move(data), std::move(valid)};
}

RunDraft draft_of(const Plan& plan, const std::string& label, const CallOptions& options) {
  RunDraft draft{.kind = RunKind::train,
                 .plugin = plan.use,
                 .inputs = {version_input("train", plan.data)},
                 .config = plan.config};
  if (plan.valid) draft.inputs.push_back(version_input("valid", *plan.valid));
  draft.seed = static_cast<std::int64_t>(options.seed);
  draft.max_threads = options.max_threads;
  draft.roles = asked_roles(label);
  return draft;
}

RowSet rows_for(const ArtifactVersion& version, TablePtr table, const std::string& label) {
  table->at(label, version.reference);
  if (table->rows() == 0)
    throw Error(Code::invalid_argument, fmt::format("{} has no rows to learn from", version.reference));
  return {.table = std::move(table), .roles = {{"label", label}}, .digest = version.digest};
}

BundleInfo describe(const Plan& plan, const RowSet& train, const std::string& label,
                    const CallOptions& options) {
  BundleInfo info{.plugin = plan.use, .config = plan.config};
  info.seed = options.seed;
  info.label = label;
  for (const ColumnSpec& column : train.table->schema())
    if (column.name != label) info.columns.push_back(column);
  info.data_digest = plan.data.digest;
  info.data_rows = train.table->rows();
  return info;
}

std::vector<NewFile> bundle_files(const BundleInfo& info, const MemoryBundle& model) {
  std::vector<NewFile> files = {{std::string(kBundleFile), "application/json", format_bundle(info)}};
  for (const auto& [name, entry] : model.all())
    files.push_back({std::string(kModelFolder) + name, entry.media_type, entry.bytes});
  return files;
}

}  // namespace

TrainResult train(const TrainRequest& request, Workbench bench, const CallOptions& options,
                  Progress& progress) {
  if (request.label.empty())
    throw Error(Code::invalid_argument, "training needs the column to learn: --target COLUMN");
  const Plan plan = make_plan(request, bench);
  RecordedRun run(bench.runs, draft_of(plan, request.label, options), progress);
  return run.record([&](Progress& watched) {
    const RowSet rows = rows_for(plan.data, fetch_table(bench.artifacts, plan.data, {}, &bench.plugins), request.label);
    std::optional<RowSet> valid;
    if (plan.valid)
      // Read as the training rows are, so that a column means the same in both.
      valid = rows_for(*plan.valid, fetch_table(bench.artifacts, *plan.valid, rows.table->schema(), &bench.plugins),
                       request.label);
    MemoryBundle model;
    const auto trainer = bench.plugins.trainer(plan.plugin, plan.use.component, plan.config);
    trainer->fit(rows, valid ? &*valid : nullptr, nullptr, model, options, watched);
    if (model.all().empty())
      throw Error(Code::internal,
                  fmt::format("plugin {} finished training without writing a model", plan.use.name));
    const BundleInfo info = describe(plan, rows, request.label, options);
    ArtifactVersion made = bench.artifacts.publish_model(request.to, bundle_files(info, model), run.id());
    run.add_output({"model", Kind::model, made.digest});
    return TrainResult{.model = std::move(made),
                       .run = run.id(),
                       .plugin = plan.use,
                       .config = plan.config,
                       .data = plan.data,
                       .rows = rows.table->rows(),
                       .metrics = run.metrics()};
  });
}

}  // namespace assay
