// SPDX-License-Identifier: Apache-2.0
// What an operator sees of a server: its log, how it stops, and what a scrape tells.
#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "storage/base/digest.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"
#include "tests/unit/http/raw_client.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

std::uint16_t port_of(const Registry& registry) {
  return static_cast<std::uint16_t>(std::stoi(registry.url().substr(registry.url().rfind(':') + 1)));
}

std::string authorization(const Registry& registry) {
  return "Authorization: Bearer " + registry.admin_token() + "\r\n";
}

std::string scrape(const Registry& registry) {
  const Answer answer = RawClient(port_of(registry)).ask(get("/metrics", authorization(registry)));
  REQUIRE(answer.status == 200);
  return answer.body;
}

// The head of an upload of `bytes`.
std::string upload_head(const Registry& registry, const std::string& bytes) {
  return "PUT /api/v1/blobs/" + Digest::of(bytes).text() + " HTTP/1.1\r\nHost: localhost\r\n" + authorization(registry) +
         "Content-Length: " + std::to_string(bytes.size()) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("Operation: in JSON every line of the log is a document, a request's with its trace, and none has a secret") {
  Registry registry;
  CHECK(registry.stop() == 0);
  registry.serve_options = {"--log-format", "json"};
  registry.start();
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  RawClient client(port_of(registry));
  client.ask(get("/api/v1/models?limit=5", authorization(registry) + "traceparent: 00-" + trace + "-00f067aa0ba902b7-01\r\n"));
  client.ask(get("/api/v1/models", "Authorization: Bearer " + registry.admin_token() + "x\r\n"));
  client.ask(get("/api/v1/models?token=" + registry.admin_token()));
  const json made = registry.json({"token", "create", "--name", "ci", "--role", "reader"});
  CHECK(registry.stop() == 0);

  const std::string log = read_file(registry.file("server.log"));
  CHECK(log.find(registry.admin_token()) == std::string::npos);
  CHECK(log.find(made.at("token").get<std::string>()) == std::string::npos);
  std::vector<json> events;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("{")) events.push_back(json::parse(line));
  REQUIRE(events.size() >= 6);
  CHECK(events.front().at("event") == "serving");
  CHECK(events.back().at("event") == "stopped");
  const auto first = std::find_if(events.begin(), events.end(),
                                  [](const json& event) { return event.at("event") == "http_request"; });
  REQUIRE(first != events.end());
  CHECK(first->at("trace_id") == trace);
  CHECK(first->at("status") == 200);
  CHECK(first->at("path") == "/api/v1/models");
  CHECK(first->at("principal") == "admin");
  CHECK(first->at("level") == "info");
  CHECK(first->at("ms").is_number());
}

TEST_CASE("Operation: a stop takes no new connection, lets the upload that runs finish, and says so") {
  Registry registry;
  const std::string bytes(2'000'000, 'x');
  const std::string_view half = std::string_view(bytes).substr(0, bytes.size() / 2);
  const std::uint16_t port = port_of(registry);
  RawClient resting(port), busy(port);
  resting.ask(get("/healthz"));
  busy.send(upload_head(registry, bytes));
  busy.send(half);
  while (scrape(registry).find("\nhttp_in_flight 2\n") == std::string::npos) {
  }
  ::kill(registry.server(), SIGTERM);
  CHECK(resting.closed());  // so the stop has begun
  CHECK_THROWS(RawClient(port));
  ::kill(registry.server(), SIGTERM);  // twice is once
  busy.send(bytes.substr(half.size()));
  CHECK(busy.read().status == 201);
  CHECK(registry.stop() == 0);
  const std::string log = read_file(registry.file("server.log"));
  CHECK_THAT(log, Contains("stopping signal=SIGTERM") && Contains("http_stopping requests=1 grace_ms=10000") &&
                      Contains("stopped seconds=") && !Contains("http_cut"));
  registry.start();
  CHECK(RawClient(port_of(registry))
            .ask(get("/api/v1/blobs/" + Digest::of(bytes).text(), authorization(registry)))
            .body == bytes);
}

TEST_CASE("Operation: a scrape knows of the last backup, also after a restart") {
  Registry registry;
  CHECK_THAT(scrape(registry), !Contains("\nassay_backup_timestamp_seconds "));
  registry.expect(0, {"backup", registry.file("backup").string()});
  CHECK_THAT(scrape(registry), Contains("\nassay_backup_timestamp_seconds "));
  CHECK(registry.stop() == 0);
  registry.start();
  CHECK_THAT(scrape(registry), Contains("\nassay_backup_timestamp_seconds "));
}
