// SPDX-License-Identifier: Apache-2.0
// How the bytes of one block are stored: as they are, or as one zstd frame. FORMAT.md, "Codecs".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace assay {

// Numbers are in files: never reuse one.
enum class BlockCodec : std::uint32_t { raw = 0, zstd = 1 };

struct EncodedBlock {
  BlockCodec codec;
  std::span<const std::byte> bytes;  // never longer than the block; lives until the encoder's next call
};

// One thread at a time.
class BlockEncoder {
 public:
  BlockEncoder();
  ~BlockEncoder();

  // `raw` has at most kBlockSize bytes and must live as long as the result, which may be `raw` itself.
  EncodedBlock encode(std::span<const std::byte> raw);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  std::vector<std::byte> buffer_;
};

// One thread at a time.
class BlockDecoder {
 public:
  BlockDecoder();
  ~BlockDecoder();

  // Fills all of `raw` from `stored`. Throws corrupt when `stored` is not one encoding of exactly that many
  // bytes, and unsupported for a codec that this program does not know. Writes nowhere but into `raw`,
  // whatever `stored` says.
  void decode(std::uint32_t codec, std::span<const std::byte> stored, std::span<std::byte> raw);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

}  // namespace assay
