// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/callbacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/abi.h"
#include "registry/compute/literal.h"
#include "registry/domain/json_reader.h"
#include "registry/plugin_host/wire/batch.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;
using wire::FrameKind;

constexpr std::int64_t kMaxBatchRows = 1 << 20;
constexpr std::size_t kMaxScans = 64;          // open at once; a plugin needs one or two
constexpr std::size_t kMaxEntryName = 255;     // as abi.h says
constexpr std::size_t kMaxMessage = 64 << 10;  // of one log line
constexpr std::int64_t kMaxId = (std::int64_t{1} << 53) - 1;

bool is_entry_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxEntryName) return false;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    const bool spelled = std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
             c == '_' || c == '-';
    });
    if (part.empty() || part == "." || part == ".." || !spelled) return false;
    begin = end + 1;
  }
  return true;
}

std::int64_t rows_that_share_bitmaps(std::int64_t rows) {
  return std::max<std::int64_t>(8, rows / 8 * 8);
}

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
      return sink_write(frame);
    case FrameKind::sink_finish:
      return sink_finish();
    case FrameKind::sink_abort:
      return sink_abort();
    case FrameKind::source_read:
      return source_read(frame.json);
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

  Scan scan;
  scan.rows = lent_.datasets[dataset];
  const std::int64_t limit = wanted == 0 ? scan.rows->batch_rows : wanted;
  scan.batch_rows = rows_that_share_bitmaps(std::clamp<std::int64_t>(limit, 1, kMaxBatchRows));
  // A plugin may ask for less than a byte of bits; then bitmaps are copied.
  if (limit < 8) scan.batch_rows = std::max<std::int64_t>(1, limit);
  const Table& table = *scan.rows->table;
  TableSchema schema;
  const auto choose = [&](std::size_t index) {
    scan.columns.push_back(index);
    schema.push_back(table.columns()[index].spec());
  };
  if (columns == nullptr || columns->is_null()) {
    for (std::size_t i = 0; i < table.columns().size(); ++i) choose(i);
  } else {
    for (const json& name : *columns) {
      if (!name.is_string()) throw Error(Code::invalid_argument, "a column's name is not a text");
      choose(static_cast<std::size_t>(&table.at(name.get<std::string>(), "the dataset") -
                                      table.columns().data()));
    }
  }
  scan.schema = export_schema(schema);
  json reply = {{"scan", next_scan_}, {"schema", wire::schema_to_json(*scan.schema)}};
  scans_.emplace(next_scan_++, std::move(scan));
  return reply;
}

json Callbacks::scan_next(const json& request) {
  const auto found =
      scans_.find(static_cast<std::uint64_t>(JsonObject(request, "scan").integer("scan", 0, kMaxId)));
  if (found == scans_.end()) throw Error(Code::invalid_argument, "this scan is not open");
  Scan& scan = found->second;
  const TablePtr& table = scan.rows->table;
  if (scan.next >= table->rows()) return {{"end", true}};
  const std::int64_t rows = std::min(scan.batch_rows, table->rows() - scan.next);
  const ArrayOwner batch = export_batch(table, scan.next, rows, scan.columns);
  wire::EncodedBatch encoded = wire::encode_batch(*scan.schema, *batch);
  scan.next += rows;
  payload_ = std::move(encoded.payload);
  return encoded.descriptor();
}

json Callbacks::scan_close(const json& request) {
  scans_.erase(static_cast<std::uint64_t>(JsonObject(request, "scan").integer("scan", 0, kMaxId)));
  return json::object();
}

json Callbacks::sink_open(const json& request) {
  JsonObject object(request, "entry");
  Open entry{object.text("name"), object.text("media_type"), {}};
  if (!lent_.sink) throw Error(Code::invalid_argument, "this call has no sink");
  if (open_entry_)
    throw Error(Code::invalid_argument,
                fmt::format("entry \"{}\" is still being written", open_entry_->name));
  if (!is_entry_name(entry.name))
    throw Error(Code::invalid_argument,
                "an entry's name is made of [A-Za-z0-9._-] parts joined by '/', at most 255 bytes");
  if (written_.all().contains(entry.name))
    throw Error(Code::already_exists, fmt::format("entry \"{}\" was written before", entry.name));
  if (written_.all().size() >= PluginSession::kMaxEntries)
    throw Error(Code::too_large, fmt::format("more than {} entries", PluginSession::kMaxEntries));
  if (entry.media_type.size() > kMaxEntryName) throw Error(Code::invalid_argument, "a media type that long");
  open_entry_ = std::move(entry);
  return json::object();
}

json Callbacks::sink_write(const WireFrame& frame) {
  if (!open_entry_) throw Error(Code::invalid_argument, "no entry is being written");
  written_bytes_ += frame.payload.size();
  if (written_bytes_ > PluginSession::kMaxBundleBytes)
    throw Error(Code::too_large, fmt::format("more than {} GiB of entries", PluginSession::kMaxBundleBytes >> 30));
  open_entry_->bytes.append(frame.payload.text());
  return json::object();
}

json Callbacks::sink_finish() {
  if (!open_entry_) throw Error(Code::invalid_argument, "no entry is being written");
  Open entry = std::move(*open_entry_);
  open_entry_.reset();
  written_.put(std::move(entry.name), std::move(entry.media_type), std::move(entry.bytes));
  return json::object();
}

json Callbacks::sink_abort() {
  open_entry_.reset();
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

void Callbacks::report(const WireFrame& frame) {
  JsonObject object(frame.json, "report");
  if (frame.kind == FrameKind::progress) {
    progress_.progress(std::clamp(object.number("fraction"), 0.0, 1.0),
                       object.text("what").substr(0, kMaxMessage));
  } else if (frame.kind == FrameKind::metric) {
    const std::string name = object.text("name").substr(0, kMaxEntryName);
    const auto value = object.optional_number("value");
    progress_.metric(name, object.integer("step", -kMaxId, kMaxId), value.value_or(std::nan("")));
  } else {
    const std::int64_t level = object.integer("level", ASSAY_LOG_DEBUG, ASSAY_LOG_ERROR);
    progress_.log(static_cast<PluginLogLevel>(level), object.text("message").substr(0, kMaxMessage));
  }
}

MemoryBundle Callbacks::take_written() {
  return std::move(written_);
}

}  // namespace assay
