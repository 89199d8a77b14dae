// SPDX-License-Identifier: Apache-2.0
// What an upload may be stored against: picks, for each chunk, the chunks of older blobs that probably
// resemble it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "storage/blob/chunk_source.h"
#include "storage/blob/cutter.h"

namespace assay {

// One older blob, as a parent.
class ParentView {
 public:
  // Throws corrupt when the blob cannot be read, too_large when it has too many chunks.
  ParentView(ChunkSource& source, const Digest& blob);

  const Digest& blob() const { return blob_; }
  bool has_tensors() const { return !tensors_.empty(); }
  // The block of the same tensor at the same place; null when there is none of that length.
  const ChunkInfo* block(const Cut& cut) const;
  // The chunks that hold any of `length` bytes from `offset` on.
  std::span<const ChunkInfo> chunks_at(std::uint64_t offset, std::uint64_t length) const;
  // Where the chunk is in the blob; the first place if there are several.
  std::optional<std::uint64_t> offset_of(const Digest& chunk) const;

 private:
  void read_tensors(ChunkSource& source, std::uint64_t size);
  std::size_t index_at(std::uint64_t offset) const;

  Digest blob_;
  std::vector<ChunkInfo> chunks_;
  std::vector<std::uint64_t> offsets_;                     // of each chunk
  std::unordered_map<Digest, std::uint32_t> index_of_;     // only of a blob without tensors
  std::unordered_map<std::uint64_t, TensorSpan> tensors_;  // by key
};

// For one upload. Calls come from one thread, except score(), which any may call.
class Parents {
 public:
  // A way to store a chunk: against these, in this order.
  struct Choice {
    std::size_t parent;  // for score()
    std::vector<ChunkInfo> bases;
  };

  // `hints` as in UploadOptions. Blobs that cannot be read are passed over.
  Parents(ChunkSource& source, PackIndex& index, const std::vector<Digest>& hints);

  // The upload has these tensors: older blobs that have them too are added to the hints.
  void consider(const Sketch& sketch);
  // A chunk of the upload at `offset` was stored already: other bytes near it are probably where this chunk's
  // neighbours are.
  void saw(const Digest& chunk, std::uint64_t offset);
  // The ways that are worth trying for the chunk at `offset`; none often. All bases can be found and are
  // shallow enough; they are pinned.
  std::vector<Choice> choices(const Cut& cut, std::uint64_t offset, PackIndex::Pins& pins);
  // A chunk for which there were several choices was stored by each of them in turn: what each took, in
  // bytes.
  void score(const std::vector<Choice>& choices, const std::vector<std::size_t>& stored);

 private:
  struct Parent {
    std::unique_ptr<ParentView> view;
    std::int64_t shift = 0;    // where bytes are in the parent minus where they are here
    bool aligned = false;      // a chunk in common has told the shift
    std::size_t trials = 0;    // chunks that were stored against it as well as against others
    std::uint64_t stored = 0;  // what those took
  };

  void add(const Digest& blob);
  static std::span<const ChunkInfo> neighbours(const Parent& parent, const Cut& cut, std::uint64_t offset);
  std::vector<ChunkInfo> usable(std::span<const ChunkInfo> bases, PackIndex::Pins& pins) const;
  std::optional<ChunkInfo> shallow(ChunkInfo base) const;
  std::size_t settled();

  ChunkSource& source_;
  PackIndex& index_;
  std::vector<Parent> parents_;
  bool considered_ = false;
  std::mutex mutex_;  // guards the parents' trials, and parents_ while it grows
};

}  // namespace assay
