// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "registry/plugin_host/proxies.h"
#include "registry/plugin_host/scorer_answer.h"
#include "registry/plugin_host/wire/batch.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;
using wire::FrameKind;

constexpr std::int64_t kBatchRows = 65'536;

class ScorerProxy final : public Scorer {
 public:
  explicit ScorerProxy(std::unique_ptr<PluginSession> session) : session_(std::move(session)) {}

  void load(std::shared_ptr<const BundleSource> model, const CallOptions& options, Progress& progress) override {
    model_ = std::move(model);
    input_schema_.reset();
    session_->again_after_crash([&] { load_now(options, progress); });
  }

  TableSchema bind(const TableSchema& input, const CallOptions& options, Progress& progress) override {
    input_ = input;
    input_schema_ = export_schema(input);
    session_->again_after_crash([&] {
      catch_up(options, progress);
      bind_now(options, progress);
    });
    return output_;
  }

  TablePtr score(const TablePtr& rows, const CallOptions& options, Progress& progress) override {
    if (output_.empty()) throw Error(Code::internal, "score before bind");
    if (rows->schema() != input_) throw Error(Code::internal, "score: the rows are not of the bound columns");
    std::vector<Column> answers;
    for (const ColumnSpec& spec : output_) answers.emplace_back(spec).reserve(rows->rows());
    std::vector<std::size_t> columns(input_.size());
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = i;
    std::int64_t first = 0;
    do {
      const std::int64_t count = std::min(kBatchRows, rows->rows() - first);
      score_batch(export_batch(rows, first, count, columns), *rows, answers, options, progress);
      first += count;
    } while (first < rows->rows());
    return std::make_shared<Table>(std::move(answers));
  }

 private:
  void load_now(const CallOptions& options, Progress& progress) {
    generation_ = session_->generation();
    session_->call(FrameKind::load, "load a model", {{"source", source_json(model_.get())}}, {},
                   {.source = model_.get()}, options, progress);
  }

  void bind_now(const CallOptions& options, Progress& progress) {
    const auto answer =
        session_->call(FrameKind::bind, "bind a model", {{"schema", wire::schema_to_json(*input_schema_)}},
                       {}, {}, options, progress);
    try {
      output_schema_ = wire::schema_from_json(answer.json.value("schema", json()));
      output_ = import_schema(*output_schema_);
    } catch (const Error& error) {
      session_->broken("bind a model", "answered " + error.message());
    }
    check_output();
  }

  // A worker that took a crashed one's place has no model yet.
  void catch_up(const CallOptions& options, Progress& progress) {
    if (generation_ == session_->generation()) return;
    load_now(options, progress);
    if (!output_.empty()) bind_now(options, progress);
  }

  void check_output() {
    if (const std::string wrong = wrong_columns(output_); !wrong.empty())
      session_->broken("bind a model", wrong);
  }

  void score_batch(const ArrayOwner& batch, const Table& table, std::vector<Column>& answers,
                   const CallOptions& options, Progress& progress) {
    const auto answer = session_->again_after_crash([&] {
      catch_up(options, progress);
      session_->arenas().offer_room();
      const wire::Payload payload = session_->arenas().put(*input_schema_, *batch, table);
      return session_->call(FrameKind::score, "score", json::object(), payload.bytes(), {}, options, progress);
    });
    const std::int64_t before = answers.front().size();
    try {
      const ArrayOwner scored = session_->arenas().take(*output_schema_, answer.payload);
      if (scored->length != batch->length)
        throw Error(Code::internal, fmt::format("{} predictions for {} rows", scored->length, batch->length));
      append_batch(answers, *scored);
    } catch (const Error& error) {
      session_->broken("score", "answered " + error.message());
    }
    for (const Column& column : answers)
      if (const std::string wrong = wrong_number(column, before); !wrong.empty())
        throw Error(Code::internal, fmt::format("{}: {}", session_->subject("score"), wrong));
  }

  std::unique_ptr<PluginSession> session_;
  std::shared_ptr<const BundleSource> model_;  // shared with whoever loaded it
  int generation_ = 0;  // of the session, that has the model
  TableSchema input_, output_;
  SchemaOwner input_schema_, output_schema_;
};

}  // namespace

std::unique_ptr<Scorer> make_scorer(std::unique_ptr<PluginSession> session) {
  return std::make_unique<ScorerProxy>(std::move(session));
}

}  // namespace assay
