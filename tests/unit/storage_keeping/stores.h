// SPDX-License-Identifier: Apache-2.0
// Stores on a disk in memory, whose uploads all happen on the calling thread, and ways to damage their packs.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/local_blob_store.h"
#include "storage/blob/local_layout.h"
#include "storage/env/entropy.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_disk.h"

namespace assay::test {

inline GcReport collect(Maintenance& store, const std::set<Digest>& live, bool dry_run = false) {
  return store.collect_garbage({.roots =
                                    [&](const auto& keep) {
                                      for (const Digest& digest : live) keep(digest);
                                    },
                                .dry_run = dry_run});
}

// Rows like those of `table_bytes`, of which every 40th has another value: no chunk of the two is equal.
inline std::string edited_table(std::size_t size, std::uint64_t seed) {
  std::string bytes = table_bytes(size, seed);
  for (std::size_t at = 500; at < bytes.size(); at += 1200)
    if (bytes[at] >= '0' && bytes[at] <= '9') bytes[at] = bytes[at] == '7' ? '3' : '7';
  return bytes;
}

struct Store {
  SimulatedDisk disk;
  SystemEntropy entropy;
  std::unique_ptr<LocalBlobStore> store = std::make_unique<LocalBlobStore>(disk, entropy, 0);

  LocalBlobStore& operator*() { return *store; }
  LocalBlobStore* operator->() { return store.get(); }
  void reopen() {
    store.reset();
    store = std::make_unique<LocalBlobStore>(disk, entropy, 0);
  }
  Digest add(const std::string& bytes, const std::vector<Digest>& parents = {}) {
    const auto upload = store->begin_upload({.parents = parents});
    upload->write(as_span(bytes));
    return upload->finish().digest;
  }
  bool has(const std::string& bytes) {
    const Digest digest = Digest::of(bytes);
    if (!store->stat(digest)) return false;
    return read_all(*store, digest, kMaxBlobSize) == bytes;
  }
  std::vector<std::string> packs() const {
    std::vector<std::string> paths;
    for (const FileEntry& entry : disk.list(layout::kPacks))
      paths.push_back(std::string(layout::kPacks) + "/" + entry.name);
    return paths;
  }
  std::uint64_t pack_bytes() const {
    std::uint64_t bytes = 0;
    for (const std::string& path : packs()) bytes += disk.open(path)->size();
    return bytes;
  }
  // Flips a bit of the file, which keeps its name.
  void flip(const std::string& path, std::uint64_t offset) {
    const auto old = disk.open(path);
    std::string bytes(old->size(), '\0');
    old->read_at(0, std::as_writable_bytes(std::span(bytes)));
    bytes.at(offset) = static_cast<char>(bytes.at(offset) ^ 4);
    replace(path, bytes);
  }
  // Another file takes its place, under its name.
  void replace(const std::string& path, const std::string& bytes) {
    disk.remove(path);
    const auto file = disk.create(path);
    file->append(as_span(bytes));
    file->sync();
    disk.open_directory(path.substr(0, path.rfind('/')))->sync();
  }
};

// Twenty blobs of 100 000 bytes, seeds 0 to 19, in one closed pack; answers those of every fifth seed.
inline std::set<Digest> add_five_times_the_live(Store& store) {
  std::set<Digest> live;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Digest digest = store.add(random_bytes(100'000, seed));
    if (seed % 5 == 0) live.insert(digest);
  }
  store.reopen();
  return live;
}

// Whether those of every fifth seed are there, and take no more than they need.
inline bool keeps_the_live_alone(Store& store) {
  bool all = store.pack_bytes() < 450'000;
  for (std::uint64_t seed = 0; seed < 20; seed += 5) all = all && store.has(random_bytes(100'000, seed));
  return all;
}

}  // namespace assay::test
