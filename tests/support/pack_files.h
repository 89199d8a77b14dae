// SPDX-License-Identifier: Apache-2.0
// Reaches behind a blob store's back: the packs on a disk, and damage to them.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "storage/blob/local_layout.h"
#include "storage/blob/pack_loader.h"

namespace assay::test {

// A pack and what it holds, as opening the store would see it.
struct OpenPack {
  PackFileName name;
  std::shared_ptr<Pack> pack;

  std::string path() const { return path_of(name); }
};

inline std::vector<OpenPack> packs_of(const Files& files) {
  std::vector<OpenPack> packs;
  for (const PackFileName& name : list_packs(files)) packs.push_back({name, load_pack(files, name, {}).pack});
  return packs;
}

// Where the first stored byte of a record lies in its pack.
inline std::uint64_t stored_at(const PackEntry& entry) {
  return entry.offset + entry.size() - entry.stored_length;
}

inline void flip_byte(const std::filesystem::path& path, std::uint64_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 0x55));
}

// Flips a stored byte of every record of that kind and id in the store at `root`; how many there are.
inline std::size_t damage(const std::filesystem::path& root, RecordKind kind, const Digest& id) {
  std::size_t count = 0;
  const auto files = open_existing_files(root);
  for (const OpenPack& pack : packs_of(*files))
    for (const PackEntry& entry : pack.pack->contents.entries)
      if (entry.kind == kind && entry.id == id) {
        flip_byte(root / pack.path(), stored_at(entry));
        ++count;
      }
  return count;
}

}  // namespace assay::test
