// SPDX-License-Identifier: Apache-2.0
#include "registry/client/transfer.h"

#include <fstream>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/client/scripted_server.h"

namespace assay::client {
namespace {

namespace fs = std::filesystem;
using test::http_answer;
using test::ScriptedServer;
using test::TempDir;

const std::string kBytes = "0123456789abcdef";
const std::string kOpened = R"({"id":"01jd","offset":0,"parents":[]})";

Session session_to(const ScriptedServer& server) {
  SessionOptions options{Endpoint::parse(server.url()), "", {}, {}};
  options.retry.sleep = [](std::chrono::milliseconds) {};
  return Session(std::move(options));
}

Wanted wanted(const std::string& bytes) {
  return {Digest::of(bytes), bytes.size()};
}

// The head promises all of it, and the connection ends after `count` bytes.
ScriptedServer::Answer breaks_after(std::size_t count) {
  return [count](const std::string&) {
    return "HTTP/1.1 200 X\r\nContent-Length: " + std::to_string(kBytes.size()) + "\r\n\r\n" +
           kBytes.substr(0, count);
  };
}

// What Range asked for.
std::string rest(const std::string& request) {
  const auto at = request.find("Range: bytes=");
  if (at == std::string::npos) return http_answer(200, kBytes);
  const std::size_t from = std::stoul(request.substr(at + 13));
  return http_answer(206, kBytes.substr(from));
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::size_t entries(const fs::path& path) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
}

TEST_CASE("Download: makes folders, verifies and leaves nothing beside the file") {
  TempDir dir;
  ScriptedServer server({rest});
  Session session = session_to(server);
  std::uint64_t last = 0;
  CHECK(download(session, wanted(kBytes), dir / "a/b/file", {}, [&](auto done, auto) {
          last = done;
        }).travelled == kBytes.size());
  CHECK(read(dir / "a/b/file") == kBytes);
  CHECK(entries(dir / "a/b") == 1);
  CHECK(last == kBytes.size());
}

TEST_CASE("Download: resumes where a broken connection stopped") {
  TempDir dir;
  ScriptedServer server({breaks_after(5), rest});
  Session session = session_to(server);
  download(session, wanted(kBytes), dir / "file", {}, {});
  CHECK(read(dir / "file") == kBytes);
  CHECK(server.requests().at(1).find("Range: bytes=5-\r\n") != std::string::npos);
}

TEST_CASE("Download: starts over when the server does not do ranges") {
  TempDir dir;
  ScriptedServer server({breaks_after(5), [](const std::string&) { return http_answer(200, kBytes); }});
  Session session = session_to(server);
  download(session, wanted(kBytes), dir / "file", {}, {});
  CHECK(read(dir / "file") == kBytes);
}

TEST_CASE("Download: takes up what an earlier pull left") {
  TempDir dir;
  write(dir / ("." + Digest::of(kBytes).hex() + ".part"), kBytes.substr(0, 9));
  ScriptedServer server({rest});
  Session session = session_to(server);
  download(session, wanted(kBytes), dir / "file", {}, {});
  CHECK(read(dir / "file") == kBytes);
  CHECK(server.requests().at(0).find("Range: bytes=9-\r\n") != std::string::npos);
}

TEST_CASE("Download: gives up after so many connections without a byte, and keeps what it has") {
  TempDir dir;
  ScriptedServer server({breaks_after(5)});
  Session session = session_to(server);
  CHECK_THROWS_AS(download(session, wanted(kBytes), dir / "file", {}, {}), Error);
  CHECK_FALSE(fs::exists(dir / "file"));
  CHECK(read(dir / ("." + Digest::of(kBytes).hex() + ".part")) == kBytes.substr(0, 5));
}

TEST_CASE("Download: a wrong byte is refused and nothing is kept") {
  TempDir dir;
  std::string wrong = kBytes;
  wrong[7] ^= 1;
  ScriptedServer server({[&](const std::string&) { return http_answer(200, wrong); }});
  Session session = session_to(server);
  try {
    download(session, wanted(kBytes), dir / "file", {}, {});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::corrupt);
  }
  CHECK(entries(dir.path()) == 0);
}

TEST_CASE("Download: more bytes than promised are refused") {
  TempDir dir;
  ScriptedServer server({[](const std::string&) { return http_answer(200, kBytes + "!"); }});
  Session session = session_to(server);
  CHECK_THROWS_AS(download(session, wanted(kBytes), dir / "file", {}, {}), Error);
  CHECK(entries(dir.path()) == 0);
}

TEST_CASE("Download: a damaged leftover is noticed, and the next pull starts clean") {
  TempDir dir;
  write(dir / ("." + Digest::of(kBytes).hex() + ".part"), "XXXXX");
  ScriptedServer server({rest, rest});
  Session session = session_to(server);
  CHECK_THROWS_AS(download(session, wanted(kBytes), dir / "file", {}, {}), Error);
  download(session, wanted(kBytes), dir / "file", {}, {});
  CHECK(read(dir / "file") == kBytes);
}

TEST_CASE("Download: a file that holds the bytes already is left alone") {
  TempDir dir;
  write(dir / "file", kBytes);
  ScriptedServer server({});
  Session session = session_to(server);
  CHECK(download(session, wanted(kBytes), dir / "file", {}, {}).was_there);
  CHECK(server.requests().empty());
}

TEST_CASE("Download: the server's refusal is its own error") {
  TempDir dir;
  ScriptedServer server({[](const std::string&) {
    return http_answer(404, R"({"code":"not_found","detail":"no such blob"})");
  }});
  Session session = session_to(server);
  try {
    download(session, wanted(kBytes), dir / "file", {}, {});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::not_found);
    CHECK(error.message() == "no such blob");
  }
}

TEST_CASE("Download: an empty file needs no request") {
  TempDir dir;
  ScriptedServer server({});
  Session session = session_to(server);
  download(session, wanted(""), dir / "file", {}, {});
  CHECK(fs::file_size(dir / "file") == 0);
}

TEST_CASE("Upload: sends the bytes under their digest") {
  TempDir dir;
  write(dir / "file", kBytes);
  ScriptedServer server({[](const std::string&) { return http_answer(201, "{}"); }});
  Session session = session_to(server);
  const LocalFile file = hash_file(dir / "file");
  CHECK(file.digest == Digest::of(kBytes));
  upload(session, file, {}, {});
  const std::string request = server.requests().at(0);
  CHECK(request.starts_with("PUT /api/v1/blobs/" + Digest::of(kBytes).text() + " "));
  CHECK(request.ends_with("\r\n\r\n" + kBytes));
}

TEST_CASE("Upload: is repeated whole after a broken connection") {
  TempDir dir;
  write(dir / "file", kBytes);
  ScriptedServer server(
      {[](const std::string&) { return ""; }, [](const std::string&) { return http_answer(201, "{}"); }});
  Session session = session_to(server);
  upload(session, hash_file(dir / "file"), {}, {});
  CHECK(server.requests().at(1).ends_with("\r\n\r\n" + kBytes));
}

TEST_CASE("Upload: a file that changed since it was hashed is named") {
  TempDir dir;
  write(dir / "file", kBytes);
  const LocalFile file = hash_file(dir / "file");
  write(dir / "file", "fedcba9876543210");
  ScriptedServer server({});
  Session session = session_to(server);
  try {
    upload(session, file, {}, {});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::corrupt);
    CHECK(error.message().find("changed while it was being uploaded") != std::string::npos);
  }
}

TEST_CASE("Upload: a refusal that comes before the whole body was sent is understood") {
  TempDir dir;
  write(dir / "file", std::string(64 << 20, 'x'));
  // Answers after the head and reads no further, as a server does that has made up its mind.
  ScriptedServer server({[](const std::string&) { return http_answer(201, kOpened); },
                         [](const std::string&) {
                           return http_answer(403,
                                              R"({"code":"denied","detail":"you may not register here"})");
                         }},
                        ScriptedServer::Reads::head_only);
  Session session = session_to(server);
  try {
    upload(session, hash_file(dir / "file"), {}, {});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::denied);
    CHECK(error.message() == "you may not register here");
  }
}

TEST_CASE("Hashing: a missing file and a directory are refused") {
  TempDir dir;
  CHECK_THROWS_AS(hash_file(dir / "none"), Error);
  CHECK_THROWS_AS(hash_file(dir.path()), Error);
}

}  // namespace
}  // namespace assay::client
