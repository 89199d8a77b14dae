// SPDX-License-Identifier: Apache-2.0
// Bytes as one zstd frame (RFC 8878): alone, after the bytes of a parent, or with literals alone. CODECS.md,
// "zstd".
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace assay {

// One thread at a time. Each function returns the frame's length in `to`, or nothing when it does not fit
// there: to give less than `raw` is to ask for a gain.
class ZstdEncoder {
 public:
  ZstdEncoder();
  ~ZstdEncoder();

  std::optional<std::size_t> encode(std::span<const std::byte> raw, std::span<std::byte> to);
  // Decoding needs the same `parent`. At most kMaxParent bytes of parent, kMaxChunk of raw.
  std::optional<std::size_t> encode_after(std::span<const std::byte> parent, std::span<const std::byte> raw,
                                          std::span<std::byte> to);
  // For bytes without repetitions but with a skewed histogram: codes each by its frequency and looks for no
  // matches, which in such bytes are accidents that cost more than they save.
  std::optional<std::size_t> encode_literals(std::span<const std::byte> raw, std::span<std::byte> to);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  using Context = std::unique_ptr<ZSTD_CCtx_s, Free>;
  static Context make();

  Context plain_;
  Context after_;
  Context literals_;
};

// One thread at a time.
class ZstdDecoder {
 public:
  ZstdDecoder();
  ~ZstdDecoder();

  // Fills all of `raw` from `stored`; an empty parent is none. Throws corrupt unless `stored` is exactly one
  // frame as CODECS.md allows. Writes nowhere but into `raw`.
  void decode(std::span<const std::byte> stored, std::span<const std::byte> parent, std::span<std::byte> raw);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

}  // namespace assay
