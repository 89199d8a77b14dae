// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_format.h"

#include <algorithm>
#include <fstream>

#include "storage/base/crc32c.h"
#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/base/little_endian.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_disk.h"

namespace assay {
namespace {

using test::as_span;
using test::SimulatedDisk;
using test::table_bytes;

constexpr std::size_t kRecordHead = 60;
constexpr std::size_t kTrailer = 72;

const std::array<std::byte, 16> kId = {std::byte{0xAB}, std::byte{1}};
const std::string kName = "ab010000000000000000000000000000";

Digest id_of(std::size_t i) {
  return Digest::of("chunk " + std::to_string(i));
}

// Five chunks, one of them stored against two others, a page and a blob.
RecordBatch made_batch() {
  RecordBatch batch;
  for (std::size_t i = 0; i < 5; ++i) {
    Record record{.kind = RecordKind::chunk, .raw_length = 1000, .id = id_of(i)};
    if (i == 3) {
      record.codec = ChunkCodec::zstd_prefix;
      record.depth = 1;
      record.bases = {id_of(0), id_of(1)};
    }
    batch.add(record, as_span(table_bytes(100 + i, i)));
  }
  const auto page = encode_page(std::vector<ChunkInfo>{{id_of(0), 1000}, {id_of(3), 1000}});
  const Digest page_id = Digest::of(page);
  batch.add({.kind = RecordKind::page, .raw_length = static_cast<std::uint32_t>(page.size()), .id = page_id},
            page);
  const Recipe recipe{.size = 2000, .added = 7, .sketch = {1, 2, 3, 4}, .pages = {{page_id, 2000, 2}}};
  batch.add_blob({Digest::of("blob"), 2000, 7, recipe.sketch}, encode_recipe(recipe));
  return batch;
}

std::string made_pack(bool sealed = true) {
  SimulatedDisk disk;
  const auto file = disk.create("pack");
  PackWriter writer(*file, kId);
  writer.append(made_batch());
  if (sealed) writer.seal();
  return disk.tree().at("pack");
}

// What `read` makes of a file of these bytes.
template <typename Read>
auto with_file(const std::string& bytes, Read read) {
  SimulatedDisk disk(SimulatedDisk::Tree{{"pack", bytes}});
  return read(*disk.open("pack"));
}

PackContents footer_of(const std::string& bytes) {
  return with_file(bytes, [](const File& file) { return read_footer(file); });
}

PackContents scan(const std::string& bytes, std::uint64_t& end) {
  return with_file(bytes, [&](const File& file) { return scan_records(file, end); });
}

bool same(const PackEntry& a, const PackEntry& b) {
  return a.id == b.id && a.offset == b.offset && a.raw_length == b.raw_length &&
         a.stored_length == b.stored_length && a.base_count == b.base_count && a.kind == b.kind &&
         a.codec == b.codec && a.element == b.element && a.depth == b.depth;
}

// The code thrown, none when nothing was.
template <typename Action>
std::optional<Code> code_of(Action action) {
  try {
    action();
    return std::nullopt;
  } catch (const Error& error) {
    return error.code();
  }
}

bool refused(std::optional<Code> code) {
  return code == Code::corrupt || code == Code::unsupported;
}

TEST_CASE("Pack format: sizes and magics are those of FORMAT.md") {
  const std::string pack = made_pack();
  CHECK(kPackHeaderSize == 32);
  CHECK(pack.substr(0, 8) == "ASSAYPCK");
  CHECK(get_u32(as_span(pack).data() + 8) == 1);
  CHECK(pack.substr(32, 4) == "AREC");
  CHECK(pack.substr(pack.size() - 8) == "ASSAYEND");
  CHECK(record_size(2, 100) == kRecordHead + 64 + 100);
  const std::string open = made_pack(false);
  CHECK(pack.size() == open.size() + 7 * 64 + 3 * 32 + 80 + kTrailer);  // rows, bases, one blob, trailer
  CHECK(encode_dead_list({{kName, id_of(0)}}).size() == 16 + 48 + 32);
}

TEST_CASE("Pack format: footer and records say the same") {
  const std::string pack = made_pack();
  const PackContents footer = footer_of(pack);
  std::uint64_t end = 0;
  PackContents scanned = scan(pack, end);
  CHECK(end == made_pack(false).size());
  REQUIRE(footer.entries.size() == 7);
  REQUIRE(scanned.entries.size() == 7);
  CHECK(std::is_sorted(footer.entries.begin(), footer.entries.end(),
                       [](const auto& a, const auto& b) { return a.id < b.id; }));
  for (const PackEntry& entry : footer.entries) {
    const auto found = std::find_if(scanned.entries.begin(), scanned.entries.end(),
                                    [&](const auto& other) { return other.offset == entry.offset; });
    REQUIRE(found != scanned.entries.end());
    CHECK(same(*found, entry));
    const auto bases = footer.bases_of(entry), others = scanned.bases_of(*found);
    CHECK(std::equal(bases.begin(), bases.end(), others.begin(), others.end()));
  }
  REQUIRE(footer.blobs.size() == 1);
  REQUIRE(scanned.blobs.size() == 1);
  CHECK(footer.blobs[0].digest == Digest::of("blob"));
  CHECK(footer.blobs[0].size == 2000);
  CHECK(scanned.blobs[0].added == 7);
  CHECK(scanned.blobs[0].sketch == Sketch{1, 2, 3, 4});
}

TEST_CASE("Pack format: a record is read back as it was added") {
  const std::string pack = made_pack();
  const PackContents contents = footer_of(pack);
  with_file(pack, [&](const File& file) {
    std::vector<std::byte> buffer;
    for (std::size_t i = 0; i < 5; ++i) {
      const auto entry = std::find_if(contents.entries.begin(), contents.entries.end(),
                                      [&](const auto& row) { return row.id == id_of(i); });
      REQUIRE(entry != contents.entries.end());
      const auto stored = read_record(file, *entry, contents.bases_of(*entry), buffer);
      const std::string expected = table_bytes(100 + i, i);
      CHECK(std::equal(stored.begin(), stored.end(), as_span(expected).begin(), as_span(expected).end()));
    }
    return 0;
  });
}

TEST_CASE("Pack format: every flipped bit is seen by the header's, the footer's or a record's reader") {
  const std::string pack = made_pack();
  const PackContents contents = footer_of(pack);
  for (std::size_t bit = 0; bit < 8 * pack.size(); ++bit) {
    std::string flipped = pack;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const bool seen = with_file(flipped, [&](const File& file) {
      if (!has_header_of(file, kName) || refused(code_of([&] { read_footer(file); }))) return true;
      std::vector<std::byte> buffer;
      for (const PackEntry& entry : contents.entries)
        if (refused(code_of([&] { read_record(file, entry, contents.bases_of(entry), buffer); })))
          return true;
      return false;
    });
    if (!seen) FAIL("bit " << bit);
  }
}

TEST_CASE("Pack format: a scan stops at the first bad record and keeps all before") {
  for (const bool sealed : {true, false}) {
    const std::string pack = made_pack(sealed);
    std::uint64_t end = 0;
    const PackContents whole = scan(pack, end);
    for (std::size_t i = 0; i < whole.entries.size(); ++i) {
      const PackEntry& entry = whole.entries[i];
      // Each field of the head, the bases if there are any, and the first and last stored byte.
      for (const std::uint64_t at : {0u, 4u, 7u, 8u, 12u, 16u, 20u, 24u, 55u, 56u, 60u})
        for (const std::uint64_t offset : {entry.offset + at, entry.offset + entry.size() - 1}) {
          std::string damaged = pack;
          damaged[offset] = static_cast<char>(damaged[offset] ^ 0x21);
          CAPTURE(sealed, i, at);
          const PackContents kept = scan(damaged, end);
          CHECK(kept.entries.size() == i);
          CHECK(end == entry.offset);
        }
    }
  }
}

TEST_CASE("Pack format: a pack cut off anywhere keeps its whole records") {
  const std::string pack = made_pack();
  std::uint64_t end = 0;
  const PackContents whole = scan(pack, end);
  for (std::size_t size = 0; size < pack.size(); ++size) {
    const std::string part = pack.substr(0, size);
    if (!refused(code_of([&] { footer_of(part); }))) FAIL("a footer at " << size);
    if (size < kPackHeaderSize) {
      if (!refused(code_of([&] { scan(part, end); }))) FAIL("no header at " << size);
      continue;
    }
    const auto expected = std::count_if(whole.entries.begin(), whole.entries.end(), [&](const auto& entry) {
      return entry.offset + entry.size() <= size;
    });
    if (scan(part, end).entries.size() != static_cast<std::size_t>(expected)) FAIL("cut at " << size);
  }
}

// Writes `value` over `size` bytes at `at` and makes the footer's digest agree.
std::string forged(std::string pack, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) pack[at + i] = static_cast<char>(value >> (8 * i));
  const std::size_t records = made_pack(false).size();
  const Digest digest =
      Digest::of(std::string_view(pack).substr(records, pack.size() - records - kTrailer + 32));
  std::copy(digest.bytes().begin(), digest.bytes().end(), pack.end() - kTrailer + 32);
  return pack;
}

TEST_CASE("Pack format: a footer that lies with a right digest is refused, or harmless") {
  const std::string pack = made_pack();
  const std::size_t records = made_pack(false).size();
  const std::size_t trailer = pack.size() - kTrailer;
  const std::uint64_t lies[] = {0,
                                1,
                                8,
                                0xFF,
                                0xFFFF,
                                0xFFFFFFFF,
                                std::uint64_t{1} << 32,
                                std::uint64_t{1} << 58,
                                std::uint64_t{1} << 63,
                                ~std::uint64_t{0}};
  for (const std::uint64_t lie : lies) {
    for (std::size_t field = 0; field < 4; ++field) {
      CAPTURE(lie, field);
      const std::string bytes = forged(pack, trailer + 8 * field, lie, 8);
      if (bytes != pack) CHECK(refused(code_of([&] { footer_of(bytes); })));
    }
    for (std::size_t row = 0; row < 7; ++row)
      for (const auto& [at, size] :
           {std::pair{32, 1}, {35, 1}, {36, 4}, {40, 4}, {44, 8}, {52, 4}, {56, 4}}) {
        const std::string bytes = forged(pack, records + 64 * row + static_cast<std::size_t>(at), lie,
                                         static_cast<std::size_t>(size));
        CAPTURE(lie, row, at);
        const auto code = code_of([&] {
          const PackContents contents = footer_of(bytes);
          with_file(bytes, [&](const File& file) {
            std::vector<std::byte> buffer;
            for (const PackEntry& entry : contents.entries)
              code_of([&] { read_record(file, entry, contents.bases_of(entry), buffer); });
            return 0;
          });
        });
        CHECK((!code || refused(code)));
      }
  }
}

TEST_CASE("Pack format: a record with a right sum and an impossible head is refused") {
  const std::string pack = made_pack(false);
  std::uint64_t end = 0;
  const PackEntry first = scan(pack, end).entries[0];
  const auto with = [&](std::size_t at, std::uint32_t value, std::size_t size) {
    std::string bytes = pack;
    for (std::size_t i = 0; i < size; ++i) bytes[first.offset + at + i] = static_cast<char>(value >> (8 * i));
    put_u32(reinterpret_cast<std::byte*>(&bytes[first.offset + 56]),
            crc32c(as_span(bytes).subspan(first.offset, 56)));
    return scan(bytes, end).entries.size();
  };
  CHECK(with(20, get_u32(as_span(pack).data() + first.offset + 20), 4) == 7);  // unchanged
  CHECK(with(4, 0, 1) == 0);                                                   // kind
  CHECK(with(4, 9, 1) == 0);
  CHECK(with(7, kMaxDepth + 1, 1) == 0);
  CHECK(with(8, kMaxBases + 1, 4) == 0);
  CHECK(with(8, 0xFFFFFFFF, 4) == 0);
  CHECK(with(12, kMaxChunk + 1, 4) == 0);
  CHECK(with(12, 99, 4) == 0);  // stored in more bytes than there are
  CHECK(with(16, 0xFFFFFFFF, 4) == 0);
  CHECK(with(16, 1001, 4) == 0);
}

TEST_CASE("Pack format: a pack of another version is told from one of this") {
  std::string pack = made_pack();
  pack[8] = 2;
  std::uint64_t end = 0;
  CHECK_FALSE(with_file(pack, [&](const File& file) { return has_header_of(file, kName); }));
  CHECK(code_of([&] { scan(pack, end); }) == Code::unsupported);
}

TEST_CASE("Pack format: recipes and pages come back, and impossible ones are refused") {
  Recipe recipe{
      .size = 30, .added = 5, .sketch = {9, 8, 7, 6}, .pages = {{id_of(1), 10, 1}, {id_of(2), 20, 2}}};
  const auto raw = encode_recipe(recipe);
  const Recipe back = decode_recipe(raw);
  CHECK(back.size == 30);
  CHECK(back.added == 5);
  CHECK(back.sketch == recipe.sketch);
  CHECK(back.pages.size() == 2);
  for (std::size_t size = 0; size < raw.size(); ++size)
    CHECK(refused(code_of([&] { decode_recipe(std::span(raw).first(size)); })));
  recipe.size = 31;
  CHECK(refused(code_of([&] { decode_recipe(encode_recipe(recipe)); })));
  recipe = {.size = 30, .pages = {{id_of(1), 30, 0}}};
  CHECK(refused(code_of([&] { decode_recipe(encode_recipe(recipe)); })));
  recipe.pages[0].chunks = kPageChunks + 1;
  CHECK(refused(code_of([&] { decode_recipe(encode_recipe(recipe)); })));
  recipe = {.size = 0,
            .pages = {{id_of(1), std::uint64_t{1} << 63, 1}, {id_of(2), std::uint64_t{1} << 63, 1}}};
  CHECK(refused(code_of([&] { decode_recipe(encode_recipe(recipe)); })));  // their sum overflows to 0

  const std::vector<ChunkInfo> chunks = {{id_of(1), 1}, {id_of(2), kMaxChunk}};
  CHECK(decode_page(encode_page(chunks)) == chunks);
  CHECK(refused(code_of([&] { decode_page(encode_page(std::vector<ChunkInfo>{{id_of(1), 0}})); })));
  CHECK(refused(code_of([&] {
    decode_page(encode_page(std::vector<ChunkInfo>{{id_of(1), kMaxChunk + 1}}));
  })));
  const auto page = encode_page(chunks);
  CHECK(refused(code_of([&] { decode_page(std::span(page).first(71)); })));
}

// storage_test "[write-corpus]" made tests/fuzz/corpus/pack.
TEST_CASE("Write the corpus of the pack fuzzer", "[.write-corpus]") {
  const std::string folder = ASSAY_SOURCE_DIR "/tests/fuzz/corpus/pack/";
  const auto write = [&](const std::string& name, std::span<const std::byte> bytes) {
    std::ofstream(folder + name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  };
  write("sealed", as_span(made_pack()));
  write("open", as_span(made_pack(false)));
  write("dead_list", encode_dead_list({{kName, id_of(0)}}));
  write("description",
        encode_recipe({.size = 30, .added = 5, .pages = {{id_of(1), 10, 1}, {id_of(2), 20, 2}}}));
  write("page", encode_page(std::vector<ChunkInfo>{{id_of(1), 1}, {id_of(2), kMaxChunk}}));
}

TEST_CASE("Pack format: a list of the dead comes back, and every flipped bit or cut is seen") {
  const std::vector<DeadBlob> dead = {{kName, id_of(0)}, {std::string(32, 'f'), id_of(1)}};
  const auto bytes = encode_dead_list(dead);
  CHECK(decode_dead_list(bytes) == dead);
  CHECK(decode_dead_list(encode_dead_list({})).empty());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    if (!refused(code_of([&] { decode_dead_list(flipped); }))) FAIL("bit " << bit);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    if (!refused(code_of([&] { decode_dead_list(std::span(bytes).first(size)); }))) FAIL("size " << size);
}

}  // namespace
}  // namespace assay
