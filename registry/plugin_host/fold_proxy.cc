// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "registry/plugin_host/proxies.h"
#include "registry/plugin_host/result_table.h"
#include "registry/plugin_host/wire/batch.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;
using wire::FrameKind;

class StateProxy final : public FoldState {
 public:
  StateProxy(PluginSession& session, std::size_t& alive, std::string_view capability, TableSchema schema, json id)
      : session_(session), alive_(alive), capability_(capability), schema_(std::move(schema)), id_(std::move(id)) {
    ++alive_;
  }

  ~StateProxy() override {
    --alive_;
    try {
      Progress nobody;
      CallOptions brief;
      brief.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      session_.call(FrameKind::end, "end a state", {{"state", id_}}, {}, {}, brief, nobody);
    } catch (const Error&) {
      // The worker is gone, and the state with it.
    }
  }

  void update(const RowSet& rows, const CallOptions& options, Progress& progress) override {
    const TablePtr& table = rows.table;
    if (table->schema() != schema_)
      throw Error(Code::internal, "update: the rows are not of the state's columns");
    const SchemaOwner schema = export_schema(schema_);
    std::vector<std::size_t> columns(schema_.size());
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = i;
    const std::int64_t step = std::max<std::int64_t>(1, rows.batch_rows);
    for (std::int64_t first = 0; first < table->rows(); first += step) {
      const std::int64_t count = std::min(step, table->rows() - first);
      const wire::Payload payload =
          session_.arenas().put(*schema, *export_batch(table, first, count, columns), *table);
      session_.call(FrameKind::update, "read rows", {{"state", id_}}, payload.bytes(), {}, options, progress);
      progress.progress(static_cast<double>(first + count) / static_cast<double>(table->rows()), "rows read");
    }
  }

  void merge(FoldState& from, const CallOptions& options, Progress& progress) override {
    auto* other = dynamic_cast<StateProxy*>(&from);
    if (other == nullptr || &other->session_ != &session_ || other == this)
      throw Error(Code::internal, "merge: the states are not two of one fold");
    session_.call(FrameKind::merge, "merge states", {{"into", id_}, {"from", other->id_}}, {}, {}, options,
                  progress);
  }

  void save(BundleSink& out, const CallOptions& options, Progress& progress) override {
    const auto answer = session_.call(FrameKind::save, "save a state", {{"state", id_}}, {}, {.sink = true},
                                      options, progress);
    for (const auto& [name, entry] : answer.written.all()) out.put(name, entry.media_type, entry.bytes);
  }

  EvidenceRows finish(BundleSink* extras, const CallOptions& options, Progress& progress) override {
    const auto answer =
        session_.call(FrameKind::finish, "finish", {{"state", id_}, {"extras", extras != nullptr}}, {},
                      {.sink = extras != nullptr}, options, progress);
    EvidenceRows rows;
    try {
      const SchemaOwner schema = wire::schema_from_json(answer.json.value("schema", json()));
      check_result_schema(*schema, capability_);
      rows = read_result(*session_.arenas().take(*schema, answer.payload), capability_);
    } catch (const Error& error) {
      session_.broken("finish", "answered " + error.message());
    }
    if (extras != nullptr)
      for (const auto& [name, entry] : answer.written.all()) extras->put(name, entry.media_type, entry.bytes);
    return rows;
  }

 private:
  PluginSession& session_;
  std::size_t& alive_;
  std::string_view capability_;
  TableSchema schema_;
  json id_;
};

class FoldProxy final : public Fold {
 public:
  FoldProxy(std::unique_ptr<PluginSession> session, std::string_view capability)
      : session_(std::move(session)), capability_(capability) {}

  std::unique_ptr<FoldState> begin(const TableSchema& schema, const std::vector<ColumnRole>& roles,
                                   const BundleSource* reference, const CallOptions& options,
                                   Progress& progress) override {
    return state(FrameKind::begin, "begin", schema, roles, reference, options, progress);
  }

  std::unique_ptr<FoldState> restore(const TableSchema& schema, const std::vector<ColumnRole>& roles,
                                     const BundleSource& saved, const CallOptions& options,
                                     Progress& progress) override {
    return state(FrameKind::restore, "restore a state", schema, roles, &saved, options, progress);
  }

 private:
  std::unique_ptr<FoldState> state(FrameKind kind, std::string_view doing, const TableSchema& schema,
                                   const std::vector<ColumnRole>& roles, const BundleSource* source,
                                   const CallOptions& options, Progress& progress) {
    const json request = {{"schema", wire::schema_to_json(*export_schema(schema))},
                          {"roles", roles_json(roles)},
                          {"source", source_json(source)}};
    const auto call = [&] {
      return session_->call(kind, doing, request, {}, {.source = source}, options, progress);
    };
    // With states that died in a crash there is nothing to begin again beside.
    const auto answer = states_ == 0 ? session_->again_after_crash(call) : call();
    const auto id = answer.json.find("state");
    if (id == answer.json.end() || !id->is_number_unsigned()) session_->broken(doing, "answered no state");
    return std::make_unique<StateProxy>(*session_, states_, capability_, schema, *id);
  }

  std::unique_ptr<PluginSession> session_;
  std::string capability_;
  std::size_t states_ = 0;  // alive
};

}  // namespace

std::unique_ptr<Fold> make_fold(std::unique_ptr<PluginSession> session, std::string_view capability) {
  return std::make_unique<FoldProxy>(std::move(session), capability);
}

}  // namespace assay
