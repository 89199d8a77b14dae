// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/dependents.h"

#include "storage/base/error.h"
#include "storage/base/limits.h"

namespace assay {

Dependents::Dependents(StoreParts& parts, const std::set<DeadBlob>& written) : parts_(parts) {
  for (const auto& pack : parts.index.packs()) {
    holder_ = pack->name;
    seen_.clear();
    const PackContents contents = parts.index.contents(pack);
    for (const PackEntry& entry : contents.entries)
      if (entry.dead && !written.contains({pack->name, entry.id})) add(pack, entry, contents);
  }
}

// One that cannot be read does not come back as a blob that could be taken for whole.
void Dependents::add(const std::shared_ptr<Pack>& holder, const PackEntry& description, const PackContents& contents) {
  try {
    std::vector<std::byte> buffer;
    const auto raw = read_record(*holder->file, description, contents.bases_of(description), buffer);
    for (const RecipePage& page : decode_recipe(raw).pages) add_page(page.id);
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
  }
}

void Dependents::add_page(const Digest& page) {
  if (seen_.contains({RecordKind::page, page})) return;
  add_record(RecordKind::page, page, 0);
  for (const ChunkInfo& chunk : parts_.source.page(page)) add_record(RecordKind::chunk, chunk.digest, 0);
}

void Dependents::add_record(RecordKind kind, const Digest& id, unsigned depth) {
  if (depth > kMaxDepth || !seen_.insert({kind, id}).second) return;
  for (const Found& copy : parts_.index.find_all(kind, id)) {
    if (copy.pack->name != holder_) needed_elsewhere_.insert(copy.pack->name);
    for (const Digest& base : copy.bases) add_record(RecordKind::chunk, base, depth + 1);
  }
}

}  // namespace assay
