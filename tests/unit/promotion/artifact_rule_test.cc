// SPDX-License-Identifier: Apache-2.0
// The rules `no_pickle` and `signed_by`: from a file's bytes and a key's signature to the verdict, its explanation, its
// replay, and the same of a time that is past.
#include <nlohmann/json.hpp>

#include "registry/catalog/contents.h"
#include "registry/domain/bundle.h"
#include "registry/service/describe.h"
#include "registry/service/explain.h"
#include "registry/service/publish.h"
#include "registry/service/signatures.h"
#include "registry/service/try_policy.h"
#include "registry/service/upload.h"
#include "registry/signing/model_signature.h"
#include "storage/blob/blob_store.h"
#include "tests/support/catch.h"
#include "tests/unit/content/bytes.h"
#include "tests/unit/promotion/contest.h"
#include "tests/unit/signing/openssl.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const Name kChurn = Name::parse("churn");
const Namespace kSpace = Namespace::standard();
const KeyName kRelease = KeyName::parse("release-key");

json gate(const json& artifact) {
  return {{"stage", "production"}, {"rules", {{{"artifact", artifact}}}}};
}
const json kNoPickle = gate({{"no_pickle", true}});
const StageName kProduction = StageName::parse("production");
const json kSigned = gate({{"signed_by", {"release-key"}}});

struct Story : World {
  Version publish_files(const std::vector<std::pair<std::string, std::string>>& files) {
    PublishRequest request{.kind = Kind::model, .name = kChurn, .files = {}, .labels = {}, .profile = {}, .run_id = {}};
    for (const auto& [path, bytes] : files) {
      Upload upload(services(), admin, {});
      upload.write(std::as_bytes(std::span(bytes)));
      request.files.push_back({FilePath::parse(path), upload.finish().digest, bytes.size(), {}});
    }
    return publish(services(), admin, request).version;
  }
  void trust(const KeyPair& pair, const KeyName& name = kRelease) {
    set_trusted_key(services(), admin, kSpace, name, json{{"pem", read_pem(pair.pub)}}.dump());
  }
  ShownSignature sign(const Version& version, const KeyPair& pair) {
    return add_signature(services(), admin, kChurn, Selector::parse(std::to_string(version.number)),
                         sign_model("churn", version.files, pair.private_key()));
  }
  std::vector<std::string> replayed(const Decision& decision) {
    return replay(bundle_from_json(json(export_decision(services(), admin, decision.id.value()))));
  }
};

}  // namespace

TEST_CASE("Artifact rule: a version without pickles passes, and one with a pickle is refused by file and reason") {
  Story story;
  story.publish_files({{"weights.bin", "just text"}, {"README.md", "# Churn"}});
  story.publish_files({{"README.md", "# Churn"}, {"weights.txt", kMalicious4}, {"plain.txt", kPlain2}});
  story.set_policy(kNoPickle);
  const Decision clean = story.promote("1");
  CHECK(clean.verdict == DecisionVerdict::promoted);
  CHECK_THAT(clean.rules.at(0).explanation, Contains("churn@1 has no pickles; one would fail it"));
  const Decision refused = story.promote("2");
  CHECK(refused.verdict == DecisionVerdict::refused);
  CHECK_THAT(refused.rules.at(0).explanation, Contains("plain.txt of churn@2 is or holds a pickle") &&
                                                  Contains("1 more file") && Contains("safetensors"));
  CHECK(story.replayed(clean).empty());
  CHECK(story.replayed(refused).empty());
}

TEST_CASE("Artifact rule: what is not known to be without pickles is refused") {
  Story story;
  story.publish_files({{"weights.h5", "\x89HDF\r\n\x1A\n..."}});
  story.set_policy(kNoPickle);
  const Decision refused = story.promote("1");
  CHECK(refused.verdict == DecisionVerdict::refused);
  CHECK_THAT(refused.rules.at(0).explanation, Contains("weights.h5 of churn@1 may hold a pickle") && Contains("HDF5"));
  CHECK(story.replayed(refused).empty());
}

TEST_CASE("Artifact rule: a version from before contents were looked into is looked into when it is judged") {
  Story story;
  story.publish_files({{"weights.bin", kMalicious2}});
  const auto contents = [&] {
    return describe_version(story.services(), story.admin, Kind::model, kChurn, Selector::parse("1")).contents;
  };
  story.database->write([](Transaction& transaction) { transaction.execute("DELETE FROM contents"); });
  CHECK_FALSE(contents().at(0).content);
  const PolicyTrial trial{kProduction, kNoPickle, Selector::parse("1")};
  CHECK_THAT(test_policy(story.services(), story.admin, kChurn, trial).rules.at(0).explanation, Contains("posix.system"));
  story.database->write([](Transaction& transaction) { transaction.execute("UPDATE contents SET checker = 99"); });
  story.set_policy(kNoPickle);
  CHECK_THAT(story.promote("1").rules.at(0).explanation, Contains("posix.system"));
  CHECK(contents().at(0).content->pickle == FileContent::Answer::yes);
}

TEST_CASE("Artifact rule: without having been looked into, nothing passes") {
  const Contest nobody;
  for (const char* key : {"no_pickle", "signed_by"}) {
    const json asked = key == std::string("no_pickle") ? json(true) : json({"release-key"});
    CHECK_FALSE(lets_in(nobody.rule({{"artifact", {{key, asked}}}}).verdict));
  }
  Contest unlooked;
  unlooked.facts.artifact.emplace();
  CHECK(unlooked.rule({{"artifact", {{"no_pickle", true}}}}).verdict == RuleVerdict::fail);
  unlooked.facts.artifact->suspects.emplace();
  CHECK(unlooked.rule({{"artifact", {{"no_pickle", true}}}}).verdict == RuleVerdict::pass);
}

TEST_CASE("Artifact rule: a version is promoted once a key of the policy has signed it") {
  Story story;
  const KeyPair release, other;
  story.trust(release);
  story.trust(other, KeyName::parse("other-key"));
  const Version version = story.publish_files({{"w.bin", "text"}});
  story.set_policy(kSigned);
  const Decision missing = story.promote("1");
  CHECK(missing.verdict == DecisionVerdict::missing_evidence);
  CHECK(exit_code(missing.verdict) == 11);
  CHECK_THAT(missing.rules.at(0).explanation,
             Contains("no valid signature by release-key") && Contains("assay sign churn@1 --key FILE"));
  CHECK(story.sign(version, other).keys == std::vector<std::string>{"other-key"});
  CHECK(story.promote("1").verdict == DecisionVerdict::missing_evidence);
  CHECK(story.sign(version, release).keys == std::vector<std::string>{"release-key"});
  const Decision promoted = story.promote("1");
  CHECK(promoted.verdict == DecisionVerdict::promoted);
  CHECK_THAT(promoted.rules.at(0).explanation, Contains("a signature by release-key"));
  CHECK(story.replayed(missing).empty());
  CHECK(story.replayed(promoted).empty());
  // A later removal changes nothing of what was decided, but the next version finds no key.
  remove_trusted_key(story.services(), story.admin, kSpace, kRelease);
  CHECK(story.replayed(promoted).empty());
  const Version next = story.publish_files({{"w.bin", "other text"}});
  story.sign(next, release);
  CHECK(story.promote("2").verdict == DecisionVerdict::missing_evidence);
}

TEST_CASE("Artifact rule: the past is judged by the signatures and keys of its time") {
  Story story;
  const KeyPair release;
  story.trust(release);
  const Version version = story.publish_files({{"w.bin", "text"}});
  story.clock.advance(std::chrono::hours(1));
  story.promote("1");  // without a policy
  story.clock.advance(std::chrono::hours(1));
  story.sign(version, release);
  const PolicyBacktest wish{.stage = kProduction, .policy = kSigned};
  CHECK(backtest_policy(story.services(), story.admin, kChurn, wish).at(0).would.verdict ==
        DecisionVerdict::missing_evidence);
  const Version second = story.publish_files({{"w.bin", "second"}});
  story.sign(second, release);
  story.clock.advance(std::chrono::hours(1));
  story.promote("2");
  story.clock.advance(std::chrono::hours(1));
  remove_trusted_key(story.services(), story.admin, kSpace, kRelease);
  story.trust(KeyPair());
  CHECK(backtest_policy(story.services(), story.admin, kChurn, wish).at(0).would.verdict == DecisionVerdict::promoted);
}

TEST_CASE("Artifact rule: a policy that names an unknown key is refused with the nearest") {
  Story story;
  story.publish_files({{"w.bin", "text"}});
  const auto nobody = error_of([&] { story.set_policy(kSigned); });
  CHECK(nobody.first == Code::not_found);
  CHECK_THAT(nobody.second, Contains("release-key") && Contains("assay key set"));
  story.trust(KeyPair(), KeyName::parse("relaese-key"));
  CHECK_THAT(error_of([&] { story.set_policy(kSigned); }).second, Contains("did you mean \"relaese-key\""));
  story.trust(KeyPair(), KeyName::parse("RELEASE-key"));
  story.set_policy(kSigned);
}

TEST_CASE("Signatures: only of the version as it is, kept once, and by whoever may register") {
  Story story;
  const KeyPair pair;
  const Version one = story.publish_files({{"w.bin", "one"}}), two = story.publish_files({{"w.bin", "two"}});
  const std::string bundle = sign_model("churn", one.files, pair.private_key());
  const auto add = [&](const char* version, const Principal& caller) {
    return add_signature(story.services(), caller, kChurn, Selector::parse(version), bundle);
  };
  const auto wrong = error_of([&] { add("2", story.admin); });
  CHECK(wrong.first == Code::invalid_argument);
  CHECK_THAT(wrong.second, Contains("w.bin is sha256:"));
  CHECK(error_of([&] { add("1", story.principal("rea", Role::reader)); }).first == Code::denied);
  const ShownSignature first = add("1", story.principal("wri", Role::writer));
  CHECK(first.keys.empty());  // nobody trusts it
  CHECK(add("1", story.admin).signature.id == first.signature.id);
  CHECK(list_signatures(story.services(), story.admin, kChurn, Selector::parse("1")).size() == 1);
  CHECK(list_signatures(story.services(), story.admin, kChurn, Selector::parse("2")).empty());
  CHECK(story.count("SELECT COUNT(*) FROM audit WHERE action = 'sign'") == 1);
  for (std::size_t i = 1; i < kMaxSignatures; ++i) story.sign(one, pair);
  CHECK(error_of([&] { story.sign(one, pair); }).first == Code::too_large);
}

TEST_CASE("Trusted keys: named by an admin, replaced under their name, and all on record") {
  Story story;
  const KeyPair first, second;
  const Principal writer = story.principal("wri", Role::writer);
  const std::string body = json{{"pem", read_pem(first.pub)}}.dump();
  CHECK(error_of([&] { set_trusted_key(story.services(), writer, kSpace, kRelease, body); }).first == Code::denied);
  for (const std::string& bad : {R"({})"s, R"({"pem":"x"})"s, json{{"pem", read_pem(first.key)}}.dump()})
    CHECK(error_of([&] { set_trusted_key(story.services(), story.admin, kSpace, kRelease, bad); }).first ==
          Code::invalid_argument);
  story.trust(first);
  story.trust(second);
  const auto keys = list_trusted_keys(story.services(), writer, kSpace);
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].pem == read_pem(second.pub));
  CHECK(list_trusted_keys(story.services(), story.admin, Namespace::parse("acme")).empty());
  CHECK(error_of([&] { remove_trusted_key(story.services(), writer, kSpace, kRelease); }).first == Code::denied);
  CHECK(remove_trusted_key(story.services(), story.admin, kSpace, kRelease).pem == keys[0].pem);
  const auto gone = error_of([&] { remove_trusted_key(story.services(), story.admin, kSpace, kRelease); });
  CHECK(gone.first == Code::not_found);
  CHECK(story.count("SELECT COUNT(*) FROM trusted_keys") == 3);
  CHECK(story.count("SELECT COUNT(*) FROM audit WHERE action IN ('set_key', 'remove_key')") == 3);
  CHECK_THROWS(story.database->write([](Transaction& transaction) { transaction.execute("DELETE FROM trusted_keys"); }));
}
