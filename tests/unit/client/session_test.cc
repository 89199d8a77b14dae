// SPDX-License-Identifier: Apache-2.0
#include "registry/client/session.h"

#include <nlohmann/json.hpp>

#include "registry/domain/id.h"
#include "tests/support/catch.h"
#include "tests/unit/client/scripted_server.h"

namespace assay::client {
namespace {

using test::http_answer;
using test::ScriptedServer;

struct Recorded {
  std::vector<std::chrono::milliseconds> waits;

  Session session(const std::string& url) {
    SessionOptions options{Endpoint::parse(url), "assay_secret", {}, {}};
    options.retry.sleep = [this](std::chrono::milliseconds wait) { waits.push_back(wait); };
    return Session(std::move(options));
  }
};

Code code_thrown(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return Code::internal;
}

std::string message_thrown(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

ScriptedServer::Answer says(std::string answer) {
  return [answer](const std::string&) { return answer; };
}

TEST_CASE("Session: the token travels in a header and never in the target") {
  ScriptedServer server({says(http_answer(200, "{}"))});
  Recorded recorded;
  recorded.session(server.url()).get("/api/v1/whoami", "asking");
  const std::string request = server.requests().at(0);
  CHECK(request.starts_with("GET /api/v1/whoami HTTP/1.1\r\n"));
  CHECK(request.find("Authorization: Bearer assay_secret\r\n") != std::string::npos);
}

TEST_CASE("Session: a problem of the server becomes an Error with its code and words") {
  ScriptedServer server(
      {says(http_answer(404, R"({"code":"not_found","detail":"there is no model churm","status":404})"))});
  Recorded recorded;
  auto session = recorded.session(server.url());
  try {
    session.get("/x", "asking");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::not_found);
    CHECK(error.message() == "there is no model churm");
  }
}

TEST_CASE("Session: a refusal that is not ours is named by its status") {
  ScriptedServer server({says(http_answer(401, "<html>who?</html>"))});
  Recorded recorded;
  auto session = recorded.session(server.url());
  CHECK(code_thrown([&] { session.get("/x", "asking"); }) == Code::unauthenticated);
}

TEST_CASE("Session: a busy server is asked again, as long as it asks to wait") {
  ScriptedServer server({says(http_answer(503, "", "Retry-After: 2\r\n")), says(http_answer(503, "")),
                         says(http_answer(200, R"({"ok":true})"))});
  Recorded recorded;
  auto session = recorded.session(server.url());
  CHECK(session.get("/x", "asking")["ok"] == true);
  CHECK(recorded.waits == std::vector<std::chrono::milliseconds>{std::chrono::milliseconds(2000),
                                                                 std::chrono::milliseconds(400)});
}

TEST_CASE("Session: a server that stays busy is given up on") {
  ScriptedServer server(std::vector<ScriptedServer::Answer>(4, says(http_answer(503, ""))));
  Recorded recorded;
  auto session = recorded.session(server.url());
  CHECK(code_thrown([&] { session.get("/x", "asking"); }) == Code::unavailable);
  CHECK(recorded.waits.size() == 3);
}

TEST_CASE("Session: a GET is repeated after a broken connection") {
  ScriptedServer server({says(""), says(http_answer(200, R"({"ok":true})"))});
  Recorded recorded;
  auto session = recorded.session(server.url());
  CHECK(session.get("/x", "asking")["ok"] == true);
}

TEST_CASE("Session: a POST without a key is never repeated after a broken connection") {
  ScriptedServer server({says(""), says(http_answer(200, "{}"))});
  Recorded recorded;
  auto session = recorded.session(server.url());
  CHECK(code_thrown([&] { session.send("POST", "/x", {{"a", 1}}, "promoting"); }) == Code::unavailable);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("Session: what is recorded carries a key, with which it is repeated; the next one has another") {
  ScriptedServer server({says(""), says(http_answer(503, "")), says(http_answer(201, R"({"id":"a"})")),
                         says(http_answer(201, R"({"id":"b"})"))});
  Recorded recorded;
  auto session = recorded.session(server.url());
  CHECK(session.record("/x", {{"a", 1}}, "promoting", {{"If-Match", "\"3\""}})["id"] == "a");
  CHECK(session.record("/x", {{"a", 1}}, "promoting")["id"] == "b");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 4);
  const auto key = [](const std::string& request) {
    const auto at = request.find("\r\nIdempotency-Key: ");
    return at == std::string::npos ? "" : request.substr(at + 19, request.find("\r\n", at + 2) - at - 19);
  };
  CHECK(Id::parse(key(requests[0])).text() == key(requests[0]));
  CHECK(requests[0].starts_with("POST /x HTTP/1.1\r\n"));
  CHECK(requests[0].find("If-Match: \"3\"\r\n") != std::string::npos);
  CHECK(requests[1] == requests[0]);
  CHECK(requests[2] == requests[0]);
  CHECK(key(requests[3]) != key(requests[0]));
}

TEST_CASE("Session: redirects are not followed") {
  ScriptedServer server(
      {says(http_answer(302, "", "Location: /elsewhere\r\n")), says(http_answer(200, "{}"))});
  Recorded recorded;
  auto session = recorded.session(server.url());
  CHECK_THROWS_AS(session.get("/x", "asking"), Error);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("Session: without a server the message says how to start one") {
  std::string url;
  {
    ScriptedServer gone({});
    url = gone.url();
  }
  Recorded recorded;
  auto session = recorded.session(url);
  CHECK(code_thrown([&] { session.get("/x", "asking"); }) == Code::unavailable);
  const std::string message = message_thrown([&] { session.get("/x", "asking"); });
  CHECK(message.starts_with("no server at " + url + ": start one with `assay serve`"));
}

TEST_CASE("Session: an answer that is not JSON is the server's fault") {
  ScriptedServer server({says(http_answer(200, "hello"))});
  Recorded recorded;
  auto session = recorded.session(server.url());
  CHECK(code_thrown([&] { session.get("/x", "asking"); }) == Code::internal);
}

TEST_CASE("Endpoint: only an origin is taken") {
  CHECK(Endpoint::parse("http://127.0.0.1:7460/").text() == "http://127.0.0.1:7460");
  CHECK(Endpoint::parse("https://registry.example").text() == "https://registry.example");
  CHECK(Endpoint::parse("http://[::1]:80").text() == "http://[::1]:80");
  for (const char* bad :
       {"", "127.0.0.1:7460", "ftp://x", "http://", "http://x:0", "http://x:65536", "http://x:y",
        "http://user:secret@x", "http://x/path", "http://x?y", "http://x y"}) {
    INFO(bad);
    CHECK(code_thrown([&] { Endpoint::parse(bad); }) == Code::invalid_argument);
  }
  CHECK(message_thrown([] { Endpoint::parse("http://user:secret@x"); }).find("secret") == std::string::npos);
}

TEST_CASE("Endpoint: segments are encoded byte by byte") {
  CHECK(encode_segment("a b/ü?#%") == "a%20b%2F%C3%BC%3F%23%25");
  CHECK(encode_segment("sha256:ab") == "sha256:ab");
}

}  // namespace
}  // namespace assay::client
