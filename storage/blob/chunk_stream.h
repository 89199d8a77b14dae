// SPDX-License-Identifier: Apache-2.0
// Cuts a file that comes in pieces and hashes it and its chunks in one pass: for the store as it takes bytes
// in, and for a client that wants to know what a store would make of its file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "storage/base/paired_sha256.h"
#include "storage/blob/blob_store.h"
#include "storage/blob/cutter.h"

namespace assay {

// One thread at a time. Memory: one chunk, or a tensor file's head if that is longer.
class ChunkStream {
 public:
  // Called for every chunk in order, with bytes that are valid for the call. It must call hash_chunk() or
  // hash_whole() once.
  using Visit = std::function<void(const Cut& cut, std::span<const std::byte> bytes)>;

  explicit ChunkStream(Visit visit) : visit_(std::move(visit)) {}

  // During a visit: hashes the chunk, and the file as far as it, in one pass; the chunk's digest.
  Digest hash_chunk();
  // During a visit: hashes the file as far as the chunk; the visitor finds the chunk's digest in another way.
  void hash_whole();
  // During a visit, when the chunk is all that the stream holds: its buffer, so that the bytes need not be
  // copied; the stream goes on with `other`. Otherwise nothing.
  std::optional<std::vector<std::byte>> exchange_buffer(std::vector<std::byte>& other);

  void write(std::span<const std::byte> bytes);
  // The digest of the whole, after the last chunk was visited. Call it once.
  Digest finish();
  const Sketch& sketch() const { return cutter_.sketch(); }

 private:
  std::size_t emit(std::span<const std::byte> ahead);
  void drop(std::size_t length);

  Visit visit_;
  Cutter cutter_;
  PairedSha256 hash_;
  std::vector<std::byte> held_;  // bytes seen and not yet cut, from taken_ on
  std::size_t taken_ = 0;
  std::span<const std::byte> visited_;  // the chunk being visited
  bool holds_one_ = false;              // held_ is exactly that
};

// As above, for whoever wants the list alone.
class ChunkLister {
 public:
  explicit ChunkLister(std::function<void(const ChunkInfo&)> visit)
      : stream_([this, visit = std::move(visit)](const Cut& cut, std::span<const std::byte>) {
          visit({stream_.hash_chunk(), cut.length});
        }) {}
  ChunkLister(const ChunkLister&) = delete;
  ChunkLister& operator=(const ChunkLister&) = delete;

  void write(std::span<const std::byte> bytes) { stream_.write(bytes); }
  Digest finish() { return stream_.finish(); }

 private:
  ChunkStream stream_;
};

}  // namespace assay
