// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/local_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/local_layout.h"

namespace assay {
namespace {

// A failed file operation as the uploader should hear of it: only "full" is something that the caller can act
// upon.
Error as_upload_failure(const Error& error) {
  if (error.code() == Code::full)
    return Error(Code::full, "The disk is full, and nothing of the upload was kept (" + error.message() +
                                 "). Free some space where the data directory is, then upload again.");
  return Error(Code::unavailable, "The upload failed: " + error.message());
}

bool is_about_files(const Error& error) {
  switch (error.code()) {
    case Code::full:
    case Code::denied:
    case Code::not_found:
    case Code::already_exists:
    case Code::unavailable:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string random_name(Entropy& entropy) {
  std::array<std::byte, 16> bytes;
  entropy.fill(bytes);
  std::string name;
  for (const std::byte byte : bytes) name += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return name;
}

// Whatever goes wrong, the upload is over and its temporary gone at once: a full disk must not wait for a
// destructor.
template <typename Step>
auto LocalUpload::attempt(Step step) {
  if (over_) throw Error(Code::internal, "The upload is over; begin another");
  try {
    return step();
  } catch (const Error& error) {
    abandon();
    if (is_about_files(error)) throw as_upload_failure(error);
    throw;
  } catch (...) {
    abandon();
    throw;
  }
}

LocalUpload::LocalUpload(LocalBlobStore& store, const UploadOptions& options)
    : store_(store), options_(options) {
  if (options_.size && *options_.size > kMaxBlobSize)
    throw Error(Code::too_large,
                fmt::format("A blob may have at most {} bytes, not {}", kMaxBlobSize, *options_.size));
  attempt([&] {
    if (!options_.digest || !store_.stat(*options_.digest)) start_file();
  });
}

LocalUpload::~LocalUpload() {
  abandon();
}

void LocalUpload::start_file() {
  const std::string temp = layout::temp(random_name(store_.entropy_));
  file_ = store_.files_.create(temp);
  temp_ = temp;
  writer_ = std::make_unique<BlobFileWriter>(*file_);
  block_ = std::make_unique_for_overwrite<std::byte[]>(kBlockSize);
}

void LocalUpload::write(std::span<const std::byte> bytes) {
  attempt([&] {
    if (options_.size && bytes.size() > *options_.size - size_)
      throw Error(Code::invalid_argument,
                  fmt::format("More bytes arrived than the {} that were announced; nothing was kept",
                              *options_.size));
    if (bytes.size() > kMaxBlobSize - size_)
      throw Error(Code::too_large,
                  fmt::format("A blob may have at most {} bytes; nothing was kept", kMaxBlobSize));
    hash_.update(bytes);
    size_ += bytes.size();
    if (writer_) accept(bytes);
  });
}

void LocalUpload::accept(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (block_length_ == 0 && bytes.size() >= kBlockSize) {  // a whole block needs no copy
      writer_->append_block(bytes.first(kBlockSize));
      bytes = bytes.subspan(kBlockSize);
      continue;
    }
    const std::size_t count = std::min<std::size_t>(bytes.size(), kBlockSize - block_length_);
    std::memcpy(block_.get() + block_length_, bytes.data(), count);
    block_length_ += count;
    bytes = bytes.subspan(count);
    if (block_length_ < kBlockSize) return;
    writer_->append_block(std::span(block_.get(), kBlockSize));
    block_length_ = 0;
  }
}

BlobInfo LocalUpload::finish() {
  return attempt([&] {
    if (options_.size && size_ != *options_.size)
      throw Error(
          Code::invalid_argument,
          fmt::format("The upload ended after {} of {} bytes; nothing was kept", size_, *options_.size));
    const BlobInfo info = publish();
    over_ = true;
    return info;
  });
}

BlobInfo LocalUpload::publish() {
  const Digest digest = hash_.finish();
  if (options_.digest && digest != *options_.digest)
    throw Error(
        Code::invalid_argument,
        fmt::format("The bytes that arrived have digest {}, not {} as announced; nothing was kept. Compute "
                    "the digest again, then repeat the upload.",
                    digest.text(), options_.digest->text()));
  if (!writer_) return already_stored(digest);
  if (block_length_ > 0) writer_->append_block(std::span(block_.get(), block_length_));
  const BlobInfo info = writer_->finish(digest);
  if (!store_.publisher_.publish(*file_, temp_, layout::blob(digest))) return already_stored(digest);
  temp_.clear();  // it has become the blob
  store_.count(info);
  return info;
}

BlobInfo LocalUpload::already_stored(const Digest& digest) {
  abandon();
  // Its first uploader may still be about to sync the directory, and our caller is about to rely on it.
  store_.publisher_.sync_directory(layout::shard(digest));
  const auto info = store_.stat(digest);
  if (!info)
    throw Error(Code::unavailable, "The stored copy of " + digest.text() + " has just gone; upload it again");
  return *info;
}

void LocalUpload::abandon() noexcept {
  over_ = true;
  writer_.reset();
  file_.reset();
  if (temp_.empty()) return;
  try {
    store_.files_.remove(std::exchange(temp_, {}));
  } catch (...) {
    // It stays until the store is opened again, which sweeps it.
  }
}

}  // namespace assay
