// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/blob_cache.h"

#include <fstream>

#include "storage/base/error.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace assay::cli {
namespace {

using test::random_bytes;
using test::TempDir;

constexpr std::uint64_t kSize = 100'000;

// Keeps a file of random bytes and answers its digest.
Digest keep(const TempDir& dir, BlobCache& cache, std::uint64_t seed, const std::string& origin) {
  const std::string bytes = random_bytes(kSize, seed);
  std::ofstream(dir / "file", std::ios::binary) << bytes;
  cache.keep(origin, Digest::of(bytes), bytes.size(), dir / "file");
  return Digest::of(bytes);
}

bool has(const BlobCache& cache, const Digest& digest) {
  return cache.nearby("").store->stat(digest).has_value();
}

TEST_CASE("Cache: keeps files from command to command, those of one origin together, the last first") {
  TempDir dir;
  const CacheSettings settings{dir / "cache", kMiB};
  std::vector<Digest> kept;
  {
    const auto cache = BlobCache::open(settings);
    REQUIRE(cache);
    for (std::uint64_t seed = 0; seed < 3; ++seed) kept.push_back(keep(dir, *cache, seed, "model a w"));
    keep(dir, *cache, 9, "model b w");
    keep(dir, *cache, 1, "model a w");  // used again
  }
  const auto cache = BlobCache::open(settings);
  REQUIRE(cache);
  CHECK(cache->blobs() == 4);
  CHECK(cache->nearby("model a w").alike == std::vector{kept[1], kept[2], kept[0]});
  CHECK(cache->nearby("model c w").alike.empty());
}

TEST_CASE("Cache: never holds more than its limit, and no file larger than that") {
  TempDir dir;
  const auto cache = BlobCache::open({dir / "cache", 3 * kSize});
  REQUIRE(cache);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    keep(dir, *cache, seed, "model a w");
    CHECK(cache->stored_bytes() <= 3 * kSize);
  }
  CHECK(cache->blobs() >= 1);
  const auto tiny = BlobCache::open({dir / "tiny", kSize - 1});
  REQUIRE(tiny);
  CHECK_FALSE(has(*tiny, keep(dir, *tiny, 1, "model a w")));
}

TEST_CASE("Cache: small files are not kept, and clearing leaves nothing") {
  TempDir dir;
  const auto cache = BlobCache::open({dir / "cache", kMiB});
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
  CHECK_FALSE(BlobCache::open({dir / "cache", 0}));
  const auto first = BlobCache::open({dir / "cache", kMiB});
  CHECK(first);
  std::ofstream(dir / "file") << "x";
  CHECK_FALSE(BlobCache::open({dir / "file", kMiB}));
}

TEST_CASE("Cache: bytes that are not the file's digest are not kept") {
  TempDir dir;
  const auto cache = BlobCache::open({dir / "cache", kMiB});
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
