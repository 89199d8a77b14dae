// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/fsck.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>

#include "storage/base/error.h"
#include "storage/blob/check_record.h"
#include "storage/blob/chunk_source.h"
#include "storage/blob/damage_list.h"
#include "storage/blob/local_layout.h"
#include "storage/blob/pack_loader.h"
#include "storage/blob/recipe_walk.h"

namespace assay {
namespace {

class Check {
 public:
  Check(const Files& files, const FsckOptions& options) : files_(files), options_(options), source_(index_) {}

  FsckReport run() {
    check_top();
    read_packs();
    for (const auto& pack : index_.packs()) check_records(pack);
    for (const Digest& digest : index_.blobs()) check_blob(digest);
    for (const Digest& digest : options_.required)
      if (!index_.stat(digest)) problem(digest, "", "The blob is missing though a version needs it.");
    return std::move(report_);
  }

 private:
  void problem(std::optional<Digest> digest, std::string path, std::string what) {
    report_.problems.push_back({digest, std::move(path), std::move(what)});
  }

  void stray(const std::string& path) { problem({}, path, "This does not belong to the store."); }

  // The entries of a directory; one that is missing is a problem and has none.
  std::vector<FileEntry> entries(std::string_view path) {
    try {
      return files_.list(path);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
      problem({}, std::string(path), "The directory is missing.");
      return {};
    }
  }

  void check_top() {
    constexpr std::string_view kKnown[] = {layout::kFormatFile, layout::kPacks, layout::kDead, layout::kDamaged,
                                           layout::kTemps,      layout::kQuarantine};
    for (const FileEntry& entry : entries(""))
      if (std::find(std::begin(kKnown), std::end(kKnown), entry.name) == std::end(kKnown)) stray(entry.name);
    check_format();
    for (const FileEntry& entry : entries(layout::kTemps)) {
      if (entry.kind == FileEntry::Kind::file)
        ++report_.unfinished;
      else
        stray(layout::temp(entry.name));
    }
    for (const FileEntry& entry : entries(layout::kDead))
      if (entry.kind != FileEntry::Kind::file) stray(std::string(layout::kDead) + "/" + entry.name);
    check_damage_lists();
    for (const FileEntry& entry : entries(layout::kPacks))
      if (entry.kind != FileEntry::Kind::file ||
          !(entry.name.ends_with(layout::kSealed) || entry.name.ends_with(layout::kOpen)))
        stray(std::string(layout::kPacks) + "/" + entry.name);
  }

  // What they say is found out anew here. There is no directory where nothing was ever damaged.
  void check_damage_lists() {
    const std::vector<FileEntry> top = entries("");
    if (std::none_of(top.begin(), top.end(), [](const auto& entry) { return entry.name == layout::kDamaged; })) return;
    for (const FileEntry& entry : entries(layout::kDamaged))
      if (entry.kind != FileEntry::Kind::file) stray(std::string(layout::kDamaged) + "/" + entry.name);
    if (!read_damage_lists(files_).all_hold)
      problem({}, std::string(layout::kDamaged),
              "A row of the lists of damaged records does not hold; opening the store drops it.");
  }

  void check_format() {
    std::string text(64, '\0');
    try {
      text.resize(files_.open(layout::kFormatFile)->read_at(0, std::as_writable_bytes(std::span(text))));
    } catch (const Error& error) {
      const bool missing = error.code() == Code::not_found;
      return problem({}, std::string(layout::kFormatFile),
                     missing ? "The file is missing." : error.message());
    }
    if (text != layout::kFormatText)
      problem({}, std::string(layout::kFormatFile),
              "The file names a format that this version of assay does not know.");
  }

  void read_packs() {
    std::set<DeadBlob> dead;
    try {
      dead = read_dead_lists(files_);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) problem({}, std::string(layout::kDead), error.message());
    }
    std::vector<PackFileName> names;
    try {
      names = list_packs(files_);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
    }
    for (const PackFileName& name : names) read_pack(name, dead);
  }

  void read_pack(const PackFileName& name, const std::set<DeadBlob>& dead) {
    try {
      LoadedPack loaded = load_pack(files_, name, dead);
      if (!loaded.pack->trouble.empty())
        problem({}, path_of(name), "The pack is damaged: " + loaded.pack->trouble + ".");
      index_.add(std::move(loaded.pack), PackIndex::Arrival::moved);
    } catch (const Error& error) {
      // An open one that has just been closed is listed by its other name.
      if (!name.sealed && error.code() == Code::not_found) return;
      problem({}, path_of(name), error.message());
    }
  }

  // Every stored byte: each record against its sums, each chunk against its digest.
  void check_records(const std::shared_ptr<Pack>& pack) {
    const PackContents contents = index_.contents(pack);
    std::vector<std::byte> raw;
    for (const PackEntry& entry : contents.entries) {
      if (entry.dead) continue;
      const auto bases = contents.bases_of(entry);
      const Found found{pack, entry, {bases.begin(), bases.end()}};
      const RecordCheck check = check_record(index_, source_, found, raw);
      if (check.state != RecordState::damaged) report_.stored_bytes += entry.size();
      if (check.state == RecordState::sound) continue;
      index_.mark_damaged(found);
      // What it is stored against is a problem of its own; the blobs that this one hits are found below.
      if (check.state == RecordState::undecodable) continue;
      problem(entry.kind == RecordKind::blob ? std::optional(entry.id) : std::nullopt,
              path_of({pack->name, pack->sealed}),
              fmt::format("The record of {} at offset {} is damaged: {}.", entry.id.text(), entry.offset,
                          check.what));
    }
  }

  // The records have been checked: what remains is that a blob has all that it needs.
  void check_blob(const Digest& digest) {
    try {
      RecipeWalk walk(source_, source_.recipe(digest), 0);
      while (const auto piece = walk.next()) {
        const auto found = index_.find(RecordKind::chunk, piece->chunk.digest);
        if (!found || found->entry.raw_length != piece->chunk.length)
          throw Error(Code::corrupt, fmt::format("its chunk {} at offset {} is damaged or missing",
                                                 piece->chunk.digest.short_text(), piece->offset));
      }
      ++report_.blobs;
      report_.raw_bytes += index_.stat(digest)->size;
    } catch (const Error& error) {
      problem(digest, "", "The blob is damaged: " + error.message() + ".");
    }
    if (options_.progress) options_.progress(report_);
  }

  const Files& files_;
  const FsckOptions& options_;
  PackIndex index_;
  ChunkSource source_;
  FsckReport report_;
};

}  // namespace

FsckReport fsck(const Files& files, const FsckOptions& options) {
  return Check(files, options).run();
}

FsckReport fsck(const std::filesystem::path& directory, const FsckOptions& options) {
  return fsck(*open_existing_files(directory), options);
}

}  // namespace assay
