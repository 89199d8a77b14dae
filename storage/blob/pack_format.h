// SPDX-License-Identifier: Apache-2.0
// The bytes of a pack: header, records, footer. The layout is FORMAT.md's ("A pack"); nobody else knows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/digest.h"
#include "storage/blob/blob_store.h"
#include "storage/blob/chunk_codec.h"
#include "storage/blob/cutter.h"
#include "storage/env/files.h"

namespace assay {

// Numbers are in files: never reuse one.
enum class RecordKind : std::uint8_t { chunk = 1, page = 2, blob = 3 };

// A record's head.
struct Record {
  RecordKind kind;
  ChunkCodec codec = ChunkCodec::raw;
  Element element = Element::bytes;
  std::uint8_t depth = 0;  // of the chain of chunks that decoding needs; 0 without bases
  std::uint32_t raw_length = 0;
  Digest id;                       // of a chunk or page: SHA-256 of its raw bytes; of a blob: the blob's own
  std::vector<Digest> bases = {};  // of a blob: SHA-256 of its raw bytes, alone
};

// Bytes of a record with so many bases and stored bytes.
std::uint64_t record_size(std::size_t bases, std::size_t stored);

// Where a record is and what it is, as footers list it and as the index keeps it.
struct PackEntry {
  Digest id;
  std::uint64_t offset;  // of the record in the pack
  std::uint32_t raw_length;
  std::uint32_t stored_length;
  std::uint32_t first_base;  // in PackContents::bases
  std::uint8_t base_count;
  RecordKind kind;
  ChunkCodec codec;
  Element element;
  std::uint8_t depth;
  bool damaged = false;  // was found to be so; damage lists say so
  bool dead = false;     // the description of a blob that a collection found dead; dead lists say so

  std::uint64_t size() const { return record_size(base_count, stored_length); }
};

// A blob whose description is in a pack.
struct PackBlob {
  Digest digest;
  std::uint64_t size;   // raw bytes
  std::uint64_t added;  // bytes of the records that storing it added, in all packs
  Sketch sketch;
};

struct PackContents {
  std::vector<PackEntry> entries;
  std::vector<Digest> bases;
  std::vector<PackBlob> blobs;

  std::span<const Digest> bases_of(const PackEntry& entry) const {
    return std::span(bases).subspan(entry.first_base, entry.base_count);
  }
  // Adds `more`, whose records lie `shift` bytes further on.
  void append(const PackContents& more, std::uint64_t shift);
};

// Records ready to be written one after the other, and what they are; offsets count from the first.
struct RecordBatch {
  std::vector<std::byte> bytes;
  PackContents contents;

  // `stored` are the record's raw bytes in the record's codec.
  void add(const Record& record, std::span<const std::byte> stored);
  // The description of a blob; `raw` is an encoded Recipe.
  void add_blob(const PackBlob& blob, std::span<const std::byte> raw);
};

inline constexpr std::size_t kPackHeaderSize = 32;

// Writes one pack from front to back; one thread at a time.
class PackWriter {
 public:
  // Writes the header. `file` is empty and outlives the writer. Throws as File::append does, here and below;
  // then the file ends in the middle of something and the writer must not be used again.
  PackWriter(File& file, std::span<const std::byte, 16> id);

  void append(const RecordBatch& batch);
  void seal();
  std::uint64_t size() const { return size_; }
  // Of what was appended, with offsets in the pack.
  const PackContents& contents() const { return contents_; }

 private:
  File& file_;
  std::uint64_t size_ = kPackHeaderSize;
  PackContents contents_;
};

// Whether the header, every bit of it, is that of the pack of this name (its id, 32 hex digits).
bool has_header_of(const File& file, std::string_view name);

// What the footer of a sealed pack says, compared with its own digest and with the file's length; what the
// header says is no matter. Throws corrupt with a bare clause for the caller to put in a sentence. Allocates in
// proportion to the file, whatever the file says.
PackContents read_footer(const File& file);

// The same from the records alone, front to back up to the first that is not whole; their stored bytes are
// compared with their sums. `end` becomes where that is. Throws corrupt unless the file begins as a pack does,
// unsupported for a later version, with a bare clause.
PackContents scan_records(const File& file, std::uint64_t& end);

// As scan_records, but goes on behind what is not whole, wherever a whole record begins again, and whatever
// the header says. `end` becomes where the first that is not whole begins.
PackContents salvage_records(const File& file, std::uint64_t& end);

// Where the records end: the length of the file without its footer, if it has one.
std::uint64_t records_end(const File& file);

// Which of a record's sums to compare: that of the stored bytes may be left out when what they decode to is
// compared with a digest.
enum class Sums { all, of_head };

// Reads a record whole into `buffer`, compares it with its sums and with `entry`, and returns its stored
// bytes. Throws corrupt with a bare clause, else as File::read_at.
std::span<const std::byte> read_record(const File& file, const PackEntry& entry,
                                       std::span<const Digest> bases, std::vector<std::byte>& buffer,
                                       Sums sums = Sums::all);

// Descriptions that are dead although the pack they are in is not: opening the store passes them over.
struct DeadBlob {
  std::string pack;  // its name
  Digest blob;

  auto operator<=>(const DeadBlob&) const = default;
};

std::vector<std::byte> encode_dead_list(const std::vector<DeadBlob>& dead);
// Throws corrupt or unsupported with a bare clause.
std::vector<DeadBlob> decode_dead_list(std::span<const std::byte> bytes);

// What a blob's description says: see FORMAT.md, "Recipes".
struct RecipePage {
  Digest id;
  std::uint64_t size;  // raw bytes of its chunks together
  std::uint32_t chunks;
};

struct Recipe {
  std::uint64_t size = 0;
  std::uint64_t added = 0;
  Sketch sketch{};
  std::vector<RecipePage> pages;
};

std::vector<std::byte> encode_recipe(const Recipe& recipe);
std::vector<std::byte> encode_page(std::span<const ChunkInfo> chunks);
// Throw corrupt with a bare clause.
Recipe decode_recipe(std::span<const std::byte> raw);
std::vector<ChunkInfo> decode_page(std::span<const std::byte> raw);

}  // namespace assay
