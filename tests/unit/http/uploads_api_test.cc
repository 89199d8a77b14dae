// SPDX-License-Identifier: Apache-2.0
// Uploads and chunk lists over HTTP, on a real server and catalogue, by two tenants.
#include <nlohmann/json.hpp>

#include "registry/domain/transfer_format.h"
#include "registry/http/v1/chunk_list.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/unit/client/live_registry.h"
#include "tests/unit/http/raw_client.h"

using namespace assay;
using nlohmann::json;
using test::Answer;
using test::Body;
using test::RawClient;

namespace {

constexpr const char* kJson = "Content-Type: application/json\r\n";

std::string data_frame(const std::string& bytes) {
  std::string out;
  append_frame_head(out, {.kind = UploadFrame::Kind::data, .length = bytes.size()});
  return out + bytes;
}

std::string copy_frame(std::uint8_t parent, std::uint64_t offset, std::uint64_t length) {
  std::string out;
  append_frame_head(out,
                    {.kind = UploadFrame::Kind::copy, .length = length, .parent = parent, .offset = offset});
  return out;
}

// Somebody with a token, on a connection for each request.
struct Caller {
  std::string head(const std::string& method, const std::string& path, std::size_t length,
                   const std::string& fields) const {
    return method + " " + path + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token + "\r\n" +
           (length == 0 ? "" : "Content-Length: " + std::to_string(length) + "\r\n") + fields + "\r\n";
  }
  Answer ask(const std::string& method, const std::string& path, const std::string& body = "",
             const std::string& fields = "") const {
    return RawClient(port).ask(head(method, path, body.size(), fields) + body,
                               method == "HEAD" ? Body::absent : Body::present);
  }
  Answer begin(const std::string& bytes, const std::vector<Digest>& parents = {}) const {
    json wanted = {{"digest", Digest::of(bytes).text()}, {"size", bytes.size()}, {"parents", json::array()}};
    for (const Digest& parent : parents) wanted["parents"].push_back(parent.text());
    return ask("POST", "/api/v1/uploads", wanted.dump(), kJson);
  }
  Answer append(const std::string& location, std::uint64_t offset, const std::string& frames) const {
    return ask("PATCH", location, frames, "Upload-Offset: " + std::to_string(offset) + "\r\n");
  }
  Answer put(const std::string& bytes, const std::string& query = "") const {
    return ask("PUT", blob(bytes) + query, bytes);
  }
  static std::string blob(const std::string& bytes) { return "/api/v1/blobs/" + Digest::of(bytes).text(); }

  std::uint16_t port;
  std::string token;
};

struct Tenants {
  Tenants() : admin{registry.port(), registry.token}, ann(tenant("acme")), eve(tenant("rival")) {}

  Caller tenant(const std::string& space) const {
    const Answer made = admin.ask("POST", "/api/v1/tokens",
                                  R"({"name":"t","role":"writer","namespace":")" + space + "\"}", kJson);
    REQUIRE(made.status == 201);
    return {registry.port(), json::parse(made.body).at("token")};
  }

  test::LiveRegistry registry;
  Caller admin, ann, eve;
};

std::string location_of(const Answer& answer) {
  REQUIRE(answer.status == 201);
  return answer.fields.at("location");
}

}  // namespace

TEST_CASE("Uploads API: begins, tells its offset, goes on and ends with the blob") {
  Tenants tenants;
  const std::string bytes = "some bytes";
  const Answer begun = tenants.ann.begin(bytes);
  const std::string location = location_of(begun);
  CHECK(json::parse(begun.body).at("offset") == 0);
  const Answer part = tenants.ann.append(location, 0, data_frame("some "));
  CHECK(part.status == 200);
  CHECK(json::parse(part.body).at("offset") == 5);
  CHECK(json::parse(tenants.ann.ask("GET", location).body).at("size") == 10);
  CHECK(tenants.ann.ask("HEAD", location).fields.at("upload-offset") == "5");
  const Answer wrong = tenants.ann.append(location, 0, data_frame("some "));
  CHECK(wrong.status == 409);
  CHECK(wrong.fields.at("upload-offset") == "5");
  CHECK(json::parse(wrong.body).at("detail").get<std::string>().find("goes on at 5") != std::string::npos);
  for (const std::string field :
       {"", "Upload-Offset: five\r\n", "Upload-Offset: -5\r\n", "Upload-Offset: 5x\r\n"})
    CHECK(tenants.ann.ask("PATCH", location, data_frame("x"), field).status == 400);
  const Answer done = tenants.ann.append(location, 5, data_frame("bytes"));
  CHECK(done.status == 201);
  CHECK(done.fields.at("location") == Caller::blob(bytes));
  CHECK(json::parse(done.body) == json({{"digest", Digest::of(bytes).text()}, {"size", 10}}));
  CHECK(tenants.ann.ask("GET", Caller::blob(bytes)).body == bytes);
  CHECK(tenants.ann.ask("GET", location).status == 404);
  const Answer again = tenants.ann.begin(bytes);
  CHECK(again.status == 200);
  CHECK(json::parse(again.body) == json({{"stored", true}}));
}

TEST_CASE("Uploads API: a client that breaks off within a frame goes on from what arrived") {
  Tenants tenants;
  const std::string bytes = test::random_bytes(300'000, 1);
  const std::string location = location_of(tenants.ann.begin(bytes));
  const std::string frames = data_frame(bytes);
  {
    RawClient client(tenants.registry.port());
    client.send(tenants.ann.head("PATCH", location, frames.size(), "Upload-Offset: 0\r\n") +
                frames.substr(0, 200'000));
  }
  // The server learns of the end in its own time; until then it answers that somebody is sending.
  Answer rest;
  std::uint64_t offset = 0;
  for (int tries = 0; tries < 1000; ++tries) {
    offset = std::stoull(tenants.ann.ask("HEAD", location).fields.at("upload-offset"));
    rest = tenants.ann.append(location, offset, data_frame(bytes.substr(offset)));
    if (rest.status != 409) break;
  }
  INFO(rest.body);
  CHECK(rest.status == 201);
  CHECK(tenants.ann.ask("GET", Caller::blob(bytes)).body == bytes);
}

TEST_CASE("Uploads API: knowing a digest gives another tenant nothing, in any way") {
  Tenants tenants;
  const std::string secret = "the secret weights";
  const std::string mine = "mine";
  REQUIRE(tenants.ann.put(secret).status == 201);
  REQUIRE(tenants.eve.put(mine).status == 201);
  // By digest: the bytes are wanted, whoever else has them, and the answers do not differ.
  const Answer wanted = tenants.eve.begin(secret, {Digest::of(secret), Digest::of(mine)});
  const std::string location = location_of(wanted);
  CHECK(json::parse(wanted.body).at("offset") == 0);
  // As a parent: passed over.
  CHECK(json::parse(wanted.body).at("parents") == json({Digest::of(mine).text()}));
  // By index: there is only one parent, hers.
  CHECK(tenants.eve.append(location, 0, copy_frame(1, 0, secret.size())).status == 400);
  CHECK(tenants.eve.append(location, 0, copy_frame(0, 0, mine.size())).status == 200);
  CHECK(tenants.eve.append(location, 4, data_frame(std::string(14, 'x'))).status == 400);  // a guess
  CHECK(tenants.eve.ask("GET", Caller::blob(secret)).status == 404);
  CHECK(tenants.eve.ask("GET", Caller::blob(secret) + "/chunks").status == 404);
  CHECK(tenants.ann.ask("GET", Caller::blob(secret) + "/chunks").status == 200);
  // Another's session is not there.
  const std::string of_ann = location_of(tenants.ann.begin("else"));
  CHECK(tenants.eve.ask("GET", of_ann).status == 404);
  CHECK(tenants.eve.append(of_ann, 0, data_frame("else")).status == 404);
  CHECK(tenants.eve.ask("DELETE", of_ann).status == 404);
  CHECK(tenants.ann.ask("DELETE", of_ann).status == 204);
  CHECK(tenants.ann.ask("GET", of_ann).status == 404);
  // What an upload answers says nothing of who had the bytes before.
  const Answer second = tenants.eve.put(secret);
  CHECK(json::parse(second.body) == json({{"digest", Digest::of(secret).text()}, {"size", secret.size()}}));
}

TEST_CASE("Uploads API: curl's ways of sending a file work without a digest") {
  Tenants tenants;
  const std::string bytes = "a table";
  const auto digest = [](const Answer& answer) {
    return json::parse(answer.body).value("digest", answer.body);
  };
  const Answer named = tenants.ann.ask("PUT", "/api/v1/blobs/train.csv", bytes);
  CHECK(digest(named) == Digest::of(bytes).text());
  CHECK(named.fields.at("location") == Caller::blob(bytes));
  CHECK(digest(tenants.ann.ask("POST", "/api/v1/blobs", bytes)) == Digest::of(bytes).text());
  CHECK(tenants.ann.ask("PUT", "/api/v1/blobs/" + Digest::of(bytes).hex(), bytes).status == 400);
  CHECK(tenants.ann.ask("PUT", "/api/v1/blobs/sha256:train", bytes).status == 400);
  const std::string parent = "?parent=" + Digest::of(bytes).text();
  CHECK(tenants.eve.put("another table", parent + "&" + parent.substr(1)).status == 201);
  CHECK(tenants.ann.put("another table", "?parent=x").status == 400);
  CHECK(tenants.ann.put("another table", "?other=x").status == 400);
}

TEST_CASE("Uploads API: a chunk list has a row for each chunk") {
  Tenants tenants;
  const std::string bytes = test::random_bytes(500'000, 1);
  REQUIRE(tenants.ann.put(bytes).status == 201);
  const Answer list = tenants.ann.ask("GET", Caller::blob(bytes) + "/chunks");
  CHECK(tenants.ann.ask("HEAD", Caller::blob(bytes) + "/chunks").fields.at("content-length") ==
        std::to_string(list.body.size()));
  std::size_t at = 0;
  for (auto rows = test::as_span(list.body); !rows.empty(); rows = rows.subspan(kChunkRowSize)) {
    const ChunkRow row = parse_chunk_row(rows.first<kChunkRowSize>());
    CHECK(row.digest == Digest::of(bytes.substr(at, row.length)));
    at += row.length;
  }
  CHECK(at == bytes.size());
  REQUIRE(tenants.ann.put("").status == 201);
  CHECK(tenants.ann.ask("GET", Caller::blob("") + "/chunks").body.empty());
}

TEST_CASE("Chunk list: is the same through a small window") {
  test::MemoryBlobStore blobs;
  const Digest digest = put(blobs, test::random_bytes(900'000, 1)).digest;
  std::size_t chunks = 0;
  blobs.for_each_chunk(digest, [&](const ChunkInfo&) { ++chunks; });
  REQUIRE(chunks > 5);
  const auto read = [&](std::size_t window, std::size_t piece) {
    http::v1::ChunkList list(blobs, digest, window);
    CHECK(list.size() == chunks * kChunkRowSize);
    std::string out;
    std::vector<std::byte> buffer(piece);
    while (const std::size_t got = list.read(buffer))
      out.append(reinterpret_cast<const char*>(buffer.data()), got);
    return out;
  };
  const std::string whole = read(1 << 20, 1 << 20);
  CHECK(whole.size() == chunks * kChunkRowSize);
  CHECK(read(4 * kChunkRowSize, 50) == whole);
  CHECK(read(0, 7) == whole);
  CHECK(read(5 * kChunkRowSize, 5 * kChunkRowSize) == whole);
}
