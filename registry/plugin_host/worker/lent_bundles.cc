// SPDX-License-Identifier: Apache-2.0
// Sources, sinks and configs. Nothing is buffered here: the host stages what is written, and drops it unless
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

LentConfig::LentConfig(std::string canonical) : text_(std::move(canonical)), json_(json::parse(text_)) {
  config_.struct_size = sizeof config_;
  config_.host_data = this;
  config_.json = str(text_);
  config_.get_f64 = &get_f64;
  config_.get_i64 = &get_i64;
  config_.get_bool = &get_bool;
  config_.get_str = &get_str;
}

template <typename T, typename Read>
assay_status LentConfig::read(const assay_config* config, assay_str pointer, T* out, Read read_value) {
  try {
    const json& document = static_cast<const LentConfig*>(config->host_data)->json_;
    const json::json_pointer place{std::string(view(pointer))};
    if (!document.contains(place)) return ASSAY_E_NOT_FOUND;
    return read_value(document.at(place), out) ? ASSAY_OK : ASSAY_E_INVALID_CONFIG;
  } catch (const std::exception&) {
    return ASSAY_E_NOT_FOUND;  // not a JSON pointer
  }
}

assay_status LentConfig::get_f64(const assay_config* config, assay_str pointer, double* out) {
  return read(config, pointer, out, [](const json& value, double* to) {
    if (value.is_number()) *to = value.get<double>();
    return value.is_number();
  });
}

assay_status LentConfig::get_i64(const assay_config* config, assay_str pointer, int64_t* out) {
  return read(config, pointer, out, [](const json& value, int64_t* to) {
    if (value.is_number_integer()) *to = value.get<int64_t>();
    return value.is_number_integer();
  });
}

assay_status LentConfig::get_bool(const assay_config* config, assay_str pointer, int32_t* out) {
  return read(config, pointer, out, [](const json& value, int32_t* to) {
    if (value.is_boolean()) *to = value.get<bool>() ? 1 : 0;
    return value.is_boolean();
  });
}

assay_status LentConfig::get_str(const assay_config* config, assay_str pointer, assay_str* out) {
  return read(config, pointer, out, [](const json& value, assay_str* to) {
    if (value.is_string()) *to = str(value.get_ref<const std::string&>());
    return value.is_string();
  });
}

}  // namespace assay::worker
