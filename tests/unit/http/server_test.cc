// SPDX-License-Identifier: Apache-2.0
// Ordinary exchanges: keep-alive, HEAD, ranges, streaming, problems, who may call, stopping.
#include "registry/http/server.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "registry/http/exposition.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/http/test_site.h"

using namespace assay;
using test::Answer;
using test::Body;
using test::get;
using test::RawClient;
using test::TestServer;

TEST_CASE("Server: answers on a port of its own with the fields that every answer has") {
  TestServer server;
  const Answer answer = server.client().ask(get("/hello", "traceparent: 00-ab-cd-01\r\n"));
  CHECK(answer.status == 200);
  CHECK(answer.body == "hello");
  CHECK(answer.fields.at("server") == "assay/1.2.3");
  CHECK(answer.fields.at("content-type") == "text/plain");
  CHECK(answer.fields.at("x-content-type-options") == "nosniff");
  CHECK(answer.fields.at("cache-control") == "no-cache");
  CHECK(answer.fields.at("traceparent") == "00-ab-cd-01");
  CHECK(answer.fields.at("date").ends_with(" GMT"));
  CHECK_FALSE(answer.fields.at("x-request-id").empty());
}

TEST_CASE("Server: a plain request id of the client is kept, another one is not") {
  TestServer server;
  RawClient client = server.client();
  CHECK(client.ask(get("/hello", "X-Request-Id: job-17.a\r\n")).fields.at("x-request-id") == "job-17.a");
  CHECK(client.ask(get("/hello", "X-Request-Id: a b=\"c\"\r\n")).fields.at("x-request-id") != "a b=\"c\"");
}

TEST_CASE("Server: one connection serves request after request, also when they come at once") {
  TestServer server;
  RawClient client = server.client();
  for (int i = 0; i < 3; ++i) CHECK(client.ask(get("/name/" + std::to_string(i))).body == std::to_string(i));
  client.send(get("/name/a") + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" +
              get("/name/b"));
  CHECK(client.read().body == "a");
  CHECK(client.read().body == "abc");
  CHECK(client.read().body == "b");
}

TEST_CASE("Server: closes when it is asked to, and after an HTTP/1.0 request") {
  TestServer server;
  RawClient asked = server.client();
  CHECK(asked.ask(get("/hello", "Connection: close\r\n")).fields.at("connection") == "close");
  CHECK(asked.closed());
  RawClient old = server.client();
  CHECK(old.ask("GET /hello HTTP/1.0\r\n\r\n").body == "hello");
  CHECK(old.closed());
}

TEST_CASE("Server: HEAD has the fields of GET and no body") {
  TestServer server;
  RawClient client = server.client();
  const Answer head = client.ask("HEAD /digits HTTP/1.1\r\nHost: a\r\n\r\n", Body::absent);
  CHECK(head.status == 200);
  CHECK(head.fields.at("content-length") == "10");
  CHECK(head.fields.at("accept-ranges") == "bytes");
  CHECK(client.ask("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n", Body::absent).status == 404);
  CHECK(client.ask(get("/hello")).body == "hello");
}

TEST_CASE("Server: downloads carry digest and ETag and obey Range, If-Range and If-None-Match") {
  TestServer server;
  RawClient client = server.client();
  const Answer whole = client.ask(get("/digits"));
  const std::string etag = whole.fields.at("etag");
  CHECK(whole.body == "0123456789");
  CHECK(etag == '"' + Digest::of("0123456789").text() + '"');
  CHECK(whole.fields.at("repr-digest").starts_with("sha-256=:"));
  CHECK(whole.fields.at("content-disposition") == "attachment; filename=\"digits.txt\"");
  CHECK(whole.fields.at("cache-control") == "private, max-age=31536000, immutable");

  const Answer part = client.ask(get("/digits", "Range: bytes=2-4\r\n"));
  CHECK(part.status == 206);
  CHECK(part.body == "234");
  CHECK(part.fields.at("content-range") == "bytes 2-4/10");
  CHECK(client.ask(get("/digits", "Range: bytes=7-\r\nIf-Range: " + etag + "\r\n")).body == "789");
  CHECK(client.ask(get("/digits", "Range: bytes=7-\r\nIf-Range: \"other\"\r\n")).status == 200);
  CHECK(client.ask(get("/digits", "Range: bytes=7-\r\nIf-Range: W/" + etag + "\r\n")).status == 200);

  const Answer outside = client.ask(get("/digits", "Range: bytes=10-\r\n"));
  CHECK(outside.status == 416);
  CHECK(outside.fields.at("content-range") == "bytes */10");
  CHECK(outside.fields.at("content-type") == "application/problem+json");
  CHECK(nlohmann::json::parse(outside.body).at("status") == 416);

  CHECK(client.ask(get("/digits", "If-None-Match: " + etag + "\r\n"), Body::absent).status == 304);
  CHECK(client.ask(get("/digits", "If-None-Match: \"x\", *\r\n"), Body::absent).status == 304);
  CHECK(client.ask(get("/digits", "If-Match: \"other\"\r\n")).status == 412);
  CHECK(client.ask(get("/digits")).status == 200);
}

TEST_CASE("Server: a download larger than its buffers arrives whole") {
  TestServer server;
  RawClient client = server.client();
  const Answer answer = client.ask(get("/big"));
  CHECK(answer.body == std::string(3 << 20, 'x'));
  CHECK(client.ask(get("/hello")).body == "hello");
}

TEST_CASE("Server: a download that fails on the way breaks off instead of ending") {
  TestServer server;
  RawClient client = server.client();
  client.send(get("/broken"));
  const std::string all = client.read_to_end();
  CHECK(all.find("Content-Length: 3145728\r\n") != std::string::npos);
  CHECK(all.size() < (2 << 20));
  server.server().stop();
  CHECK(server.log().find("broken=true error=\"the stored bytes are damaged\"") != std::string::npos);
}

TEST_CASE("Server: an upload larger than its buffers arrives whole, with a length or in chunks") {
  TestServer server;
  RawClient client = server.client();
  const std::string bytes(5 << 20, 'y');
  client.send("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes.size()) +
              "\r\n\r\n");
  client.send(bytes);
  CHECK(client.read().body == std::to_string(bytes.size()));
  client.send("PUT /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 16; ++i) client.send("2710;name=value\r\n" + std::string(10'000, 'z') + "\r\n");
  client.send("0\r\nTrailer: x\r\n\r\n");
  CHECK(client.read().body == std::to_string(bytes.size() + 160'000));
  CHECK(client.ask(get("/hello")).body == "hello");
}

TEST_CASE("Server: 100 Continue comes once somebody wants the body, and not before it is known who") {
  TestServer server;
  RawClient client = server.client();
  for (const char* path : {"PUT /sink", "POST /echo"}) {
    client.send(std::string(path) +
                " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(client.read(Body::absent).status == 100);
    CHECK(client.ask("ab").status == 200);
  }
  RawClient waiting = server.client();
  waiting.send("PUT /hold HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  server.gate.wait_until_entered();
  server.gate.open();
  CHECK(waiting.read(Body::absent).status == 100);
  CHECK(waiting.ask("ab").body == "ab");
  RawClient stranger = server.client();
  const Answer refused =
      stranger.ask("POST /private HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(refused.status == 401);
  CHECK(stranger.closed());
  RawClient unwanted = server.client();
  CHECK(unwanted.ask("PUT /refuse HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            .status == 400);
  RawClient fancy = server.client();
  CHECK(fancy.ask("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 2\r\n\r\nab").status ==
        417);
}

TEST_CASE("Server: who may call is settled before the handler") {
  TestServer server;
  const auto status = [&](const std::string& request) { return server.client().ask(request).status; };
  const auto as = [](const std::string& token) { return "Authorization: " + token + "\r\n"; };
  CHECK(status(get("/private")) == 401);
  CHECK(status(get("/private", as("nobody"))) == 401);
  CHECK(status(get("/private", as("reader"))) == 200);
  CHECK(status("POST /private HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + as("reader") + "\r\n") == 403);
  CHECK(status("POST /private HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + as("writer") + "\r\n") == 200);
  CHECK(status(get("/in/acme", as("acme-reader"))) == 200);
  CHECK(status(get("/in/other", as("acme-reader"))) == 403);
  CHECK(status(get("/in/..", as("acme-reader"))) == 400);
  CHECK(server.client().ask(get("/private")).fields.at("www-authenticate").starts_with("Bearer"));
}

TEST_CASE("Server: refusals are problems that name path and request, and tell no secrets") {
  TestServer server;
  RawClient client = server.client();
  const Answer nothing = client.ask(get("/nothing", "X-Request-Id: r1\r\n"));
  CHECK(nothing.status == 404);
  CHECK(nothing.fields.at("content-type") == "application/problem+json");
  const nlohmann::json problem = nlohmann::json::parse(nothing.body);
  CHECK(problem.at("code") == "not_found");
  CHECK(problem.at("instance") == "/nothing");
  CHECK(problem.at("request_id") == "r1");
  CHECK(problem.at("status") == 404);
  const Answer method = client.ask("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(method.status == 405);
  CHECK(method.fields.at("allow") == "GET, HEAD");
  CHECK(client.ask("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 405);
  CHECK(client.ask(get("/hello?unknown=1")).status == 400);
  CHECK(client.ask(get("/hello?q=1")).status == 200);
  const Answer failed = client.ask(get("/throw"));
  CHECK(failed.status == 500);
  CHECK(failed.body.find("secret") == std::string::npos);
  CHECK(client.ask(get("/hello")).status == 200);
  server.server().stop();
  CHECK(server.log().find("error=\"a secret of ours\"") != std::string::npos);
}

TEST_CASE("Server: paths are matched raw and decoded once") {
  TestServer server;
  const auto ask = [&](const std::string& path) { return server.client().ask(get(path)); };
  CHECK(ask("/name/a%2Fb%20c").body == "a/b c");
  CHECK(ask("/name/%252e").body == "%2e");
  CHECK(ask("/path/a/b%2Fc").body == "a/b/c");
  CHECK(ask("http://localhost/hello").body == "hello");
  for (const char* path :
       {"//hello", "/hello/", "/h%65llo", "/HELLO", "/hello//", "/./hello", "/path/", "/path//a"})
    CHECK(ask(path).status == 404);
  for (const char* path : {"/name/%00", "/name/..", "/name/%2E%2E", "/name/%zz", "/name/%FF", "/path/a/../b",
                           "/hello#x", "/hello?q=%0A"})
    CHECK(ask(path).status == 400);
}

TEST_CASE("Server: counts what it answers and writes a line for each") {
  TestServer server;
  server.client().ask(get("/name/x?q=secret", "Authorization: token-of-mine\r\n"));
  server.client().ask(get("/nothing"));
  server.server().stop();
  const std::string text = http::exposition(server.metrics().families());
  CHECK(text.find("http_requests_total{route=\"/name/{name}\",method=\"GET\",code=\"200\"} 1\n") !=
        std::string::npos);
  CHECK(text.find("http_requests_total{route=\"\",method=\"GET\",code=\"404\"} 1\n") != std::string::npos);
  CHECK(text.find("http_request_duration_seconds_bucket{route=\"/name/{name}\",le=\"+Inf\"} 1\n") !=
        std::string::npos);
  CHECK(text.find("http_in_flight 0\n") != std::string::npos);
  CHECK(text.find("http_connections 0\n") != std::string::npos);
  CHECK(text.find("assay_build_info{version=\"1.2.3\"} 1\n") != std::string::npos);
  CHECK(text.ends_with("\n"));
  const std::string log = server.log();
  CHECK(log.find("http_request method=GET path=\"/name/x\" route=\"/name/{name}\" status=200 ") !=
        std::string::npos);
  CHECK(log.find("token-of-mine") == std::string::npos);
  CHECK(log.find("secret") == std::string::npos);
}

TEST_CASE("Server: the log knows the trace of a request that names one as it should, and no other") {
  TestServer server;
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  server.client().ask(get("/name/good", "traceparent: 00-" + trace + "-00f067aa0ba902b7-01\r\n"));
  server.client().ask(get("/name/later", "traceparent: 01-" + trace + "-00f067aa0ba902b7-01-more\r\n"));
  for (const std::string& wrong :
       {std::string("x\" principal=\"root"), "00-" + trace + "-00f067aa0ba902b7-01-more",
        "ff-" + trace + "-00f067aa0ba902b7-01", "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
        "00-" + std::string(32, 'F') + "-00f067aa0ba902b7-01", "00-" + trace})
    server.client().ask(get("/name/wrong", "traceparent: " + wrong + "\r\n"));
  server.server().stop();
  std::istringstream log(server.log());
  int lines = 0;
  for (std::string line; std::getline(log, line);) {
    if (!line.starts_with("http_request ")) continue;
    ++lines;
    INFO(line);
    CHECK((line.find(" trace_id=" + trace) != std::string::npos) == (line.find("/name/wrong") == std::string::npos));
    CHECK(line.find("principal") == std::string::npos);
  }
  CHECK(lines == 8);
}

TEST_CASE("Server: counts problems by their code, also of a download that broke off") {
  TestServer server;
  server.client().ask(get("/nothing"));
  server.client().ask(get("/private"));
  RawClient client = server.client();
  client.send(get("/broken"));
  client.read_to_end();
  server.server().stop();
  const std::string text = http::exposition(server.metrics().families());
  for (const char* line : {"{code=\"not_found\"} 1\n", "{code=\"unauthenticated\"} 1\n", "{code=\"corrupt\"} 1\n",
                           "{code=\"internal\"} 0\n"})
    CHECK(text.find(std::string("http_problems_total") + line) != std::string::npos);
}

TEST_CASE("Server: tells how busy its threads are, how many wait for one, and how many were sent away") {
  http::Limits limits;
  limits.workers = 1;
  limits.queue = 1;
  TestServer server(limits);
  http::PoolMeter& meter = server.metrics().pool(http::Pool::workers);
  CHECK(meter.threads == 1);
  CHECK(meter.queue == 1);
  RawClient busy = server.client(), waiting = server.client();
  busy.send(get("/wait"));
  server.gate.wait_until_entered();
  waiting.send(get("/private"));
  while (meter.waiting != 1) std::this_thread::yield();
  CHECK(meter.busy == 1);
  CHECK(server.client().ask(get("/private")).status == 503);
  CHECK(meter.refused == 1);
  server.gate.open();
  CHECK(busy.read().status == 200);
  CHECK(waiting.read().status == 401);
  server.server().stop();
  CHECK(meter.busy == 0);
  CHECK(meter.waiting == 0);
}

TEST_CASE("Server: stopping lets a running request finish and closes what rests") {
  TestServer server;
  RawClient resting = server.client();
  resting.ask(get("/hello"));
  RawClient busy = server.client();
  busy.send(get("/wait"));
  server.gate.wait_until_entered();
  std::thread stopper([&] { server.server().stop(); });
  CHECK(resting.closed());  // so the stop has begun
  server.gate.open();
  const Answer answer = busy.read();
  CHECK(answer.body == "waited");
  CHECK(answer.fields.at("connection") == "close");
  CHECK(busy.closed());
  stopper.join();
  CHECK_THROWS(RawClient(server.port()));
}

TEST_CASE("Server: stopping cuts an upload that does not come") {
  http::Limits limits;
  limits.stop_grace = std::chrono::milliseconds(20);
  TestServer server(limits);
  RawClient client = server.client();
  client.send("PUT /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  server.gate.wait_until_entered();
  server.gate.open();
  server.server().stop();
  CHECK(client.closed());
}

TEST_CASE("Server: a taken port and a wrong address are said clearly") {
  TestServer server;
  http::Options options;
  options.port = server.port();
  const auto site = std::make_shared<http::Site>(
      http::RouteTable(), [](std::string_view) -> Principal { throw 1; },
      std::make_shared<http::Metrics>("0"));
  http::Server second(options, site);
  try {
    second.start();
    FAIL("two servers on one port");
  } catch (const Error& error) {
    CHECK(error.code() == Code::unavailable);
    CHECK(error.message().find(std::to_string(server.port())) != std::string::npos);
  }
  options.address = "localhost:80";
  CHECK_THROWS_AS(http::Server(options, site).start(), Error);
}
