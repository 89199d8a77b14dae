// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/blob_cache.h"

#include <fstream>

#include "storage/base/error.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/pack_files.h"
#include "tests/support/temp_dir.h"

namespace assay::cli {
namespace {

using test::random_bytes;
using test::TempDir;

constexpr std::uint64_t kSize = 100'000;

Digest keep(const TempDir& dir, BlobCache& cache, const std::string& bytes, const std::string& origin) {
  std::ofstream(dir / "file", std::ios::binary) << bytes;
  cache.keep(origin, Digest::of(bytes), bytes.size(), dir / "file");
  return Digest::of(bytes);
}

// Keeps a file of random bytes and answers its digest.
Digest keep(const TempDir& dir, BlobCache& cache, std::uint64_t seed, const std::string& origin) {
  return keep(dir, cache, random_bytes(kSize, seed), origin);
}

std::unique_ptr<BlobCache> opened(const CacheSettings& settings) {
  std::string note;
  auto cache = BlobCache::open(settings, note);
  CHECK(note == "");
  return cache;
}

bool has(const BlobCache& cache, const Digest& digest) {
  return cache.nearby("").store->stat(digest).has_value();
}

TEST_CASE("Cache: keeps files from command to command, those of one origin together, the last first") {
  TempDir dir;
  const CacheSettings settings{dir / "cache", kMiB};
  std::vector<Digest> kept;
  {
    const auto cache = opened(settings);
    REQUIRE(cache);
    for (std::uint64_t seed = 0; seed < 3; ++seed) kept.push_back(keep(dir, *cache, seed, "model a w"));
    keep(dir, *cache, 9, "model b w");
    keep(dir, *cache, 1, "model a w");  // used again
  }
  const auto cache = opened(settings);
  REQUIRE(cache);
  CHECK(cache->blobs() == 4);
  CHECK(cache->nearby("model a w").alike == std::vector{kept[1], kept[2], kept[0]});
  CHECK(cache->nearby("model c w").alike.empty());
}

TEST_CASE("Cache: never holds more than its limit, and no file larger than that") {
  TempDir dir;
  const auto cache = opened({dir / "cache", 3 * kSize});
  REQUIRE(cache);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    keep(dir, *cache, seed, "model a w");
    CHECK(cache->stored_bytes() <= 3 * kSize);
  }
  CHECK(cache->blobs() >= 1);
  const auto tiny = opened({dir / "tiny", kSize - 1});
  REQUIRE(tiny);
  CHECK_FALSE(has(*tiny, keep(dir, *tiny, 1, "model a w")));
}

std::uint64_t bytes_on_disk(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return bytes;
}

// How many of the last of `used`, which names each once, are there. None that was used earlier may be.
std::size_t last_there(const BlobCache& cache, const std::vector<Digest>& used) {
  std::size_t there = 0;
  while (there < used.size() && has(cache, used[used.size() - 1 - there])) ++there;
  for (std::size_t i = 0; i + there < used.size(); ++i) CHECK_FALSE(has(cache, used[i]));
  CHECK(cache.blobs() == there);
  return there;
}

TEST_CASE("Cache: when it is full, files used the longest ago go, and only those, whatever pack they share") {
  TempDir dir;
  constexpr std::uint64_t kLimit = 20 * kMiB;
  const CacheSettings settings{dir / "cache", kLimit};
  // Of one shared pack, of a pack of their own (over kSharedUpload), and nearly the whole cache.
  const std::vector<std::uint64_t> sizes = {70'000, 900'000, 5'000'000, 100'000, 3'000'000, 250'000};
  std::vector<Digest> used;
  std::uint64_t seed = 0;
  for (int command = 0; command < 3; ++command) {
    {
      const auto cache = opened(settings);
      REQUIRE(cache);
      for (int file = 0; file < 15; ++file) {
        used.push_back(keep(dir, *cache, random_bytes(sizes[seed % sizes.size()], seed), "model a w"));
        ++seed;
        const std::size_t there = last_there(*cache, used);
        CHECK(there >= (seed < 6 ? seed : 6));  // all sizes take 9.4 MB together
        if (seed % 4 == 0) {                    // the oldest of them is used again
          used.push_back(*(used.end() - static_cast<std::ptrdiff_t>(there)));
          used.erase(used.end() - static_cast<std::ptrdiff_t>(there) - 1);
          std::ofstream(dir / "file", std::ios::binary) << "not read: it is there";
          cache->keep("model a w", used.back(), kSize, dir / "file");
        }
        CHECK(bytes_on_disk(settings.directory) <= kLimit);
      }
    }
    CHECK(bytes_on_disk(settings.directory) <= kLimit);
  }
  const auto cache = opened(settings);
  REQUIRE(cache);
  CHECK(cache->stored_bytes() > kLimit / 2);
  const std::string large = random_bytes(19 * kMiB, seed);
  used.push_back(keep(dir, *cache, large, "model a w"));
  CHECK(last_there(*cache, used) == 1);
  CHECK(bytes_on_disk(settings.directory) <= kLimit);
}

TEST_CASE("Cache: gives up little more than it must, though small files lie in one pack") {
  TempDir dir;
  const auto cache = opened({dir / "cache", 30 * kSize});
  REQUIRE(cache);
  std::vector<Digest> used;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    used.push_back(keep(dir, *cache, seed, "model a w"));
    CHECK(last_there(*cache, used) >= std::min<std::size_t>(used.size(), 25));
  }
}

TEST_CASE("Cache: a file larger than the cache is passed over, and nothing is given up for it") {
  TempDir dir;
  const CacheSettings settings{dir / "cache", 10 * kSize};
  const auto cache = opened(settings);
  REQUIRE(cache);
  std::vector<Digest> used;
  for (std::uint64_t seed = 0; seed < 9; ++seed) used.push_back(keep(dir, *cache, seed, "model a w"));
  CHECK_FALSE(has(*cache, keep(dir, *cache, random_bytes(10 * kSize + 1, 9), "model a w")));
  CHECK(last_there(*cache, used) == 9);
}

TEST_CASE("Cache: versions stored as differences of one another are given up like other files") {
  TempDir dir;
  constexpr std::uint64_t kLimit = 1'600'000;  // room for one as it comes, beside what others are stored as
  const auto cache = opened({dir / "cache", kLimit});
  REQUIRE(cache);
  std::string bytes = test::table_bytes(1'000'000, 1);
  std::vector<Digest> used;
  for (std::uint64_t version = 0; version < 40; ++version) {
    for (std::size_t at = version * 7; at < bytes.size(); at += 300)
      if (bytes[at] >= '0' && bytes[at] <= '9') bytes[at] = static_cast<char>('0' + (bytes[at] + 1) % 10);
    used.push_back(keep(dir, *cache, bytes, "dataset t data.csv"));
    CHECK(last_there(*cache, used) >= 1);
    CHECK(bytes_on_disk(dir / "cache") <= kLimit);
  }
}

TEST_CASE("Cache: small files are not kept, and clearing leaves nothing") {
  TempDir dir;
  const auto cache = opened({dir / "cache", kMiB});
  REQUIRE(cache);
  std::ofstream(dir / "small") << "small";
  cache->keep("x", Digest::of("small"), 5, dir / "small");
  CHECK(cache->blobs() == 0);
  const Digest digest = keep(dir, *cache, 1, "x");
  CHECK(has(*cache, digest));
  CHECK(cache->clear() >= kSize);
  CHECK_FALSE(has(*cache, digest));
  CHECK(cache->nearby("x").alike.empty());
  CHECK(has(*cache, keep(dir, *cache, 1, "x")));
}

TEST_CASE("Cache: is done without when it is off, in use or not a directory") {
  TempDir dir;
  CHECK_FALSE(opened({dir / "cache", 0}));
  const auto first = opened({dir / "cache", kMiB});
  CHECK(first);
  std::string note;
  CHECK_FALSE(BlobCache::open({dir / "cache", kMiB}, note));
  CHECK(note.find("another assay") != std::string::npos);
  std::ofstream(dir / "file") << "x";
  CHECK_FALSE(BlobCache::open({dir / "file", kMiB}, note));
  CHECK(note.find("file") != std::string::npos);
}

// The only pack there.
std::filesystem::path pack_in(const TempDir& dir) {
  for (const auto& entry : std::filesystem::directory_iterator(dir / "cache/blobs/packs")) return entry.path();
  FAIL("no pack");
  return {};
}

TEST_CASE("Cache: one that cannot be read begins anew, and says why once") {
  TempDir dir;
  const CacheSettings settings{dir / "cache", kMiB};
  for (const bool is_pack : {true, false}) {
    { keep(dir, *opened(settings), 1, "x"); }
    { CHECK(opened(settings)->blobs() == 1); }  // its pack is closed
    std::ofstream(is_pack ? pack_in(dir) : dir / "cache/blobs/format") << "rotten";
    std::string note;
    const auto cache = BlobCache::open(settings, note);
    REQUIRE(cache);
    CHECK(note.find(is_pack ? "cannot be read" : "format") != std::string::npos);
    CHECK(cache->blobs() == 0);
    CHECK(has(*cache, keep(dir, *cache, 1, "x")));
  }
  CHECK(opened(settings)->blobs() == 1);
}

TEST_CASE("Cache: a file whose kept bytes are damaged is kept anew") {
  TempDir dir;
  const CacheSettings settings{dir / "cache", kMiB};
  { keep(dir, *opened(settings), 1, "x"); }
  { opened(settings); }
  test::flip_byte(pack_in(dir), 5000);
  const auto cache = opened(settings);
  const Digest digest = Digest::of(random_bytes(kSize, 1));
  const BlobStore& store = *cache->nearby("x").store;
  CHECK_THROWS_AS(store.check(digest), Error);
  keep(dir, *cache, 1, "x");
  CHECK_NOTHROW(store.check(digest));
}

TEST_CASE("Cache: a kept file of which it is not known what it consists of is given up, the others stay") {
  TempDir dir;
  const CacheSettings settings{dir / "cache", 4 * kSize};
  const Digest damaged = Digest::of(random_bytes(kSize, 2));
  {
    const auto cache = opened(settings);
    for (const std::uint64_t seed : {0, 1, 2}) keep(dir, *cache, seed, "x");
  }
  { opened(settings); }
  CHECK(test::damage(dir / "cache/blobs", RecordKind::blob, damaged) == 1);
  const auto cache = opened(settings);
  for (const std::uint64_t seed : {3, 4}) CHECK(has(*cache, keep(dir, *cache, seed, "x")));
  CHECK_FALSE(has(*cache, damaged));
  CHECK(cache->blobs() >= 3);
  CHECK(cache->stored_bytes() <= 4 * kSize);
}

TEST_CASE("Cache: bytes that are not the file's digest are not kept") {
  TempDir dir;
  const auto cache = opened({dir / "cache", kMiB});
  REQUIRE(cache);
  std::ofstream(dir / "file", std::ios::binary) << random_bytes(kSize, 1);
  cache->keep("x", Digest::of("other"), kSize, dir / "file");
  CHECK(cache->blobs() == 0);
}

TEST_CASE("Cache settings: sizes have units, and what is none is refused") {
  const auto small = [](const std::string& name) {
    return name == "ASSAY_CACHE_SIZE" ? std::optional<std::string>("512MiB") : std::nullopt;
  };
  CHECK_THROWS_AS(cache_settings([](const std::string&) { return std::optional<std::string>("much"); }),
                  Error);
  CHECK(cache_settings(small).limit == 0);  // there is nowhere to keep it
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  CHECK(cache_settings(none).limit == 0);
  const auto home = [](const std::string& name) {
    return name == "HOME" ? std::optional<std::string>("/home/ann") : std::nullopt;
  };
  CHECK(cache_settings(home).directory == "/home/ann/.cache/assay");
  CHECK(cache_settings(home).limit == kDefaultCacheSize);
}

}  // namespace
}  // namespace assay::cli
