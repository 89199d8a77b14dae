// SPDX-License-Identifier: Apache-2.0
// One blob as one file: header, blocks, table, footer. The layout is FORMAT.md's; nobody else knows it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "storage/base/digest.h"
#include "storage/blob/blob_store.h"
#include "storage/blob/block_codec.h"
#include "storage/env/files.h"

namespace assay {

// A row of the table.
struct BlockRecord {
  std::uint32_t raw_length;
  std::uint32_t stored_length;
  std::uint32_t codec;
  std::uint32_t stored_crc;  // CRC-32C of the stored bytes
  Digest raw_digest;         // SHA-256 of the raw bytes
};

// Writes one blob file from front to back; one thread at a time. Memory: one encoder and one table row a
// block.
class BlobFileWriter {
 public:
  // `file` is empty and outlives the writer. Throws as File::append does, here and below.
  explicit BlobFileWriter(File& file);

  // The next kBlockSize bytes, or fewer if they are the last.
  void append_block(std::span<const std::byte> raw);
  // Ends the file. `digest` is that of all the blocks' raw bytes, one after the other.
  BlobInfo finish(const Digest& digest);

 private:
  File& file_;
  BlockEncoder encoder_;
  std::vector<BlockRecord> table_;
  std::uint64_t raw_size_ = 0;
  std::uint64_t blocks_size_ = 0;
};

// An open blob file whose header, table and footer have been found sound. One thread at a time.
class BlobFile {
 public:
  // Throws corrupt, or unsupported for a later version, with a bare clause for the caller to put in a
  // sentence. Allocates in proportion to the file, whatever the file says.
  BlobFile(std::unique_ptr<File> file, const Digest& expected);

  const BlobInfo& info() const { return info_; }
  std::size_t block_count() const { return table_.size(); }
  ChunkInfo block(std::size_t block) const { return {table_[block].raw_digest, table_[block].raw_length}; }
  std::uint32_t block_length(std::size_t block) const { return table_[block].raw_length; }
  // Decodes a block into `raw`, of exactly its length, and verifies it; throws as the constructor does.
  void read_block(std::size_t block, std::span<std::byte> raw);
  // Verifies all blocks and the digest of the whole.
  void check();

 private:
  std::unique_ptr<File> file_;
  BlobInfo info_;
  std::vector<BlockRecord> table_;
  std::vector<std::uint64_t> offsets_;  // of each block in the file
  BlockDecoder decoder_;
  std::unique_ptr<std::byte[]> stored_;  // a block as stored
};

// What the footer of a blob file claims, checked against nothing but the file's length: for counting. Throws
// corrupt or unsupported as above.
BlobInfo read_blob_footer(const File& file, const Digest& expected);

}  // namespace assay
