// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/local_blob_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <thread>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/base/sha256.h"
#include "storage/blob/collect_garbage.h"
#include "storage/blob/explain.h"
#include "storage/blob/local_layout.h"
#include "storage/blob/pack_reader.h"
#include "storage/blob/pack_upload.h"
#include "storage/blob/recover_pack.h"
#include "storage/blob/scrub.h"

namespace assay {
namespace {

Error not_stored(const Digest& digest) {
  return Error(Code::not_found, "Blob " + digest.text() + " is not stored here");
}

// Of a blob that is not there although a pack is of which not everything could be read.
Error perhaps_in(const Pack& pack, const Digest& digest) {
  return Error(Code::corrupt,
               fmt::format("Blob {} is not among what can be read here. {} cannot be read whole and may have it: {}. "
                           "Push the file again with --resend; or stop the server and run assay repair on the data "
                           "directory, or restore it from a backup.",
                           digest.text(), layout::sealed_pack(pack.name), pack.trouble));
}

class Lease final : public BlobLease {
 public:
  Lease(PackIndex& index, const Digest& digest) : index_(index), digest_(digest) {
    if (!index_.lease(digest_)) throw not_stored(digest_);
  }
  ~Lease() override { index_.release(digest_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  PackIndex& index_;
  const Digest digest_;
};

// One at a time, as the port promises.
class Alone {
 public:
  Alone(std::atomic<bool>& busy, const char* what) : busy_(busy) {
    if (busy_.exchange(true))
      throw Error(Code::conflict, std::string(what) + " of this store runs already; wait for its end");
  }
  ~Alone() { busy_ = false; }
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;

 private:
  std::atomic<bool>& busy_;
};

}  // namespace

std::size_t LocalBlobStore::default_threads() {
  return std::max(2u, std::thread::hardware_concurrency()) - 1;
}

LocalBlobStore::LocalBlobStore(Files& files, Entropy& entropy, std::size_t threads, const PackSizes& sizes)
    : parts_(std::make_unique<StoreParts>(files, entropy, threads, sizes)) {
  check_format();
  lay_out();
  sweep();
  load();
}

LocalBlobStore::~LocalBlobStore() = default;

// The marker comes before anything else, so that a store without one holds no blobs.
void LocalBlobStore::check_format() {
  std::string text(64, '\0');
  try {
    const auto file = parts_->files.open(layout::kFormatFile);
    text.resize(file->read_at(0, std::as_writable_bytes(std::span(text))));
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    parts_->files.make_directory(layout::kTemps);
    const std::string temp = layout::temp(PackId(parts_->entropy).text);
    const auto file = parts_->files.create(temp);
    file->append(std::as_bytes(std::span(layout::kFormatText)));
    if (!parts_->publisher.publish(*file, temp, layout::kFormatFile)) parts_->files.remove(temp);
    text = layout::kFormatText;
  }
  if (text != layout::kFormatText)
    throw Error(Code::unsupported,
                "The blob store was written by another version of assay (its file `format` does not say \"" +
                    std::string(layout::kFormatText.substr(0, layout::kFormatText.size() - 1)) +
                    "\"). Use that version.");
}

void LocalBlobStore::lay_out() {
  parts_->files.make_directory(layout::kTemps);
  parts_->files.make_directory(layout::kPacks);
  parts_->files.make_directory(layout::kDead);
  parts_->publisher.sync_directory("");
}

void LocalBlobStore::sweep() {
  for (const FileEntry& entry : parts_->files.list(layout::kTemps))
    if (entry.kind == FileEntry::Kind::file) parts_->files.remove(layout::temp(entry.name));
}

void LocalBlobStore::load() {
  const std::set<DeadBlob> dead = read_dead_lists(parts_->files);
  std::vector<LoadedPack> open;
  for (const PackFileName& name : list_packs(parts_->files)) {
    LoadedPack loaded = load_pack(parts_->files, name, dead);
    parts_->index.add(loaded.pack, PackIndex::Arrival::moved);
    if (!name.sealed) open.push_back(std::move(loaded));
  }
  parts_->damage.load();
  for (const LoadedPack& pack : open) recover_pack(*parts_, pack);
}

void LocalBlobStore::ensure_writable() const {
  parts_->publisher.ensure_writable();
}

std::unique_ptr<BlobUpload> LocalBlobStore::begin_upload(const UploadOptions& options) {
  ensure_writable();
  return std::make_unique<PackUpload>(*parts_, options);
}

std::unique_ptr<BlobReader> LocalBlobStore::open(const Digest& digest, const ByteRange& range) const {
  if (!stat(digest))
    if (const auto pack = parts_->index.find_unlisted()) throw perhaps_in(*pack, digest);
  auto lease = std::make_unique<Lease>(parts_->index, digest);
  const auto info = stat(digest);
  return std::make_unique<PackReader>(*parts_, *info, std::move(lease), range);
}

std::optional<BlobInfo> LocalBlobStore::stat(const Digest& digest) const {
  return parts_->index.stat(digest);
}

std::unique_ptr<BlobLease> LocalBlobStore::lease(const Digest& digest) {
  return std::make_unique<Lease>(parts_->index, digest);
}

void LocalBlobStore::for_each_chunk(const Digest& digest,
                                    const std::function<void(const ChunkInfo&)>& visit) const {
  const Lease lease(parts_->index, digest);
  try {
    RecipeWalk walk(parts_->source, parts_->source.recipe(digest), 0);
    while (const auto piece = walk.next()) visit(piece->chunk);
  } catch (const Error& error) {
    throw about_blob(digest, error);
  }
}

void LocalBlobStore::for_each(const std::function<void(const Digest&)>& visit) const {
  for (const Digest& digest : parts_->index.blobs()) visit(digest);
}

void LocalBlobStore::check(const Digest& digest) const {
  const auto reader = open(digest, {});
  Sha256 hash;
  std::vector<std::byte> part(kMaxChunk);
  while (const std::size_t got = reader->read(part)) hash.update(std::span(part).first(got));
  if (hash.finish() != digest)
    throw about_blob(digest, Error(Code::corrupt, "its chunks are sound and do not make up the blob"));
}

std::optional<std::string> LocalBlobStore::find_unread() const {
  const auto pack = parts_->index.find_unlisted();
  if (!pack) return std::nullopt;
  return fmt::format("{} cannot be read whole: {}", layout::sealed_pack(pack->name), pack->trouble);
}

bool LocalBlobStore::is_whole(const Digest& digest) const {
  try {
    bool whole = true;
    for_each_chunk(digest, [&](const ChunkInfo& chunk) {
      whole = whole && parts_->index.is_whole(RecordKind::chunk, chunk.digest);
    });
    return whole;
  } catch (const Error& error) {
    if (error.code() != Code::corrupt && error.code() != Code::not_found) throw;
    return false;
  }
}

BlobTotals LocalBlobStore::totals() const {
  return parts_->index.totals();
}

GcReport LocalBlobStore::collect_garbage(const GcRequest& request) {
  const Alone alone(collecting_, "A garbage collection");
  if (!request.dry_run) parts_->publisher.ensure_writable();
  return assay::collect_garbage(*parts_, request);
}

ScrubReport LocalBlobStore::scrub(const ScrubRequest& request) {
  const Alone alone(scrubbing_, "A scrub");
  return assay::scrub(*parts_, request);
}

Explanation LocalBlobStore::explain(const Digest& digest) const {
  return assay::explain(*parts_, digest);
}

Savings LocalBlobStore::savings(const std::vector<Digest>& blobs) const {
  return assay::savings(*parts_, blobs);
}

std::unique_ptr<LocalBlobStore> open_local_blob_store(const std::filesystem::path& directory) {
  auto files = open_files(directory);
  auto entropy = std::make_unique<SystemEntropy>();
  auto store = std::make_unique<LocalBlobStore>(*files, *entropy);
  store->owned_files_ = std::move(files);
  store->owned_entropy_ = std::move(entropy);
  return store;
}

}  // namespace assay
