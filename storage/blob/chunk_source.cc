// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/chunk_source.h"

#include <fmt/format.h>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/local_layout.h"

namespace assay {

namespace {

// What a record is decoded with cannot be had, which is not that record's fault.
class Baseless final : public Error {
 public:
  using Error::Error;
};

}  // namespace

// What decoding needs besides the chunk; kept, because a decoder's tables are dear to make.
struct ChunkSource::Scratch {
  ChunkDecoder decoder;
  std::vector<std::byte> record;
};

class ChunkSource::Borrowed {
 public:
  explicit Borrowed(ChunkSource& source) : source_(source) {
    const std::lock_guard lock(source_.mutex_);
    if (source_.idle_.empty()) {
      scratch_ = std::make_unique<Scratch>();
    } else {
      scratch_ = std::move(source_.idle_.back());
      source_.idle_.pop_back();
    }
  }
  ~Borrowed() {
    const std::lock_guard lock(source_.mutex_);
    source_.idle_.push_back(std::move(scratch_));
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  Scratch* operator->() const { return scratch_.get(); }

 private:
  ChunkSource& source_;
  std::unique_ptr<Scratch> scratch_;
};

ChunkSource::ChunkSource(PackIndex& index)
    : index_(index), verified_(kChunkCacheSize / 2), bases_(kChunkCacheSize / 2) {}
ChunkSource::~ChunkSource() = default;

std::string ChunkSource::why_missing(RecordKind kind, const Digest& id) const {
  if (const auto damaged = index_.find_damaged(kind, id))
    return fmt::format("in {} at {} it was found damaged before", damaged->pack->name, damaged->entry.offset);
  if (const auto pack = index_.find_unlisted())
    return fmt::format("{} cannot be read whole, and may have it: {}; assay repair, with the server stopped, saves "
                       "what is sound in that pack",
                       layout::sealed_pack(pack->name), pack->trouble);
  return "it is not in any pack";
}

// What a damaged copy says is reported only when there is no other. A sound one whose base is gone is not
// marked: it can be read again as soon as somebody uploads the base.
template <typename Use>
auto ChunkSource::with_sound_copy(RecordKind kind, const Digest& id, Use use) {
  std::string why;
  for (const Found& found : index_.find_all(kind, id)) {
    try {
      return use(found);
    } catch (const Error& error) {
      if (error.code() != Code::corrupt) throw;
      if (dynamic_cast<const Baseless*>(&error) == nullptr) index_.mark_damaged(found);
      why = fmt::format("in {} at {}: {}", found.pack->name, found.entry.offset, error.message());
    }
  }
  if (why.empty()) why = why_missing(kind, id);
  throw Error(Code::corrupt, fmt::format("{} cannot be read ({})", id.short_text(), why));
}

void ChunkSource::read(const Digest& chunk, std::span<std::byte> raw) {
  with_sound_copy(RecordKind::chunk, chunk, [&](const Found& found) { decode(found, raw); });
}

ChunkBytes ChunkSource::read_shared(const Digest& chunk, std::size_t length) {
  if (auto cached = verified_.find(chunk)) return cached;
  auto bytes = buffer(length);
  read(chunk, *bytes);
  verified_.insert(chunk, bytes);
  return bytes;
}

namespace {

// The bases' bytes one after the other, in `joined` where there is more than one.
std::span<const std::byte> join(const std::vector<ChunkBytes>& bases, std::vector<std::byte>& joined) {
  if (bases.empty()) return {};
  if (bases.size() == 1) return *bases.front();
  joined.clear();
  for (const ChunkBytes& base : bases) joined.insert(joined.end(), base->begin(), base->end());
  if (joined.size() > kMaxParent) throw Error(Code::corrupt, "it is stored against too many bytes");
  return joined;
}

}  // namespace

// When the digest is wrong although all sums hold, the fault may be a base's: bases are then read again as
// chunks in their own right, which finds sound copies of them where there are any.
void ChunkSource::decode(const Found& found, std::span<std::byte> raw) {
  std::vector<std::byte> joined;
  decode_unverified(found, Sums::of_head, join(read_bases(found, 0), joined), raw);
  if (Digest::of(raw) == found.entry.id) return;
  if (!found.bases.empty()) {
    decode_unverified(found, Sums::all, join(read_verified_bases(found), joined), raw);
    if (Digest::of(raw) == found.entry.id) return;
  }
  throw Error(Code::corrupt, "its bytes do not have the digest that they should");
}

void ChunkSource::decode_unverified(const Found& found, Sums sums, std::span<const std::byte> parent,
                                    std::span<std::byte> raw) {
  if (found.entry.raw_length != raw.size())
    throw Error(Code::corrupt, "it does not have the length that it should");
  Borrowed scratch(*this);
  const auto stored = read_record(*found.pack->file, found.entry, found.bases, scratch->record, sums);
  scratch->decoder.decode(static_cast<std::uint32_t>(found.entry.codec), stored, parent, raw);
}

namespace {

// Calls `read` with each base's id and length.
template <typename Read>
std::vector<ChunkBytes> for_bases(const PackIndex& index, const Found& found, Read read) {
  std::vector<ChunkBytes> bases;
  for (const Digest& id : found.bases) {
    const auto base = index.find(RecordKind::chunk, id);
    if (!base)
      throw Baseless(Code::corrupt,
                     fmt::format("{}, which it is stored against, is missing", id.short_text()));
    try {
      bases.push_back(read(id, base->entry.raw_length));
    } catch (const Error& error) {
      if (error.code() != Code::corrupt) throw;
      throw Baseless(Code::corrupt, "of what it is stored against, " + error.message());
    }
  }
  return bases;
}

}  // namespace

// A forged pack may chain chunks for ever or in a circle.
std::vector<ChunkBytes> ChunkSource::read_bases(const Found& found, unsigned depth) {
  if (!found.bases.empty() && depth >= kMaxDepth)
    throw Baseless(Code::corrupt, "too many chunks are stored against each other");
  return for_bases(index_, found, [&](const Digest& id, std::size_t length) {
    return base_at_depth(id, length, depth + 1);
  });
}

std::vector<ChunkBytes> ChunkSource::read_verified_bases(const Found& found) {
  return for_bases(index_, found, [&](const Digest& id, std::size_t length) {
    auto bytes = buffer(length);
    read(id, *bytes);
    return bytes;
  });
}

ChunkBytes ChunkSource::base_at_depth(const Digest& chunk, std::size_t length, unsigned depth) {
  if (auto cached = verified_.find(chunk)) return cached;
  if (auto cached = bases_.find(chunk)) return cached;
  auto bytes = buffer(length);
  with_sound_copy(RecordKind::chunk, chunk, [&](const Found& found) {
    std::vector<std::byte> joined;
    decode_unverified(found, Sums::all, join(read_bases(found, depth), joined), *bytes);
  });
  bases_.insert(chunk, bytes);
  return bytes;
}

Recipe ChunkSource::recipe(const Digest& blob) {
  return with_sound_copy(RecordKind::blob, blob, [&](const Found& found) {
    Borrowed scratch(*this);
    return decode_recipe(read_record(*found.pack->file, found.entry, found.bases, scratch->record));
  });
}

std::vector<ChunkInfo> ChunkSource::page(const Digest& page) {
  return with_sound_copy(RecordKind::page, page, [&](const Found& found) {
    Borrowed scratch(*this);
    const auto raw = read_record(*found.pack->file, found.entry, found.bases, scratch->record);
    if (Digest::of(raw) != page)
      throw Error(Code::corrupt, "its bytes do not have the digest that they should");
    return decode_page(raw);
  });
}

}  // namespace assay
