// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <tuple>

#include "storage/base/crc32c.h"
#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/base/little_endian.h"

namespace assay {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::array<char, 8> kPackMagic = {'A', 'S', 'S', 'A', 'Y', 'P', 'C', 'K'};
constexpr std::array<char, 8> kEndMagic = {'A', 'S', 'S', 'A', 'Y', 'E', 'N', 'D'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kRecordMagic = 0x43455241;  // "AREC"
constexpr std::size_t kRecordHead = 60;
constexpr std::size_t kHeadCrcAt = 56;  // what is before it and the bases after the head are summed
constexpr std::size_t kEntryRow = 64;
constexpr std::size_t kBlobRow = 80;
constexpr std::size_t kTrailer = 72;
constexpr std::array<char, 8> kDeadMagic = {'A', 'S', 'S', 'A', 'Y', 'D', 'E', 'D'};
constexpr std::size_t kDeadRow = 16 + Digest::kSize;
constexpr std::size_t kDeadHead = 16;

Error corrupt(std::string clause) {
  return Error(Code::corrupt, std::move(clause));
}

void put_digest(std::byte* at, const Digest& digest) {
  std::memcpy(at, digest.bytes().data(), Digest::kSize);
}

Digest get_digest(const std::byte* at) {
  Digest::Bytes bytes;
  std::memcpy(bytes.data(), at, bytes.size());
  return Digest(bytes);
}

template <std::size_t N>
bool has(Bytes bytes, const std::array<char, N>& magic) {
  return std::memcmp(bytes.data(), magic.data(), N) == 0;
}

// `bases` are those of a head that has been checked: at most kMaxBases.
std::uint32_t head_crc(Bytes head, Bytes bases) {
  std::array<std::byte, kHeadCrcAt + Digest::kSize * kMaxBases> summed;
  std::memcpy(summed.data(), head.data(), kHeadCrcAt);
  if (!bases.empty()) std::memcpy(summed.data() + kHeadCrcAt, bases.data(), bases.size());
  return crc32c(Bytes(summed).first(kHeadCrcAt + bases.size()));
}

std::uint32_t max_raw_length(RecordKind kind) {
  switch (kind) {
    case RecordKind::chunk:
      return kMaxChunk;
    case RecordKind::page:
      return kPageChunks * 36;
    case RecordKind::blob:
      return 56 + kMaxPages * 44;
  }
  return 0;
}

// The rules that hold for a record's head and for its row in a footer alike.
void check_shape(const PackEntry& entry) {
  const bool known =
      entry.kind == RecordKind::chunk || entry.kind == RecordKind::page || entry.kind == RecordKind::blob;
  if (!known || entry.raw_length > max_raw_length(entry.kind) || entry.stored_length > entry.raw_length ||
      entry.base_count > kMaxBases || entry.depth > kMaxDepth)
    throw corrupt("a record's head is impossible");
}

void encode_head(std::byte* at, const PackEntry& entry, std::uint32_t stored_crc,
                 std::span<const Digest> bases) {
  put_u32(at, kRecordMagic);
  at[4] = static_cast<std::byte>(entry.kind);
  at[5] = static_cast<std::byte>(entry.codec);
  at[6] = static_cast<std::byte>(entry.element);
  at[7] = static_cast<std::byte>(entry.depth);
  put_u32(at + 8, entry.base_count);
  put_u32(at + 12, entry.raw_length);
  put_u32(at + 16, entry.stored_length);
  put_u32(at + 20, stored_crc);
  put_digest(at + 24, entry.id);
  std::byte* next = at + kRecordHead;
  for (const Digest& base : bases) {
    put_digest(next, base);
    next += Digest::kSize;
  }
  put_u32(at + kHeadCrcAt, head_crc(Bytes(at, kRecordHead), Bytes(at + kRecordHead, next)));
}

// All but the offset and the bases.
PackEntry decode_head(Bytes head) {
  PackEntry entry{.id = get_digest(head.data() + 24),
                  .offset = 0,
                  .raw_length = get_u32(head.data() + 12),
                  .stored_length = get_u32(head.data() + 16),
                  .first_base = 0,
                  .base_count = 0,
                  .kind = static_cast<RecordKind>(head[4]),
                  .codec = static_cast<ChunkCodec>(head[5]),
                  .element = static_cast<Element>(head[6]),
                  .depth = static_cast<std::uint8_t>(head[7])};
  if (get_u32(head.data()) != kRecordMagic || get_u32(head.data() + 8) > kMaxBases)
    throw corrupt("a record does not begin as one");
  entry.base_count = static_cast<std::uint8_t>(get_u32(head.data() + 8));
  check_shape(entry);
  return entry;
}

void read_exactly(const File& file, std::uint64_t offset, std::span<std::byte> out) {
  if (file.read_at(offset, out) != out.size()) throw corrupt("it is shorter than it says");
}

std::byte* put_row(std::byte* at, const PackEntry& entry) {
  put_digest(at, entry.id);
  at[32] = static_cast<std::byte>(entry.kind);
  at[33] = static_cast<std::byte>(entry.codec);
  at[34] = static_cast<std::byte>(entry.element);
  at[35] = static_cast<std::byte>(entry.depth);
  put_u32(at + 36, entry.raw_length);
  put_u32(at + 40, entry.stored_length);
  put_u64(at + 44, entry.offset);
  put_u32(at + 52, entry.first_base);
  put_u32(at + 56, entry.base_count);
  put_u32(at + 60, 0);
  return at + kEntryRow;
}

PackEntry get_row(const std::byte* at, std::uint64_t records_end, std::uint64_t bases) {
  PackEntry entry{.id = get_digest(at),
                  .offset = get_u64(at + 44),
                  .raw_length = get_u32(at + 36),
                  .stored_length = get_u32(at + 40),
                  .first_base = get_u32(at + 52),
                  .base_count = 0,
                  .kind = static_cast<RecordKind>(at[32]),
                  .codec = static_cast<ChunkCodec>(at[33]),
                  .element = static_cast<Element>(at[34]),
                  .depth = static_cast<std::uint8_t>(at[35])};
  const std::uint32_t base_count = get_u32(at + 56);
  if (base_count > kMaxBases || entry.first_base > bases || base_count > bases - entry.first_base)
    throw corrupt("a row of its footer names bases that are not there");
  entry.base_count = static_cast<std::uint8_t>(base_count);
  check_shape(entry);
  if (entry.offset < kPackHeaderSize || entry.offset > records_end ||
      entry.size() > records_end - entry.offset)
    throw corrupt("a row of its footer points outside");
  return entry;
}

std::byte* put_row(std::byte* at, const PackBlob& blob) {
  put_digest(at, blob.digest);
  put_u64(at + 32, blob.size);
  put_u64(at + 40, blob.added);
  for (std::size_t i = 0; i < blob.sketch.size(); ++i) put_u64(at + 48 + 8 * i, blob.sketch[i]);
  return at + kBlobRow;
}

PackBlob get_blob_row(const std::byte* at) {
  PackBlob blob{get_digest(at), get_u64(at + 32), get_u64(at + 40), {}};
  for (std::size_t i = 0; i < blob.sketch.size(); ++i) blob.sketch[i] = get_u64(at + 48 + 8 * i);
  return blob;
}

struct Trailer {
  std::uint64_t entries, bases, blobs, footer_at;
};

// Nothing when the file does not end as a sealed pack does.
std::optional<Trailer> read_trailer(const File& file, std::array<std::byte, kTrailer>& bytes) {
  const std::uint64_t size = file.size();
  if (size < kPackHeaderSize + kTrailer) return std::nullopt;
  read_exactly(file, size - kTrailer, bytes);
  if (!has(Bytes(bytes).subspan(64), kEndMagic)) return std::nullopt;
  const Trailer trailer{get_u64(bytes.data()), get_u64(bytes.data() + 8), get_u64(bytes.data() + 16),
                        get_u64(bytes.data() + 24)};
  const std::uint64_t most =
      size / kBlobRow + size / kEntryRow + size / Digest::kSize;  // so that nothing overflows
  if (trailer.entries > most || trailer.bases > most || trailer.blobs > most) return std::nullopt;
  const std::uint64_t footer =
      kEntryRow * trailer.entries + Digest::kSize * trailer.bases + kBlobRow * trailer.blobs;
  if (footer > size - kPackHeaderSize - kTrailer || trailer.footer_at != size - kTrailer - footer)
    return std::nullopt;
  return trailer;
}

}  // namespace

std::uint64_t record_size(std::size_t bases, std::size_t stored) {
  return kRecordHead + Digest::kSize * bases + stored;
}

void PackContents::append(const PackContents& more, std::uint64_t shift) {
  const auto first_base = static_cast<std::uint32_t>(bases.size());
  for (PackEntry entry : more.entries) {
    entry.offset += shift;
    entry.first_base += first_base;
    entries.push_back(entry);
  }
  bases.insert(bases.end(), more.bases.begin(), more.bases.end());
  blobs.insert(blobs.end(), more.blobs.begin(), more.blobs.end());
}

void RecordBatch::add(const Record& record, Bytes stored) {
  const PackEntry entry{.id = record.id,
                        .offset = bytes.size(),
                        .raw_length = record.raw_length,
                        .stored_length = static_cast<std::uint32_t>(stored.size()),
                        .first_base = static_cast<std::uint32_t>(contents.bases.size()),
                        .base_count = static_cast<std::uint8_t>(record.bases.size()),
                        .kind = record.kind,
                        .codec = record.codec,
                        .element = record.element,
                        .depth = record.depth};
  bytes.resize(bytes.size() + entry.size() - stored.size());
  encode_head(bytes.data() + entry.offset, entry, crc32c(stored), record.bases);
  bytes.insert(bytes.end(), stored.begin(), stored.end());
  contents.bases.insert(contents.bases.end(), record.bases.begin(), record.bases.end());
  contents.entries.push_back(entry);
}

void RecordBatch::add_blob(const PackBlob& blob, Bytes raw) {
  add({.kind = RecordKind::blob,
       .raw_length = static_cast<std::uint32_t>(raw.size()),
       .id = blob.digest,
       .bases = {Digest::of(raw)}},
      raw);
  contents.blobs.push_back(blob);
}

PackWriter::PackWriter(File& file, std::span<const std::byte, 16> id) : file_(file) {
  std::array<std::byte, kPackHeaderSize> header{};
  std::memcpy(header.data(), kPackMagic.data(), kPackMagic.size());
  put_u32(header.data() + 8, kVersion);
  std::memcpy(header.data() + 16, id.data(), id.size());
  file_.append(header);
}

void PackWriter::append(const RecordBatch& batch) {
  file_.append(batch.bytes);
  contents_.append(batch.contents, size_);
  size_ += batch.bytes.size();
}

void PackWriter::seal() {
  std::sort(contents_.entries.begin(), contents_.entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.id, a.kind, a.offset) < std::tie(b.id, b.kind, b.offset);
  });
  std::vector<std::byte> footer(kEntryRow * contents_.entries.size() +
                                Digest::kSize * contents_.bases.size() + kBlobRow * contents_.blobs.size() +
                                kTrailer);
  std::byte* at = footer.data();
  for (const PackEntry& entry : contents_.entries) at = put_row(at, entry);
  for (const Digest& base : contents_.bases) {
    put_digest(at, base);
    at += Digest::kSize;
  }
  for (const PackBlob& blob : contents_.blobs) at = put_row(at, blob);
  put_u64(at, contents_.entries.size());
  put_u64(at + 8, contents_.bases.size());
  put_u64(at + 16, contents_.blobs.size());
  put_u64(at + 24, size_);
  put_digest(at + 32, Digest::of(Bytes(footer.data(), at + 32)));
  std::memcpy(at + 64, kEndMagic.data(), kEndMagic.size());
  file_.append(footer);
  size_ += footer.size();
}

bool has_header_of(const File& file, std::string_view name) {
  std::array<std::byte, kPackHeaderSize> header;
  if (file.read_at(0, header) != header.size()) return false;
  std::string id;
  for (const std::byte byte : Bytes(header).subspan(16))
    id += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return has(header, kPackMagic) && get_u32(header.data() + 8) == kVersion &&
         get_u32(header.data() + 12) == 0 && id == name;
}

PackContents read_footer(const File& file) {
  std::array<std::byte, kTrailer> end;
  const auto trailer = read_trailer(file, end);
  if (!trailer) throw corrupt("it does not end as a pack does");
  std::vector<std::byte> footer(file.size() - trailer->footer_at);
  read_exactly(file, trailer->footer_at, footer);
  if (Digest::of(Bytes(footer).first(footer.size() - kTrailer + 32)) != get_digest(end.data() + 32))
    throw corrupt("its footer does not have the digest that it should");
  PackContents contents;
  const std::byte* at = footer.data();
  contents.entries.reserve(trailer->entries);
  for (std::uint64_t i = 0; i < trailer->entries; ++i, at += kEntryRow)
    contents.entries.push_back(get_row(at, trailer->footer_at, trailer->bases));
  contents.bases.reserve(trailer->bases);
  for (std::uint64_t i = 0; i < trailer->bases; ++i, at += Digest::kSize)
    contents.bases.push_back(get_digest(at));
  contents.blobs.reserve(trailer->blobs);
  for (std::uint64_t i = 0; i < trailer->blobs; ++i, at += kBlobRow)
    contents.blobs.push_back(get_blob_row(at));
  return contents;
}

std::uint64_t records_end(const File& file) {
  std::array<std::byte, kTrailer> end;
  const auto trailer = read_trailer(file, end);
  return trailer ? trailer->footer_at : file.size();
}

namespace {

// Adds the record at `offset`, which ends at `limit` at the latest, if it is whole. Its size then, else 0.
std::uint64_t take_record(const File& file, std::uint64_t offset, std::uint64_t limit, PackContents& contents,
                          std::vector<std::byte>& buffer) {
  try {
    std::array<std::byte, kRecordHead> head;
    read_exactly(file, offset, head);
    PackEntry entry = decode_head(head);
    entry.offset = offset;
    if (entry.size() > limit - offset) return 0;
    std::vector<std::byte> base_bytes(Digest::kSize * entry.base_count);
    read_exactly(file, offset + kRecordHead, base_bytes);
    entry.first_base = static_cast<std::uint32_t>(contents.bases.size());
    std::vector<Digest> bases;
    for (std::size_t i = 0; i < entry.base_count; ++i)
      bases.push_back(get_digest(&base_bytes[i * Digest::kSize]));
    const Bytes stored = read_record(file, entry, bases, buffer);
    if (entry.kind == RecordKind::blob) {
      const Recipe recipe = decode_recipe(stored);
      contents.blobs.push_back({entry.id, recipe.size, recipe.added, recipe.sketch});
    }
    contents.bases.insert(contents.bases.end(), bases.begin(), bases.end());
    contents.entries.push_back(entry);
    return entry.size();
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
    return 0;
  }
}

// Where a record may begin, from `offset` on; `limit` when nowhere.
std::uint64_t next_magic(const File& file, std::uint64_t offset, std::uint64_t limit) {
  std::array<std::byte, 4> magic;
  put_u32(magic.data(), kRecordMagic);
  std::vector<std::byte> window(64 * 1024);
  while (offset + kRecordHead <= limit) {
    const std::size_t got = file.read_at(offset, window);
    const auto end = window.begin() + static_cast<std::ptrdiff_t>(got);
    const auto found = std::search(window.begin(), end, magic.begin(), magic.end());
    if (found != end) return offset + static_cast<std::uint64_t>(found - window.begin());
    if (got < window.size()) break;
    offset += got - magic.size() + 1;
  }
  return limit;
}

void check_pack_header(const File& file) {
  std::array<std::byte, kPackHeaderSize> header;
  if (file.read_at(0, header) != header.size() || !has(header, kPackMagic))
    throw corrupt("it does not begin as a pack does");
  if (const std::uint32_t version = get_u32(header.data() + 8); version != kVersion)
    throw Error(Code::unsupported, fmt::format("it has version {} of the format", version));
}

}  // namespace

PackContents scan_records(const File& file, std::uint64_t& end) {
  check_pack_header(file);
  const std::uint64_t limit = records_end(file);
  PackContents contents;
  std::vector<std::byte> buffer;
  end = kPackHeaderSize;
  while (end < limit) {
    const std::uint64_t size = take_record(file, end, limit, contents, buffer);
    if (size == 0) break;
    end += size;
  }
  return contents;
}

PackContents salvage_records(const File& file, std::uint64_t& end) {
  const std::uint64_t limit = records_end(file);
  PackContents contents;
  std::vector<std::byte> buffer;
  std::uint64_t at = kPackHeaderSize;
  end = limit;
  while (at < limit) {
    const std::uint64_t size = take_record(file, at, limit, contents, buffer);
    if (size == 0) end = std::min(end, at);
    at = size > 0 ? at + size : next_magic(file, at + 1, limit);
  }
  return contents;
}

Bytes read_record(const File& file, const PackEntry& entry, std::span<const Digest> bases,
                  std::vector<std::byte>& buffer, Sums sums) {
  if (buffer.size() < entry.size()) buffer.resize(entry.size());
  const auto record = std::span(buffer).first(entry.size());
  read_exactly(file, entry.offset, record);
  const Bytes head = record.first(kRecordHead);
  const PackEntry found = decode_head(head);
  const Bytes base_bytes = record.subspan(kRecordHead, Digest::kSize * entry.base_count);
  bool same = found.id == entry.id && found.kind == entry.kind && found.codec == entry.codec &&
              found.raw_length == entry.raw_length && found.stored_length == entry.stored_length &&
              found.base_count == entry.base_count && bases.size() == entry.base_count;
  for (std::size_t i = 0; same && i < bases.size(); ++i)
    same = get_digest(base_bytes.data() + i * Digest::kSize) == bases[i];
  if (!same) throw corrupt("a record is not the one that the index says");
  if (head_crc(head, base_bytes) != get_u32(head.data() + kHeadCrcAt))
    throw corrupt("a record's head does not match its sum");
  const Bytes stored = record.subspan(kRecordHead + base_bytes.size());
  if (sums == Sums::all && crc32c(stored) != get_u32(head.data() + 20))
    throw corrupt("a record's bytes do not match their sum");
  if (entry.kind == RecordKind::blob && (bases.size() != 1 || Digest::of(stored) != bases[0]))
    throw corrupt("a blob's description does not have the digest that it should");
  return stored;
}

std::vector<std::byte> encode_dead_list(const std::vector<DeadBlob>& dead) {
  std::vector<std::byte> bytes(kDeadHead + kDeadRow * dead.size() + Digest::kSize);
  std::memcpy(bytes.data(), kDeadMagic.data(), kDeadMagic.size());
  put_u32(bytes.data() + 8, kVersion);
  put_u32(bytes.data() + 12, static_cast<std::uint32_t>(dead.size()));
  std::byte* at = bytes.data() + kDeadHead;
  for (const DeadBlob& row : dead) {
    for (std::size_t i = 0; i < 16; ++i)
      at[i] = static_cast<std::byte>(std::stoul(row.pack.substr(2 * i, 2), nullptr, 16));
    put_digest(at + 16, row.blob);
    at += kDeadRow;
  }
  put_digest(at, Digest::of(Bytes(bytes.data(), at)));
  return bytes;
}

std::vector<DeadBlob> decode_dead_list(Bytes bytes) {
  const bool whole = bytes.size() >= kDeadHead + Digest::kSize && has(bytes, kDeadMagic) &&
                     (bytes.size() - kDeadHead - Digest::kSize) % kDeadRow == 0 &&
                     (bytes.size() - kDeadHead - Digest::kSize) / kDeadRow == get_u32(bytes.data() + 12);
  if (!whole || Digest::of(bytes.first(bytes.size() - Digest::kSize)) !=
                    get_digest(&bytes[bytes.size() - Digest::kSize]))
    throw corrupt("it is not a whole list of dead blobs");
  if (get_u32(bytes.data() + 8) != kVersion)
    throw Error(Code::unsupported, "it has another version of the format");
  std::vector<DeadBlob> dead;
  for (std::size_t at = kDeadHead; at + Digest::kSize < bytes.size(); at += kDeadRow) {
    std::string pack;
    for (const std::byte byte : bytes.subspan(at, 16))
      pack += fmt::format("{:02x}", static_cast<unsigned>(byte));
    dead.push_back({std::move(pack), get_digest(&bytes[at + 16])});
  }
  return dead;
}

std::vector<std::byte> encode_recipe(const Recipe& recipe) {
  std::vector<std::byte> raw(56 + 44 * recipe.pages.size());
  std::byte* at = raw.data();
  put_u64(at, recipe.size);
  put_u64(at + 8, recipe.added);
  for (std::size_t i = 0; i < recipe.sketch.size(); ++i) put_u64(at + 16 + 8 * i, recipe.sketch[i]);
  put_u32(at + 48, static_cast<std::uint32_t>(recipe.pages.size()));
  put_u32(at + 52, 0);
  at += 56;
  for (const RecipePage& page : recipe.pages) {
    put_digest(at, page.id);
    put_u64(at + 32, page.size);
    put_u32(at + 40, page.chunks);
    at += 44;
  }
  return raw;
}

Recipe decode_recipe(Bytes raw) {
  if (raw.size() < 56 || (raw.size() - 56) % 44 != 0 || get_u32(raw.data() + 48) != (raw.size() - 56) / 44)
    throw corrupt("a blob's description has an impossible length");
  Recipe recipe{.size = get_u64(raw.data()), .added = get_u64(raw.data() + 8), .sketch = {}, .pages = {}};
  for (std::size_t i = 0; i < recipe.sketch.size(); ++i) recipe.sketch[i] = get_u64(raw.data() + 16 + 8 * i);
  std::uint64_t total = 0;
  for (std::size_t at = 56; at < raw.size(); at += 44) {
    const RecipePage page{get_digest(&raw[at]), get_u64(&raw[at + 32]), get_u32(&raw[at + 40])};
    if (page.chunks == 0 || page.chunks > kPageChunks || page.size > kMaxBlobSize - total)
      throw corrupt("a blob's description lists an impossible page");
    total += page.size;
    recipe.pages.push_back(page);
  }
  if (total != recipe.size) throw corrupt("the pages of a blob's description do not add up to its size");
  return recipe;
}

std::vector<std::byte> encode_page(std::span<const ChunkInfo> chunks) {
  std::vector<std::byte> raw(36 * chunks.size());
  std::byte* at = raw.data();
  for (const ChunkInfo& chunk : chunks) {
    put_digest(at, chunk.digest);
    put_u32(at + 32, chunk.length);
    at += 36;
  }
  return raw;
}

std::vector<ChunkInfo> decode_page(Bytes raw) {
  if (raw.size() % 36 != 0) throw corrupt("a page of a recipe has an impossible length");
  std::vector<ChunkInfo> chunks;
  chunks.reserve(raw.size() / 36);
  for (std::size_t at = 0; at < raw.size(); at += 36) {
    const std::uint32_t length = get_u32(&raw[at + 32]);
    if (length == 0 || length > kMaxChunk) throw corrupt("a page of a recipe lists an impossible chunk");
    chunks.push_back({get_digest(&raw[at]), length});
  }
  return chunks;
}

}  // namespace assay
