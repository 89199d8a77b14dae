// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/codec/peers.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "storage/base/cpu.h"
#include "storage/base/limits.h"
#include "storage/blob/plane_split.h"

namespace assay::bench {
namespace {

std::size_t check(std::size_t size) {
  if (ZSTD_isError(size)) throw std::runtime_error(ZSTD_getErrorName(size));
  return size;
}

void exclusive_or(std::span<std::byte> bytes, std::span<const std::byte> other) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= other[i];
}

}  // namespace

std::vector<std::byte> encode(const Peer& peer, std::span<const std::byte> raw,
                              std::span<const std::byte> parent) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  std::vector<std::byte> all;
  all.reserve(raw.size() + raw.size() / 8);
  std::vector<std::byte> chunk(kMaxChunk);
  std::vector<std::byte> planes(kMaxChunk);
  std::vector<std::byte> frame(ZSTD_compressBound(kMaxChunk));
  const Cpu cpu = Cpu::here();
  for (std::size_t at = 0; at < raw.size(); at += kMaxChunk) {
    const std::size_t size = std::min<std::size_t>(kMaxChunk, raw.size() - at);
    std::memcpy(chunk.data(), raw.data() + at, size);
    if (!parent.empty()) exclusive_or(std::span(chunk).first(size), parent.subspan(at, size));
    const std::size_t parts = peer.width;
    if (parts > 1) split_planes(cpu, parts, chunk.data(), size / parts, planes.data());
    const std::byte* const from = parts > 1 ? planes.data() : chunk.data();
    for (std::size_t p = 0; p < parts; ++p) {
      const std::uint32_t length = static_cast<std::uint32_t>(check(ZSTD_compressCCtx(
          context.get(), frame.data(), frame.size(), from + p * (size / parts), size / parts, peer.level)));
      const auto* const bytes = reinterpret_cast<const std::byte*>(&length);
      all.insert(all.end(), bytes, bytes + sizeof(length));
      all.insert(all.end(), frame.data(), frame.data() + length);
    }
  }
  return all;
}

void decode(const Peer& peer, std::span<const std::byte> stored, std::span<const std::byte> parent,
            std::span<std::byte> raw) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::vector<std::byte> planes(kMaxChunk);
  const Cpu cpu = Cpu::here();
  for (std::size_t at = 0; at < raw.size(); at += kMaxChunk) {
    const std::size_t size = std::min<std::size_t>(kMaxChunk, raw.size() - at);
    const std::size_t parts = peer.width;
    std::byte* const to = parts > 1 ? planes.data() : raw.data() + at;
    for (std::size_t p = 0; p < parts; ++p) {
      std::uint32_t length = 0;
      std::memcpy(&length, stored.data(), sizeof(length));
      check(ZSTD_decompressDCtx(context.get(), to + p * (size / parts), size / parts,
                                stored.data() + sizeof(length), length));
      stored = stored.subspan(sizeof(length) + length);
    }
    if (parts > 1) join_planes(cpu, parts, planes.data(), size / parts, raw.data() + at);
    if (!parent.empty()) exclusive_or(raw.subspan(at, size), parent.subspan(at, size));
  }
}

}  // namespace assay::bench
