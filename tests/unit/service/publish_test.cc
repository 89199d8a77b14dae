// SPDX-License-Identifier: Apache-2.0
#include "registry/service/publish.h"

#include <algorithm>
#include <thread>

#include "registry/catalog/audit.h"
#include "registry/catalog/versions.h"
#include "registry/service/describe.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

const std::string kDigest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

PublishRequest parsed(const std::string& body) {
  return parse_publish_request(Kind::model, Name::parse("acme/churn"), body);
}

std::string body_with_path(const std::string& path) {
  return R"({"files":[{"path":")" + path + R"(","digest":")" + kDigest + R"(","size":3}]})";
}

std::size_t version_count(Registry& registry) {
  return static_cast<std::size_t>(
      registry.catalogue.database->read([](Snapshot& snapshot) { return count_versions(snapshot); }));
}

}  // namespace

TEST_CASE("Publish: uploaded files become version 1, complete and audited") {
  Registry registry;
  registry.upload(registry.ann, "weights");
  registry.upload(registry.ann, "# card");
  PublishRequest request = Registry::request("acme/churn", {{"w.bin", "weights"}, {"README.md", "# card"}});
  request.labels = {{"git", "abc"}};
  request.profile = R"({"rows": 3, "b": 1.0})";
  const Publication publication = publish(registry.services, registry.ann, request);
  CHECK(publication.created);
  const Version& version = publication.version;
  CHECK(version.reference() == "acme/churn@1");
  CHECK(version.created_at == kNow);
  CHECK(version.created_by == "ann");
  CHECK(version.profile == R"({"b":1,"rows":3})");
  CHECK(version.size() == 13);
  REQUIRE(version.files.size() == 2);
  CHECK(version.files[0].path.text() == "README.md");

  const StoredManifest manifest =
      fetch_manifest(registry.services, registry.ann, Kind::model, request.name, Selector(1));
  CHECK(Digest::of(manifest.bytes) == version.digest);
  CHECK(registry.blobs.stat(Manifest::parse(manifest.bytes).config_digest()));

  const auto audit =
      registry.catalogue.database->read([](Snapshot& snapshot) { return list_audit(snapshot, {}); });
  REQUIRE(audit.items.size() == 1);
  CHECK(audit.items[0].actor == "ann");
  CHECK(audit.items[0].action == "publish");
  CHECK(audit.items[0].subject == "models/acme/churn@1");
}

TEST_CASE("Publish: 16 threads publishing one model get dense numbers") {
  Registry registry;
  constexpr std::size_t kThreads = 16;
  std::vector<VersionNumber> numbers(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      numbers[t] = registry.push(registry.ann, "acme/churn", "bytes " + std::to_string(t)).version.number;
    });
  for (std::thread& thread : threads) thread.join();
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t t = 0; t < kThreads; ++t) CHECK(numbers[t] == static_cast<VersionNumber>(t + 1));
}

TEST_CASE("Publish: if_changed keeps the newest version when nothing changed") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  PublishRequest again = Registry::request("acme/churn", {{"w.bin", "one"}});
  again.if_changed = true;
  again.labels = {{"other", "label"}};
  const Publication same = publish(registry.services, registry.ann, again);
  CHECK_FALSE(same.created);
  CHECK(same.version.number == 1);
  CHECK(version_count(registry) == 1);

  registry.push(registry.ann, "acme/churn", "two");
  const Publication back = publish(registry.services, registry.ann, again);
  CHECK(back.created);
  CHECK(back.version.number == 3);
}

TEST_CASE("Publish: without if_changed the same files are a version again") {
  Registry registry;
  const Digest first = registry.push(registry.ann, "acme/churn", "one").version.digest;
  const Publication second = registry.push(registry.ann, "acme/churn", "one");
  CHECK(second.created);
  CHECK(second.version.number == 2);
  CHECK(second.version.digest == first);
}

TEST_CASE("Publish: 16 threads with if_changed and the same bytes make one version") {
  Registry registry;
  registry.upload(registry.ann, "same");
  std::atomic<int> created = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&] {
      PublishRequest request = Registry::request("acme/churn", {{"w.bin", "same"}});
      request.if_changed = true;
      created += publish(registry.services, registry.ann, request).created ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(created == 1);
  CHECK(version_count(registry) == 1);
}

TEST_CASE("Publish: another tenant's digest is answered as one that does not exist") {
  Registry registry;
  registry.push(registry.ann, "acme/secret", "the secret weights");
  registry.upload(registry.ann, "uploaded, not published");
  const auto probe = [&](const std::string& bytes) {
    const PublishRequest request = Registry::request("rival/mine", {{"w.bin", bytes}});
    CHECK(code_of([&] { publish(registry.services, registry.eve, request); }) == Code::not_found);
    std::string message = message_of([&] { publish(registry.services, registry.eve, request); });
    const std::string digest = Digest::of(bytes).text();
    return message.replace(message.find(digest), digest.size(), "DIGEST");
  };
  const std::string unknown = probe("nobody ever had these bytes");
  CHECK(probe("the secret weights") == unknown);
  CHECK(probe("uploaded, not published") == unknown);
  CHECK(version_count(registry) == 1);
  // Bringing the bytes is another matter: they are the caller's own then.
  CHECK(registry.push(registry.eve, "rival/mine", "the secret weights").created);
}

TEST_CASE("Publish: a reader of a namespace may reuse its files in a namespace of their own") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "shared weights");
  Principal both = registry.eve;
  both.grants.push_back({Role::reader, Namespace::parse("acme")});
  CHECK(publish(registry.services, both, Registry::request("rival/copy", {{"w.bin", "shared weights"}}))
            .created);
}

TEST_CASE("Publish: needs register in that namespace") {
  Registry registry;
  registry.upload(registry.ann, "one");
  const PublishRequest elsewhere = Registry::request("rival/churn", {{"w.bin", "one"}});
  CHECK(code_of([&] { publish(registry.services, registry.ann, elsewhere); }) == Code::denied);
  const Principal promoter = registry.caller("bob", Role::promoter, "acme");
  const PublishRequest request = Registry::request("acme/churn", {{"w.bin", "one"}});
  CHECK(code_of([&] { publish(registry.services, promoter, request); }) == Code::denied);
  CHECK(code_of([&] { registry.upload(promoter, "x"); }) == Code::denied);
}

TEST_CASE("Publish: a size that is not the blob's leaves nothing behind") {
  Registry registry;
  registry.upload(registry.ann, "four");
  PublishRequest request = Registry::request("acme/churn", {{"w.bin", "four"}});
  request.files[0].size = 5;
  CHECK(code_of([&] { publish(registry.services, registry.ann, request); }) == Code::invalid_argument);
  CHECK(version_count(registry) == 0);
  CHECK(code_of([&] { describe_artifact(registry.services, registry.ann, Kind::model, request.name); }) ==
        Code::not_found);
}

TEST_CASE("Publish: an unknown run is refused") {
  Registry registry;
  registry.upload(registry.ann, "one");
  PublishRequest request = Registry::request("acme/churn", {{"w.bin", "one"}});
  request.run_id = new_id(registry.clock, registry.entropy);
  CHECK(code_of([&] { publish(registry.services, registry.ann, request); }) == Code::not_found);
}

TEST_CASE("Publish: labels are taken at their limits and refused one past them") {
  Registry registry;
  registry.upload(registry.ann, "one");
  PublishRequest request = Registry::request("acme/churn", {{"w.bin", "one"}});
  const auto attempt = [&](const Labels& labels) {
    request.labels = labels;
    return code_of([&] {
      publish(registry.services, registry.ann, request);
      throw Error(Code::internal, "taken");
    });
  };
  CHECK(attempt({{std::string(kMaxLabelKeyLength, 'k'), std::string(kMaxLabelLength, 'v')}}) ==
        Code::internal);
  CHECK(attempt({{std::string(kMaxLabelKeyLength + 1, 'k'), "v"}}) == Code::invalid_argument);
  CHECK(attempt({{"k", std::string(kMaxLabelLength + 1, 'v')}}) == Code::invalid_argument);
  CHECK(attempt({{"", "v"}}) == Code::invalid_argument);
  CHECK(attempt({{"k", "a\nb"}}) == Code::invalid_argument);
  Labels many;
  for (std::size_t i = 0; i < kMaxLabels; ++i) many.emplace("k" + std::to_string(i), "v");
  CHECK(attempt(many) == Code::internal);
  many.emplace("one-more", "v");
  CHECK(attempt(many) == Code::too_large);
}

TEST_CASE("Publish request: paths that leave the version are refused") {
  CHECK(parsed(body_with_path("a/b.csv")).files.size() == 1);
  for (const char* path :
       {"..", "../a", "a/../../b", "/etc/passwd", "", "a//b", "a/", "./a", "a\\\\b", "a\\u0000b"})
    CHECK(code_of([&] { parsed(body_with_path(path)); }) == Code::invalid_argument);
}

TEST_CASE("Publish request: everything in the body is known and has its type") {
  const PublishRequest request =
      parsed(R"({"files":[{"path":"a","digest":")" + kDigest +
             R"(","size":3}],"labels":{"k":"v"},"profile":null,"run_id":null,"if_changed":true})");
  CHECK(request.if_changed);
  CHECK(request.labels == Labels{{"k", "v"}});
  for (const char* body : {"", "[]", "{}", R"({"files":{}})", R"({"files":[1]})", R"({"files":[],"x":1})",
                           R"({"files":[],"labels":{"k":1}})", R"({"files":[],"profile":[]})",
                           R"({"files":[],"run_id":"nope"})", R"({"files":[],"files":[]})"})
    CHECK(code_of([&] { parsed(body); }) == Code::invalid_argument);
}
