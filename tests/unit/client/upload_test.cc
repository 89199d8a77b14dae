// SPDX-License-Identifier: Apache-2.0
// Uploads against a real server: what travels, what does not, and what a bad line costs.
#include <fstream>

#include "registry/client/transfer.h"
#include "registry/client/upload_plan.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/cutting_proxy.h"
#include "tests/unit/client/live_registry.h"

namespace assay::client {
namespace {

using test::CuttingProxy;
using test::LiveRegistry;
using test::random_bytes;
using test::TempDir;

LocalFile write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return hash_file(path);
}

Sent send(const LiveRegistry& registry, const LocalFile& file, const std::vector<Digest>& parents = {}) {
  Session session = registry.session();
  return upload(session, file, parents, {});
}

TEST_CASE("Upload: a large file arrives, and sending it again moves nothing") {
  LiveRegistry registry;
  TempDir dir;
  const std::string bytes = random_bytes(5'000'001, 1);
  const LocalFile file = write(dir / "file", bytes);
  const Sent first = send(registry, file);
  CHECK(first.travelled == bytes.size());
  CHECK_FALSE(first.known);
  CHECK(read_all(registry.blobs, file.digest, bytes.size()) == bytes);
  const Sent second = send(registry, file);
  CHECK(second.travelled == 0);
  CHECK(second.known);
}

TEST_CASE("Upload: only chunks that the parents lack travel") {
  LiveRegistry registry;
  TempDir dir;
  const std::string old = random_bytes(8'000'000, 1);
  const LocalFile parent = write(dir / "old", old);
  send(registry, parent);
  std::string bytes = old.substr(3'000'000) + old.substr(0, 3'000'000) + "and a tail";
  bytes[1'000'000] ^= 1;
  const LocalFile file = write(dir / "new", bytes);
  const Sent sent = send(registry, file, {Digest::of("nobody has this"), parent.digest});
  CHECK(sent.travelled > 0);
  CHECK(sent.travelled < bytes.size() / 4);  // the chunk that changed, and those at the seams
  CHECK(read_all(registry.blobs, file.digest, bytes.size()) == bytes);
}

TEST_CASE("Upload: a broken line costs what was on its way, and no more") {
  LiveRegistry registry;
  TempDir dir;
  const std::string bytes = random_bytes(24 << 20, 1);
  const LocalFile file = write(dir / "file", bytes);
  CuttingProxy proxy(registry.port());
  proxy.cut_requests_after(9 << 20, 2);
  Session session = registry.session(proxy.port(), {});
  std::uint64_t last = 0;
  upload(session, file, {}, [&](auto done, auto) { last = done; });
  CHECK(proxy.cuts_left() == 0);
  CHECK(last == bytes.size());
  CHECK(read_all(registry.blobs, file.digest, bytes.size()) == bytes);
  CHECK(proxy.sent_up() < bytes.size() + (2 << 20));
}

TEST_CASE("Upload: a lost answer is asked for, and the file not sent again") {
  LiveRegistry registry;
  TempDir dir;
  const std::string bytes = random_bytes(1 << 20, 1);
  const LocalFile file = write(dir / "file", bytes);
  CuttingProxy proxy(registry.port());
  proxy.cut_answers_after(900, 1);  // the one to POST passes, that to PATCH does not
  Session session = registry.session(proxy.port(), [](std::chrono::milliseconds) {});
  upload(session, file, {}, {});
  CHECK(registry.blobs.stat(file.digest));
  CHECK(proxy.sent_up() < 2 * bytes.size());
}

TEST_CASE("Upload: begins again by itself when the server has forgotten it") {
  LiveRegistry registry;
  TempDir dir;
  const std::string bytes = random_bytes(24 << 20, 1);
  const LocalFile file = write(dir / "file", bytes);
  CuttingProxy proxy(registry.port());
  proxy.cut_requests_after(9 << 20, 1);
  int waits = 0;
  Session session = registry.session(proxy.port(), [&](std::chrono::milliseconds) {
    if (waits++ == 0) registry.restart();
  });
  upload(session, file, {}, {});
  CHECK(waits > 0);
  CHECK(read_all(registry.blobs, file.digest, bytes.size()) == bytes);
}

TEST_CASE("Upload: gives up when no connection brings a byte further") {
  LiveRegistry registry;
  TempDir dir;
  const LocalFile file = write(dir / "file", random_bytes(1 << 20, 1));
  CuttingProxy proxy(registry.port());
  proxy.cut_requests_after(1, 1000);
  int waits = 0;
  Session session = registry.session(proxy.port(), [&](std::chrono::milliseconds) { ++waits; });
  CHECK_THROWS_AS(upload(session, file, {}, {}), Error);
  CHECK(waits > 0);
  CHECK(waits < 20);
}

TEST_CASE("Upload: a file that changes while it is sent is named, and nothing is kept") {
  LiveRegistry registry;
  TempDir dir;
  const std::string bytes = random_bytes(3 << 20, 1);
  const auto refused = [&](const std::string& now) {
    const LocalFile file = write(dir / "file", bytes);
    write(dir / "file", now);
    Session session = registry.session();
    try {
      upload(session, file, {}, {});
    } catch (const Error& error) {
      return error.code() == Code::corrupt &&
             error.message().find("changed while it was being uploaded") != std::string::npos;
    }
    return false;
  };
  std::string other = bytes;
  other[1'000'000] ^= 1;
  CHECK(refused(other));
  CHECK(refused(bytes.substr(0, 2'000'000)));
  CHECK_FALSE(registry.blobs.stat(Digest::of(bytes)));
  CHECK_FALSE(registry.blobs.stat(Digest::of(other)));
}

TEST_CASE("Upload plan: any offset continues the same frames") {
  TempDir dir;
  const std::string bytes = random_bytes(3 * kMaxFrameData + 5, 1);
  const LocalFile file = write(dir / "file", bytes);
  const FileReader reader(file.path);
  const Segments plan = {
      {kMaxFrameData + 7, 0, 0, true}, {kMaxFrameData, 100, 2, false}, {kMaxFrameData - 2, 0, 0, true}};
  CHECK(travelling(plan, 0) == 2 * kMaxFrameData + 5);
  const std::uint64_t offset =
      GENERATE(std::uint64_t{0}, std::uint64_t{1}, kMaxFrameData, kMaxFrameData + 6, kMaxFrameData + 7,
               kMaxFrameData + 8, 2 * kMaxFrameData + 7, 3 * kMaxFrameData + 4, 3 * kMaxFrameData + 5);
  UploadBody body(plan, reader, offset);
  std::string wire;
  std::array<char, 100'003> piece;
  while (const std::size_t got = body.read(piece)) wire.append(piece.data(), got);
  CHECK(wire.size() == body.size());
  std::uint64_t at = offset;
  for (auto rest = test::as_span(wire); !rest.empty();) {
    const UploadFrame frame = parse_frame_head(rest.first(frame_head_size(rest[0])));
    rest = rest.subspan(frame_head_size(rest[0]));
    if (frame.kind == UploadFrame::Kind::data) {
      CHECK(std::ranges::equal(rest.first(frame.length), test::as_span(bytes).subspan(at, frame.length)));
      rest = rest.subspan(frame.length);
    } else {
      CHECK(frame.parent == 2);
      CHECK(frame.offset == 100 + at - (kMaxFrameData + 7));
    }
    at += frame.length;
  }
  CHECK(at == bytes.size());
}

TEST_CASE("Parent chunks: of equal ones, that which goes on is found") {
  ParentChunks chunks;
  const ChunkRow zeros{Digest::of("0"), 10};
  for (int i = 0; i < 5; ++i) chunks.add(0, zeros);
  chunks.add(3, {Digest::of("1"), 7});
  chunks.add(3, zeros);
  chunks.seal();
  using Place = ParentChunks::Place;
  CHECK(chunks.find(zeros, {}) == Place{0, 0});
  CHECK(chunks.find(zeros, Place{0, 30}) == Place{0, 30});
  CHECK(chunks.find(zeros, Place{3, 7}) == Place{3, 7});
  CHECK(chunks.find(zeros, Place{0, 50}) == Place{0, 0});
  CHECK_FALSE(chunks.find({Digest::of("2"), 10}, {}));
  CHECK_FALSE(chunks.find({zeros.digest, 11}, {}));
}

}  // namespace
}  // namespace assay::client
