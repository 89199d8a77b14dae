// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/local_blob_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/blob_file.h"
#include "storage/blob/local_layout.h"
#include "storage/blob/local_upload.h"

namespace assay {
namespace {

Error not_stored(const Digest& digest) {
  return Error(Code::not_found, "Blob " + digest.text() + " is not stored here");
}

// Turns the clause that a blob file complains with into a sentence with a next step.
Error about(const Digest& digest, const Error& error) {
  if (error.code() == Code::corrupt)
    return Error(Code::corrupt,
                 fmt::format("Blob {} is damaged on disk: {}. Run assay fsck to see what else is, and "
                             "restore it from a backup.",
                             digest.text(), error.message()));
  if (error.code() == Code::unsupported)
    return Error(Code::unsupported, fmt::format("Blob {} cannot be read: {}. Use a newer assay.",
                                                digest.text(), error.message()));
  return Error(Code::unavailable, fmt::format("Reading blob {}: {}", digest.text(), error.message()));
}

std::unique_ptr<BlobFile> find_blob(const Files& files, const Digest& digest) {
  std::unique_ptr<File> file;
  try {
    file = files.open(layout::blob(digest));
    return std::make_unique<BlobFile>(std::move(file), digest);
  } catch (const Error& error) {
    if (!file && error.code() == Code::not_found) return nullptr;
    throw about(digest, error);
  }
}

class LocalReader final : public BlobReader {
 public:
  LocalReader(std::unique_ptr<BlobFile> file, const ByteRange& range)
      : file_(std::move(file)),
        position_(range.offset),
        size_(std::min(range.length, file_->info().size - range.offset)),
        end_(range.offset + size_) {}

  const BlobInfo& blob() const override { return file_->info(); }
  std::uint64_t size() const override { return size_; }

  // One block a call at most: whole blocks are decoded where the caller wants them, parts go through a
  // buffer.
  std::size_t read(std::span<std::byte> out) override {
    if (out.empty() || position_ == end_) return 0;
    const std::size_t block = position_ / kBlockSize;
    const std::size_t skip = position_ % kBlockSize;
    const std::size_t length = file_->block_length(block);
    const std::size_t count = std::min<std::uint64_t>({out.size(), length - skip, end_ - position_});
    if (count == length) {
      read_block(block, out.first(length));
    } else {
      if (block != buffered_) fill(block, length);
      std::memcpy(out.data(), buffer_.get() + skip, count);
    }
    position_ += count;
    return count;
  }

 private:
  void fill(std::size_t block, std::size_t length) {
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(kBlockSize);
    buffered_ = kNone;
    read_block(block, std::span(buffer_.get(), length));
    buffered_ = block;
  }

  void read_block(std::size_t block, std::span<std::byte> raw) {
    try {
      file_->read_block(block, raw);
    } catch (const Error& error) {
      throw about(file_->info().digest, error);
    }
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::unique_ptr<BlobFile> file_;
  std::uint64_t position_;
  const std::uint64_t size_;
  const std::uint64_t end_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t buffered_ = kNone;  // the block in buffer_
};

// The store together with the files and entropy that it borrows.
class OwningStore final : public BlobStore {
 public:
  explicit OwningStore(const std::filesystem::path& directory)
      : files_(open_files(directory)), store_(*files_, entropy_) {}

  std::unique_ptr<BlobUpload> begin_upload(const UploadOptions& options) override {
    return store_.begin_upload(options);
  }
  std::unique_ptr<BlobReader> open(const Digest& digest, const ByteRange& range) const override {
    return store_.open(digest, range);
  }
  std::optional<BlobInfo> stat(const Digest& digest) const override { return store_.stat(digest); }
  std::unique_ptr<BlobLease> lease(const Digest& digest) override { return store_.lease(digest); }
  void for_each_chunk(const Digest& digest,
                      const std::function<void(const ChunkInfo&)>& visit) const override {
    store_.for_each_chunk(digest, visit);
  }
  void for_each(const std::function<void(const Digest&)>& visit) const override { store_.for_each(visit); }
  void check(const Digest& digest) const override { store_.check(digest); }
  BlobTotals totals() const override { return store_.totals(); }

 private:
  std::unique_ptr<Files> files_;
  SystemEntropy entropy_;
  LocalBlobStore store_;
};

}  // namespace

LocalBlobStore::LocalBlobStore(Files& files, Entropy& entropy)
    : files_(files), entropy_(entropy), publisher_(files) {
  check_format();
  lay_out();
  sweep();
  count_stored();
}

// The marker comes before anything else, so that a store without one holds no blobs.
void LocalBlobStore::check_format() {
  std::string text(64, '\0');
  try {
    const auto file = files_.open(layout::kFormatFile);
    text.resize(file->read_at(0, std::as_writable_bytes(std::span(text))));
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    files_.make_directory(layout::kTemps);
    const std::string temp = layout::temp(random_name(entropy_));
    const auto file = files_.create(temp);
    file->append(std::as_bytes(std::span(layout::kFormatText)));
    if (!publisher_.publish(*file, temp, layout::kFormatFile)) files_.remove(temp);
    text = layout::kFormatText;
  }
  if (text != layout::kFormatText)
    throw Error(Code::unsupported,
                "The blob store was written by another version of assay (its file `format` does not say \"" +
                    std::string(layout::kFormatText.substr(0, layout::kFormatText.size() - 1)) +
                    "\"). Use that version, or a newer one.");
}

// All shards are made and synced once, so that a publish never has to make a directory.
void LocalBlobStore::lay_out() {
  files_.make_directory(layout::kTemps);
  files_.make_directory(layout::kBlobs);
  for (unsigned byte = 0; byte < 256; ++byte) files_.make_directory(layout::shard(byte));
  publisher_.sync_directory(layout::kBlobs);
  publisher_.sync_directory("");
}

void LocalBlobStore::sweep() {
  for (const FileEntry& entry : files_.list(layout::kTemps))
    if (entry.kind == FileEntry::Kind::file) files_.remove(layout::temp(entry.name));
}

// By footers alone: the totals are for people, and reading all tables would slow the start. What cannot be
// read is not counted; fsck and every attempt to read it say why.
void LocalBlobStore::count_stored() {
  for_each([this](const Digest& digest) {
    try {
      count(read_blob_footer(*files_.open(layout::blob(digest)), digest));
    } catch (const Error&) {
    }
  });
}

void LocalBlobStore::count(const BlobInfo& blob) {
  const std::lock_guard lock(mutex_);
  ++totals_.blobs;
  totals_.raw_bytes += blob.size;
  totals_.stored_bytes += blob.stored_size;
}

std::unique_ptr<BlobUpload> LocalBlobStore::begin_upload(const UploadOptions& options) {
  publisher_.ensure_writable();
  return std::make_unique<LocalUpload>(*this, options);
}

std::unique_ptr<BlobReader> LocalBlobStore::open(const Digest& digest, const ByteRange& range) const {
  auto file = find_blob(files_, digest);
  if (!file) throw not_stored(digest);
  if (range.offset > file->info().size)
    throw Error(Code::invalid_argument, fmt::format("Blob {} has {} bytes, so no range of it starts at {}",
                                                    digest.short_text(), file->info().size, range.offset));
  return std::make_unique<LocalReader>(std::move(file), range);
}

std::optional<BlobInfo> LocalBlobStore::stat(const Digest& digest) const {
  const auto file = find_blob(files_, digest);
  return file ? std::optional(file->info()) : std::nullopt;
}

// Nothing is ever removed from this format.
std::unique_ptr<BlobLease> LocalBlobStore::lease(const Digest& digest) {
  if (!stat(digest)) throw not_stored(digest);
  return std::make_unique<BlobLease>();
}

void LocalBlobStore::for_each_chunk(const Digest& digest,
                                    const std::function<void(const ChunkInfo&)>& visit) const {
  const auto file = find_blob(files_, digest);
  if (!file) throw not_stored(digest);
  for (std::size_t block = 0; block < file->block_count(); ++block) visit(file->block(block));
}

void LocalBlobStore::for_each(const std::function<void(const Digest&)>& visit) const {
  for (unsigned byte = 0; byte < 256; ++byte)
    for (const FileEntry& entry : files_.list(layout::shard(byte)))
      if (const auto digest = layout::digest_of(byte, entry.name)) visit(*digest);
}

void LocalBlobStore::check(const Digest& digest) const {
  const auto file = find_blob(files_, digest);
  if (!file) throw not_stored(digest);
  try {
    file->check();
  } catch (const Error& error) {
    throw about(digest, error);
  }
}

BlobTotals LocalBlobStore::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

std::unique_ptr<BlobStore> open_local_blob_store(const std::filesystem::path& directory) {
  return std::make_unique<OwningStore>(directory);
}

}  // namespace assay
