// SPDX-License-Identifier: Apache-2.0
// What others do with the same chunk, re-implemented for comparison: plain zstd, byte planes + zstd, and XOR
// with the parent + byte planes + zstd (the method of BitX).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace assay::bench {

struct Peer {
  int level;
  std::size_t width;  // 1: the bytes as they are; more: byte planes of elements so wide
};

// The frames of all chunks, each with its length before it; `parent` may be empty.
std::vector<std::byte> encode(const Peer& peer, std::span<const std::byte> raw,
                              std::span<const std::byte> parent);
void decode(const Peer& peer, std::span<const std::byte> stored, std::span<const std::byte> parent,
            std::span<std::byte> raw);

}  // namespace assay::bench
