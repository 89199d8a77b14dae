// SPDX-License-Identifier: Apache-2.0
// Files that earlier commands have fetched, kept on this machine so that they need not travel again: a blob
// store of bounded size, the least recently used given up first. It only ever saves work: whatever goes wrong
// in it, a command goes on without.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "registry/cli/config.h"
#include "registry/client/transfer.h"
#include "registry/domain/artifact.h"
#include "storage/env/directory_lock.h"

namespace assay {
class LocalBlobStore;
}

namespace assay::cli {

// Where bytes of a file may be found again: versions of one file resemble each other.
std::string cache_origin(Kind kind, const Name& name, std::string_view path);

// One thread at a time.
class BlobCache {
 public:
  // Nothing when it is switched off, another command is using it, or the directory cannot be used. One that cannot be
  // read, or not all of it, begins anew. `note` then becomes a clause that says why; it is left alone when all is well.
  static std::unique_ptr<BlobCache> open(const CacheSettings& settings, std::string& note);
  // Writes down what was used when.
  ~BlobCache();

  // What is here for a download of that origin.
  client::Nearby nearby(const std::string& origin) const;
  // Keeps the bytes of a file that was verified, or notes that they were used. Gives up others for them, those
  // first that were used the longest ago. One larger than the cache is passed over, and nothing given up for it.
  void keep(const std::string& origin, const Digest& digest, std::uint64_t size,
            const std::filesystem::path& file);

  std::uint64_t stored_bytes() const;
  std::uint64_t blobs() const;
  // Gives up everything; answers how many stored bytes that were.
  std::uint64_t clear();

 private:
  struct Entry {
    std::uint64_t used = 0;  // grows from use to use
    std::string origin;
  };

  BlobCache(const CacheSettings& settings, DirectoryLock lock, std::unique_ptr<LocalBlobStore> store);
  void read_index();
  void write_index() const;
  std::vector<Digest> alike(const std::string& origin) const;
  bool has_room(std::uint64_t bytes) const;
  bool make_room(std::uint64_t bytes);
  // The last used ones that take no more than `bytes` together.
  std::set<Digest> newest(std::uint64_t bytes) const;
  void give_up_but(std::set<Digest>& kept, double live_share);
  bool collect_but(const std::set<Digest>& kept, double live_share);

  const CacheSettings settings_;
  const std::uint64_t budget_;  // for records; the rest of the limit is for what packs and this cache add
  DirectoryLock lock_;
  std::unique_ptr<LocalBlobStore> store_;
  std::map<Digest, Entry> entries_;
  std::uint64_t uses_ = 0;
};

}  // namespace assay::cli
