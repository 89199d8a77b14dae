// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/in_process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>

#include "registry/plugin_host/in_process_call.h"
#include "registry/plugin_host/plugin_session.h"
#include "registry/plugin_host/result_table.h"
#include "registry/plugin_host/scorer_answer.h"
#include "registry/plugin_host/wire/batch.h"

namespace assay {
namespace {

// An opened plugin with one component and its capability. Everything else here borrows one.
class OpenComponent {
 public:
  OpenComponent(std::shared_ptr<const TrustedLibrary> library, const std::string& component,
                std::string_view capability, const Config& config)
      : library_(std::move(library)), config_(config.canonical) {
    Progress nobody;
    const CallOptions limits;
    const InProcessCall call(limits, nobody);
    plugin_.struct_size = sizeof plugin_;
    call.must(library_->open()(this_host(), call.get(), &plugin_), subject("open"));
    component_.struct_size = sizeof component_;
    const std::string id(capability);
    try {
      if (worker::view(plugin_.manifest) != library_->info().descriptor)
        wrong("open", "says another descriptor when it runs than the one it carries; it must be built again");
      call.must(plugin_.create(plugin_.self, call.get(), worker::str(component), config_.get(), &component_),
                subject("open"));
      capability_ = component_.get_capability(component_.self, id.c_str());
      if (capability_ == nullptr)
        wrong("open", "does not offer " + id + ", although its descriptor says so");
    } catch (...) {
      close();
      throw;
    }
  }
  ~OpenComponent() { close(); }
  OpenComponent(const OpenComponent&) = delete;
  OpenComponent& operator=(const OpenComponent&) = delete;

  void* self() const { return component_.self; }
  // The vtable; its struct_size must reach the last function of the first version.
  template <typename Table>
  const Table& table() const {
    const auto* table = static_cast<const Table*>(capability_);
    if (table->struct_size < sizeof(Table)) wrong("open", "offers a table of functions that is too short");
    return *table;
  }
  std::string subject(std::string_view doing) const {
    return fmt::format("{} with plugin {} {}, in-process", doing, library_->info().name, library_->info().version);
  }
  [[noreturn]] void wrong(std::string_view doing, std::string_view what) const {
    throw Error(Code::internal, fmt::format("{}: the plugin {}", subject(doing), what));
  }

 private:
  void close() {
    if (component_.destroy != nullptr) component_.destroy(component_.self);
    if (plugin_.close != nullptr) plugin_.close(plugin_.self);
  }

  std::shared_ptr<const TrustedLibrary> library_;
  worker::LentConfig config_;
  assay_plugin plugin_{};
  assay_component component_{};
  const void* capability_ = nullptr;
};

void keep(MemoryBundle written, BundleSink& sink) {
  for (const auto& [name, entry] : written.all()) sink.put(name, entry.media_type, entry.bytes);
}

class TrainerHere final : public Trainer {
 public:
  template <typename... Open>
  explicit TrainerHere(Open&&... open) : component_(std::forward<Open>(open)...) {}

  void fit(const RowSet& train, const RowSet* valid, const BundleSource* warm_start, BundleSink& model,
           const CallOptions& options, Progress& progress) override {
    const InProcessCall call(options, progress);
    const InProcessDataset training(train);
    std::optional<InProcessDataset> validation;
    if (valid != nullptr) validation.emplace(*valid);
    const InProcessSource source(warm_start);
    InProcessSink sink;
    call.must(component_.table<assay_trainer_v1>().fit(component_.self(), call.get(), training.get(),
                                                       validation ? validation->get() : nullptr, source.get(),
                                                       sink.get()),
              component_.subject("train"));
    keep(sink.take(), model);
  }

 private:
  OpenComponent component_;
};

class ScorerHere final : public Scorer {
 public:
  template <typename... Open>
  explicit ScorerHere(Open&&... open)
      : component_(std::forward<Open>(open)...), table_(component_.table<assay_scorer_v1>()) {}
  ~ScorerHere() override { unload(); }

  // Nothing here crashes apart from its host: the model is read once.
  void load(std::shared_ptr<const BundleSource> model, const CallOptions& options, Progress& progress) override {
    unload();
    const InProcessCall call(options, progress);
    const InProcessSource source(model.get());
    call.must(table_.load(component_.self(), call.get(), source.get(), &model_), component_.subject("load a model"));
  }

  TableSchema bind(const TableSchema& input, const CallOptions& options, Progress& progress) override {
    const InProcessCall call(options, progress);
    input_ = input;
    columns_.resize(input.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i] = i;
    input_schema_ = export_schema(input);
    SchemaOwner answer;
    call.must(table_.bind(component_.self(), call.get(), model_, input_schema_.get(), answer.get()),
              component_.subject("bind a model"));
    output_ = import_schema(*answer);
    if (const std::string bad = wrong_columns(output_); !bad.empty()) component_.wrong("bind a model", bad);
    return output_;
  }

  TablePtr score(const TablePtr& rows, const CallOptions& options, Progress& progress) override {
    if (output_.empty()) throw Error(Code::internal, "score before bind");
    if (rows->schema() != input_) throw Error(Code::internal, "score: the rows are not of the bound columns");
    const InProcessCall call(options, progress);
    ArrayOwner batch = export_batch(rows, 0, rows->rows(), columns_);
    ArrayOwner answer;
    call.must(table_.score(component_.self(), call.get(), model_, batch.get(), answer.get()),
              component_.subject("score"));
    if (answer->length != rows->rows())
      component_.wrong("score", fmt::format("answered {} predictions for {} rows", answer->length, rows->rows()));
    if (answer->n_children != static_cast<std::int64_t>(output_.size()))
      component_.wrong("score", fmt::format("answered {} columns where {} are due", answer->n_children, output_.size()));
    for (std::int64_t i = 0; i < answer->n_children; ++i)
      if (answer->children[i]->length < answer->offset + answer->length)
        component_.wrong("score", fmt::format("answered a column of {} rows", answer->children[i]->length));
    TablePtr scored = import_batch(output_, *answer);
    for (const Column& column : scored->columns())
      if (const std::string bad = wrong_number(column, 0); !bad.empty())
        throw Error(Code::internal, fmt::format("{}: {}", component_.subject("score"), bad));
    return scored;
  }

 private:
  void unload() {
    if (model_ != nullptr) table_.unload(component_.self(), std::exchange(model_, nullptr));
  }

  OpenComponent component_;
  const assay_scorer_v1& table_;
  void* model_ = nullptr;
  TableSchema input_, output_;
  std::vector<std::size_t> columns_;
  SchemaOwner input_schema_;
};

class StateHere final : public FoldState {
 public:
  StateHere(const OpenComponent& component, std::string_view capability, const TableSchema& schema,
            const std::vector<ColumnRole>& roles)
      : component_(component),
        table_(component.table<assay_fold_v1>()),
        capability_(capability),
        columns_(schema),
        schema_(export_schema(schema)),
        roles_(roles_json(roles)) {}
  ~StateHere() override {
    if (state_ != nullptr) table_.end(component_.self(), state_);
  }

  void make(decltype(assay_fold_v1::begin) how, std::string_view doing, const BundleSource* from,
            const CallOptions& options, Progress& progress) {
    const InProcessCall call(options, progress);
    const InProcessSource source(from);
    call.must(how(component_.self(), call.get(), schema_.get(), roles_.get(), source.get(), &state_),
              component_.subject(doing));
  }

  void update(const RowSet& rows, const CallOptions& options, Progress& progress) override {
    const TablePtr& table = rows.table;
    if (table->schema() != columns_)
      throw Error(Code::internal, "update: the rows are not of the state's columns");
    std::vector<std::size_t> columns(columns_.size());
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = i;
    const std::int64_t step = std::max<std::int64_t>(1, rows.batch_rows);
    for (std::int64_t first = 0; first < table->rows(); first += step) {
      const std::int64_t count = std::min(step, table->rows() - first);
      const InProcessCall call(options, progress);
      call.must(call.get()->should_stop(call.get()), component_.subject("read rows"));
      ArrayOwner batch = export_batch(table, first, count, columns);
      call.must(table_.update(component_.self(), call.get(), state_, batch.get()), component_.subject("read rows"));
      progress.progress(static_cast<double>(first + count) / static_cast<double>(table->rows()), "rows read");
    }
  }

  void merge(FoldState& from, const CallOptions& options, Progress& progress) override {
    auto* other = dynamic_cast<StateHere*>(&from);
    if (other == nullptr || &other->component_ != &component_ || other == this)
      throw Error(Code::internal, "merge: the states are not two of one fold");
    const InProcessCall call(options, progress);
    call.must(table_.merge(component_.self(), call.get(), state_, other->state_), component_.subject("merge states"));
  }

  void save(BundleSink& out, const CallOptions& options, Progress& progress) override {
    const InProcessCall call(options, progress);
    InProcessSink sink;
    call.must(table_.save(component_.self(), call.get(), state_, sink.get()), component_.subject("save a state"));
    keep(sink.take(), out);
  }

  EvidenceRows finish(BundleSink* extras, const CallOptions& options, Progress& progress) override {
    const InProcessCall call(options, progress);
    InProcessSink sink;
    SchemaOwner schema;
    ArrayOwner answer;
    call.must(table_.finish(component_.self(), call.get(), state_, extras != nullptr ? sink.get() : nullptr,
                            schema.get(), answer.get()),
              component_.subject("finish"));
    check_result_schema(*schema, capability_);
    // Through the wire's form, which starts at zero and is checked, as it is from a worker.
    EvidenceRows rows =
        read_result(*wire::decode_batch(*schema, wire::encode_batch(*schema, *answer)), capability_);
    if (extras != nullptr) keep(sink.take(), *extras);
    return rows;
  }

 private:
  const OpenComponent& component_;
  const assay_fold_v1& table_;
  std::string_view capability_;
  TableSchema columns_;
  SchemaOwner schema_;
  worker::LentRoles roles_;
  void* state_ = nullptr;
};

class FoldHere final : public Fold {
 public:
  FoldHere(std::shared_ptr<const TrustedLibrary> library, const std::string& component, std::string_view capability,
           const Config& config)
      : component_(std::move(library), component, capability, config), capability_(capability) {}

  std::unique_ptr<FoldState> begin(const TableSchema& schema, const std::vector<ColumnRole>& roles,
                                   const BundleSource* reference, const CallOptions& options,
                                   Progress& progress) override {
    auto state = std::make_unique<StateHere>(component_, capability_, schema, roles);
    state->make(component_.table<assay_fold_v1>().begin, "begin", reference, options, progress);
    return state;
  }

  std::unique_ptr<FoldState> restore(const TableSchema& schema, const std::vector<ColumnRole>& roles,
                                     const BundleSource& saved, const CallOptions& options,
                                     Progress& progress) override {
    auto state = std::make_unique<StateHere>(component_, capability_, schema, roles);
    state->make(component_.table<assay_fold_v1>().restore, "restore a state", &saved, options, progress);
    return state;
  }

 private:
  OpenComponent component_;
  std::string capability_;
};

}  // namespace

TrustedLibrary::TrustedLibrary(std::shared_ptr<const PluginLibrary> library) : library_(std::move(library)) {
  // A number of its own that is never closed: the loader knows libraries by their path, and a number that came to
  // stand for another library would answer this one again. Not Boost.DLL, which unloads.
  const int file = UniqueFd(::fcntl(library_->fd(), F_DUPFD_CLOEXEC, 0)).release();
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  void* loaded = file < 0 ? nullptr : ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (loaded != nullptr) open_ = reinterpret_cast<Open>(::dlsym(loaded, "assay_plugin_open_v1"));
  if (open_ != nullptr) return;
  const char* why = ::dlerror();
  throw Error(Code::unsupported, fmt::format("load the plugin {} in-process: {}", info().name,
                                             why == nullptr ? "its file cannot be opened" : why));
}

std::unique_ptr<Trainer> trainer_in_process(std::shared_ptr<const TrustedLibrary> library,
                                            const std::string& component, const Config& config) {
  return std::make_unique<TrainerHere>(std::move(library), component, kTrainer, config);
}

std::unique_ptr<Scorer> scorer_in_process(std::shared_ptr<const TrustedLibrary> library, const std::string& component,
                                          const Config& config) {
  return std::make_unique<ScorerHere>(std::move(library), component, kScorer, config);
}

std::unique_ptr<Fold> fold_in_process(std::shared_ptr<const TrustedLibrary> library, const std::string& component,
                                      std::string_view capability, const Config& config) {
  return std::make_unique<FoldHere>(std::move(library), component, capability, config);
}

}  // namespace assay
