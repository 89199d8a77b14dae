// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/callbacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/abi.h"
#include "registry/compute/literal.h"
#include "registry/domain/json_reader.h"
#include "registry/plugin_host/batch_arenas.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;
using wire::FrameKind;

constexpr std::size_t kMaxScans = 64;          // open at once; a plugin needs one or two
constexpr std::size_t kMaxName = 255;          // of a metric
constexpr std::size_t kMaxMessage = 64 << 10;  // of one log line
constexpr std::int64_t kMaxId = (std::int64_t{1} << 53) - 1;

}  // namespace

void Callbacks::serve(const WireFrame& frame) {
  if (frame.kind == FrameKind::log || frame.kind == FrameKind::metric || frame.kind == FrameKind::progress)
    return report(frame);
  payload_ = {};
  json reply;
  try {
    reply = answer(frame);
  } catch (const Error& error) {
    payload_ = {};
    reply = {{"status", info(error.code()).abi_status}, {"message", error.message()}};
  }
  process_.send(FrameKind::answer, reply, payload_.bytes());
}

json Callbacks::answer(const WireFrame& frame) {
  switch (frame.kind) {
    case FrameKind::scan_open:
      return scan_open(frame.json);
    case FrameKind::scan_next:
      return scan_next(frame.json);
    case FrameKind::scan_close:
      return scan_close(frame.json);
    case FrameKind::sink_open:
      return sink_open(frame.json);
    case FrameKind::sink_write:
      stage_.write(frame.payload.text());
      return json::object();
    case FrameKind::sink_finish:
      stage_.finish();
      return json::object();
    case FrameKind::sink_abort:
      stage_.abort();
      return json::object();
    case FrameKind::source_read:
      return source_read(frame.json);
    case FrameKind::scratch_take:
      return scratch_take(frame.json);
    case FrameKind::scratch_end:
      return scratch_end(frame.json);
    default:
      throw Error(Code::invalid_argument, "no such callback");
  }
}

json Callbacks::scan_open(const json& request) {
  JsonObject object(request, "scan");
  const auto dataset = static_cast<std::size_t>(object.integer("dataset", 0, kMaxId));
  const std::int64_t wanted = object.integer("batch_rows", 0, kMaxId);
  const json* columns = object.optional_any("columns");
  if (dataset >= lent_.datasets.size() || lent_.datasets[dataset] == nullptr)
    throw Error(Code::not_found, "this call has no such dataset");
  if (scans_.size() >= kMaxScans) throw Error(Code::too_large, "too many scans are open at once");

  std::optional<std::vector<std::string>> chosen;
  if (columns != nullptr && !columns->is_null()) {
    chosen.emplace();
    for (const json& name : *columns) {
      if (!name.is_string()) throw Error(Code::invalid_argument, "a column's name is not a text");
      chosen->push_back(name.get<std::string>());
    }
  }
  const RowScan& scan = scans_.try_emplace(next_scan_, *lent_.datasets[dataset], wanted, chosen).first->second;
  return {{"scan", next_scan_++}, {"schema", wire::schema_to_json(scan.schema())}};
}

json Callbacks::scan_next(const json& request) {
  const auto found =
      scans_.find(static_cast<std::uint64_t>(JsonObject(request, "scan").integer("scan", 0, kMaxId)));
  if (found == scans_.end()) throw Error(Code::invalid_argument, "this scan is not open");
  arenas_.hear(request);
  const ArrayOwner batch = found->second.next();
  if (!batch) return {{"end", true}};
  payload_ = arenas_.put(found->second.schema(), *batch, found->second.table());
  return json::object();
}

json Callbacks::scan_close(const json& request) {
  scans_.erase(static_cast<std::uint64_t>(JsonObject(request, "scan").integer("scan", 0, kMaxId)));
  return json::object();
}

json Callbacks::sink_open(const json& request) {
  JsonObject object(request, "entry");
  if (!lent_.sink) throw Error(Code::invalid_argument, "this call has no sink");
  std::string name = object.text("name");
  stage_.open(std::move(name), object.text("media_type"));
  return json::object();
}

json Callbacks::source_read(const json& request) {
  JsonObject object(request, "entry");
  const std::string name = object.text("name");
  const auto offset = static_cast<std::uint64_t>(object.integer("offset", 0, kMaxId));
  const auto size = static_cast<std::size_t>(object.integer("size", 0, wire::kMaxChunkBytes));
  if (lent_.source == nullptr) throw Error(Code::invalid_argument, "this call has no source");
  wire::Payload bytes(size);
  const std::size_t got = lent_.source->read(name, offset, {bytes.data(), bytes.size()});
  payload_ = bytes.first(got);
  return json::object();
}

json Callbacks::scratch_take(const json& request) {
  if (!scratch_) scratch_.emplace();
  const Scratch::Taken taken =
      scratch_->take(static_cast<std::uint64_t>(JsonObject(request, "scratch").integer("bytes", 0, kMaxId)));
  process_.send_with_file(FrameKind::arena, {{"id", taken.id}, {"size", taken.size}, {"use", "scratch"}}, taken.fd);
  return {{"id", taken.id}};
}

json Callbacks::scratch_end(const json& request) {
  if (!scratch_) throw Error(Code::invalid_argument, "this call holds no scratch room");
  scratch_->give_back(static_cast<std::uint64_t>(JsonObject(request, "scratch").integer("id", 0, kMaxId)));
  return json::object();
}

void Callbacks::report(const WireFrame& frame) {
  JsonObject object(frame.json, "report");
  if (frame.kind == FrameKind::progress) {
    progress_.progress(std::clamp(object.number("fraction"), 0.0, 1.0),
                       object.text("what").substr(0, kMaxMessage));
  } else if (frame.kind == FrameKind::metric) {
    const std::string name = object.text("name").substr(0, kMaxName);
    const auto value = object.optional_number("value");
    progress_.metric(name, object.integer("step", -kMaxId, kMaxId), value.value_or(std::nan("")));
  } else {
    const std::int64_t level = object.integer("level", ASSAY_LOG_DEBUG, ASSAY_LOG_ERROR);
    progress_.log(static_cast<PluginLogLevel>(level), object.text("message").substr(0, kMaxMessage));
  }
}

}  // namespace assay
