// SPDX-License-Identifier: Apache-2.0
// Arrow data between processes: schemas as JSON, a batch as a descriptor (JSON) and one payload with all its
// buffers. The descriptor names places, not pointers, so the payload may later live in shared memory instead
// of following its frame.
#pragma once

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

// {"nodes":[[length, null_count, offset],…],"buffers":[[offset, size],…]} in depth-first order, and the
// bytes. Offsets of nodes are 0: a slice is copied to its own start. The array is trusted to be what the
// schema says.
struct EncodedBatch {
  nlohmann::json descriptor() const;
  std::vector<std::array<std::int64_t, 3>> nodes;
  std::vector<std::array<std::uint64_t, 2>> buffers;
  Payload payload;
};
EncodedBatch encode_batch(const ArrowSchema& schema, const ArrowArray& array);

// The array that a descriptor and a payload spell, pointing into the payload. Nothing is taken on trust:
// counts, lengths, alignment, bounds, monotonic offsets, UTF-8. Null counts are recounted. Throws internal
// naming what is wrong.
ArrayOwner decode_batch(const ArrowSchema& schema, const nlohmann::json& descriptor, const Payload& payload);

}  // namespace assay::wire
