// SPDX-License-Identifier: Apache-2.0
// What strangers send: requests that smuggle others, that never end, that are too large or too many.
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/catch.h"
#include "tests/unit/http/test_site.h"

using namespace assay;
using namespace std::string_literals;  // a NUL inside a request
using test::Answer;
using test::Body;
using test::get;
using test::RawClient;
using test::TestServer;

namespace {

http::Limits limits(void (*change)(http::Limits&)) {
  http::Limits limits;
  change(limits);
  return limits;
}

// The one answer to `request`, after which the server must close without answering anything smuggled behind
// it.
int only_status(const TestServer& server, const std::string& request) {
  RawClient client = server.client();
  client.send(request);
  const Answer answer = client.read();
  CHECK(answer.fields.at("connection") == "close");
  CHECK(answer.fields.at("content-type") == "application/problem+json");
  CHECK(client.closed());
  return answer.status;
}

std::string post(const std::string& fields, const std::string& body) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

}  // namespace

TEST_CASE(
    "Hostile: a request that could be framed in two ways is refused, and nothing behind it is answered") {
  TestServer server;
  const std::string smuggled = get("/hello");
  CHECK(only_status(server, post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                                 "0\r\n\r\n" + smuggled)) == 400);
  CHECK(only_status(server, post("Content-Length: 0\r\nContent-Length: 40\r\n", smuggled)) == 400);
  CHECK(only_status(server, post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + smuggled)) == 400);
  CHECK(only_status(server, post("Transfer-Encoding:\x0b"
                                 "chunked\r\n",
                                 "0\r\n\r\n" + smuggled)) == 400);
  CHECK(only_status(server, post("X: y\r\n Content-Length: 4\r\n", smuggled)) == 400);
  CHECK(only_status(server, "GET /hello HTTP/1.1\nHost: a\n\n" + smuggled) == 400);
  CHECK(only_status(server, "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n" + smuggled) == 400);
  CHECK(only_status(server, "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled) == 400);
  CHECK(only_status(server, "GET /hello HTTP/1.1\r\n\r\n" + smuggled) == 400);
  CHECK(only_status(server, "GET /he\0llo HTTP/1.1\r\nHost: a\r\n\r\n"s + smuggled) == 400);
  CHECK(only_status(server, "\x16\x03\x01\x02\r\n\r\n") == 400);
}

TEST_CASE("Hostile: a chunked body with bad sizes or line ends is refused") {
  TestServer server;
  for (const char* body : {"g\r\nabc\r\n0\r\n\r\n", "-1\r\nabc\r\n0\r\n\r\n", "3\nabc\n0\n\n",
                           "3\r\nabcdef\r\n0\r\n\r\n", " 3\r\nabc\r\n0\r\n\r\n",
                           "fffffffffffffffff\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "\r\n\r\n"}) {
    INFO(body);
    const int status = only_status(server, post("Transfer-Encoding: chunked\r\n", body + get("/hello")));
    CHECK((status == 400 || status == 413));
  }
}

TEST_CASE("Hostile: a head has a size, a number of fields and a length of its target") {
  TestServer server;
  const std::string field = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  std::string fields;
  for (int i = 0; i < 20; ++i) fields += field;
  CHECK(only_status(server, get("/hello", fields)) == 431);
  CHECK(only_status(server, get("/hello?q=" + std::string(http::kTargetBytes, 'x'))) == 414);
  std::string many;
  for (std::size_t i = 0; i < http::kHeadFields - 1; ++i) many += "a: b\r\n";
  CHECK(server.client().ask(get("/hello", many)).status == 200);
  CHECK(only_status(server, get("/hello", many + "a: b\r\n")) == 431);
}

TEST_CASE("Hostile: a head that does not end is cut off") {
  TestServer server(limits([](http::Limits& l) { l.head_timeout = std::chrono::milliseconds(50); }));
  CHECK(only_status(server, "GET /hello HTTP/1.1\r\nHo") == 408);
  RawClient silent = server.client();
  CHECK(silent.closed());
}

TEST_CASE("Hostile: a connection that rests too long is closed without a word") {
  TestServer server(limits([](http::Limits& l) { l.idle_timeout = std::chrono::milliseconds(50); }));
  RawClient client = server.client();
  client.ask(get("/hello"));
  CHECK(client.closed());
}

TEST_CASE("Hostile: a body that comes too slowly is cut off, read whole or streamed") {
  TestServer server(limits([](http::Limits& l) { l.body_window = std::chrono::milliseconds(50); }));
  CHECK(only_status(server, post("Content-Length: 100\r\n", "abc")) == 408);
  CHECK(only_status(server, "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc") == 504);
  TestServer patient(limits([](http::Limits& l) {
    l.body_window = std::chrono::milliseconds(50);
    l.upload_start = 4;
  }));
  CHECK(only_status(patient, "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc") == 408);
}

TEST_CASE("Hostile: a client that does not take its answer is cut off") {
  TestServer server(limits([](http::Limits& l) { l.write_timeout = std::chrono::milliseconds(50); }));
  RawClient client = server.client();
  // Far more than both sides' socket buffers hold.
  for (int i = 0; i < 20; ++i) client.send(get("/big"));
  while (server.log().find("broken=true") == std::string::npos) std::this_thread::yield();
  CHECK(client.read_to_end().size() < 20u * (3 << 20));
}

TEST_CASE("Hostile: bodies have limits, announced or not, at them and one past them") {
  TestServer server;
  const std::string kib(1024, 'x');
  CHECK(server.client().ask(post("Content-Length: 1024\r\n", kib)).body == kib);
  CHECK(server.client().ask(post("Transfer-Encoding: chunked\r\n", "400\r\n" + kib + "\r\n0\r\n\r\n")).body ==
        kib);
  CHECK(only_status(server, post("Content-Length: 1025\r\n", kib + "x")) == 413);
  CHECK(only_status(server, post("Transfer-Encoding: chunked\r\n", "401\r\n" + kib + "x\r\n0\r\n\r\n")) ==
        413);
  CHECK(only_status(server, "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx") == 413);
  CHECK(only_status(server, "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 16777217\r\n\r\n") == 413);
  CHECK(only_status(server, post("Content-Length: 3\r\nContent-Encoding: gzip\r\n", "abc")) == 415);
}

TEST_CASE(
    "Hostile: a body that nobody read closes the connection, and what it held is not taken for a request") {
  TestServer server;
  const std::string inside = get("/hello");
  const std::string length = "Content-Length: " + std::to_string(inside.size()) + "\r\n";
  CHECK(only_status(server, "PUT /refuse HTTP/1.1\r\nHost: a\r\n" + length + "\r\n" + inside.substr(0, 5)) ==
        400);
  CHECK(only_status(server, "POST /private HTTP/1.1\r\nHost: a\r\n" + length + "\r\n" + inside) == 401);
  CHECK(only_status(server, "POST /nothing HTTP/1.1\r\nHost: a\r\n" + length + "\r\n" + inside) == 404);
  CHECK(only_status(server, "POST /hello HTTP/1.1\r\nHost: a\r\n" + length + "\r\n" + inside) == 405);
}

TEST_CASE("Hostile: a refusal arrives although the client is still sending") {
  TestServer server;
  RawClient client = server.client();
  client.send("PUT /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\n");
  client.send(std::string(1 << 20, 'x'));
  CHECK(client.read().status == 400);
}

TEST_CASE("Hostile: the health of the server shows through 64 resting and 64 slow connections") {
  TestServer server;
  std::vector<RawClient> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(server.client());
    clients.back().ask(get("/hello"));
  }
  for (int i = 0; i < 64; ++i) {
    clients.push_back(server.client());
    clients.back().send(i % 2 == 0 ? "GET /hel" : post("Content-Length: 100\r\n", "abc"));
  }
  CHECK(server.client().ask(get("/healthz")).body == "ok");
  CHECK(server.client().ask(get("/hello")).body == "hello");
}

TEST_CASE("Hostile: more work than may wait is refused with 503, while health and uploads go on") {
  TestServer server(limits([](http::Limits& l) {
    l.workers = 1;
    l.queue = 0;
  }));
  RawClient busy = server.client();
  busy.send(get("/wait"));
  server.gate.wait_until_entered();
  RawClient client = server.client();
  const Answer refused = client.ask(get("/hello"));
  CHECK(refused.status == 503);
  CHECK(refused.fields.at("retry-after") == "1");
  CHECK(nlohmann::json::parse(refused.body).at("code") == "unavailable");
  CHECK(client.ask(get("/healthz")).body == "ok");
  server.gate.open();
  CHECK(busy.read().body == "waited");
}

TEST_CASE("Hostile: requests that take long hold no worker, and too many of them are refused") {
  TestServer server(limits([](http::Limits& l) {
    l.workers = 1;
    l.slow_workers = 1;
    l.slow_queue = 0;
  }));
  RawClient slow = server.client();
  slow.send(get("/slow"));
  server.gate.wait_until_entered();
  CHECK(server.client().ask(get("/hello")).body == "hello");
  CHECK(server.client().ask(get("/slow")).status == 503);
  server.gate.open();
  CHECK(slow.read().body == "slow");
}

TEST_CASE("Hostile: slow uploads hold no worker, and too many of them are refused") {
  TestServer server(limits([](http::Limits& l) {
    l.workers = 1;
    l.uploads = 1;
    l.upload_queue = 0;
  }));
  RawClient slow = server.client();
  slow.send("PUT /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  server.gate.wait_until_entered();
  CHECK(server.client().ask(get("/hello")).body == "hello");
  CHECK(server.client().ask("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").status == 503);
  server.gate.open();
  CHECK(slow.ask("def").body == "abcdef");
}

TEST_CASE("Hostile: an upload has no thread before its start is here, or all of it") {
  TestServer server(limits([](http::Limits& l) {
    l.uploads = 1;
    l.upload_queue = 0;
    l.upload_start = 4;
  }));
  std::vector<RawClient> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(server.client());
    slow.back().send("PUT /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  }
  CHECK(server.client().ask("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").body == "3");
  // The answer may be here before its thread is free again.
  while (server.metrics().pool(http::Pool::uploads).busy != 0) std::this_thread::yield();
  slow.front().send("d");
  server.gate.wait_until_entered();
  CHECK(server.client().ask("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").status == 503);
  server.gate.open();
  CHECK(slow.front().ask("ef").body == "abcdef");
}

TEST_CASE("Hostile: answers that may not be read ahead are sent all the same, to slow clients and others") {
  TestServer server(limits([](http::Limits& l) {
    l.answers_ahead = 1;
    l.frugal_chunk = 1000;
  }));
  std::vector<RawClient> slow;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(server.client());
    slow.back().send(get("/big"));
  }
  const std::string big = server.client().ask(get("/big")).body;
  CHECK(big.size() == 3u << 20);
  for (RawClient& client : slow) CHECK(client.read().body == big);
}

TEST_CASE("Hostile: an upload whose sender vanishes ends with an error for its handler") {
  TestServer server;
  {
    RawClient client = server.client();
    client.send("PUT /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    server.gate.wait_until_entered();
  }
  server.gate.open();
  server.server().stop();
  CHECK(server.log().find("route=\"/hold\" status=499 ") != std::string::npos);
}

TEST_CASE("Hostile: connections are counted, in all and from one address") {
  TestServer server(limits([](http::Limits& l) { l.connections_per_address = 2; }));
  RawClient one = server.client();
  RawClient two = server.client();
  one.ask(get("/hello"));
  two.ask(get("/hello"));
  CHECK(server.client().read().status == 503);
  CHECK(one.ask(get("/hello")).status == 200);

  TestServer small(limits([](http::Limits& l) { l.connections = 1; }));
  RawClient only = small.client();
  only.ask(get("/hello"));
  CHECK(small.client().read().status == 503);
}

TEST_CASE("Hostile: documents held in memory have a limit in all") {
  TestServer server(limits([](http::Limits& l) { l.buffered_bytes = 100; }));
  CHECK(server.client().ask(post("Content-Length: 100\r\n", std::string(100, 'x'))).status == 200);
  CHECK(server.client().ask(post("Content-Length: 101\r\n", std::string(101, 'x'))).status == 503);
  CHECK(server.client().ask(post("Content-Length: 100\r\n", std::string(100, 'x'))).status == 200);
}

TEST_CASE("Hostile: a name that is not the server's own is refused when it has a list of them") {
  TestServer server({}, {"registry.example"});
  CHECK(only_status(server, get("/hello")) == 421);
  CHECK(server.client().ask("GET /hello HTTP/1.1\r\nHost: Registry.Example:80\r\n\r\n").status == 200);
}
