// SPDX-License-Identifier: Apache-2.0
// Reads a range of a blob out of the packs. Long ranges are decoded ahead by the store's workers; the ends of
// a range, of whose chunks only a part is wanted, go through the cache.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "storage/base/error.h"
#include "storage/blob/blob_store.h"
#include "storage/blob/recipe_walk.h"
#include "storage/blob/store_parts.h"

namespace assay {

class PackReader final : public BlobReader {
 public:
  // `lease` keeps the blob for as long as it is read. Throws invalid_argument when the range starts past the
  // end, else as BlobStore::open.
  PackReader(StoreParts& parts, const BlobInfo& blob, std::unique_ptr<BlobLease> lease,
             const ByteRange& range);
  ~PackReader() override;

  const BlobInfo& blob() const override { return blob_; }
  std::uint64_t size() const override { return size_; }
  std::size_t read(std::span<std::byte> out) override;

 private:
  // A chunk that is being decoded.
  struct Ahead {
    Piece piece;
    bool whole;  // all of it is wanted
    std::shared_ptr<Job> job;
    std::shared_ptr<ChunkBytes> bytes;  // once the job is done
  };

  std::size_t read_cached(std::span<std::byte> out);
  void read_ahead();
  void decode_later(const Piece& piece);
  bool help();

  StoreParts& parts_;
  const BlobInfo blob_;
  const std::unique_ptr<BlobLease> lease_;
  std::uint64_t position_;
  std::uint64_t size_;
  std::uint64_t end_;
  std::optional<RecipeWalk> walk_;
  bool walked_ = false;  // everything of the range is ahead or done
  std::optional<Piece> here_;  // of which read_cached() has given a part
  std::deque<Ahead> ahead_;
};

// What is wrong with a blob, from the clause that ChunkSource complains with.
Error about_blob(const Digest& digest, const Error& error);

}  // namespace assay
