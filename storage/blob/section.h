// SPDX-License-Identifier: Apache-2.0
// The parts of an encoded chunk: single bytes, and sections, which are bytes of one kind stored raw, as one
// repeated byte, or as a zstd frame, whichever is smallest. CODECS.md, "Sections".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "storage/blob/zstd_codec.h"

namespace assay {

// How a section's bytes are stored. Numbers are in files.
enum class SectionKind : std::uint8_t { raw = 0, constant = 1, zstd = 2 };

// Writes into a buffer of fixed size; once something does not fit, the rest is dropped and `fits` is false.
class SectionWriter {
 public:
  // Both must outlive the writer.
  SectionWriter(ZstdEncoder& zstd, std::span<std::byte> to) : zstd_(zstd), to_(to) {}

  void put_byte(std::uint8_t value);
  void put_u32(std::uint32_t value);
  void put_raw(std::span<const std::byte> bytes);  // no header: the reader knows the length
  void put_section(std::span<const std::byte> bytes);

  bool fits() const { return fits_; }
  std::span<const std::byte> written() const { return to_.first(used_); }

 private:
  void put_header(SectionKind kind, std::size_t raw_size, std::size_t stored_size);
  bool put_compressed(std::span<const std::byte> bytes);
  std::span<std::byte> room(std::size_t size);

  ZstdEncoder& zstd_;
  std::span<std::byte> to_;
  std::size_t used_ = 0;
  bool fits_ = true;
};

// Every function throws corrupt when what it wants is not there, and writes nowhere but into its argument.
class SectionReader {
 public:
  // Both must outlive the reader.
  SectionReader(ZstdDecoder& zstd, std::span<const std::byte> from) : zstd_(zstd), from_(from) {}

  std::uint8_t take_byte();
  std::uint32_t take_u32();
  void take_raw(std::span<std::byte> bytes);
  // Fills the front of `bytes` and returns how much of it; a longer section is corrupt.
  std::size_t take_section(std::span<std::byte> bytes);
  // Fills all of `bytes`; a section of another length is corrupt.
  void take_whole_section(std::span<std::byte> bytes);
  // Nothing may be left.
  void finish() const;

 private:
  std::span<const std::byte> take(std::size_t size);

  ZstdDecoder& zstd_;
  std::span<const std::byte> from_;
};

}  // namespace assay
