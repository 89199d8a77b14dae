// SPDX-License-Identifier: Apache-2.0
// The blob file against damage and malice. A mutation that also mends the checksums is what an attacker with
// the data directory could write; it too must end in an error, never in a crash or in wrong bytes.
#include "storage/blob/blob_file.h"

#include <zstd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>

#include "storage/base/byte_size.h"
#include "storage/base/crc32c.h"
#include "storage/base/error.h"
#include "storage/base/little_endian.h"
#include "storage/base/sha256.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_disk.h"

namespace assay {
namespace {

using test::as_span;

constexpr std::size_t kHeader = 32, kRow = 48, kFooter = 88;

std::string encode(std::string_view raw) {
  test::SimulatedDisk disk;
  const auto file = disk.create("x");
  BlobFileWriter writer(*file);
  for (std::size_t at = 0; at < raw.size(); at += kMiB) writer.append_block(as_span(raw.substr(at, kMiB)));
  writer.finish(Digest::of(raw));
  std::string bytes(file->size(), '\0');
  file->read_at(0, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::unique_ptr<File> as_file(test::SimulatedDisk& disk, std::string_view bytes) {
  auto file = disk.create("x");
  file->append(as_span(bytes));
  return file;
}

// What is wrong with `bytes` as the file of the blob `digest`; empty when nothing is. A file that passes must
// give back the blob exactly.
std::string complaint(std::string_view bytes, const Digest& digest) {
  test::SimulatedDisk disk;
  try {
    BlobFile(as_file(disk, bytes), digest).check();
    return {};
  } catch (const Error& error) {
    CHECK((error.code() == Code::corrupt || error.code() == Code::unsupported));
    REQUIRE_FALSE(error.message().empty());
    return error.message();
  }
}

TEST_CASE("Blob file: an intact one has no complaint") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kMiB, kMiB + 1}) {
    const std::string raw = test::table_bytes(size, 1);
    CHECK(complaint(encode(raw), Digest::of(raw)) == "");
  }
}

TEST_CASE("Only checked bytes: a flip of any single bit of a blob file is detected") {
  const std::string raw = test::table_bytes(700, 1) + test::random_bytes(200, 1);
  const Digest digest = Digest::of(raw);
  std::string bytes = encode(raw);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    if (complaint(bytes, digest).empty()) FAIL("bit " << bit << " went unnoticed");
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
}

TEST_CASE("Blob file: a flip in each region of a file of several blocks is detected") {
  const std::string raw = test::table_bytes(kMiB, 1) + test::random_bytes(kMiB, 1) + "tail";
  const Digest digest = Digest::of(raw);
  const std::string bytes = encode(raw);
  const std::size_t table = bytes.size() - kFooter - 3 * kRow;
  for (const std::size_t at :
       {std::size_t{9}, kHeader + 5, table - kMiB / 2, table - 1, table, table + kRow + 20,
        bytes.size() - kFooter, bytes.size() - 40, bytes.size() - 1}) {
    CAPTURE(at);
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    CHECK(complaint(damaged, digest) != "");
  }
}

TEST_CASE("Blob file: a truncated or lengthened one is detected at every length") {
  const std::string raw = test::table_bytes(500, 1);
  const std::string bytes = encode(raw);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(complaint(bytes.substr(0, size), Digest::of(raw)) != "");
  CHECK(complaint(bytes + '\0', Digest::of(raw)) != "");
  CHECK(complaint(bytes + bytes, Digest::of(raw)) != "");
}

TEST_CASE("Blob file: another blob under this one's name is detected") {
  CHECK(complaint(encode("abc"), Digest::of("abd")) != "");
}

TEST_CASE("Blob file: a later version is said to be unsupported") {
  std::string bytes = encode("abc");
  bytes[8] = 1;
  test::SimulatedDisk disk;
  try {
    BlobFile(as_file(disk, bytes), Digest::of("abc"));
    FAIL("read");
  } catch (const Error& error) {
    CHECK(error.code() == Code::unsupported);
  }
}

TEST_CASE("Blob file: only the blocks that a read touches are verified, and those are") {
  const std::string raw = test::table_bytes(3 * kMiB, 1);
  std::string bytes = encode(raw);
  bytes[kHeader + 100] = static_cast<char>(bytes[kHeader + 100] ^ 1);
  test::SimulatedDisk disk;
  BlobFile file(as_file(disk, bytes), Digest::of(raw));
  std::string block(kMiB, '\0');
  const auto out = std::as_writable_bytes(std::span(block));
  CHECK_NOTHROW(file.read_block(1, out));
  CHECK((block == raw.substr(kMiB, kMiB)));
  CHECK_THROWS_AS(file.read_block(0, out), Error);
}

// ---- Malice: files whose checksums are right
// ----------------------------------------------------------------------

void mend_index(std::string& bytes) {
  auto* data = reinterpret_cast<std::byte*>(bytes.data());
  const std::size_t footer = bytes.size() - kFooter;
  const std::uint64_t blocks = get_u64(data + footer + 8);
  if (kHeader + blocks > footer) return;
  Sha256 hash;
  hash.update(std::span(data, kHeader));
  hash.update(std::span(data + kHeader + blocks, footer - kHeader - blocks));
  hash.update(std::span(data + footer, 48));
  std::memcpy(data + footer + 48, hash.finish().bytes().data(), Digest::kSize);
}

// The file of a one-block blob whose block is stored as `stored` under `codec`, declared to be `raw`.
std::string forge(std::string_view raw, std::string_view stored, std::uint32_t codec) {
  std::string bytes = encode("").substr(0, kHeader) + std::string(stored) + std::string(kRow + kFooter, '\0');
  auto* row = reinterpret_cast<std::byte*>(bytes.data()) + kHeader + stored.size();
  put_u32(row, static_cast<std::uint32_t>(raw.size()));
  put_u32(row + 4, static_cast<std::uint32_t>(stored.size()));
  put_u32(row + 8, codec);
  put_u32(row + 12, crc32c(as_span(stored)));
  std::memcpy(row + 16, Digest::of(raw).bytes().data(), Digest::kSize);
  std::byte* footer = row + kRow;
  put_u64(footer, raw.size());
  put_u64(footer + 8, stored.size());
  std::memcpy(footer + 16, Digest::of(raw).bytes().data(), Digest::kSize);
  std::memcpy(footer + 80, "ASSAYEND", 8);
  mend_index(bytes);
  return bytes;
}

std::string zstd(std::string_view raw) {
  std::string out(ZSTD_compressBound(raw.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), raw.data(), raw.size(), 3));
  return out;
}

TEST_CASE("Blob file: a well forged file is read, so that the refusals below mean something") {
  const std::string raw(1000, 'a');
  CHECK(complaint(forge(raw, zstd(raw), 1), Digest::of(raw)) == "");
  CHECK(complaint(forge("abc", "abc", 0), Digest::of("abc")) == "");
}

TEST_CASE("Blob file: a block that decodes to more or fewer bytes than declared is refused") {
  const std::string raw(1000, 'a');
  CHECK(complaint(forge(raw, zstd(std::string(1001, 'a')), 1), Digest::of(raw)) != "");
  CHECK(complaint(forge(raw, zstd(std::string(999, 'a')), 1), Digest::of(raw)) != "");
  CHECK(complaint(forge(raw, zstd(std::string(900 * kMiB / kMiB, 'a')), 1), Digest::of(raw)) != "");
  CHECK(complaint(forge(raw, zstd(std::string(64 * kMiB, 'a')).substr(0, 999), 1), Digest::of(raw)) != "");
}

TEST_CASE("Blob file: two frames, a skippable frame, or something that is no frame is refused") {
  const std::string raw(1000, 'a');
  const std::string half = zstd(std::string(500, 'a'));
  CHECK(complaint(forge(raw, half + half, 1), Digest::of(raw)) != "");
  const std::string skippable("\x50\x2A\x4D\x18\x01\x00\x00\x00x", 9);
  CHECK(complaint(forge(raw, zstd(raw) + skippable, 1), Digest::of(raw)) != "");
  CHECK(complaint(forge(raw, skippable, 1), Digest::of(raw)) != "");
  CHECK(complaint(forge(raw, "xyz", 1), Digest::of(raw)) != "");
  CHECK(complaint(forge(raw, std::string(999, 'a'), 0), Digest::of(raw)) != "");
}

TEST_CASE("Blob file: a frame that asks for a huge window is refused or decoded, not allocated for") {
  const std::string raw(1000, 'a');
  // Magic, descriptor without content size, window descriptor for the largest window, one run-length block of
  // 1000.
  const std::string frame("\x28\xB5\x2F\xFD\x00\xF8\x43\x1F\x00\x61", 10);
  complaint(forge(raw, frame, 1), Digest::of(raw));
}

TEST_CASE("Blob file: an unknown codec is unsupported, a wrong whole is corrupt") {
  CHECK(complaint(forge("abc", "abc", 7), Digest::of("abc")).find("codec 7") != std::string::npos);
  std::string bytes = forge("abc", "abc", 0);
  const Digest other = Digest::of("abd");
  std::memcpy(bytes.data() + bytes.size() - kFooter + 16, other.bytes().data(), Digest::kSize);
  mend_index(bytes);
  CHECK(complaint(bytes, other) != "");
}

TEST_CASE("Blob file: lengths that are out of all proportion are refused without allocating") {
  for (const std::uint64_t size :
       {std::uint64_t{4}, kMiB + 3, kTiB, kTiB + 1, ~std::uint64_t{0}, ~std::uint64_t{0} / 2}) {
    for (const std::uint64_t blocks :
         {std::uint64_t{3}, std::uint64_t{4}, kTiB, ~std::uint64_t{0}, ~std::uint64_t{0} - 100}) {
      std::string bytes = forge("abc", "abc", 0);
      auto* footer = reinterpret_cast<std::byte*>(bytes.data()) + bytes.size() - kFooter;
      put_u64(footer, size);
      put_u64(footer + 8, blocks);
      mend_index(bytes);
      CHECK(complaint(bytes, Digest::of("abc")) != "");
    }
  }
}

// One random change: a few bytes overwritten, a piece cut out or doubled, an interesting integer put
// somewhere.
void mutate(std::string& bytes, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
  if (bytes.empty()) bytes.push_back(static_cast<char>(random()));
  const std::size_t at =
      below(2) == 0 ? below(bytes.size()) : bytes.size() - 1 - below(std::min(bytes.size(), kRow + kFooter));
  switch (below(4)) {
    case 0:
      bytes[at] = static_cast<char>(random());
      break;
    case 1:
      bytes.erase(at, 1 + below(64));
      break;
    case 2:
      bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(64)));
      break;
    default: {
      constexpr std::uint64_t kInteresting[] = {0,        1,          kMiB - 1,   kMiB,
                                                kMiB + 1, 0x7FFFFFFF, 0xFFFFFFFF, ~std::uint64_t{0}};
      std::byte integer[8];
      put_u64(integer, kInteresting[below(std::size(kInteresting))]);
      std::memcpy(bytes.data() + at, integer, std::min<std::size_t>(4 << below(2), bytes.size() - at));
    }
  }
}

TEST_CASE("Blob file: mutated files give an error or the blob, never a crash or other bytes") {
  const char* given = std::getenv("ASSAY_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261121;
  INFO("seed " << seed << " (set ASSAY_TEST_SEED to try another)");
  std::mt19937_64 random(seed);
  const std::string raw = test::table_bytes(3000, 1);
  const std::string originals[] = {encode(raw), forge(raw, raw, 0), forge(raw, zstd(raw), 1)};
  for (int round = 0; round < 6000; ++round) {
    std::string bytes = originals[random() % std::size(originals)];
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) mutate(bytes, random);
    if (bytes.size() >= kHeader + kFooter && random() % 2 == 0) mend_index(bytes);
    CAPTURE(round);
    complaint(bytes,
              Digest::of(raw));  // check() compares the whole with its digest, so no complaint means the blob
  }
}

}  // namespace
}  // namespace assay
