// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "storage/base/error.h"
#include "storage/blob/local_layout.h"

namespace assay {
namespace {

constexpr const char* kNotItsHeader = "its header is not that of a pack of this name";

// What is wrong with a file of the store, from the clause that its reader complains with.
Error about_file(const std::string& path, const Error& error) {
  if (error.code() != Code::corrupt && error.code() != Code::unsupported) return error;
  return Error(error.code(),
               fmt::format("The blob store's {} cannot be used: {}. Run assay repair on the data "
                           "directory, or restore it from a backup.",
                           path, error.message()));
}

std::vector<std::byte> read_whole(const File& file) {
  std::vector<std::byte> bytes(file.size());
  bytes.resize(file.read_at(0, bytes));
  return bytes;
}

// Descriptions that a collection found dead stay dead, although their pack is still there for what else it
// holds.
void forget(const std::string& name, const std::set<DeadBlob>& dead, LoadedPack& loaded) {
  if (dead.empty()) return;
  const auto is_dead = [&](const Digest& digest) { return dead.contains({name, digest}); };
  const auto describes_dead = [&](const PackBlob& blob) { return is_dead(blob.digest); };
  std::erase_if(loaded.pack->contents.blobs, describes_dead);
  std::erase_if(loaded.doubtful, describes_dead);
  for (PackEntry& entry : loaded.pack->contents.entries)
    if (entry.kind == RecordKind::blob && is_dead(entry.id)) entry.dead = true;
}

// Takes the descriptions from `end` on out of the contents.
void doubt(LoadedPack& loaded, std::uint64_t end) {
  PackContents& contents = loaded.pack->contents;
  std::set<Digest> doubted;
  for (PackEntry& entry : contents.entries) {
    if (entry.kind != RecordKind::blob || entry.offset < end) continue;
    entry.dead = true;
    doubted.insert(entry.id);
  }
  for (const PackEntry& entry : contents.entries)
    if (entry.kind == RecordKind::blob && !entry.dead) doubted.erase(entry.id);
  const auto is_doubted = [&](const PackBlob& blob) { return doubted.contains(blob.digest); };
  std::copy_if(contents.blobs.begin(), contents.blobs.end(), std::back_inserter(loaded.doubtful), is_doubted);
  std::erase_if(contents.blobs, is_doubted);
}

void read_open(LoadedPack& loaded) {
  Pack& pack = *loaded.pack;
  std::uint64_t end = 0;
  pack.contents = salvage_records(*pack.file, end);
  const bool is_broken = !pack.contents.entries.empty() && pack.contents.entries.back().offset >= end;
  if (is_broken) pack.trouble = fmt::format("whole records follow what is none, at offset {}", end);
  else if (!pack.contents.entries.empty() && !has_header_of(*pack.file, pack.name))
    pack.trouble = kNotItsHeader;
  doubt(loaded, end);
}

// Where only the header is damaged nothing is missing: every record vouches for itself.
void read_sealed(Pack& pack) {
  if (!has_header_of(*pack.file, pack.name)) pack.trouble = kNotItsHeader;
  try {
    pack.contents = read_footer(*pack.file);
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
    pack.trouble = error.message();
    pack.unlisted = true;
    std::uint64_t end = 0;
    pack.contents = salvage_records(*pack.file, end);
  }
}

}  // namespace

std::vector<PackFileName> list_packs(const Files& files) {
  std::vector<PackFileName> packs;
  for (const FileEntry& entry : files.list(layout::kPacks)) {
    if (entry.kind != FileEntry::Kind::file) continue;
    const std::string_view file = entry.name;
    for (const auto suffix : {layout::kSealed, layout::kOpen})
      if (file.ends_with(suffix))
        packs.push_back(
            {std::string(file.substr(0, file.size() - suffix.size())), suffix == layout::kSealed});
  }
  return packs;
}

std::string path_of(const PackFileName& pack) {
  return pack.sealed ? layout::sealed_pack(pack.name) : layout::open_pack(pack.name);
}

std::set<DeadBlob> read_dead_lists(const Files& files) {
  std::set<DeadBlob> all;
  for (const FileEntry& entry : files.list(layout::kDead)) {
    const std::string path = std::string(layout::kDead) + "/" + entry.name;
    try {
      for (DeadBlob& dead : decode_dead_list(read_whole(*files.open(path)))) all.insert(std::move(dead));
    } catch (const Error& error) {
      throw about_file(path, error);
    }
  }
  return all;
}

std::string trouble_of(const File& file, std::string_view name) {
  try {
    read_footer(file);
    return has_header_of(file, name) ? "" : kNotItsHeader;
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
    return error.message();
  }
}

LoadedPack load_pack(const Files& files, const PackFileName& name, const std::set<DeadBlob>& dead) {
  LoadedPack loaded{std::make_shared<Pack>(), {}};
  Pack& pack = *loaded.pack;
  pack.name = name.name;
  pack.sealed = name.sealed;
  pack.file = files.open(path_of(name));
  if (name.sealed)
    read_sealed(pack);
  else
    read_open(loaded);
  forget(name.name, dead, loaded);
  return loaded;
}

}  // namespace assay
