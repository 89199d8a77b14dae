// SPDX-License-Identifier: Apache-2.0
// A BlobStore in memory, for tests of what stands on the port. It passes the same contract suite as the real
// one.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/sha256.h"
#include "storage/blob/blob_store.h"
#include "storage/blob/chunk_stream.h"

namespace assay::test {

class MemoryBlobStore final : public BlobStore {
 public:
  std::unique_ptr<BlobUpload> begin_upload(const UploadOptions& options) override {
    return std::make_unique<Upload>(*this, options);
  }

  std::unique_ptr<BlobReader> open(const Digest& digest, const ByteRange& range) const override {
    std::string bytes = verified(digest);
    if (range.offset > bytes.size())
      throw Error(Code::invalid_argument, "The range starts past the end of the blob");
    const BlobInfo info{digest, bytes.size(), bytes.size()};
    return std::make_unique<Reader>(info, bytes.substr(range.offset, range.length));
  }

  std::optional<BlobInfo> stat(const Digest& digest) const override {
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(digest);
    if (found == blobs_.end()) return std::nullopt;
    return BlobInfo{digest, found->second.size(), found->second.size()};
  }

  std::unique_ptr<BlobLease> lease(const Digest& digest) override {
    if (!stat(digest)) throw Error(Code::not_found, "Blob " + digest.text() + " is not stored");
    return std::make_unique<BlobLease>();
  }

  // Cut as the real one does.
  void for_each_chunk(const Digest& digest,
                      const std::function<void(const ChunkInfo&)>& visit) const override {
    const std::string bytes = verified(digest);
    ChunkLister lister(visit);
    lister.write(std::as_bytes(std::span(bytes)));
    lister.finish();
  }

  void for_each(const std::function<void(const Digest&)>& visit) const override {
    std::vector<Digest> digests;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [digest, bytes] : blobs_) digests.push_back(digest);
    }
    for (const Digest& digest : digests) visit(digest);
  }

  void check(const Digest& digest) const override { verified(digest); }

  BlobTotals totals() const override {
    const std::lock_guard lock(mutex_);
    BlobTotals totals;
    for (const auto& [digest, bytes] : blobs_) {
      ++totals.blobs;
      totals.raw_bytes += bytes.size();
      totals.stored_bytes += bytes.size();
    }
    return totals;
  }

  // Flips one bit of a stored blob, so that reading it is `corrupt`.
  void damage(const Digest& digest) {
    const std::lock_guard lock(mutex_);
    std::string& bytes = blobs_.at(digest);
    if (bytes.empty()) bytes.push_back('x');
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  }

  // As if the blob had never been uploaded.
  void forget(const Digest& digest) {
    const std::lock_guard lock(mutex_);
    blobs_.erase(digest);
  }

 private:
  class Upload final : public BlobUpload {
   public:
    Upload(MemoryBlobStore& store, const UploadOptions& options) : store_(store), options_(options) {}

    void write(std::span<const std::byte> bytes) override {
      if (std::exchange(over_, true)) throw Error(Code::internal, "The upload is over");
      if (options_.size && bytes.size() > *options_.size - bytes_.size())
        throw Error(Code::invalid_argument, "More bytes than the expected size");
      bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      over_ = false;
    }

    BlobInfo finish() override {
      if (std::exchange(over_, true)) throw Error(Code::internal, "The upload is over");
      if (options_.size && bytes_.size() != *options_.size)
        throw Error(Code::invalid_argument, "Fewer bytes than the expected size");
      const Digest digest = Digest::of(bytes_);
      if (options_.digest && digest != *options_.digest)
        throw Error(Code::invalid_argument,
                    "The bytes have digest " + digest.text() + ", not " + options_.digest->text());
      const std::lock_guard lock(store_.mutex_);
      const std::string& kept = store_.blobs_.emplace(digest, std::move(bytes_)).first->second;
      return {digest, kept.size(), kept.size()};
    }

   private:
    MemoryBlobStore& store_;
    const UploadOptions options_;
    std::string bytes_;
    bool over_ = false;
  };

  class Reader final : public BlobReader {
   public:
    Reader(const BlobInfo& blob, std::string bytes) : blob_(blob), bytes_(std::move(bytes)) {}

    const BlobInfo& blob() const override { return blob_; }
    std::uint64_t size() const override { return bytes_.size(); }
    std::size_t read(std::span<std::byte> out) override {
      const std::size_t count = std::min(out.size(), bytes_.size() - done_);
      if (count > 0) std::memcpy(out.data(), bytes_.data() + done_, count);
      done_ += count;
      return count;
    }

   private:
    const BlobInfo blob_;
    const std::string bytes_;
    std::size_t done_ = 0;
  };

  std::string verified(const Digest& digest) const {
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(digest);
    if (found == blobs_.end()) throw Error(Code::not_found, "Blob " + digest.text() + " is not stored");
    if (Digest::of(found->second) != digest)
      throw Error(Code::corrupt, "Blob " + digest.text() + " is damaged");
    return found->second;
  }

  mutable std::mutex mutex_;
  std::map<Digest, std::string> blobs_;
};

}  // namespace assay::test
