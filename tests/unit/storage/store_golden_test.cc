// SPDX-License-Identifier: Apache-2.0
// A store of format 1 as it was written when the format was settled: every later program reads it. Format
// versions are for ever, so store_1.hex never changes; a new format gets a file of its own.
//   storage_test "[write-golden]" > tests/golden/store/store_1.hex      made it, but for the lines of the test runner
#include <fstream>
#include <iostream>
#include <set>

#include "storage/base/error.h"
#include "storage/blob/fsck.h"
#include "tests/golden/store/made_store.h"
#include "tests/support/catch.h"
#include "tests/support/pack_files.h"

namespace assay {
namespace {

using test::SimulatedDisk;

constexpr std::size_t kBytesInLine = 50;

// A line `path size` for each file, and its bytes in hex; a line `path/` for each directory.
void write_hex(const SimulatedDisk::Tree& tree, std::ostream& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const auto& [path, bytes] : tree) {
    out << path << ' ' << bytes.size() << '\n';
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      out << kDigits[byte >> 4] << kDigits[byte & 15];
      if ((i + 1) % kBytesInLine == 0 || i + 1 == bytes.size()) out << '\n';
    }
  }
}

SimulatedDisk::Tree read_hex(std::istream& in) {
  SimulatedDisk::Tree tree;
  std::string path, line;
  for (std::size_t size = 0; in >> path >> size;) {
    std::string& bytes = tree[path];
    while (bytes.size() < size && in >> line)
      for (std::size_t i = 0; i + 1 < line.size(); i += 2)
        bytes += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
    REQUIRE(bytes.size() == size);
  }
  return tree;
}

SimulatedDisk::Tree golden() {
  std::ifstream file(ASSAY_SOURCE_DIR "/tests/golden/store/store_1.hex");
  REQUIRE(file);
  return read_hex(file);
}

TEST_CASE("Golden store, format 1: is read by this program, every blob of it") {
  SimulatedDisk disk(golden());
  CHECK(fsck(disk).clean());
  test::CountedEntropy entropy;
  LocalBlobStore store(disk, entropy, 0);
  for (const test::GoldenBlob& blob : test::golden_blobs()) {
    if (blob.bytes == "short") continue;
    CHECK((read_all(store, Digest::of(blob.bytes), blob.bytes.size()) == blob.bytes));
    CHECK_NOTHROW(store.check(Digest::of(blob.bytes)));
  }
  CHECK_FALSE(store.stat(Digest::of("short")));  // a dead list names it
  CHECK(store.totals().blobs == test::golden_blobs().size() - 1);
}

TEST_CASE("Golden store, format 1: has every kind of record and every codec") {
  SimulatedDisk disk(golden());
  std::set<RecordKind> kinds;
  std::set<ChunkCodec> codecs;
  for (const test::OpenPack& pack : test::packs_of(disk))
    for (const PackEntry& entry : pack.pack->contents.entries) {
      kinds.insert(entry.kind);
      codecs.insert(entry.codec);
    }
  CHECK(kinds == std::set{RecordKind::chunk, RecordKind::page, RecordKind::blob});
  CHECK(codecs == std::set{ChunkCodec::raw, ChunkCodec::zstd, ChunkCodec::zstd_prefix, ChunkCodec::planes,
                           ChunkCodec::difference});
}

TEST_CASE("Golden store, format 1: footers and records of its packs agree") {
  SimulatedDisk disk(golden());
  for (const test::OpenPack& pack : test::packs_of(disk)) {
    std::uint64_t end = 0;
    const PackContents scanned = scan_records(*pack.pack->file, end);
    CHECK(scanned.entries.size() == pack.pack->contents.entries.size());
    CHECK(end == records_end(*pack.pack->file));
  }
}

TEST_CASE("Write the golden store", "[.write-golden]") {
  write_hex(test::make_golden_store(), std::cout);
}

}  // namespace
}  // namespace assay
