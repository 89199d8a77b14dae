// SPDX-License-Identifier: Apache-2.0
// One upload into a LocalBlobStore: bytes are cut and hashed on the caller's thread, encoded and written by
// the store's workers beside it. A large upload writes packs of its own, a small one rides in the shared
// pack.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "storage/blob/blob_store.h"
#include "storage/blob/chunk_stream.h"
#include "storage/blob/encode_chunk.h"
#include "storage/blob/new_pack.h"
#include "storage/blob/store_parts.h"

namespace assay {

class PackUpload final : public BlobUpload {
 public:
  // Throws too_large, or unavailable as BlobStore::begin_upload.
  PackUpload(StoreParts& parts, const UploadOptions& options);
  ~PackUpload() override;
  PackUpload(const PackUpload&) = delete;
  PackUpload& operator=(const PackUpload&) = delete;

  void write(std::span<const std::byte> bytes) override;
  BlobInfo finish() override;

 private:
  // A chunk that is being hashed by a worker, or waits for those before it.
  struct Unnamed {
    Cut cut;
    std::uint64_t offset;
    std::shared_ptr<NewChunk> chunk;  // its digest is right when the job is done
    std::shared_ptr<Job> job;
  };
  // A chunk on its way into a pack.
  struct Pending {
    std::shared_ptr<Job> job;
    std::shared_ptr<RecordBatch> record;  // filled when the job is done
    std::size_t size;                     // of the chunk's buffer, which is held until then
  };

  template <typename Step>
  auto attempt(Step step);
  void take(const Cut& cut, std::span<const std::byte> bytes);
  std::vector<std::byte> keep(std::span<const std::byte> bytes);
  bool workers_are_idle() const;
  void hash_later(const Cut& cut, std::uint64_t offset, std::span<const std::byte> bytes);
  void name(std::size_t leave);
  void list(const Cut& cut, const Digest& digest);
  bool is_known(const Digest& chunk, std::uint64_t offset);
  bool reuse(RecordKind kind, const Digest& id);
  bool is_sound(RecordKind kind, const Digest& id);
  void encode_later(const Cut& cut, std::uint64_t offset, std::shared_ptr<NewChunk> chunk);
  void collect(std::size_t leave);
  void help();
  void add(RecordBatch record);
  void hold(std::size_t bytes);
  void let_go(std::size_t bytes);
  void spill();
  void end_page();
  void describe(const Digest& digest);
  bool is_described(const Digest& digest);
  BlobInfo publish(const Digest& digest);
  void publish_packs();
  void abandon() noexcept;

  StoreParts& parts_;
  const UploadOptions options_;
  PackIndex::Pins pins_;
  std::unique_ptr<Parents> parents_;
  ChunkStream stream_;
  std::uint64_t size_ = 0;   // bytes written
  std::uint64_t taken_ = 0;  // bytes cut into chunks
  bool over_ = false;

  std::vector<ChunkInfo> page_;  // the recipe's last page, growing
  Recipe recipe_;
  std::unordered_set<Digest> fresh_;  // chunks of this upload that were not stored before; the latest ones
  std::deque<Unnamed> unnamed_;
  std::deque<Pending> pending_;
  std::vector<RecordBatch> records_;  // encoded and not yet written
  std::size_t records_size_ = 0;      // bytes of them
  std::size_t held_ = 0;              // these and the chunks of pending_, as parts_.upload_memory has counted them
  std::shared_ptr<Job> spill_;        // writes those before to the last of packs_
  std::vector<std::shared_ptr<NewPack>> packs_;
  std::optional<Digest> leased_;
};

}  // namespace assay
