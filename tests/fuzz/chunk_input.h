// SPDX-License-Identifier: Apache-2.0
// How chunk_decoder_fuzz reads its input, shared with what writes its corpus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay::fuzz {

// codec; raw length, two bytes; which parent: even, the chunk's length; odd, this many bytes.
inline constexpr std::size_t kChunkHeader = 4;
inline constexpr std::size_t kMaxRaw = 4096;

// The parent: it cannot be part of the input, or changing the stored bytes would change it too.
inline std::vector<std::byte> chunk_parent(std::size_t size) {
  std::vector<std::byte> parent(size);
  for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = static_cast<std::byte>(i * 37 + i / 256 * 11);
  return parent;
}

}  // namespace assay::fuzz
