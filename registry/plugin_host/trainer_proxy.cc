// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/proxies.h"
#include "registry/plugin_host/wire/batch.h"

namespace assay {
namespace {

using nlohmann::json;

json dataset_json(const RowSet& rows) {
  return {{"rows", rows.table->rows()},
          {"digest", rows.digest ? rows.digest->text() : ""},
          {"roles", roles_json(rows.roles)},
          {"schema", wire::schema_to_json(*export_schema(rows.table->schema()))}};
}

class TrainerProxy final : public Trainer {
 public:
  explicit TrainerProxy(std::unique_ptr<PluginSession> session) : session_(std::move(session)) {}

  void fit(const RowSet& train, const RowSet* valid, const BundleSource* warm_start, BundleSink& model,
           const CallOptions& options, Progress& progress) override {
    json request = {{"datasets", json::array({dataset_json(train)})}, {"source", source_json(warm_start)}};
    Lent lent{.datasets = {&train}, .source = warm_start, .sink = true};
    if (valid != nullptr) {
      request["datasets"].push_back(dataset_json(*valid));
      lent.datasets.push_back(valid);
    }
    const auto answer =
        session_->call(wire::FrameKind::fit, "train", std::move(request), {}, lent, options, progress);
    for (const auto& [name, entry] : answer.written.all()) model.put(name, entry.media_type, entry.bytes);
  }

 private:
  std::unique_ptr<PluginSession> session_;
};

}  // namespace

std::unique_ptr<Trainer> make_trainer(std::unique_ptr<PluginSession> session) {
  return std::make_unique<TrainerProxy>(std::move(session));
}

}  // namespace assay
