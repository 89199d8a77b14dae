// SPDX-License-Identifier: Apache-2.0
// Everything that a stranger may send, over the program's real routes: each is answered as it should be, nothing is answered
// that was hidden behind it, and none of it, however often, makes the server grow, fail or forget what it has.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "storage/base/digest.h"
#include "tests/crash/campaign.h"
#include "tests/e2e/hostile_corpus.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"
#include "tests/support/identity_provider.h"
#include "tests/support/siege.h"
#include "tests/support/watched_process.h"
#include "tests/unit/http/raw_client.h"

namespace assay::test {
namespace {

using Json = nlohmann::json;

// A registry with something of each kind that the corpus is about.
struct Target : Registry {
  HostileGround ground;
  IdentityKey key = IdentityKey::ec("2026");

  Target() {
    // A sanitizer keeps what was freed; as little of it as it can, for this test is about what is not.
    stop();
    environment["ASAN_OPTIONS"] = "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
    start();
    std::string bytes(1000, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i % 251);
    write("m.bin", bytes);
    const std::string label = "long=" + std::string(1000, 'a');
    expect(0, {"push", "model", "m", "m.bin", "--label", label});
    ground.token = admin_token();
    ground.blob = Digest::of(bytes).text();
    ground.blob_size = bytes.size();
    revoke();
    trust();
  }

  std::uint16_t port() const { return static_cast<std::uint16_t>(std::stoi(url().substr(url().rfind(':') + 1))); }

 private:
  std::string by_admin() const { return "Host: localhost\r\nAuthorization: Bearer " + ground.token + "\r\n"; }

  void revoke() {
    const Json made = json({"token", "create", "--name", "gone", "--role", "reader"});
    ground.revoked = made.at("token");
    const Answer answer = RawClient(port()).ask("DELETE /api/v1/tokens/" + made.at("id").get<std::string>() + " HTTP/1.1\r\n" + by_admin() + "\r\n");
    REQUIRE(answer.status == 204);
  }

  void trust() {
    write("keys.json", Json{{"keys", {key.jwk()}}}.dump());
    expect(0, {"trust", "set", "ci", "--issuer", "https://idp.example", "--claim", "repository_id=42", "--keys", file("keys.json").string()});
    const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1);
    Json claims = {{"iss", "https://idp.example"}, {"aud", "assay"}, {"sub", "x"}, {"exp", now + 3600}, {"repository_id", "42"}};
    const Json good = claims;
    ground.forged = IdentityKey::ec("2026").sign(good);
    ground.unsigned_ = base64url(R"({"alg":"none","typ":"JWT"})") + "." + base64url(good.dump()) + ".";
    claims["iss"] = "https://idp.example.evil";
    ground.foreign = key.sign(claims);
    claims = good;
    claims["exp"] = now - 3600;
    ground.expired = key.sign(claims);
  }
};

// What is wrong with how `server` answers `entry`; empty when nothing is.
std::string fault(std::uint16_t server, const Hostile& entry) try {
  RawClient client(server);
  client.send(entry.sent);
  for (const Expected& expected : entry.answers) {
    const Answer answer = client.read();
    if (answer.status != expected.status) return "status " + std::to_string(answer.status) + ": " + answer.body;
    if (expected.bytes && answer.body.size() != *expected.bytes) return std::to_string(answer.body.size()) + " bytes";
    if (expected.code.empty()) continue;
    if (answer.fields.at("content-type") != "application/problem+json") return "no problem document";
    const Json problem = Json::parse(answer.body);
    if (problem.at("code") != expected.code) return "code " + problem.at("code").get<std::string>();
    if (problem.at("status") != expected.status) return "another status in the document";
    const bool closes = entry.then == Hostile::Then::closed && &expected == &entry.answers.back();
    if (closes != answer.fields.contains("connection")) return closes ? "it does not say that it closes" : "it says that it closes";
  }
  if (entry.then == Hostile::Then::closed) return client.closed() ? "" : "more was answered";
  return client.ask(get("/healthz")).body == "ok\n" ? "" : "the connection is of no use any more";
} catch (const std::exception& error) {
  return error.what();
}

void check_all(const Target& target, const std::vector<Hostile>& corpus) {
  for (const Hostile& entry : corpus) {
    const std::string wrong = fault(target.port(), entry);
    INFO(entry.what);
    CHECK(wrong == "");
  }
}

void check(std::size_t rounds) {
  Target target;
  const std::vector<Hostile> corpus = hostile_corpus(target.ground);
  const WatchedProcess server(target.server());
  server.forget_peak();
  const std::uint64_t before = server.resident();
  for (std::size_t round = 0; round < rounds; ++round) check_all(target, corpus);
  std::cout << corpus.size() << " hostile requests, " << rounds << " times: " << (before >> 20) << " MiB before, "
            << (server.peak() >> 20) << " MiB at most\n";
  CHECK(server.peak() <= before + kMemoryBound);
  // The server never had itself to blame, and kept nothing of it.
  const std::string log = read_file(target.file("server.log"));
  CHECK(log.find("status=500") == std::string::npos);
  CHECK(target.json({"ls"}).size() == 1);
  CHECK(target.json({"show", "m@1"}).at("number") == 1);
  CHECK(target.json({"fsck", "--data", target.data().string()}).at("problems").empty());
  CHECK(target.stop() == 0);
}

}  // namespace

TEST_CASE("Hostile requests: each is answered as it should be, and leaves nothing behind") {
  check(10);
}

TEST_CASE("Campaign: all hostile requests again and again", "[.campaign]") {
  check(cycles(1000));
}

}  // namespace assay::test
