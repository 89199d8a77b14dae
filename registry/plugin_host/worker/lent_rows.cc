// SPDX-License-Identifier: Apache-2.0
// Datasets: rows come batch by batch from the host, in its arena.
#include <cerrno>

#include "registry/plugin_host/wire/batch.h"
#include "registry/plugin_host/worker/lending.h"
#include "storage/base/error.h"

namespace assay::worker {
namespace {

using nlohmann::json;
using wire::FrameKind;

// One open scan. It outlives neither the request nor the worker; the stream that a plugin holds points to it.
struct Stream {
  CallContext& context;
  json scan;
  SchemaOwner schema;
  std::string error;
};

Stream& stream_of(ArrowArrayStream* stream) {
  return *static_cast<Stream*>(stream->private_data);
}

int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  try {
    *out = wire::schema_from_json(wire::schema_to_json(*stream_of(stream).schema)).take();
    return 0;
  } catch (const std::exception& error) {
    stream_of(stream).error = error.what();
    return EIO;
  }
}

int get_next(ArrowArrayStream* stream, ArrowArray* out) {
  Stream& self = stream_of(stream);
  try {
    *out = {};
    const Frame frame = self.context.channel().ask(FrameKind::scan_next, {{"scan", self.scan}});
    if (!frame.json.contains("end"))
      *out = wire::decode_batch(*self.schema, frame.payload, frame.arenas).take();
    return 0;
  } catch (const Refused& refused) {
    self.error = refused.message;
  } catch (const std::exception& error) {
    self.error = error.what();
  }
  return EIO;
}

const char* last_error(ArrowArrayStream* stream) {
  const std::string& error = stream_of(stream).error;
  return error.empty() ? nullptr : error.c_str();
}

void release(ArrowArrayStream* stream) {
  Stream* self = &stream_of(stream);
  try {
    self->context.channel().ask(FrameKind::scan_close, {{"scan", self->scan}});
  } catch (...) {
    // The host forgets all scans when the call ends anyway.
  }
  delete self;
  stream->release = nullptr;
}

}  // namespace

LentDataset::LentDataset(CallContext& context, std::size_t index, const json& description)
    : context_(context),
      index_(index),
      schema_(description.at("schema")),
      digest_(description.at("digest").get<std::string>()),
      roles_(description.at("roles")) {
  dataset_.struct_size = sizeof dataset_;
  dataset_.host_data = this;
  dataset_.row_count = description.at("rows").get<std::int64_t>();
  dataset_.digest = str(digest_);
  dataset_.roles = roles_.get();
  dataset_.schema = &schema;
  dataset_.scan = &scan;
}

assay_status LentDataset::schema(const assay_dataset* dataset, const assay_call* call, ArrowSchema* out) {
  try {
    *out = wire::schema_from_json(static_cast<const LentDataset*>(dataset->host_data)->schema_).take();
    return ASSAY_OK;
  } catch (const std::exception& error) {
    CallContext::of(call).explain(error.what());
    return ASSAY_E_INTERNAL;
  }
}

assay_status LentDataset::scan(const assay_dataset* dataset, const assay_call* call,
                               const assay_scan_options* options, ArrowArrayStream* out) {
  const auto& self = *static_cast<const LentDataset*>(dataset->host_data);
  CallContext& context = CallContext::of(call);
  try {
    json request = {{"dataset", self.index_}, {"batch_rows", 0}, {"columns", nullptr}};
    if (options != nullptr && options->batch_rows > 0) request["batch_rows"] = options->batch_rows;
    if (options != nullptr && options->columns != nullptr) {
      request["columns"] = json::array();
      for (std::uint64_t i = 0; i < options->column_count; ++i)
        request["columns"].push_back(std::string(view(options->columns[i])));
    }
    Frame frame;
    if (const assay_status status = context.ask(FrameKind::scan_open, request, {}, frame); status != ASSAY_OK)
      return status;
    auto stream = std::make_unique<Stream>(
        Stream{context, frame.json.at("scan"), wire::schema_from_json(frame.json.at("schema")), {}});
    *out = {&get_schema, &get_next, &last_error, &release, stream.release()};
    return ASSAY_OK;
  } catch (const std::exception& error) {
    context.explain(error.what());
    return ASSAY_E_INTERNAL;
  }
}

}  // namespace assay::worker
