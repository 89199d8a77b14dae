// SPDX-License-Identifier: Apache-2.0
// A host for unit tests of plugins: datasets, bundles and settings in memory, and a component driven through
// the same binary edge that a real host uses. What a plugin answers with a failure is thrown here as an
// Error.
//
// clang-format off
//   FakeHost host(&assay_plugin_open_v1);          // or FakeHost::load("build/lib/assay/plugins/mine.so")
//   FakeData train = Rows().f64("x", {1, 2, {}}).i64("y", {0, 1, 1}).with_role("label", "y");
//   auto trainer = host.component("mine", {{"rounds", 5}});   // other settings: the manifest's defaults
//   FakeBundle model = trainer.fit(train);
//   std::vector<double> answers = trainer.score(model, train);
// clang-format on
#pragma once

#include <dlfcn.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/plugin.hpp"
#include "assay/testing_json.hpp"
#include "assay/testing_services.hpp"

namespace assay::sdk::testing {

// ---- Data ----

// A dataset from columns of equal length; an empty cell is null.
class FakeData {
 public:
  template <class T>
  using Cells = std::vector<std::optional<T>>;

  FakeData& f64(std::string name, const Cells<double>& cells) {
    return add({std::move(name), Type::f64}, cells, [](ColumnBuilder& out, double value) { out.f64(value); });
  }
  FakeData& i64(std::string name, const Cells<std::int64_t>& cells) {
    return add({std::move(name), Type::i64}, cells,
               [](ColumnBuilder& out, std::int64_t value) { out.i64(value); });
  }
  FakeData& boolean(std::string name, const Cells<bool>& cells) {
    return add({std::move(name), Type::boolean}, cells,
               [](ColumnBuilder& out, bool value) { out.boolean(value); });
  }
  FakeData& utf8(std::string name, const Cells<std::string>& cells) {
    return add({std::move(name), Type::utf8}, cells,
               [](ColumnBuilder& out, const std::string& value) { out.utf8(value); });
  }
  FakeData& with_role(std::string role, std::string column) {
    roles_.emplace_back(std::move(role), std::move(column));
    return *this;
  }
  // How scans cut the rows when the plugin does not ask; 0 is one batch.
  FakeData& with_batch_rows(std::int64_t rows) {
    batch_rows_ = rows;
    return *this;
  }

  const Table& table() const { return table_; }
  std::int64_t rows() const { return table_.rows(); }
  const std::vector<std::pair<std::string, std::string>>& roles() const { return roles_; }
  std::int64_t batch_rows() const { return batch_rows_; }

 private:
  template <class Cells, class Append>
  FakeData& add(Field field, const Cells& cells, Append append) {
    ColumnBuilder column(std::move(field));
    for (const auto& cell : cells) cell ? append(column, *cell) : column.null();
    table_.add(std::move(column));
    return *this;
  }

  Table table_;
  std::vector<std::pair<std::string, std::string>> roles_;
  std::int64_t batch_rows_ = 0;
};
using Rows = FakeData;

// What a plugin answered: a table of its own.
class Answer {
 public:
  Answer() = default;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() {
    if (raw_schema.release != nullptr) raw_schema.release(&raw_schema);
    if (raw_rows.release != nullptr) raw_rows.release(&raw_rows);
  }
  // Reads the schema; call it once, before `rows`.
  void adopt() { schema_ = Schema::copy(raw_schema); }
  Batch rows() const { return {schema_, raw_rows}; }
  const Schema& schema() const { return schema_; }

  ArrowSchema raw_schema{};
  ArrowArray raw_rows{};

 private:
  Schema schema_;
};

// Stored entries by name, in the order they were written.
struct FakeBundle {
  std::vector<std::pair<std::string, std::string>> entries;
  std::size_t step_bytes = 4093;  // reads and writes are cut to this, as real ones may be

  std::string* find(std::string_view name) {
    for (auto& [key, bytes] : entries)
      if (key == name) return &bytes;
    return nullptr;
  }
  bool operator==(const FakeBundle& other) const { return entries == other.entries; }
};

struct MetricPoint {
  std::string name;
  std::int64_t step;
  double value;
};

// ---- The structs behind it ----

// Each holds the state that its callbacks reach through host_data; it must outlive the raw struct.
class FakeCall {
 public:
  FakeCall() {
    raw.struct_size = sizeof raw;
    raw.max_threads = 1;
    raw.host_data = this;
    raw.fail = [](const assay_call* call, assay_status status, assay_str text, assay_str json) {
      FakeCall& self = *static_cast<FakeCall*>(call->host_data);
      ++self.failures;
      self.message = detail::view(text);
      self.details = detail::view(json);
      return status;
    };
    raw.should_stop = [](const assay_call* call) -> assay_status {
      FakeCall& self = *static_cast<FakeCall*>(call->host_data);
      return self.polls++ >= self.stop_after ? ASSAY_E_CANCELLED : ASSAY_OK;
    };
    raw.metric = [](const assay_call* call, assay_str name, std::int64_t step, double value) {
      static_cast<FakeCall*>(call->host_data)
          ->metrics.push_back({std::string(detail::view(name)), step, value});
    };
  }
  FakeCall(const FakeCall&) = delete;
  FakeCall& operator=(const FakeCall&) = delete;

  // Throws what the plugin said of a failure.
  void check(assay_status status) const {
    if (status != ASSAY_OK) throw Error(status, message);
  }

  assay_call raw{};
  std::int64_t stop_after = INT64_MAX;  // polls until a stop is asked for
  std::int64_t polls = 0;
  int failures = 0;
  std::string message, details;
  std::vector<MetricPoint> metrics;
  FakeScratch scratch;  // what the call holds of it; a quota of 0 is a host that has none left
};

inline FakeScratch& scratch_of(const assay_call* call) { return static_cast<FakeCall*>(call->host_data)->scratch; }

class FakeConfig {
 public:
  explicit FakeConfig(Json settings) : json_(std::move(settings)), text_(json_.dump()) {
    raw.struct_size = sizeof raw;
    raw.host_data = this;
    raw.json = detail::str(text_);
    raw.get_f64 = [](const assay_config* config, assay_str at, double* out) {
      return get(config, at, Json::Kind::number,
                 [&](const Json& json) { return *out = json.number(), true; });
    };
    raw.get_i64 = [](const assay_config* config, assay_str at, std::int64_t* out) {
      return get(config, at, Json::Kind::number, [&](const Json& json) {
        if (json.number() != std::floor(json.number()) || std::abs(json.number()) > 9e15) return false;
        *out = static_cast<std::int64_t>(json.number());
        return true;
      });
    };
    raw.get_bool = [](const assay_config* config, assay_str at, std::int32_t* out) {
      return get(config, at, Json::Kind::boolean,
                 [&](const Json& json) { return *out = json.boolean() ? 1 : 0, true; });
    };
    raw.get_str = [](const assay_config* config, assay_str at, assay_str* out) {
      return get(config, at, Json::Kind::string,
                 [&](const Json& json) { return *out = detail::str(json.string()), true; });
    };
  }
  FakeConfig(const FakeConfig&) = delete;
  FakeConfig& operator=(const FakeConfig&) = delete;

  assay_config raw{};

 private:
  template <class Take>
  static assay_status get(const assay_config* config, assay_str at, Json::Kind kind, Take take) {
    const Json* found = static_cast<FakeConfig*>(config->host_data)->json_.at(detail::view(at));
    if (found == nullptr) return ASSAY_E_NOT_FOUND;
    return found->kind() == kind && take(*found) ? ASSAY_OK : ASSAY_E_INVALID_CONFIG;
  }
  Json json_;
  std::string text_;
};

// Rows and roles of a FakeData, which it borrows.
class FakeDataset {
 public:
  explicit FakeDataset(const FakeData& data) : data_(data) {
    roles.struct_size = sizeof roles;
    roles.host_data = this;
    roles.get = [](const assay_roles* raw_roles, assay_str role, std::uint32_t index,
                   assay_str* out) -> assay_status {
      for (const auto& [name, column] : static_cast<FakeDataset*>(raw_roles->host_data)->data_.roles())
        if (name == detail::view(role) && index-- == 0) return *out = detail::str(column), ASSAY_OK;
      return ASSAY_E_NOT_FOUND;
    };
    raw.struct_size = sizeof raw;
    raw.host_data = this;
    raw.row_count = data.rows();
    raw.roles = &roles;
    raw.schema = [](const assay_dataset* dataset, const assay_call*, ArrowSchema* out) -> assay_status {
      static_cast<FakeDataset*>(dataset->host_data)->data_.table().export_schema(out);
      return ASSAY_OK;
    };
    raw.scan = &scan;
  }
  FakeDataset(const FakeDataset&) = delete;
  FakeDataset& operator=(const FakeDataset&) = delete;

  assay_dataset raw{};
  assay_roles roles{};

 private:
  struct Stream {
    Table table;
    std::int64_t at = 0, step = 0;
  };

  static assay_status scan(const assay_dataset* dataset, const assay_call*, const assay_scan_options* options,
                           ArrowArrayStream* out) {
    const FakeData& data = static_cast<FakeDataset*>(dataset->host_data)->data_;
    auto stream = std::make_unique<Stream>();
    stream->table = data.table();
    stream->step = data.batch_rows();
    if (options != nullptr && options->columns != nullptr) {
      stream->table = Table();
      for (std::uint64_t i = 0; i < options->column_count; ++i) {
        const auto found = data.table().schema().find(detail::view(options->columns[i]));
        if (!found) return ASSAY_E_NOT_FOUND;
        stream->table.add(data.table().column(*found));
      }
    }
    if (options != nullptr && options->batch_rows > 0) stream->step = options->batch_rows;
    if (stream->step == 0) stream->step = std::max<std::int64_t>(1, data.rows());
    *out = {};
    out->get_schema = [](ArrowArrayStream* it, ArrowSchema* schema) {
      static_cast<Stream*>(it->private_data)->table.export_schema(schema);
      return 0;
    };
    out->get_next = [](ArrowArrayStream* it, ArrowArray* array) {
      Stream& self = *static_cast<Stream*>(it->private_data);
      const std::int64_t count = std::min(self.step, self.table.rows() - self.at);
      *array = {};
      if (count > 0) self.table.export_rows(self.at, count, array);
      self.at += count;
      return 0;
    };
    out->get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    out->release = [](ArrowArrayStream* it) {
      delete static_cast<Stream*>(it->private_data);
      it->release = nullptr;
    };
    out->private_data = stream.release();
    return ASSAY_OK;
  }

  const FakeData& data_;
};

// A bundle as source and as sink. Borrows it.
class FakeStore {
 public:
  explicit FakeStore(FakeBundle& bundle) : bundle_(bundle) {
    source.struct_size = sizeof source;
    source.host_data = this;
    source.entry = [](const assay_source* it, std::uint32_t index, assay_str* out) -> assay_status {
      const auto& entries = static_cast<FakeStore*>(it->host_data)->bundle_.entries;
      if (index >= entries.size()) return ASSAY_E_NOT_FOUND;
      return *out = detail::str(entries[index].first), ASSAY_OK;
    };
    source.open = &open_reader;
    sink.struct_size = sizeof sink;
    sink.host_data = this;
    sink.open = &open_writer;
  }
  FakeStore(const FakeStore&) = delete;
  FakeStore& operator=(const FakeStore&) = delete;

  assay_source source{};
  assay_sink sink{};

 private:
  struct Reading {
    std::string_view rest;
    std::size_t step;
  };
  struct Writing {
    FakeBundle* bundle;
    std::string name, bytes;
  };

  static assay_status open_reader(const assay_source* it, const assay_call*, assay_str name,
                                  assay_reader* out) {
    FakeBundle& bundle = static_cast<FakeStore*>(it->host_data)->bundle_;
    const std::string* bytes = bundle.find(detail::view(name));
    if (bytes == nullptr) return ASSAY_E_NOT_FOUND;
    out->size = bytes->size();
    out->host_data = new Reading{*bytes, bundle.step_bytes};
    out->read = [](const assay_reader* reader, const assay_call*, void* buffer, std::uint64_t capacity,
                   std::uint64_t* got) -> assay_status {
      Reading& self = *static_cast<Reading*>(reader->host_data);
      const std::size_t size = std::min({self.rest.size(), static_cast<std::size_t>(capacity), self.step});
      if (size > 0) std::memcpy(buffer, self.rest.data(), size);
      self.rest.remove_prefix(size);
      return *got = size, ASSAY_OK;
    };
    out->close = [](const assay_reader* reader) { delete static_cast<Reading*>(reader->host_data); };
    return ASSAY_OK;
  }
  static assay_status open_writer(const assay_sink* it, const assay_call*, assay_str name, assay_str,
                                  assay_writer* out) {
    out->host_data =
        new Writing{&static_cast<FakeStore*>(it->host_data)->bundle_, std::string(detail::view(name)), {}};
    out->write = [](const assay_writer* writer, const assay_call*, const void* data, std::uint64_t size,
                    std::uint64_t* taken) -> assay_status {
      Writing& self = *static_cast<Writing*>(writer->host_data);
      *taken = std::min<std::uint64_t>(size, self.bundle->step_bytes);
      self.bytes.append(static_cast<const char*>(data), static_cast<std::size_t>(*taken));
      return ASSAY_OK;
    };
    out->finish = [](const assay_writer* writer, const assay_call*) -> assay_status {
      const std::unique_ptr<Writing> self(static_cast<Writing*>(writer->host_data));
      self->bundle->entries.emplace_back(self->name, self->bytes);
      return ASSAY_OK;
    };
    out->abort = [](const assay_writer* writer) { delete static_cast<Writing*>(writer->host_data); };
    return ASSAY_OK;
  }

  FakeBundle& bundle_;
};

// ---- Driving a component ----

class FakeComponent {
 public:
  FakeComponent(const assay_plugin& plugin, std::string_view id, Json settings)
      : config_(std::make_unique<FakeConfig>(std::move(settings))) {
    FakeCall call;
    raw.struct_size = sizeof raw;
    call.check(plugin.create(plugin.self, &call.raw, detail::str(id), &config_->raw, &raw));
  }
  FakeComponent(FakeComponent&& other) noexcept
      : raw(std::exchange(other.raw, assay_component{})), config_(std::move(other.config_)) {}
  FakeComponent& operator=(FakeComponent&&) = delete;
  ~FakeComponent() {
    if (raw.destroy != nullptr) raw.destroy(raw.self);
  }

  template <class Vtable>
  const Vtable& capability(const char* id) const {
    const void* found = raw.get_capability(raw.self, id);
    if (found == nullptr) throw Error(ASSAY_E_UNSUPPORTED, std::string("the component does not offer ") + id);
    return *static_cast<const Vtable*>(found);
  }

  // Trains. `call` carries seed, thread budget and cancellation in, metrics and messages out.
  FakeBundle fit(const FakeData& train, FakeCall& call, const FakeData* valid = nullptr,
                 FakeBundle* warm_start = nullptr) const {
    const auto& trainer = capability<assay_trainer_v1>(ASSAY_CAP_TRAINER_V1);
    FakeBundle model;
    FakeStore store(model);
    const FakeDataset rows(train);
    std::optional<FakeDataset> valid_rows;
    if (valid != nullptr) valid_rows.emplace(*valid);
    std::optional<FakeStore> start;
    if (warm_start != nullptr) start.emplace(*warm_start);
    call.check(trainer.fit(raw.self, &call.raw, &rows.raw, valid_rows ? &valid_rows->raw : nullptr,
                           start ? &start->source : nullptr, &store.sink));
    return model;
  }
  FakeBundle fit(const FakeData& train, std::uint64_t seed = 1) const {
    FakeCall call;
    call.raw.seed = seed;
    return fit(train, call);
  }

  // Loads a model, binds it to the columns of `data`, and scores its rows in batches of `data.batch_rows()`.
  // Answers the first output column.
  std::vector<double> score(FakeBundle& model, const FakeData& data) const {
    const auto& scorer = capability<assay_scorer_v1>(ASSAY_CAP_SCORER_V1);
    FakeCall call;
    FakeStore store(model);
    void* loaded = nullptr;
    call.check(scorer.load(raw.self, &call.raw, &store.source, &loaded));
    const auto unload = [&](void* it) { scorer.unload(raw.self, it); };
    const std::unique_ptr<void, decltype(unload)> owner(loaded, unload);
    ArrowSchema input{};
    data.table().export_schema(&input);
    Answer answer;
    const assay_status bound = scorer.bind(raw.self, &call.raw, loaded, &input, &answer.raw_schema);
    input.release(&input);
    call.check(bound);
    answer.adopt();
    std::vector<double> out;
    const std::int64_t step =
        data.batch_rows() > 0 ? data.batch_rows() : std::max<std::int64_t>(1, data.rows());
    for (std::int64_t at = 0; at < data.rows(); at += step) {
      ArrowArray batch{};
      data.table().export_rows(at, std::min(step, data.rows() - at), &batch);
      Answer part;
      const assay_status status = scorer.score(raw.self, &call.raw, loaded, &batch, &part.raw_rows);
      if (batch.release != nullptr) batch.release(&batch);
      call.check(status);
      const Batch scored(answer.schema(), part.raw_rows);
      for (std::int64_t row = 0; row < scored.rows(); ++row) out.push_back(scored.number(0, row));
    }
    return out;
  }

  assay_component raw{};

 private:
  std::unique_ptr<FakeConfig> config_;
};

// The state of an evaluator, drift detector or validator. Borrows the component.
class FakeFold {
 public:
  // Begins over no rows, against a saved state if `reference` is given; `id` is the capability's.
  FakeFold(const FakeComponent& component, const char* id, const FakeData& shape,
           FakeBundle* reference = nullptr)
      : component_(component), fold_(component.capability<assay_fold_v1>(id)) {
    open(shape, [&](const ArrowSchema* schema, const assay_roles* roles) {
      std::optional<FakeStore> store;
      if (reference != nullptr) store.emplace(*reference);
      return fold_.begin(component.raw.self, &call.raw, schema, roles, store ? &store->source : nullptr,
                         &state_);
    });
  }
  struct Saved {
    FakeBundle& bundle;
  };
  // Restores a state.
  FakeFold(const FakeComponent& component, const char* id, const FakeData& shape, Saved saved)
      : component_(component), fold_(component.capability<assay_fold_v1>(id)) {
    open(shape, [&](const ArrowSchema* schema, const assay_roles* roles) {
      FakeStore store(saved.bundle);
      return fold_.restore(component.raw.self, &call.raw, schema, roles, &store.source, &state_);
    });
  }
  FakeFold(const FakeFold&) = delete;
  FakeFold& operator=(const FakeFold&) = delete;
  ~FakeFold() {
    if (state_ != nullptr) fold_.end(component_.raw.self, state_);
  }

  // Adds rows [first, first + count) of `data`, or all of them in batches of data.batch_rows().
  void update(const FakeData& data, std::int64_t first, std::int64_t count) {
    ArrowArray batch{};
    data.table().export_rows(first, count, &batch);
    const assay_status status = fold_.update(component_.raw.self, &call.raw, state_, &batch);
    if (batch.release != nullptr) batch.release(&batch);
    call.check(status);
  }
  void update(const FakeData& data) {
    const std::int64_t step =
        data.batch_rows() > 0 ? data.batch_rows() : std::max<std::int64_t>(1, data.rows());
    for (std::int64_t at = 0; at < data.rows(); at += step)
      update(data, at, std::min(step, data.rows() - at));
  }
  void merge(FakeFold& from) { call.check(fold_.merge(component_.raw.self, &call.raw, state_, from.state_)); }
  FakeBundle save() {
    FakeBundle out;
    FakeStore store(out);
    call.check(fold_.save(component_.raw.self, &call.raw, state_, &store.sink));
    return out;
  }
  // The result table; extras land in `extras` when given.
  std::unique_ptr<Answer> finish(FakeBundle* extras = nullptr) {
    auto out = std::make_unique<Answer>();
    std::optional<FakeStore> store;
    if (extras != nullptr) store.emplace(*extras);
    call.check(fold_.finish(component_.raw.self, &call.raw, state_, store ? &store->sink : nullptr,
                            &out->raw_schema, &out->raw_rows));
    out->adopt();
    return out;
  }

  FakeCall call;

 private:
  template <class Open>
  void open(const FakeData& shape, Open opener) {
    ArrowSchema schema{};
    shape.table().export_schema(&schema);
    const FakeDataset roles(shape);
    const assay_status status = opener(&schema, &roles.roles);
    schema.release(&schema);
    call.check(status);
  }

  const FakeComponent& component_;
  const assay_fold_v1& fold_;
  void* state_ = nullptr;
};

// An opened plugin.
class FakeHost {
 public:
  using Open = decltype(&assay_plugin_open_v1);

  // With the services of `get_service`; null is a host without any, which a plugin must do with as well.
  using GetService = const void* (*)(const assay_host*, const char* id);
  explicit FakeHost(Open open, GetService get_service = &fake_service) : host_(std::make_unique<assay_host>()) {
    host_->struct_size = sizeof *host_;
    host_->get_service = get_service;
    host_->name = detail::str("fake-host");
    host_->version = detail::str("1");
    FakeCall call;
    plugin.struct_size = sizeof plugin;
    call.check(open(host_.get(), &call.raw, &plugin));
  }
  FakeHost(FakeHost&& other) noexcept
      : plugin(std::exchange(other.plugin, assay_plugin{})), host_(std::move(other.host_)) {}
  FakeHost& operator=(FakeHost&&) = delete;
  ~FakeHost() {
    if (plugin.close != nullptr) plugin.close(plugin.self);
  }

  // The entry function of a library, which stays loaded until the process ends.
  static Open entry(const std::string& path) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) throw std::runtime_error(dlerror());
    void* symbol = dlsym(library, "assay_plugin_open_v1");
    if (symbol == nullptr) throw std::runtime_error(path + " exports no assay_plugin_open_v1");
    return reinterpret_cast<Open>(symbol);
  }
  static FakeHost load(const std::string& path, GetService get_service = &fake_service) {
    return FakeHost(entry(path), get_service);
  }

  std::string_view manifest() const { return detail::view(plugin.manifest); }

  // A component with `settings` over the defaults that the manifest gives.
  FakeComponent component(std::string_view id, const Json::Object& settings = {}) const {
    const Json document = Json::parse(manifest());
    Json::Object all;
    for (const Json& component : document["components"].array()) {
      if (component["id"].string() != id) continue;
      for (const auto& [name, property] : component["config_schema"]["properties"].object())
        if (property.object().contains("default")) all.insert_or_assign(name, property["default"]);
    }
    for (const auto& [name, value] : settings) all.insert_or_assign(name, value);
    return {plugin, id, Json(std::move(all))};
  }

  assay_plugin plugin{};

 private:
  std::unique_ptr<assay_host> host_;
};

}  // namespace assay::sdk::testing
