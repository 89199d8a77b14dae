// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/blob_cache.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "registry/client/local_file.h"
#include "registry/domain/transfer_format.h"
#include "storage/base/error.h"
#include "storage/blob/local_blob_store.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "used";
constexpr const char* kBlobs = "blobs";
// Collecting garbage costs about the same however much there is: give up a tenth at a time.
constexpr std::uint64_t kSpareShare = 10;
// Of the limit, for headers and footers of packs, dead lists and the index: well above what they take.
constexpr std::uint64_t kOverheadShare = 64;

void make_directory(const fs::path& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (failed) throw system_error("Creating " + path.string(), failed.value());
}

DirectoryLock take_lock(const fs::path& directory) {
  try {
    return DirectoryLock(directory);
  } catch (const Error& error) {
    if (error.code() != Code::unavailable) throw;
    throw Error(Code::unavailable, "another assay is using it");
  }
}

void remove_store(const fs::path& path) {
  std::error_code failed;
  fs::remove_all(path, failed);
  if (failed) throw system_error("Removing " + path.string(), failed.value());
}

// What is in it can be fetched again: a store that is damaged is not worth a repair.
std::unique_ptr<LocalBlobStore> open_store(const fs::path& path, std::string& note) {
  try {
    auto store = open_local_blob_store(path);
    const auto unread = store->find_unread();
    if (!unread) return store;
    note = *unread;
  } catch (const Error& error) {
    if (error.code() != Code::corrupt && error.code() != Code::unsupported) throw;
    note = error.message();
  }
  remove_store(path);
  return open_local_blob_store(path);
}

}  // namespace

std::string cache_origin(Kind kind, const Name& name, std::string_view path) {
  return std::string(singular(kind)) + " " + name.text() + " " + std::string(path);
}

std::unique_ptr<BlobCache> BlobCache::open(const CacheSettings& settings, std::string& note) {
  if (settings.limit == 0) return nullptr;
  try {
    make_directory(settings.directory);
    DirectoryLock lock = take_lock(settings.directory);
    auto store = open_store(settings.directory / kBlobs, note);
    return std::unique_ptr<BlobCache>(new BlobCache(settings, std::move(lock), std::move(store)));
  } catch (const Error& error) {
    note = error.message();
    return nullptr;
  }
}

BlobCache::BlobCache(const CacheSettings& settings, DirectoryLock lock, std::unique_ptr<LocalBlobStore> store)
    : settings_(settings),
      budget_(settings.limit - settings.limit / kOverheadShare),
      lock_(std::move(lock)),
      store_(std::move(store)) {
  read_index();
}

BlobCache::~BlobCache() {
  write_index();
}

// Lines of a digest and where its bytes are from, in the order of use. What a killed command did not write
// down is a blob without a line, and given up first.
void BlobCache::read_index() {
  store_->for_each([&](const Digest& digest) { entries_[digest]; });
  std::ifstream in(settings_.directory / kIndex);
  for (std::string line; std::getline(in, line);) {
    const auto space = line.find(' ');
    if (space == std::string::npos) continue;
    try {
      const auto found = entries_.find(Digest::parse(line.substr(0, space)));
      if (found != entries_.end()) found->second = {++uses_, line.substr(space + 1)};
    } catch (const Error&) {
      // Not ours: the blob, if there is one, counts as unused.
    }
  }
}

void BlobCache::write_index() const {
  std::vector<std::pair<std::uint64_t, std::string>> lines;
  for (const auto& [digest, entry] : entries_)
    if (entry.used > 0) lines.emplace_back(entry.used, digest.text() + " " + entry.origin);
  std::sort(lines.begin(), lines.end());
  const fs::path part = settings_.directory / (std::string(kIndex) + ".part");
  {
    std::ofstream out(part, std::ios::trunc);
    for (const auto& [used, line] : lines) out << line << '\n';
    if (!out.flush()) return;
  }
  std::error_code ignored;
  fs::rename(part, settings_.directory / kIndex, ignored);
}

std::vector<Digest> BlobCache::alike(const std::string& origin) const {
  std::vector<std::pair<std::uint64_t, Digest>> found;
  for (const auto& [digest, entry] : entries_)
    if (entry.origin == origin) found.emplace_back(entry.used, digest);
  std::sort(found.rbegin(), found.rend());
  std::vector<Digest> out;
  for (const auto& [used, digest] : found)
    if (out.size() < kMaxUploadParents) out.push_back(digest);
  return out;
}

client::Nearby BlobCache::nearby(const std::string& origin) const {
  return {.store = store_.get(), .alike = alike(origin)};
}

bool BlobCache::has_room(std::uint64_t bytes) const {
  return store_->totals().stored_bytes + bytes <= budget_;
}

std::set<Digest> BlobCache::newest(std::uint64_t bytes) const {
  std::vector<std::pair<std::uint64_t, Digest>> order;
  for (const auto& [digest, entry] : entries_) order.emplace_back(entry.used, digest);
  std::sort(order.rbegin(), order.rend());
  std::set<Digest> kept;
  for (const auto& [used, digest] : order) {
    const auto blob = store_->stat(digest);
    if (!blob || blob->stored_size > bytes) break;
    bytes -= blob->stored_size;
    kept.insert(digest);
  }
  return kept;
}

// False when it is not known what a blob among them consists of.
bool BlobCache::collect_but(const std::set<Digest>& kept, double live_share) {
  try {
    store_->collect_garbage({.roots =
                                 [&](const std::function<void(const Digest&)>& keep) {
                                   for (const Digest& digest : kept) keep(digest);
                                 },
                             .live_share = live_share});
    return true;
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
    return false;
  }
}

// What is damaged goes too, and everything when that does not help.
void BlobCache::give_up_but(std::set<Digest>& kept, double live_share) {
  if (!collect_but(kept, live_share)) {
    std::erase_if(kept, [&](const Digest& digest) { return !store_->is_whole(digest); });
    if (!collect_but(kept, live_share)) {
      clear();
      kept.clear();
    }
  }
  std::erase_if(entries_, [&](const auto& entry) { return !kept.contains(entry.first); });
}

// Blobs that are kept may need chunks of those given up, and share packs with them: what goes is found out by
// letting go, a tenth more each time, and of whole packs first, for their bytes need not be copied.
bool BlobCache::make_room(std::uint64_t bytes) {
  if (bytes > budget_) return false;
  const std::uint64_t step = budget_ / kSpareShare + 1;
  for (std::uint64_t spare = step; !has_room(bytes); spare += step) {
    std::set<Digest> kept = newest(budget_ - std::min(budget_, bytes + spare));
    give_up_but(kept, kLiveShare);
    if (!has_room(bytes)) give_up_but(kept, 1);
    if (kept.empty()) return has_room(bytes);
  }
  return true;
}

void BlobCache::keep(const std::string& origin, const Digest& digest, std::uint64_t size,
                     const fs::path& file) {
  // A small file is fetched as fast as it would be kept.
  if (size < client::kSentWhole) return;
  try {
    if (!store_->is_whole(digest)) {
      if (!make_room(size)) return;
      const auto upload = store_->begin_upload({.digest = digest, .size = size, .parents = alike(origin)});
      client::FileReader(file).read_all([&](std::span<const std::byte> bytes) { upload->write(bytes); });
      upload->finish();
    }
    entries_[digest] = {++uses_, origin};
  } catch (const Error&) {
    // The file is where it was wanted; that it is not kept costs nothing but time.
  }
}

std::uint64_t BlobCache::stored_bytes() const {
  return store_->totals().stored_bytes;
}

std::uint64_t BlobCache::blobs() const {
  return store_->totals().blobs;
}

std::uint64_t BlobCache::clear() {
  const std::uint64_t bytes = stored_bytes();
  const fs::path blobs = settings_.directory / kBlobs;
  store_.reset();
  entries_.clear();
  remove_store(blobs);
  store_ = open_local_blob_store(blobs);
  return bytes;
}

}  // namespace assay::cli
