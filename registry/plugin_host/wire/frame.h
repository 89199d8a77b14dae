// SPDX-License-Identifier: Apache-2.0
// What host and worker say to each other: one request at a time from the host, answered by `done`; in between
// the worker may call back. Both ends are built together, so the protocol has no version; a worker's words
// are checked all the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace assay::wire {

enum class FrameKind : std::uint32_t {
  // Requests of the host. Every one carries "call": {"seed", "max_threads", "deadline_ns"}.
  open = 1,      // "component", "capability", "config" -> "manifest", "abi_minor"
  fit = 2,       // "datasets", "source" -> entries through the sink
  load = 3,      // "source"
  bind = 4,      // "schema" -> "schema"
  score = 5,     // a batch -> a batch. Every batch: wire/batch.h
  begin = 6,     // "schema", "roles", "source" -> "state"
  update = 7,    // "state", a batch
  merge = 8,     // "into", "from"
  save = 9,      // "state" -> entries through the sink
  restore = 10,  // "schema", "roles", "source" -> "state"
  finish = 11,   // "state", "extras" -> "schema", a batch
  end = 12,      // "state"
  quit = 13,     // tidy up; nothing follows
  check = 14,    // "rule", … -> "passed", "message"
  layers = 15,   // without a plugin -> "layers"

  // One way, and each with a file.
  library = 30,  // before the first request: what to load
  arena = 31,    // "id", "size", "use": memory to map; "input" and "output" take the place of an earlier one,
                 // "scratch" is the plugin's until its call ends
  // One way, without.
  forget = 32,  // "id": no batch will lie in this table's memory any more

  cancel = 20,  // to the request under way; has no answer
  answer = 21,  // to a callback: {} and what it asked for, or "status" and "message"

  done = 100,  // of a request: "status", "message", "details" and its results
  // Callbacks that wait for an answer.
  scan_open = 110,   // "dataset", "batch_rows", "columns" -> "scan", "schema"
  scan_next = 111,   // "scan" -> a batch, or "end": true
  scan_close = 112,  // "scan"
  sink_open = 120,   // "name", "media_type"
  sink_write = 121,  // bytes
  sink_finish = 122,
  sink_abort = 123,
  source_read = 130,  // "name", "offset", "size" -> bytes
  scratch_take = 131,  // "bytes" -> "id" of an arena that came before the answer
  scratch_end = 132,   // "id"
  // Callbacks that do not.
  log = 140,       // "level", "message"
  metric = 141,    // "name", "step", "value" (null: not finite)
  progress = 142,  // "fraction", "what"
};

inline constexpr std::uint32_t kMaxJsonBytes = 16u << 20;      // a schema of 16 384 columns, with room
inline constexpr std::uint64_t kMaxPayloadBytes = 2ull << 30;  // a batch; rows are cut to fit
inline constexpr std::size_t kMaxChunkBytes = 1u << 20;        // of an entry read or written
inline constexpr std::uint64_t kScratchQuota = 16ull << 30;    // bytes that a call may hold at a time
inline constexpr std::size_t kAlignment = 64;                  // of each buffer in a payload

struct FrameHeader {
  std::uint32_t kind = 0;
  std::uint32_t json_size = 0;
  std::uint64_t payload_size = 0;
};
static_assert(sizeof(FrameHeader) == 16);

// Bytes at an address that is a multiple of kAlignment. Shared, because the arrays of a batch point into it.
class Payload {
 public:
  Payload() = default;
  explicit Payload(std::size_t size);

  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }
  // The first `size` bytes, sharing the memory.
  Payload first(std::size_t size) const {
    Payload part = *this;
    part.size_ = size;
    return part;
  }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }

 private:
  std::shared_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace assay::wire
