// SPDX-License-Identifier: Apache-2.0
// Blobs on the local disk, one file each, as storage/FORMAT.md describes. No index: the directory is the
// index.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "storage/blob/blob_store.h"
#include "storage/env/durable_publisher.h"
#include "storage/env/entropy.h"
#include "storage/env/files.h"

namespace assay {

class LocalBlobStore final : public BlobStore {
 public:
  // Lays the directories out when they are missing, removes what interrupted uploads left and counts what is
  // stored. `files` is the store's own tree; it and `entropy` must outlive the store. One store a tree: hold
  // a DirectoryLock. Throws unsupported for a store of a later format, else as Files does.
  LocalBlobStore(Files& files, Entropy& entropy);

  std::unique_ptr<BlobUpload> begin_upload(const UploadOptions& options) override;
  std::unique_ptr<BlobReader> open(const Digest& digest, const ByteRange& range) const override;
  std::optional<BlobInfo> stat(const Digest& digest) const override;
  std::unique_ptr<BlobLease> lease(const Digest& digest) override;
  void for_each_chunk(const Digest& digest,
                      const std::function<void(const ChunkInfo&)>& visit) const override;
  void for_each(const std::function<void(const Digest&)>& visit) const override;
  void check(const Digest& digest) const override;
  BlobTotals totals() const override;

 private:
  friend class LocalUpload;

  void check_format();
  void lay_out();
  void sweep();
  void count_stored();
  void count(const BlobInfo& blob);

  Files& files_;
  Entropy& entropy_;
  DurablePublisher publisher_;
  mutable std::mutex mutex_;  // guards totals_
  BlobTotals totals_;
};

// The store in `directory` (DIR/blobs), made when missing, with the system's files and entropy. As the
// constructor.
std::unique_ptr<BlobStore> open_local_blob_store(const std::filesystem::path& directory);

}  // namespace assay
