// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/in_process_call.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "registry/plugin_host/plugin_failure.h"
#include "registry/plugin_host/plugin_session.h"
#include "registry/plugin_host/row_scan.h"
#include "registry/plugin_host/worker/lent_services.h"

namespace assay {
namespace {

using worker::str;
using worker::view;

// Runs `work` for a plugin: an Error becomes its status and its reason.
template <typename Work>
assay_status answered(const assay_call* call, Work work) {
  try {
    work();
    return ASSAY_OK;
  } catch (const Error& error) {
    InProcessCall::of(call).explain(error.message());
    return info(error.code()).abi_status;
  } catch (const std::exception& error) {
    InProcessCall::of(call).explain(error.what());
    return ASSAY_E_INTERNAL;
  }
}

// Writes no further than the size that it finds.
template <typename Struct>
void fill(Struct* out, Struct value) {
  value.struct_size =
      std::min<std::uint32_t>(out->struct_size == 0 ? sizeof value : out->struct_size, sizeof value);
  std::memcpy(out, &value, value.struct_size);
}

struct Stream {
  RowScan scan;
  std::string error;
};

Stream& stream_of(ArrowArrayStream* stream) {
  return *static_cast<Stream*>(stream->private_data);
}

template <typename Work>
int streamed(ArrowArrayStream* stream, Work work) {
  try {
    work(stream_of(stream));
    return 0;
  } catch (const std::exception& error) {
    stream_of(stream).error = error.what();
    return EIO;
  }
}

int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  return streamed(stream, [&](Stream& self) { *out = export_schema(import_schema(self.scan.schema())).take(); });
}

int get_next(ArrowArrayStream* stream, ArrowArray* out) {
  return streamed(stream, [&](Stream& self) { *out = self.scan.next().take(); });
}

const char* last_error(ArrowArrayStream* stream) {
  const std::string& error = stream_of(stream).error;
  return error.empty() ? nullptr : error.c_str();
}

void release(ArrowArrayStream* stream) {
  delete &stream_of(stream);
  stream->release = nullptr;
}

assay_status take_scratch(const assay_scratch_v1*, const assay_call* call, uint64_t bytes, void** out) {
  return answered(call, [&] { *out = InProcessCall::of(call).take_scratch(bytes); });
}

void give_back_scratch(const assay_scratch_v1*, const assay_call* call, void* memory) {
  InProcessCall::of(call).give_back_scratch(memory);
}

const void* service(const assay_host*, const char* id) {
  static const assay_scratch_v1 scratch{
      sizeof scratch, 0, nullptr, wire::kScratchQuota, &take_scratch, &give_back_scratch};
  return worker::lent_service(id, scratch);
}

}  // namespace

const assay_host* this_host() {
  static constexpr std::string_view name = "assay", version = "0.1.0";
  static const assay_host host{sizeof(assay_host), ASSAY_ABI_MINOR, nullptr, str(name), str(version), &service};
  return &host;
}

InProcessCall::InProcessCall(const CallOptions& options, Progress& progress)
    : options_(options), progress_(progress) {
  call_.struct_size = sizeof call_;
  call_.seed = options.seed;
  call_.max_threads = std::max(1u, options.max_threads);
  if (options.deadline)
    call_.deadline_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(options.deadline->time_since_epoch()).count();
  call_.host_data = this;
  call_.fail = &fail;
  call_.should_stop = &should_stop;
  call_.progress = &InProcessCall::progress;
  call_.log = &log;
  call_.metric = &metric;
}

InProcessCall::~InProcessCall() {
  for (const Mapped& each : mapped_) ::munmap(each.memory, each.size);
}

void* InProcessCall::take_scratch(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!scratch_) scratch_.emplace();
  const Scratch::Taken taken = scratch_->take(bytes);
  void* memory = ::mmap(nullptr, taken.size, PROT_READ | PROT_WRITE, MAP_SHARED, taken.fd, 0);
  if (memory == MAP_FAILED) {
    const int error = errno;
    scratch_->give_back(taken.id);
    throw system_error("map scratch room", error);
  }
  mapped_.push_back({memory, taken.size, taken.id});
  return memory;
}

void InProcessCall::give_back_scratch(const void* memory) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(mapped_.begin(), mapped_.end(), [&](const Mapped& each) { return each.memory == memory; });
  if (found == mapped_.end()) return;  // not of this call
  ::munmap(found->memory, found->size);
  scratch_->give_back(found->id);
  mapped_.erase(found);
}

void InProcessCall::must(assay_status status, std::string_view subject) const {
  if (status == ASSAY_OK) return;
  const std::lock_guard lock(mutex_);
  throw plugin_failure(subject, status, message_, nlohmann::json::parse(details_, nullptr, false));
}

void InProcessCall::explain(std::string message, std::string details) {
  const std::lock_guard lock(mutex_);
  message_ = std::move(message);
  details_ = std::move(details);
}

assay_status InProcessCall::fail(const assay_call* call, assay_status status, assay_str message, assay_str details) {
  of(call).explain(std::string(view(message)), std::string(view(details)));
  return status;
}

assay_status InProcessCall::should_stop(const assay_call* call) {
  const CallOptions& options = of(call).options_;
  if (options.deadline && std::chrono::steady_clock::now() >= *options.deadline) return ASSAY_E_DEADLINE;
  return options.stop.stop_requested() ? ASSAY_E_CANCELLED : ASSAY_OK;
}

void InProcessCall::progress(const assay_call* call, double fraction, assay_str what) {
  InProcessCall& self = of(call);
  const std::lock_guard lock(self.mutex_);
  self.progress_.progress(std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0, view(what));
}

void InProcessCall::log(const assay_call* call, int32_t level, assay_str message) {
  InProcessCall& self = of(call);
  const std::lock_guard lock(self.mutex_);
  self.progress_.log(static_cast<PluginLogLevel>(std::clamp<int>(level, ASSAY_LOG_DEBUG, ASSAY_LOG_ERROR)),
                     view(message));
}

void InProcessCall::metric(const assay_call* call, assay_str name, int64_t step, double value) {
  InProcessCall& self = of(call);
  const std::lock_guard lock(self.mutex_);
  self.progress_.metric(view(name), step, std::isfinite(value) ? value : std::nan(""));
}

InProcessDataset::InProcessDataset(const RowSet& rows)
    : rows_(rows), digest_(rows.digest ? rows.digest->text() : ""), roles_(roles_json(rows.roles)) {
  dataset_.struct_size = sizeof dataset_;
  dataset_.host_data = this;
  dataset_.row_count = rows.table->rows();
  dataset_.digest = str(digest_);
  dataset_.roles = roles_.get();
  dataset_.schema = &schema;
  dataset_.scan = &scan;
}

assay_status InProcessDataset::schema(const assay_dataset* dataset, const assay_call* call, ArrowSchema* out) {
  const auto& self = *static_cast<const InProcessDataset*>(dataset->host_data);
  return answered(call, [&] { *out = export_schema(self.rows_.table->schema()).take(); });
}

assay_status InProcessDataset::scan(const assay_dataset* dataset, const assay_call* call,
                                    const assay_scan_options* options, ArrowArrayStream* out) {
  const auto& self = *static_cast<const InProcessDataset*>(dataset->host_data);
  return answered(call, [&] {
    std::optional<std::vector<std::string>> columns;
    if (options != nullptr && options->columns != nullptr) {
      columns.emplace();
      for (std::uint64_t i = 0; i < options->column_count; ++i) columns->emplace_back(view(options->columns[i]));
    }
    const std::int64_t rows = options == nullptr ? 0 : std::max<std::int64_t>(0, options->batch_rows);
    *out = {&get_schema, &get_next, &last_error, &release,
            new Stream{RowScan(self.rows_, rows, columns), {}}};
  });
}

InProcessSource::InProcessSource(const BundleSource* source) : bundle_(source) {
  if (source != nullptr) entries_ = source->entries();
  source_.struct_size = sizeof source_;
  source_.host_data = this;
  source_.entry = &entry;
  source_.open = &open;
}

assay_status InProcessSource::entry(const assay_source* source, uint32_t index, assay_str* out) {
  const auto& self = *static_cast<const InProcessSource*>(source->host_data);
  if (index >= self.entries_.size()) return ASSAY_E_NOT_FOUND;
  *out = str(self.entries_[index].name);
  return ASSAY_OK;
}

assay_status InProcessSource::open(const assay_source* source, const assay_call* call, assay_str name,
                                   assay_reader* out) {
  const auto& self = *static_cast<const InProcessSource*>(source->host_data);
  for (const BundleEntry& each : self.entries_) {
    if (each.name != view(name)) continue;
    assay_reader reader{};
    reader.host_data = new Reading{*self.bundle_, each.name};
    reader.size = each.size;
    reader.read = &read;
    reader.close = &close;
    fill(out, reader);
    return ASSAY_OK;
  }
  InProcessCall::of(call).explain("the bundle has no entry \"" + std::string(view(name).substr(0, 255)) + '"');
  return ASSAY_E_NOT_FOUND;
}

assay_status InProcessSource::read(const assay_reader* reader, const assay_call* call, void* buffer,
                                   uint64_t capacity, uint64_t* got) {
  auto& self = *static_cast<Reading*>(reader->host_data);
  return answered(call, [&] {
    *got = self.bundle.read(self.name, self.offset, {static_cast<std::byte*>(buffer), capacity});
    self.offset += *got;
  });
}

void InProcessSource::close(const assay_reader* reader) {
  delete static_cast<Reading*>(reader->host_data);
}

InProcessSink::InProcessSink() {
  sink_.struct_size = sizeof sink_;
  sink_.host_data = &stage_;
  sink_.open = &open;
}

assay_status InProcessSink::open(const assay_sink* sink, const assay_call* call, assay_str name,
                                 assay_str media_type, assay_writer* out) {
  return answered(call, [&] {
    static_cast<BundleStage*>(sink->host_data)->open(std::string(view(name)), std::string(view(media_type)));
    assay_writer writer{};
    writer.host_data = sink->host_data;
    writer.write = &write;
    writer.finish = &finish;
    writer.abort = &abort;
    fill(out, writer);
  });
}

assay_status InProcessSink::write(const assay_writer* writer, const assay_call* call, const void* data,
                                  uint64_t size, uint64_t* taken) {
  return answered(call, [&] {
    static_cast<BundleStage*>(writer->host_data)->write({static_cast<const char*>(data), size});
    *taken = size;
  });
}

assay_status InProcessSink::finish(const assay_writer* writer, const assay_call* call) {
  return answered(call, [&] { static_cast<BundleStage*>(writer->host_data)->finish(); });
}

void InProcessSink::abort(const assay_writer* writer) {
  static_cast<BundleStage*>(writer->host_data)->abort();
}

}  // namespace assay
