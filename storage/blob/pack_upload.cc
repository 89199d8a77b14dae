// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/base/byte_size.h"
#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/check_record.h"

namespace assay {
namespace {

// Repeats within one upload are found among so many of its latest new chunks; beyond, they are stored again,
// which keeps memory independent of the blob's size.
constexpr std::size_t kFreshChunks = 64 * 1024;

// Waking a worker takes about as long as hashing this much.
constexpr std::size_t kWorthAJob = 32 * 1024;

// Chunks that workers hash while this thread hashes the file.
constexpr std::size_t kHashWindow = 4;

// While memory is scarce: chunks that wait for being encoded, and how much is encoded before it is written to a pack.
constexpr std::size_t kFrugalWindow = 2;
constexpr std::size_t kFrugalPiece = 128 * kKiB;

const Digest kNoDigest{Digest::Bytes{}};

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

// Whatever goes wrong, the upload is over and its temporaries gone at once: a full disk must not wait for a
// destructor.
template <typename Step>
auto PackUpload::attempt(Step step) {
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

PackUpload::PackUpload(StoreParts& parts, const UploadOptions& options)
    : parts_(parts),
      options_(options),
      pins_(parts.index),
      parents_(std::make_unique<Parents>(parts.source, parts.index, options.parents)),
      stream_([this](const Cut& cut, auto bytes) { take(cut, bytes); }) {
  if (options_.size && *options_.size > kMaxBlobSize)
    throw Error(Code::too_large,
                fmt::format("A blob may have at most {} bytes, not {}", kMaxBlobSize, *options_.size));
}

PackUpload::~PackUpload() {
  abandon();
  if (leased_) parts_.index.release(*leased_);
}

void PackUpload::write(std::span<const std::byte> bytes) {
  attempt([&] {
    if (options_.size && bytes.size() > *options_.size - size_)
      throw Error(Code::invalid_argument,
                  fmt::format("More bytes arrived than the {} that were announced; nothing was kept",
                              *options_.size));
    if (bytes.size() > kMaxBlobSize - size_)
      throw Error(Code::too_large,
                  fmt::format("A blob may have at most {} bytes; nothing was kept", kMaxBlobSize));
    size_ += bytes.size();
    stream_.write(bytes);
  });
}

// Hashing the file is this thread's alone. Its chunks are hashed in the same pass, which costs least; but
// while the workers have nothing to encode, as with bytes that are stored already, they do it, unless this
// processor does both for the price of one.
void PackUpload::take(const Cut& cut, std::span<const std::byte> bytes) {
  const std::uint64_t offset = std::exchange(taken_, taken_ + bytes.size());
  if (cut.tensor != 0) parents_->consider(stream_.sketch());
  if (bytes.size() >= kWorthAJob && !Cpu::here().sha_pairs && workers_are_idle()) {
    stream_.hash_whole();
    hash_later(cut, offset, bytes);
    return;
  }
  name(0);
  const Digest digest = stream_.hash_chunk();
  if (!is_known(digest, offset))
    encode_later(cut, offset, std::make_shared<NewChunk>(NewChunk{digest, cut.element, keep(bytes), {}}));
  list(cut, digest);
}

// The visited chunk's bytes, to be kept after the visit.
std::vector<std::byte> PackUpload::keep(std::span<const std::byte> bytes) {
  std::vector<std::byte> kept = parts_.buffers.take();
  if (auto buffer = stream_.exchange_buffer(kept)) return *std::move(buffer);
  kept.assign(bytes.begin(), bytes.end());
  return kept;
}

bool PackUpload::workers_are_idle() const {
  return parts_.workers.count() > 0 && pending_.size() < 2 && unnamed_.size() < kHashWindow;
}

void PackUpload::hash_later(const Cut& cut, std::uint64_t offset, std::span<const std::byte> bytes) {
  auto chunk = std::make_shared<NewChunk>(NewChunk{kNoDigest, cut.element, keep(bytes), {}});
  auto job = std::make_shared<Job>([chunk] { chunk->digest = Digest::of(chunk->raw); });
  unnamed_.push_back({cut, offset, std::move(chunk), std::move(job)});
  parts_.workers.post(unnamed_.back().job);
  name(kHashWindow - 1);
}

// Goes on, in order, with chunks whose digests are known: those that are done, and as many more as it takes
// to leave at most `leave`.
void PackUpload::name(std::size_t leave) {
  while (!unnamed_.empty() && (unnamed_.size() > leave || unnamed_.front().job->done())) {
    const Unnamed next = unnamed_.front();
    next.job->wait();
    unnamed_.pop_front();
    list(next.cut, next.chunk->digest);
    if (is_known(next.chunk->digest, next.offset))
      parts_.buffers.give_back(std::move(next.chunk->raw));
    else
      encode_later(next.cut, next.offset, next.chunk);
  }
}

void PackUpload::list(const Cut& cut, const Digest& digest) {
  page_.push_back({digest, cut.length});
  if (page_.size() == kPageChunks) end_page();
}

bool PackUpload::is_known(const Digest& chunk, std::uint64_t offset) {
  if (fresh_.contains(chunk)) return true;
  if (!reuse(RecordKind::chunk, chunk)) return false;
  parents_->saw(chunk, offset);
  return true;
}

bool PackUpload::reuse(RecordKind kind, const Digest& id) {
  return is_sound(kind, id) && parts_.index.reuse(kind, id, pins_);
}

// A copy that another record is needed for and not to be had is passed over too: its bytes are at hand here.
bool PackUpload::is_sound(RecordKind kind, const Digest& id) {
  if (options_.stored == Stored::trusted) return true;
  std::vector<std::byte> raw;
  while (const auto copy = parts_.index.find(kind, id)) {
    if (check_record(parts_.index, parts_.source, *copy, raw).state == RecordState::sound) return true;
    parts_.index.mark_damaged(*copy);
  }
  return false;
}

void PackUpload::encode_later(const Cut& cut, std::uint64_t offset, std::shared_ptr<NewChunk> chunk) {
  if (fresh_.size() == kFreshChunks) fresh_.clear();
  fresh_.insert(chunk->digest);
  chunk->choices = parents_->choices(cut, offset, pins_);
  Pending pending{nullptr, std::make_shared<RecordBatch>(), chunk->raw.capacity()};
  hold(pending.size);
  pending.job = std::make_shared<Job>([this, chunk = std::move(chunk), record = pending.record] {
    *record = encode_chunk(parts_, *chunk, parents_.get());
    parts_.buffers.give_back(std::move(chunk->raw));
  });
  pending_.push_back(pending);
  // A small file is done before a worker has woken up: this thread encodes it when it ends.
  if (taken_ >= kWorthAJob) parts_.workers.post(pending.job);
  collect(parts_.upload_memory.is_scarce_beside(held_) ? kFrugalWindow : kUploadWindow);
}

// Moves encoded chunks, in order, to the batch: those that are done, and as many more as it takes to leave at
// most `leave`.
void PackUpload::collect(std::size_t leave) {
  while (!pending_.empty()) {
    if (!pending_.front().job->done()) {
      if (pending_.size() <= leave) return;
      help();
      if (!pending_.front().job->done()) pending_.front().job->wait();
    }
    pending_.front().job->wait();  // throws what went wrong
    let_go(pending_.front().size);
    add(std::move(*pending_.front().record));
    pending_.pop_front();
  }
}

// The window is full: better encode a chunk here than wait for the workers.
void PackUpload::help() {
  for (const Pending& pending : pending_)
    if (pending.job->try_run()) return;
}

void PackUpload::add(RecordBatch record) {
  recipe_.added += record.bytes.size();
  records_size_ += record.bytes.size();
  hold(record.bytes.size());
  records_.push_back(std::move(record));
  const std::size_t most = parts_.sizes.shared_upload;
  if (records_size_ >= (parts_.upload_memory.is_scarce_beside(held_) ? std::min(kFrugalPiece, most) : most)) spill();
}

void PackUpload::hold(std::size_t bytes) {
  held_ += bytes;
  parts_.upload_memory.take(bytes);
}

void PackUpload::let_go(std::size_t bytes) {
  held_ -= bytes;
  parts_.upload_memory.give_back(bytes);
}

// The upload has outgrown the shared pack, or what it keeps in memory for its own, or memory is scarce. One write at a time
// is under way, so that they stay in order and memory stays bounded.
void PackUpload::spill() {
  if (spill_) spill_->wait();
  if (packs_.empty() || packs_.back()->size() >= parts_.sizes.own) {
    if (!packs_.empty()) packs_.back()->seal();
    packs_.push_back(std::make_shared<NewPack>(parts_.files, parts_.entropy));
  }
  let_go(std::exchange(records_size_, 0));
  spill_ = std::make_shared<Job>(
      [&buffers = parts_.buffers, pack = packs_.back(),
       records = std::make_shared<std::vector<RecordBatch>>(std::exchange(records_, {}))] {
        for (RecordBatch& record : *records) {
          pack->append(record);
          buffers.give_back(std::move(record.bytes));
        }
      });
  parts_.workers.post(spill_);
}

void PackUpload::end_page() {
  if (recipe_.pages.size() == kMaxPages)
    throw Error(Code::too_large, "The blob falls into too many chunks; nothing was kept");
  const auto raw = encode_page(page_);
  const Digest id = Digest::of(raw);
  std::uint64_t size = 0;
  for (const ChunkInfo& chunk : page_) size += chunk.length;
  recipe_.pages.push_back({id, size, static_cast<std::uint32_t>(page_.size())});
  page_.clear();
  if (fresh_.contains(id) || reuse(RecordKind::page, id)) return;
  fresh_.insert(id);
  collect(0);
  RecordBatch record;
  record.add({.kind = RecordKind::page, .raw_length = static_cast<std::uint32_t>(raw.size()), .id = id}, raw);
  add(std::move(record));
}

BlobInfo PackUpload::finish() {
  return attempt([&] {
    if (options_.size && size_ != *options_.size)
      throw Error(
          Code::invalid_argument,
          fmt::format("The upload ended after {} of {} bytes; nothing was kept", size_, *options_.size));
    const Digest digest = stream_.finish();
    if (options_.digest && digest != *options_.digest)
      throw Error(
          Code::invalid_argument,
          fmt::format("The bytes that arrived have digest {}, not {} as announced; nothing was kept. Compute "
                      "the digest again, then repeat the upload.",
                      digest.text(), options_.digest->text()));
    const BlobInfo info = publish(digest);
    over_ = true;
    return info;
  });
}

// A blob that is here already is not described again, but chunks of it that had been damaged have been stored
// anew.
BlobInfo PackUpload::publish(const Digest& digest) {
  name(0);
  if (!page_.empty()) end_page();
  collect(0);
  const bool described = is_described(digest);
  if (!described) describe(digest);
  if (!packs_.empty()) {
    publish_packs();
  } else if (!records_.empty()) {
    parts_.shared.commit(records_);
  }
  if (!described) leased_ = digest;  // the index has done so
  const auto info = parts_.index.stat(digest);
  if (!info) throw Error(Code::internal, "The upload was published and cannot be found");
  return *info;
}

bool PackUpload::is_described(const Digest& digest) {
  if (!parts_.index.lease(digest)) return false;
  leased_ = digest;
  return is_sound(RecordKind::blob, digest) && parts_.index.find(RecordKind::blob, digest).has_value();
}

void PackUpload::describe(const Digest& digest) {
  if (leased_) parts_.index.release(*std::exchange(leased_, std::nullopt));
  recipe_.size = size_;
  recipe_.sketch = stream_.sketch();
  recipe_.added += record_size(1, encode_recipe(recipe_).size());
  RecordBatch record;
  record.add_blob({digest, recipe_.size, recipe_.added, recipe_.sketch}, encode_recipe(recipe_));
  records_.push_back(std::move(record));
}

// The pack with the description comes last: without it, the others are chunks that nobody needs, and a
// collection may have them. All come into the index at once, for a collection may begin at any moment.
void PackUpload::publish_packs() {
  spill();
  spill_->wait();
  packs_.back()->seal();
  std::vector<std::shared_ptr<Pack>> published;
  try {
    for (const auto& pack : packs_) published.push_back(pack->publish(parts_.publisher));
  } catch (...) {
    parts_.index.add(published, PackIndex::Arrival::moved);
    throw;
  }
  parts_.index.add(published, PackIndex::Arrival::uploaded);
}

void PackUpload::abandon() noexcept {
  over_ = true;
  for (const Unnamed& unnamed : unnamed_) unnamed.job->cancel();
  unnamed_.clear();
  for (const Pending& pending : pending_) pending.job->cancel();
  pending_.clear();
  if (spill_) spill_->cancel();
  packs_.clear();
  records_.clear();
  let_go(held_);
}

}  // namespace assay
