// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/recover_pack.h"

#include <algorithm>

#include "storage/base/error.h"
#include "storage/blob/new_pack.h"
#include "storage/blob/recipe_walk.h"

namespace assay {
namespace {

// Whether everything that a description names is there.
bool is_complete(StoreParts& parts, const Pack& pack, const PackEntry& entry) {
  PackIndex::Pins pins(parts.index);
  std::vector<std::byte> buffer;
  try {
    const auto raw = read_record(*pack.file, entry, pack.contents.bases_of(entry), buffer);
    RecipeWalk walk(parts.source, decode_recipe(raw), 0);
    while (const auto piece = walk.next())
      if (!parts.index.reuse(RecordKind::chunk, piece->chunk.digest, pins)) return false;
    return true;
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
    return false;
  }
}

void make_sealed(StoreParts& parts, const LoadedPack& open) {
  const Pack& pack = *open.pack;
  PackContents contents = pack.contents;
  for (PackEntry& entry : contents.entries) {
    if (!entry.dead) continue;
    const auto doubtful = std::find_if(open.doubtful.begin(), open.doubtful.end(),
                                       [&](const PackBlob& blob) { return blob.digest == entry.id; });
    if (doubtful == open.doubtful.end() || !is_complete(parts, pack, entry)) continue;
    entry.dead = false;
    contents.blobs.push_back(*doubtful);
  }
  if (!contents.entries.empty()) {
    NewPack whole(parts.files, parts.entropy);
    copy_records(
        *pack.file, contents, [](const PackEntry& entry) { return !entry.dead; }, whole);
    whole.seal();
    parts.index.add(whole.publish(parts.publisher), PackIndex::Arrival::moved);
  }
  parts.index.remove(open.pack);
  parts.files.remove(path_of({pack.name, false}));
}

// Nothing is appended to it. What is doubtful about it stays unseen, and may be needed: it is as if it could not be read.
void keep_open(StoreParts& parts, const LoadedPack& open) {
  parts.index.remove(open.pack);
  Pack& pack = *open.pack;
  std::erase_if(pack.contents.entries, [](const PackEntry& entry) { return entry.dead; });
  pack.unlisted = !open.doubtful.empty();
  parts.index.add(open.pack, PackIndex::Arrival::moved);
}

}  // namespace

void recover_pack(StoreParts& parts, const LoadedPack& open) {
  try {
    make_sealed(parts, open);
  } catch (const Error& error) {
    if (error.code() != Code::full) throw;
    keep_open(parts, open);
  }
}

}  // namespace assay
