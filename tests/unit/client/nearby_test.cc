// SPDX-License-Identifier: Apache-2.0
// Downloads that find some of their bytes on this machine.
#include <fstream>
#include <sstream>

#include "registry/client/transfer.h"
#include "registry/domain/transfer_format.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/unit/client/live_registry.h"
#include "tests/unit/client/scripted_server.h"

namespace assay::client {
namespace {

using test::http_answer;
using test::LiveRegistry;
using test::MemoryBlobStore;
using test::random_bytes;
using test::ScriptedServer;
using test::TempDir;

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

struct Two {
  Two() {
    changed[5'000'000] ^= 1;
    const std::filesystem::path path = dir / "up";
    std::ofstream(path, std::ios::binary) << changed;
    Session session = registry.session();
    upload(session, hash_file(path), {}, {});
    put(cache, old);
  }

  Fetched fetch(const std::vector<Digest>& alike) {
    Session session = registry.session();
    const Wanted wanted{Digest::of(changed), changed.size()};
    const Fetched fetched = download(session, wanted, dir / "down", {&cache, alike}, {});
    CHECK(read(dir / "down") == changed);
    return fetched;
  }

  LiveRegistry registry;
  TempDir dir;
  MemoryBlobStore cache;
  std::string old = random_bytes(8'000'000, 1);
  std::string changed = old + "and a tail";
};

TEST_CASE("Download: bytes that are on this machine do not travel") {
  Two two;
  put(two.cache, two.changed);
  CHECK(two.fetch({}).travelled == 0);
}

TEST_CASE("Download: only what the blobs of this machine lack travels") {
  Two two;
  const std::uint64_t travelled = two.fetch({Digest::of(two.old)}).travelled;
  CHECK(travelled > 0);
  CHECK(travelled < two.changed.size() / 4);  // the chunk that changed, and the last one
}

TEST_CASE("Download: a part that was left is completed from both sides") {
  Two two;
  std::ofstream(two.dir / ("." + Digest::of(two.changed).hex() + ".part"), std::ios::binary)
      << two.changed.substr(0, 5'000'000);
  CHECK(two.fetch({Digest::of(two.old)}).travelled < two.changed.size() / 4);
}

TEST_CASE("Download: a damaged or missing blob of this machine costs its bytes and nothing else") {
  Two two;
  two.cache.damage(Digest::of(two.old));
  CHECK(two.fetch({Digest::of(two.old), Digest::of("none")}).travelled == two.changed.size());
  put(two.cache, two.changed);
  two.cache.damage(Digest::of(two.changed));
  std::filesystem::remove(two.dir / "down");
  CHECK(two.fetch({}).travelled == two.changed.size());
}

TEST_CASE("Download: a chunk list that is wrong is found out, and all of it fetched") {
  TempDir dir;
  MemoryBlobStore cache;
  const std::string old = random_bytes(3'000'000, 1);
  const std::string bytes = random_bytes(3'000'000, 2);
  put(cache, old);
  std::string rows;
  cache.for_each_chunk(Digest::of(old), [&](const ChunkInfo& chunk) {
    const ChunkRowBytes row = chunk_row_bytes({chunk.digest, chunk.length});
    rows.append(reinterpret_cast<const char*>(row.data()), row.size());
  });
  ScriptedServer server({[&](const std::string&) { return http_answer(200, rows); },
                         [&](const std::string&) { return http_answer(200, bytes); }});
  Session session({Endpoint::parse(server.url()), "", {}, {}});
  const Wanted wanted{Digest::of(bytes), bytes.size()};
  download(session, wanted, dir / "down", {&cache, {Digest::of(old)}}, {});
  CHECK(read(dir / "down") == bytes);
}

}  // namespace
}  // namespace assay::client
