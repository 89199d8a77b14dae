// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/explain.h"

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/recipe_walk.h"

namespace assay {
namespace {

constexpr std::size_t kShownBlobs = 100;

std::string_view name_of(ChunkCodec codec) {
  switch (codec) {
    case ChunkCodec::raw:
      return "raw";
    case ChunkCodec::zstd:
      return "zstd";
    case ChunkCodec::zstd_prefix:
      return "zstd_prefix";
    case ChunkCodec::planes:
      return "planes";
    case ChunkCodec::difference:
      break;
  }
  return "difference";
}

void add_places(const std::vector<Found>& copies, Explanation& out) {
  for (const Found& copy : copies)
    out.places.push_back({copy.pack->name, copy.entry.offset, copy.entry.size(),
                          std::string(name_of(copy.entry.codec)),
                          copy.entry.kind == RecordKind::chunk ? copy.bases : std::vector<Digest>()});
}

// `chunks` and all that are stored against one of them, to any depth.
std::unordered_set<Digest> with_children(PackIndex& index, std::unordered_set<Digest> chunks) {
  for (unsigned depth = 0; depth < kMaxDepth; ++depth) {
    std::unordered_set<Digest> more;
    for (const auto& pack : index.packs()) {
      const PackContents contents = index.contents(pack);
      for (const PackEntry& entry : contents.entries) {
        if (entry.kind != RecordKind::chunk || entry.damaged || entry.dead || chunks.contains(entry.id))
          continue;
        const auto bases = contents.bases_of(entry);
        if (std::any_of(bases.begin(), bases.end(),
                        [&](const Digest& base) { return chunks.contains(base); }))
          more.insert(entry.id);
      }
    }
    if (more.empty()) break;
    chunks.merge(more);
  }
  return chunks;
}

// Blobs that have a page or chunk of which `wanted` is true. Pages that several blobs share are read once.
class Search {
 public:
  using Wanted = std::function<bool(RecordKind, const Digest&)>;
  Search(StoreParts& parts, Wanted wanted) : parts_(parts), wanted_(std::move(wanted)) {}

  // Throws corrupt when a recipe cannot be read.
  bool hits(const Digest& blob) {
    const Recipe recipe = parts_.source.recipe(blob);
    return std::any_of(recipe.pages.begin(), recipe.pages.end(),
                       [&](const RecipePage& page) { return hits_page(page.id); });
  }

 private:
  bool hits_page(const Digest& page) {
    if (hit_.contains(page) || wanted_(RecordKind::page, page)) return true;
    if (missed_.contains(page)) return false;
    const auto chunks = parts_.source.page(page);
    const bool hit = std::any_of(chunks.begin(), chunks.end(), [&](const ChunkInfo& chunk) {
      return wanted_(RecordKind::chunk, chunk.digest);
    });
    (hit ? hit_ : missed_).insert(page);
    return hit;
  }

  StoreParts& parts_;
  const Wanted wanted_;
  std::unordered_set<Digest> hit_, missed_;
};

// Ascending, at most `limit`; whether a blob whose recipe cannot be read is among them, `unreadable` says.
std::vector<Digest> blobs_with(StoreParts& parts, Search search, bool unreadable, std::size_t limit) {
  std::vector<Digest> out;
  for (const Digest& blob : parts.index.blobs()) {
    if (out.size() == limit) break;
    bool hit = unreadable;
    try {
      hit = search.hits(blob);
    } catch (const Error& error) {
      if (error.code() != Code::corrupt) throw;
    }
    if (hit) out.push_back(blob);
  }
  return out;
}

// What several blobs take together.
class Sum {
 public:
  explicit Sum(StoreParts& parts) : parts_(parts) {}

  void add(const Digest& blob) {
    const auto info = parts_.index.stat(blob);
    if (!info) return;
    ++savings_.blobs;
    savings_.raw += info->size;
    RecipeWalk walk(parts_.source, parts_.source.recipe(blob), 0);
    while (const auto piece = walk.next()) add_part(piece->chunk);
  }

  Savings result() {
    for (const Digest& parent : parents_) add_parent(parent, 0);
    const auto bytes = [](std::int64_t value) {
      return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    };
    savings_.by_delta = bytes(by_delta_);
    savings_.by_compression = bytes(by_compression_);
    return savings_;
  }

 private:
  void add_part(const ChunkInfo& chunk) {
    if (!parts_seen_.insert(chunk.digest).second) {
      savings_.by_dedup += chunk.length;
      return;
    }
    const auto found = parts_.index.find(RecordKind::chunk, chunk.digest);
    if (!found) return;
    savings_.stored += found->entry.size();
    const auto saved =
        static_cast<std::int64_t>(chunk.length) - static_cast<std::int64_t>(found->entry.size());
    (found->bases.empty() ? by_compression_ : by_delta_) += saved;
    for (const Digest& base : found->bases) parents_.insert(base);
  }

  // A parent that is no part of these blobs is there for its children alone: deltas save less by it.
  void add_parent(const Digest& parent, unsigned depth) {
    if (depth > kMaxDepth || !parts_seen_.insert(parent).second) return;
    const auto found = parts_.index.find(RecordKind::chunk, parent);
    if (!found) return;
    savings_.stored += found->entry.size();
    by_delta_ -= static_cast<std::int64_t>(found->entry.size());
    for (const Digest& base : found->bases) add_parent(base, depth + 1);
  }

  StoreParts& parts_;
  Savings savings_;
  std::int64_t by_delta_ = 0, by_compression_ = 0;
  std::unordered_set<Digest> parts_seen_, parents_;
};

}  // namespace

std::vector<Digest> incomplete_blobs(StoreParts& parts, std::size_t limit) {
  const auto lacks = [&](RecordKind kind, const Digest& id) { return !parts.index.is_whole(kind, id); };
  return blobs_with(parts, Search(parts, lacks), true, limit);
}

Explanation explain(StoreParts& parts, const Digest& digest) {
  Explanation out{.digest = digest, .places = {}, .needed_by = {}};
  if (const auto blob = parts.index.stat(digest)) {
    out.is_blob = true;
    out.size = blob->size;
    try {
      for (const RecipePage& page : parts.source.recipe(digest).pages) out.chunks += page.chunks;
    } catch (const Error& error) {
      if (error.code() != Code::corrupt) throw;  // then it has no sound place either
    }
    add_places(parts.index.find_all(RecordKind::blob, digest), out);
  }
  const auto copies = parts.index.find_all(RecordKind::chunk, digest);
  out.is_chunk = !copies.empty();
  if (!out.is_blob && !out.is_chunk)
    throw Error(Code::not_found, "Nothing stored here has the digest " + digest.text());
  if (!out.is_chunk) return out;
  if (!out.is_blob) out.size = copies.front().entry.raw_length;
  add_places(copies, out);
  const auto wanted = with_children(parts.index, {digest});
  const auto needs = [&](RecordKind, const Digest& id) { return wanted.contains(id); };
  out.needed_by = blobs_with(parts, Search(parts, needs), false, kShownBlobs);
  return out;
}

Savings savings(StoreParts& parts, const std::vector<Digest>& blobs) {
  Sum sum(parts);
  for (const Digest& blob : blobs) {
    try {
      sum.add(blob);
    } catch (const Error& error) {
      if (error.code() != Code::corrupt) throw;  // a scrub reports it
    }
  }
  return sum.result();
}

}  // namespace assay
