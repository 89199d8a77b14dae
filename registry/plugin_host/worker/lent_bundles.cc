// SPDX-License-Identifier: Apache-2.0
// Sources and sinks. Nothing is buffered here: the host stages what is written, and drops it unless
// the call succeeds.
#include <algorithm>
#include <cstring>

#include "registry/plugin_host/worker/lending.h"

namespace assay::worker {
namespace {

using nlohmann::json;
using wire::FrameKind;

}  // namespace

LentSource::LentSource(CallContext& context, const json& entries)
    : context_(context), present_(entries.is_array()) {
  if (present_)
    for (const json& item : entries)
      entries_.push_back({item.at("name").get<std::string>(), item.at("size").get<std::uint64_t>()});
  source_.struct_size = sizeof source_;
  source_.host_data = this;
  source_.entry = &entry;
  source_.open = &open;
}

assay_status LentSource::entry(const assay_source* source, uint32_t index, assay_str* out) {
  const auto& self = *static_cast<const LentSource*>(source->host_data);
  if (index >= self.entries_.size()) return ASSAY_E_NOT_FOUND;
  *out = str(self.entries_[index].name);
  return ASSAY_OK;
}

assay_status LentSource::open(const assay_source* source, const assay_call* call, assay_str name,
                              assay_reader* out) {
  const auto& self = *static_cast<const LentSource*>(source->host_data);
  const auto found = std::find_if(self.entries_.begin(), self.entries_.end(),
                                  [&](const Entry& entry) { return entry.name == view(name); });
  if (found == self.entries_.end()) {
    CallContext::of(call).explain("the bundle has no entry \"" + std::string(view(name).substr(0, 255)) +
                                  '"');
    return ASSAY_E_NOT_FOUND;
  }
  assay_reader reader{};
  reader.struct_size =
      std::min<uint32_t>(out->struct_size == 0 ? sizeof reader : out->struct_size, sizeof reader);
  reader.host_data = new Reading{self.context_, found->name};
  reader.size = found->size;
  reader.read = &read;
  reader.close = &close;
  std::memcpy(out, &reader, reader.struct_size);
  return ASSAY_OK;
}

assay_status LentSource::read(const assay_reader* reader, const assay_call* call, void* buffer,
                              uint64_t capacity, uint64_t* got) {
  auto& self = *static_cast<Reading*>(reader->host_data);
  const std::uint64_t size = std::min<std::uint64_t>(capacity, wire::kMaxChunkBytes);
  Frame frame;
  const assay_status status = CallContext::of(call).ask(
      FrameKind::source_read, {{"name", self.name}, {"offset", self.offset}, {"size", size}}, {}, frame);
  if (status != ASSAY_OK) return status;
  *got = std::min<std::uint64_t>(frame.payload.size(), size);
  if (*got != 0) std::memcpy(buffer, frame.payload.data(), *got);
  self.offset += *got;
  return ASSAY_OK;
}

void LentSource::close(const assay_reader* reader) {
  delete static_cast<Reading*>(reader->host_data);
}

LentSink::LentSink(CallContext& context) : context_(context) {
  sink_.struct_size = sizeof sink_;
  sink_.host_data = this;
  sink_.open = &open;
}

assay_status LentSink::open(const assay_sink* sink, const assay_call* call, assay_str name,
                            assay_str media_type, assay_writer* out) {
  Frame frame;
  const assay_status status = CallContext::of(call).ask(
      FrameKind::sink_open,
      {{"name", std::string(view(name))}, {"media_type", std::string(view(media_type))}}, {}, frame);
  if (status != ASSAY_OK) return status;
  assay_writer writer{};
  writer.struct_size =
      std::min<uint32_t>(out->struct_size == 0 ? sizeof writer : out->struct_size, sizeof writer);
  writer.host_data = sink->host_data;
  writer.write = &write;
  writer.finish = &finish;
  writer.abort = &abort;
  std::memcpy(out, &writer, writer.struct_size);
  return ASSAY_OK;
}

assay_status LentSink::write(const assay_writer*, const assay_call* call, const void* data, uint64_t size,
                             uint64_t* taken) {
  const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, wire::kMaxChunkBytes));
  Frame frame;
  const assay_status status = CallContext::of(call).ask(FrameKind::sink_write, json::object(),
                                                        {static_cast<const std::byte*>(data), part}, frame);
  if (status == ASSAY_OK) *taken = part;
  return status;
}

assay_status LentSink::finish(const assay_writer*, const assay_call* call) {
  Frame frame;
  return CallContext::of(call).ask(FrameKind::sink_finish, json::object(), {}, frame);
}

void LentSink::abort(const assay_writer* writer) {
  Frame frame;
  static_cast<LentSink*>(writer->host_data)->context_.ask(FrameKind::sink_abort, json::object(), {}, frame);
}

}  // namespace assay::worker
