// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/check/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "registry/plugin_host/worker/check/inside.h"

namespace assay::worker::check {
namespace {

using sdk::detail::view;

bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  std::size_t start = 0;
  while (start <= name.size()) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    const std::string_view part = name.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    for (const char c : part)
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && std::string_view("._-").find(c) == std::string_view::npos)
        return false;
    start = end + 1;
  }
  return true;
}

}  // namespace

Sink::Sink(fake::FakeBundle& bundle, std::size_t step_bytes, Watch& watch)
    : bundle_(bundle), step_(step_bytes), watch_(watch) {
  raw.struct_size = sizeof raw;
  raw.host_data = this;
  raw.open = &open;
}

void Sink::Entry::end(bool well) {
  if (ended) sink->watch_.note(fmt::format("it ends the entry \"{}\" twice", name));
  ended = true;
  finished = well;
}

assay_status Sink::open(const assay_sink* it, const assay_call*, assay_str name, assay_str, assay_writer* out) {
  const Outside host;
  Sink& self = *static_cast<Sink*>(it->host_data);
  const std::string text(view(name));
  if (!valid_name(text)) self.watch_.note(fmt::format("it writes an entry called \"{}\", which no bundle can have", text));
  for (const Entry& other : self.entries_) {
    if (!other.ended) self.watch_.note(fmt::format("it opens \"{}\" while \"{}\" is open", text, other.name));
    if (other.finished && other.name == text) self.watch_.note(fmt::format("it writes the entry \"{}\" twice", text));
  }
  if (self.watch_.fails()) return ASSAY_E_IO;
  out->host_data = &self.entries_.emplace_back(Entry{&self, text, {}});
  out->write = [](const assay_writer* writer, const assay_call*, const void* data, std::uint64_t size,
                  std::uint64_t* taken) -> assay_status {
    const Outside outside;
    Entry& entry = *static_cast<Entry*>(writer->host_data);
    if (entry.ended) entry.sink->watch_.note(fmt::format("it writes to \"{}\" after its end", entry.name));
    if (entry.sink->watch_.fails()) return ASSAY_E_IO;
    *taken = std::min<std::uint64_t>(size, entry.sink->step_);
    entry.bytes.append(static_cast<const char*>(data), static_cast<std::size_t>(*taken));
    return ASSAY_OK;
  };
  out->finish = [](const assay_writer* writer, const assay_call*) -> assay_status {
    const Outside outside;
    Entry& entry = *static_cast<Entry*>(writer->host_data);
    // A finish that fails has ended its entry all the same.
    const bool failing = entry.sink->watch_.fails();
    entry.end(!failing);
    if (failing) return ASSAY_E_IO;
    entry.sink->bundle_.entries.emplace_back(entry.name, entry.bytes);
    return ASSAY_OK;
  };
  out->abort = [](const assay_writer* writer) {
    const Outside outside;
    static_cast<Entry*>(writer->host_data)->end(false);
  };
  return ASSAY_OK;
}

void Sink::returned(assay_status status) {
  for (const Entry& entry : entries_) {
    if (!entry.ended) watch_.note(fmt::format("it returns while the entry \"{}\" is open", entry.name));
    if (entry.ended && !entry.finished && status == ASSAY_OK)
      watch_.note(fmt::format("it returns ASSAY_OK although the entry \"{}\" was not finished", entry.name));
  }
}

Source::Source(const fake::FakeBundle& bundle, std::size_t step_bytes, Watch& watch)
    : bundle_(bundle), step_(step_bytes), watch_(watch) {
  raw.struct_size = sizeof raw;
  raw.host_data = this;
  raw.entry = [](const assay_source* it, std::uint32_t index, assay_str* out) -> assay_status {
    const auto& entries = static_cast<Source*>(it->host_data)->bundle_.entries;
    if (index >= entries.size()) return ASSAY_E_NOT_FOUND;
    return *out = sdk::detail::str(entries[index].first), ASSAY_OK;
  };
  raw.open = &open;
}

assay_status Source::open(const assay_source* it, const assay_call*, assay_str name, assay_reader* out) {
  const Outside host;
  Source& self = *static_cast<Source*>(it->host_data);
  const auto& entries = self.bundle_.entries;
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.first == view(name); });
  if (found == entries.end()) return ASSAY_E_NOT_FOUND;
  if (self.watch_.fails()) return ASSAY_E_IO;
  out->size = found->second.size();
  out->host_data = &self.entries_.emplace_back(Entry{&self, found->second});
  out->read = [](const assay_reader* reader, const assay_call*, void* buffer, std::uint64_t capacity,
                 std::uint64_t* got) -> assay_status {
    const Outside outside;
    Entry& entry = *static_cast<Entry*>(reader->host_data);
    if (entry.closed) entry.source->watch_.note("it reads from an entry that it has closed");
    if (entry.source->watch_.fails()) return ASSAY_E_IO;
    const std::size_t size = std::min({entry.rest.size(), static_cast<std::size_t>(capacity), entry.source->step_});
    if (size > 0) std::memcpy(buffer, entry.rest.data(), size);
    entry.rest.remove_prefix(size);
    return *got = size, ASSAY_OK;
  };
  out->close = [](const assay_reader* reader) {
    const Outside outside;
    Entry& entry = *static_cast<Entry*>(reader->host_data);
    if (entry.closed) entry.source->watch_.note("it closes an entry that it reads twice");
    entry.closed = true;
  };
  return ASSAY_OK;
}

void Source::returned() {
  for (const Entry& entry : entries_)
    if (!entry.closed) watch_.note("it returns without having closed an entry that it reads");
}

}  // namespace assay::worker::check
