// SPDX-License-Identifier: Apache-2.0
// One upload into a LocalBlobStore: bytes go into a temporary as they come, and become a blob by one rename.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "storage/base/sha256.h"
#include "storage/blob/blob_file.h"
#include "storage/blob/local_blob_store.h"

namespace assay {

class LocalUpload final : public BlobUpload {
 public:
  LocalUpload(LocalBlobStore& store, const UploadOptions& options);
  ~LocalUpload() override;
  LocalUpload(const LocalUpload&) = delete;
  LocalUpload& operator=(const LocalUpload&) = delete;

  void write(std::span<const std::byte> bytes) override;
  BlobInfo finish() override;

 private:
  template <typename Step>
  auto attempt(Step step);
  void start_file();
  void accept(std::span<const std::byte> bytes);
  BlobInfo publish();
  BlobInfo already_stored(const Digest& digest);
  void abandon() noexcept;

  LocalBlobStore& store_;
  const UploadOptions options_;
  Sha256 hash_;
  std::uint64_t size_ = 0;
  bool over_ = false;
  // Empty while the expected blob is already stored: then the bytes are only hashed.
  std::string temp_;
  std::unique_ptr<File> file_;
  std::unique_ptr<BlobFileWriter> writer_;
  std::unique_ptr<std::byte[]> block_;
  std::size_t block_length_ = 0;
};

// 32 random hex digits, for a temporary's name.
std::string random_name(Entropy& entropy);

}  // namespace assay
