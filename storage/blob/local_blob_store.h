// SPDX-License-Identifier: Apache-2.0
// Blobs on the local disk, cut into chunks that lie in packs, as storage/FORMAT.md describes.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "storage/blob/blob_store.h"
#include "storage/blob/maintenance.h"
#include "storage/blob/store_parts.h"

namespace assay {

class LocalBlobStore final : public BlobStore, public Maintenance {
 public:
  // How many threads a store has of its own: one less than the machine has cores, for the caller's own thread
  // works too.
  static std::size_t default_threads();

  // Lays the directories out when they are missing, removes what interrupted uploads left, closes packs that
  // a crash left open and reads what all packs hold. `files` is the store's own tree; it and `entropy` must
  // outlive the store. One store a tree: hold a DirectoryLock. A damaged pack is opened for what can be read in
  // it. Throws unsupported for a store of another format, corrupt for a list of the dead that does not read, else
  // as Files does. With 0 threads everything happens on the callers' threads.
  LocalBlobStore(Files& files, Entropy& entropy, std::size_t threads = default_threads(),
                 const PackSizes& sizes = {});
  ~LocalBlobStore() override;

  std::unique_ptr<BlobUpload> begin_upload(const UploadOptions& options) override;
  std::unique_ptr<BlobReader> open(const Digest& digest, const ByteRange& range) const override;
  std::optional<BlobInfo> stat(const Digest& digest) const override;
  std::unique_ptr<BlobLease> lease(const Digest& digest) override;
  void for_each_chunk(const Digest& digest,
                      const std::function<void(const ChunkInfo&)>& visit) const override;
  void for_each(const std::function<void(const Digest&)>& visit) const override;
  void check(const Digest& digest) const override;
  BlobTotals totals() const override;

  // A pack of which not everything could be read when the store opened, and why, as a clause; none when all was.
  std::optional<std::string> find_unread() const;
  // Whether nothing of the blob is missing or known to be damaged. Reads its recipe and no more.
  bool is_whole(const Digest& digest) const;

  // False once a disk failed under it, until the process is restarted.
  bool writable() const { return parts_->publisher.writable(); }

  GcReport collect_garbage(const GcRequest& request) override;
  ScrubReport scrub(const ScrubRequest& request) override;
  Explanation explain(const Digest& digest) const override;
  Savings savings(const std::vector<Digest>& blobs) const override;

  // Throws unavailable when it takes no more writes, as begin_upload does.
  void ensure_writable() const;

 private:
  friend std::unique_ptr<LocalBlobStore> open_local_blob_store(const std::filesystem::path& directory);

  void check_format();
  void lay_out();
  void sweep();
  void load();

  std::unique_ptr<Files> owned_files_;      // of a store that was opened by its directory
  std::unique_ptr<Entropy> owned_entropy_;  // likewise
  std::unique_ptr<StoreParts> parts_;
  std::atomic<bool> collecting_ = false, scrubbing_ = false;
};

// The store in `directory` (DIR/blobs), made when missing, with the system's files and entropy. As the
// constructor.
std::unique_ptr<LocalBlobStore> open_local_blob_store(const std::filesystem::path& directory);

}  // namespace assay
