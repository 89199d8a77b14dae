// SPDX-License-Identifier: Apache-2.0
// A CI job that keeps no token: its provider's word is exchanged for ten minutes, and stands in the decision.
#include <chrono>
#include <nlohmann/json.hpp>

#include "tests/e2e/registry.h"
#include "tests/support/identity_provider.h"

namespace assay::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

struct Job : Registry {
  IdentityKey key = IdentityKey::rsa("2026-11");

  Job() {
    write("keys.json", Json{{"keys", {key.jwk()}}}.dump());
    write("model.txt", "weights");
    expect(0, {"push", "model", "churn", file("model.txt").string()});
    expect(0, {"trust", "set", "github-churn", "--issuer", "https://idp.example", "--claim", "repository_id=42", "--claim",
               "ref=refs/heads/main", "--keys", file("keys.json").string()});
  }

  std::string token(const std::string& ref = "refs/heads/main") const {
    const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1);
    return key.sign({{"iss", "https://idp.example"}, {"aud", "assay"}, {"sub", "repo:acme/churn"}, {"exp", now + 300},
                     {"repository_id", "42"}, {"ref", ref}, {"run_id", "7001"}, {"sha", "c0ffee"}});
  }
};

}  // namespace

TEST_CASE("Trust: a job promotes by its provider's word, and the decision says which commit it was") {
  Job job;
  CHECK_THAT(job.expect(0, {"trust", "ls"}).out, Contains("github-churn") && Contains("repository_id=42"));
  job.environment["ASSAY_ID_TOKEN"] = job.token() + "\n";
  const std::string secret = job.expect(0, {"token", "exchange", "--trust", "github-churn"}).out;
  job.write("job.token", secret);
  const std::string as_job = job.file("job.token").string();
  const Json decision = Json::parse(
      job.expect(0, {"promote", "churn@1", "--to", "production", "--format", "json", "--token-file", as_job}).out);
  CHECK(decision["actor"] == "github-churn");
  CHECK(decision["workload"]["claims"]["sha"] == "c0ffee");
  CHECK(decision["workload"]["claims"]["run_id"] == "7001");
  CHECK_THAT(job.expect(0, {"explain", "churn@production"}).out, Contains("c0ffee"));
  job.expect(50, {"push", "model", "churn", job.file("keys.json").string(), "--token-file", as_job});
}

TEST_CASE("Trust: another branch, a foreign key and no identity at all are told what is missing") {
  Job job;
  const auto exchange = [&](const std::string& token) {
    job.write("id", token);
    return job.expect(50, {"token", "exchange", "--trust", "github-churn", "--id-token", job.file("id").string()}).err;
  };
  CHECK_THAT(exchange(job.token("refs/heads/feature")), Contains("\"ref\""));
  const std::string good = job.token();
  CHECK_THAT(exchange(IdentityKey::rsa("2026-11").sign({{"exp", 1}})), Contains("not signed by a key"));
  CHECK_THAT(exchange(good.substr(0, good.rfind('.') + 1)), Contains("not signed by a key"));
  CHECK_THAT(job.expect(60, {"token", "exchange", "--trust", "github-churn"}).err, Contains("id-token: write"));
  CHECK_THAT(job.expect(60, {"trust", "set", "all", "--issuer", "https://idp.example", "--claim", "ref", "--keys",
                             job.file("keys.json").string()}).err,
             Contains("name=value"));
  job.write("other.json", Json{{"keys", {IdentityKey::rsa("2027-01").jwk()}}}.dump());
  job.expect(0, {"trust", "refresh", "github-churn", "--keys", job.file("other.json").string()});
  CHECK_THAT(exchange(good), Contains("assay trust refresh"));
  job.expect(0, {"trust", "remove", "github-churn"});
  CHECK_THAT(exchange(good), Contains("no trust of that name"));
}

}  // namespace assay::test
