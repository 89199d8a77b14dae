// SPDX-License-Identifier: Apache-2.0
// Bytes on their way through the built program: over bad lines, past kills, between tenants, from the cache.
#include <nlohmann/json.hpp>

#include "registry/client/session.h"
#include "registry/domain/transfer_format.h"
#include "tests/e2e/registry.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/cutting_proxy.h"

namespace assay::test {
namespace {

constexpr std::uint64_t kMegabyte = 1 << 20;

std::uint16_t port_of(const Registry& registry) {
  return static_cast<std::uint16_t>(std::stoi(registry.url().substr(registry.url().rfind(':') + 1)));
}

// Arguments for a command that goes through the proxy.
std::vector<std::string> through(const CuttingProxy& proxy, const Registry& registry,
                                 std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--url", "http://127.0.0.1:" + std::to_string(proxy.port()),
                                     "--token-file", (registry.data() / "admin.token").string()});
  return arguments;
}

// One request, with the answer whatever it is.
client::Answer ask(const Registry& registry, const std::string& token, const std::string& method,
                   const std::string& target, const std::string& body = "",
                   const client::Fields& fields = {}) {
  client::Session session({client::Endpoint::parse(registry.url()), token, {}, {}});
  client::Call call;
  call.method = method;
  call.target = target;
  call.fields = fields;
  call.body = body;
  if (!body.empty()) call.content_type = "application/json";
  client::Answer answer;
  REQUIRE(session.attempt(call, answer) == client::Outcome::answered);
  return answer;
}

nlohmann::json begin(const Registry& registry, const std::string& token, const std::string& bytes,
                     const std::vector<Digest>& parents = {}) {
  nlohmann::json wanted = {
      {"digest", Digest::of(bytes).text()}, {"size", bytes.size()}, {"parents", nlohmann::json::array()}};
  for (const Digest& parent : parents) wanted["parents"].push_back(parent.text());
  return nlohmann::json::parse(ask(registry, token, "POST", "/api/v1/uploads", wanted.dump()).body);
}

std::string frame(const UploadFrame& head, const std::string& bytes = "") {
  std::string out;
  append_frame_head(out, head);
  return out + bytes;
}

TEST_CASE("Transfer: an interrupted push goes on, and so does an interrupted pull") {
  Registry registry;
  const std::string bytes = random_bytes(12 * kMegabyte, 1);
  registry.write("weights.bin", bytes);
  CuttingProxy proxy(port_of(registry));
  proxy.cut_requests_after(5 * kMegabyte, 2);
  registry.expect(0, through(proxy, registry, {"push", "model", "churn", "weights.bin"}));
  CHECK(proxy.cuts_left() == 0);
  CHECK(proxy.sent_up() < 20 * kMegabyte);
  proxy.cut_answers_after(5 * kMegabyte, 2);
  registry.expect(0, through(proxy, registry, {"pull", "churn", "out"}));
  CHECK(proxy.cuts_left() == 0);
  CHECK(proxy.sent_down() < 20 * kMegabyte);
  CHECK(read_file(registry.file("out/weights.bin")) == bytes);
}

TEST_CASE("Transfer: a server that is killed within an upload keeps nothing of it, and takes it anew") {
  Registry registry;
  const std::string bytes = random_bytes(2 * kMegabyte, 1);
  const std::string token = registry.admin_token();
  const nlohmann::json begun = begin(registry, token, bytes);
  const std::string target = "/api/v1/uploads/" + begun["id"].get<std::string>();
  const std::string half =
      frame({.kind = UploadFrame::Kind::data, .length = kMegabyte}, bytes.substr(0, kMegabyte));
  REQUIRE(ask(registry, token, "PATCH", target, half, {{"Upload-Offset", "0"}}).status == 200);
  registry.kill();
  registry.start();
  CHECK(ask(registry, token, "GET", target).status == 404);
  CHECK(ask(registry, token, "HEAD", "/api/v1/blobs/" + Digest::of(bytes).text()).status == 404);
  registry.write("weights.bin", bytes);
  registry.expect(0, {"push", "model", "churn", "weights.bin"});
  registry.expect(0, {"pull", "churn", "out"});
  CHECK(read_file(registry.file("out/weights.bin")) == bytes);
  CHECK(registry.expect(0, {"fsck", "--data", registry.data().string()}).out.find("no problems") !=
        std::string::npos);
}

TEST_CASE("Transfer: a digest alone never yields another tenant's bytes") {
  Registry registry;
  const std::string secret = random_bytes(100'000, 1);
  registry.write("weights.bin", secret);
  registry.expect(0, {"push", "model", "acme/secret", "weights.bin"});
  const std::string eve =
      registry.json({"token", "create", "--role", "writer", "--namespace", "rival"})["token"];
  const nlohmann::json begun = begin(registry, eve, secret, {Digest::of(secret)});
  CHECK_FALSE(begun.contains("stored"));
  CHECK(begun["offset"] == 0);
  CHECK(begun["parents"].empty());
  const std::string target = "/api/v1/uploads/" + begun["id"].get<std::string>();
  const std::string copy = frame({.kind = UploadFrame::Kind::copy, .length = secret.size()});
  CHECK(ask(registry, eve, "PATCH", target, copy, {{"Upload-Offset", "0"}}).status == 400);
  for (const std::string suffix : {"", "/chunks"})
    CHECK(ask(registry, eve, "GET", "/api/v1/blobs/" + Digest::of(secret).text() + suffix).status == 404);
  CHECK(begin(registry, registry.admin_token(), secret)["stored"] == true);
}

TEST_CASE("Transfer: what was pulled before comes from the cache, and nothing travels") {
  Registry registry;
  const std::string bytes = random_bytes(3 * kMegabyte, 1);
  registry.write("weights.bin", bytes);
  registry.expect(0, {"push", "model", "churn", "weights.bin"});
  CHECK(registry.json({"pull", "churn", "first"})["received_bytes"] == bytes.size());
  CHECK(registry.json({"pull", "churn", "second"})["received_bytes"] == 0);
  CHECK(read_file(registry.file("second/weights.bin")) == bytes);
  CHECK(registry.json({"cache"})["blobs"] == 1);
  CHECK(registry.json({"cache", "--clear"})["freed_bytes"] > 0);
  CHECK(registry.json({"pull", "churn", "third"})["received_bytes"] == bytes.size());
}

TEST_CASE("Transfer: a promotion whose answer is lost is asked for again and decided once") {
  Registry registry;
  for (const char* bytes : {"one", "two"}) {
    registry.write("weights.bin", bytes);
    registry.expect(0, {"push", "model", "churn", "weights.bin"});
  }
  CuttingProxy proxy(port_of(registry));
  const auto ask = [&](std::uint64_t cut_after, std::vector<std::string> arguments) {
    proxy.cut_answers_after(cut_after, 1);
    arguments.push_back("--json");
    const auto decision = nlohmann::json::parse(registry.expect(0, through(proxy, registry, arguments)).out);
    CHECK(proxy.cuts_left() == 0);
    CHECK(decision["changed"] == true);
    return decision;
  };
  // In the head and in the body. A second decision would be refused, for the stage has moved.
  const auto first = ask(1, {"promote", "churn@1", "--to", "production", "--expect", "0"});
  const auto second = ask(600, {"promote", "churn@2", "--to", "production", "--expect", "1"});
  const auto third = ask(1, {"rollback", "churn", "--stage", "production"});
  CHECK(registry.json({"history", "churn", "--stage", "production"}) ==
        nlohmann::json::array({third, second, first}));
  int audited = 0;
  for (const auto& entry : registry.json({"audit"}))
    if (entry["action"] == "promote" || entry["action"] == "rollback") ++audited;
  CHECK(audited == 3);
}

TEST_CASE("Transfer: many small files go up and down at once, equal ones too") {
  Registry registry;
  std::filesystem::create_directories(registry.file("in/sub"));
  for (int i = 0; i < 200; ++i)
    registry.write("in/" + std::string(i % 2 ? "sub/" : "") + std::to_string(i), std::to_string(i % 50));
  CHECK(registry.json({"push", "model", "churn", "in"})["files"].size() == 200);
  CHECK(registry.json({"pull", "churn", "out"})["downloaded"] == 200);
  CHECK(read_file(registry.file("out/sub/199")) == "49");
  CHECK(registry.json({"pull", "churn", "out"})["already_there"] == 200);
}

}  // namespace
}  // namespace assay::test
