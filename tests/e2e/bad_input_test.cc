// SPDX-License-Identifier: Apache-2.0
// What goes wrong in practice: each case has a message with the next step and the right exit code, and leaves
// nothing half-visible.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"
#include "tests/e2e/flights.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

client::Session session_to(const Registry& registry) {
  return client::Session({client::Endpoint::parse(registry.url()), registry.admin_token(), {}, {}});
}

// Sends `bytes` to the server and keeps the connection open.
class OpenConnection {
 public:
  OpenConnection(const std::string& url, const std::string& bytes)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t put = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      REQUIRE(put > 0);
      sent += static_cast<std::size_t>(put);
    }
  }
  ~OpenConnection() { ::close(fd_); }
  OpenConnection(const OpenConnection&) = delete;
  OpenConnection& operator=(const OpenConnection&) = delete;

 private:
  int fd_;
};

TEST_CASE("Bad input: a truncated CSV is refused with its line, and nothing is published") {
  Registry registry;
  std::string csv = flights_csv(50, 1);
  csv.resize(csv.size() - 14);
  registry.write("cut.csv", csv);
  const auto result = registry.expect(60, {"push", "dataset", "flights", "cut.csv"});
  CHECK(has(result.err, "assay: "));
  CHECK(has(result.err, "cut.csv"));
  CHECK(has(result.err, "line 51"));
  CHECK(registry.json({"ls"}).empty());
}

TEST_CASE("Bad input: a ragged CSV is refused with its line") {
  Registry registry;
  registry.write("ragged.csv", "a,b\n1,2\n3,4,5\n");
  const auto result = registry.expect(60, {"push", "dataset", "ragged", "ragged.csv"});
  CHECK(has(result.err, "line 3"));
}

TEST_CASE("Bad input: a renamed column is named with the nearest that is there") {
  Registry registry;
  registry.write("train.csv", flights_csv(300, 1));
  registry.expect(0, {"push", "dataset", "flights", "train.csv"});
  const auto target = registry.expect(
      60, {"train", "--plugin", "baseline", "--data", "flights@1", "--target", "lat", "--to", "late"});
  CHECK(has(target.err, "\"lat\""));
  CHECK(has(target.err, "late"));
  registry.expect(
      0, {"train", "--plugin", "baseline", "--data", "flights@1", "--target", "late", "--to", "late"});
  std::string renamed = flights_csv(20, 2);
  renamed.replace(renamed.find("distance"), 8, "distances");
  registry.write("new.csv", renamed);
  const auto scored =
      registry.expect(60, {"score", "late@1", "--input", "new.csv", "--output", "scored.csv"});
  CHECK(has(scored.err, "distance"));
  CHECK(has(scored.err, "distances"));
  CHECK_FALSE(std::filesystem::exists(registry.file("scored.csv")));
}

TEST_CASE("Bad input: an unknown plugin and an unknown setting are named with the nearest") {
  Registry registry;
  registry.write("train.csv", flights_csv(100, 1));
  registry.expect(0, {"push", "dataset", "flights", "train.csv"});
  const auto plugin = registry.expect(
      60, {"train", "--plugin", "baselin", "--data", "flights@1", "--target", "late", "--to", "late"});
  CHECK(has(plugin.err, "baseline"));
  const auto setting = registry.expect(60, {"train", "--plugin", "gbt", "--data", "flights@1", "--target",
                                            "late", "--to", "late", "--set", "max_dept=3"});
  CHECK(has(setting.err, "max_dept"));
  CHECK(registry.json({"ls", "models"}).empty());
}

TEST_CASE("Bad input: bytes of another digest are not kept") {
  Registry registry;
  auto session = session_to(registry);
  const Digest promised = Digest::of("what was promised");
  client::Call call;
  call.method = "PUT";
  call.target = "/api/v1/blobs/" + promised.text();
  call.content_type = "application/octet-stream";
  call.body = "something else";
  try {
    session.call(call, "uploading");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::invalid_argument);
  }
  client::ApiClient api({client::Endpoint::parse(registry.url()), registry.admin_token(), {}, {}});
  CHECK_FALSE(client::has_blob(api.session(), promised));
  CHECK_FALSE(client::has_blob(api.session(), Digest::of("something else")));
}

TEST_CASE("Bad input: a name with two dots in a row is refused before a byte travels") {
  Registry registry;
  registry.write("train.csv", flights_csv(5, 1));
  for (const std::string name : {"a..b", "../etc", "a/../b", "..", "a/b/c"}) {
    const auto result = registry.expect(60, {"push", "dataset", name, "train.csv"});
    INFO(name << ": " << result.err);
    CHECK(result.err.starts_with("assay: "));
  }
  CHECK(registry.json({"ls"}).empty());
}

TEST_CASE("Bad input: a server killed in the middle of an upload shows nothing of it after the restart") {
  Registry registry;
  const std::string bytes(1 << 20, 'x');
  const std::string head =
      "PUT /api/v1/blobs/" + Digest::of(bytes).text() +
      " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nAuthorization: Bearer " +
      registry.admin_token() + "\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n";
  {
    OpenConnection upload(registry.url(), head + bytes.substr(0, bytes.size() / 2));
    registry.expect(0, {"stats"});  // the server is at work meanwhile
    registry.kill();
  }
  registry.start();
  client::ApiClient api({client::Endpoint::parse(registry.url()), registry.admin_token(), {}, {}});
  CHECK_FALSE(client::has_blob(api.session(), Digest::of(bytes)));
  CHECK(registry.json({"ls"}).empty());
  CHECK(registry.json({"stats"})["blobs"] == 0);
  const auto fsck = registry.json({"fsck", "--data", registry.data().string()});
  CHECK(fsck["problems"].empty());
  registry.write("x.bin", bytes);
  registry.expect(0, {"push", "model", "x", "x.bin"});
}

TEST_CASE("Bad input: what was acknowledged before a kill is there after the restart") {
  Registry registry;
  registry.write("train.csv", flights_csv(50, 1));
  const auto pushed = registry.json({"push", "dataset", "flights", "train.csv"});
  registry.kill();
  registry.start();
  CHECK(registry.json({"show", "flights@1"})["digest"] == pushed["digest"]);
  registry.expect(0, {"pull", "flights@1", "out"});
  CHECK(read_file(registry.file("out/train.csv")) == flights_csv(50, 1));
}

TEST_CASE("Bad input: a second server on the same data directory is refused and harms nobody") {
  Registry registry;
  const auto second =
      registry.expect(70, {"serve", "--data", registry.data().string(), "--listen", "127.0.0.1:0"});
  CHECK(has(second.err, "assay: "));
  CHECK(has(second.err, registry.data().string()));
  registry.expect(0, {"ls"});
}

TEST_CASE("Bad input: without a server the message says how to start one") {
  Registry registry;
  registry.stop();
  const auto none = registry.expect(70, {"ls"});
  CHECK(has(none.err, "no server at"));
  CHECK(has(none.err, "start one with `assay serve`"));
  const auto gone = registry.expect(70, {"ls", "--url", registry.url()});
  CHECK(has(gone.err, "no server at " + registry.url() + ": start one with `assay serve`"));
}

TEST_CASE("Bad input: a killed server's address is not taken for a running one") {
  Registry registry;
  registry.kill();
  CHECK(has(registry.expect(70, {"ls"}).err, "no server at"));
}

TEST_CASE("Bad input: a wrong token exits 50, and so does a role that may not") {
  Registry registry;
  registry.write("bad.token", "assay_notatoken\n");
  CHECK(has(registry.expect(50, {"ls", "--token-file", "bad.token"}).err, "assay: "));
  const auto token = registry.expect(
      0, {"token", "create", "--role", "reader", "--namespace", "default", "--expires", "1h"});
  registry.write("reader.token", token.out);
  registry.expect(0, {"ls", "--token-file", "reader.token"});
  registry.write("train.csv", flights_csv(5, 1));
  const auto denied =
      registry.expect(50, {"push", "dataset", "flights", "train.csv", "--token-file", "reader.token"});
  CHECK_FALSE(has(denied.err, token.out.substr(0, token.out.size() - 1)));
  registry.expect(50, {"audit", "--token-file", "reader.token"});
}

TEST_CASE("Bad input: what does not exist exits 60 and says what does") {
  Registry registry;
  registry.write("train.csv", flights_csv(5, 1));
  registry.expect(0, {"push", "dataset", "flights", "train.csv"});
  CHECK(has(registry.expect(60, {"show", "flight"}).err, "flight"));
  CHECK(has(registry.expect(60, {"pull", "flights@7", "out"}).err, "7"));
  registry.expect(60, {"promote", "nothing@1", "--to", "production"});
  registry.expect(60, {"explain", "nothing@production"});
  CHECK_FALSE(std::filesystem::exists(registry.file("out")));
}

TEST_CASE("Bad input: listening beyond this machine needs to be said twice") {
  Registry registry;
  const auto result =
      registry.expect(60, {"serve", "--data", registry.file("other").string(), "--listen", "0.0.0.0:0"});
  CHECK(has(result.err, "--insecure-listen"));
  CHECK_FALSE(std::filesystem::exists(registry.file("other")));
}

TEST_CASE("Bad input: a damaged blob is found by fsck and never served") {
  Registry registry;
  std::string noise(100'000, '\0');
  for (std::size_t i = 0, word = 1; i < noise.size();
       ++i, word = word * 6364136223846793005u + 1442695040888963407u)
    noise[i] = static_cast<char>(word >> 56);
  registry.write("x.bin", noise);
  registry.json({"push", "model", "x", "x.bin"});
  registry.stop();
  std::size_t damaged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(registry.data() / "blobs/packs")) {
    // The middle of the only pack is the middle of that file.
    std::fstream pack(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(entry.file_size() / 2);
    const auto old = pack.seekg(middle).get();
    pack.seekp(middle).put(static_cast<char>(old ^ 1));
    ++damaged;
  }
  REQUIRE(damaged == 1);
  const auto fsck = registry.expect(40, {"fsck", "--data", registry.data().string()});
  CHECK(has(fsck.out, "x@1"));
  registry.start();
  registry.expect(40, {"pull", "x@1", "out"});
  CHECK_FALSE(std::filesystem::exists(registry.file("out/x.bin")));
}

TEST_CASE("Bad input: a file that is no plugin, and one that is not there") {
  Registry registry;
  registry.write("text.so", "not a library");
  CHECK(registry.assay({"plugin", "check", "text.so"}).exit_code != 0);
  CHECK(registry.expect(60, {"plugin", "push", "text.so"}).err.starts_with("assay: "));
  CHECK(registry.expect(60, {"plugin", "push", "none.so"}).err.starts_with("assay: "));
  CHECK(registry.json({"ls", "plugins"}).empty());
}

}  // namespace
}  // namespace assay::test
