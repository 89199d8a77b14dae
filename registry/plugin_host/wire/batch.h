// SPDX-License-Identifier: Apache-2.0
// Arrow data between processes: schemas as JSON, a batch as a descriptor that names places instead of pointers. The
// places are in memory that both processes map (an arena), or in the payload itself behind the descriptor.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "registry/compute/arrow.h"
#include "registry/plugin_host/wire/frame.h"

namespace assay::wire {

inline constexpr int kMaxSchemaDepth = 8;

// {"format","name","nullable","children":[…]}. Throws unsupported for formats other than g, l, b, u, +s and
// +l, naming the column; a dictionary too.
nlohmann::json schema_to_json(const ArrowSchema& schema);
// Throws internal for what schema_to_json cannot have written.
SchemaOwner schema_from_json(const nlohmann::json& json);

// ---- The descriptor: 64-bit words. Counts of nodes and buffers; then, depth first, {length, null count} of each node
// and {arena, offset, size} of each buffer. Arena 0 is the payload, from the next multiple of kAlignment on.
inline constexpr std::size_t kNodeWords = 2, kBufferWords = 3;

// Memory that the other process maps as `arena`.
struct SharedBytes {
  std::uint64_t arena = 0;
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> keep;  // as long as this lives, the bytes stay mapped and unchanged
};
using Arenas = std::vector<SharedBytes>;

// Where an encoder puts bytes that are not in shared memory yet.
struct Target {
  struct Place {
    std::uint64_t arena = 0;
    std::uint64_t offset = 0;
    std::byte* bytes = nullptr;  // null: no room, use the payload
  };
  std::function<Place(std::uint64_t size)> take = {};  // empty: use the payload
  Arenas shared = {};                                  // buffers that lie in these are not copied
};

// The payload that describes the batch, and holds it as far as `target` does not. Nodes start at 0: a slice is cut to
// its own start. The array is trusted to be what the schema says; one that is filled short is an Error.
Payload encode_batch(const ArrowSchema& schema, const ArrowArray& array, const Target& target = {});

// The array that a payload describes, pointing into it and into `arenas`. Nothing is taken on trust: counts, lengths,
// alignment, bounds, monotonic offsets, UTF-8. Null counts are recounted. Memory that the other side can still write
// must be copied before it is given to this. Throws internal naming what is wrong.
ArrayOwner decode_batch(const ArrowSchema& schema, const Payload& payload, const Arenas& arenas = {});

// How much of `arena` a descriptor speaks of: the end of its last buffer there. Throws internal as decode_batch.
std::uint64_t extent_in(const Payload& payload, std::uint64_t arena);

}  // namespace assay::wire
