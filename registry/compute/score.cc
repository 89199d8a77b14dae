// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/score.h"

#include <fmt/format.h>

#include "registry/compute/cast.h"
#include "registry/compute/csv.h"
#include "registry/compute/json_rows.h"
#include "storage/base/error.h"

namespace assay {
namespace {

PluginInfo plugin_of(const ArtifactVersion& model, const BundleInfo& info, Plugins& plugins) {
  try {
    return plugins.find(info.plugin.digest.text());
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    throw Error(
        Code::not_found,
        fmt::format("{} was made by plugin {} {} ({}), and that very library is not here; push it with "
                    "assay plugin push, or put it on the plugin path",
                    model.reference, info.plugin.name, info.plugin.version, info.plugin.digest.text()));
  }
}

}  // namespace

std::unique_ptr<ScoredModel> ScoredModel::load(const ArtifactVersion& model, Plugins& plugins,
                                               Artifacts& artifacts, const CallOptions& options,
                                               Progress& progress) {
  ModelBundle bundle = fetch_model_bundle(artifacts, model);
  const PluginInfo plugin = plugin_of(model, bundle.info, plugins);
  const ComponentInfo& component = choose_component(plugin, bundle.info.plugin.component, kScorer);
  auto scorer = plugins.scorer(plugin, component.id, bundle.info.config);
  scorer->load(std::make_shared<MemoryBundle>(std::move(bundle.entries)), options, progress);
  TableSchema output = scorer->bind(bundle.info.columns, options, progress);
  std::unique_ptr<ScoredModel> loaded(new ScoredModel(plugins, model, std::move(bundle.info), std::move(scorer)));
  loaded->output_ = std::move(output);
  return loaded;
}

TablePtr ScoredModel::score(const Table& rows, std::string_view what, const CallOptions& options,
                            Progress& progress) {
  const auto cells = static_cast<std::uint64_t>(rows.rows()) * info_.columns.size();
  const TablePtr fitting = cast_table(rows, info_.columns, what, version_.reference,
                                      plugins_.table_memory(cells * sizeof(double)));
  return scorer_->score(fitting, options, progress);
}

std::string ScoredModel::score_csv(std::string_view csv, std::string_view what, const CallOptions& options,
                                   Progress& progress) {
  const CsvOptions reading{.declared = info_.columns, .source = std::string(what)};
  const TablePtr rows = read_csv(csv, reading);
  return append_csv_columns(csv, *score(*rows, what, options, progress), reading);
}

std::string ScoredModel::score_json(std::string_view json, const CallOptions& options, Progress& progress) {
  const TablePtr rows = read_json_rows(json, info_.columns);
  const TablePtr predictions = score(*rows, "the request", options, progress);
  for (const Column& column : predictions->columns())
    if (rows->find(column.name()) != nullptr)
      throw Error(
          Code::invalid_argument,
          fmt::format("the rows already have a column \"{}\", which the model would add; rename or drop it",
                      column.name()));
  return write_json_rows(*rows, predictions.get());
}

}  // namespace assay
