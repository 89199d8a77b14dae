// SPDX-License-Identifier: Apache-2.0
#include "registry/service/fetch.h"

#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

TEST_CASE("Upload: a wrong digest publishes nothing") {
  Registry registry;
  Upload upload(registry.services, registry.ann,
                {.digest = Digest::of(std::string_view("right")), .size = {}});
  upload.write(std::as_bytes(std::span(std::string_view("wrong"))));
  CHECK(code_of([&] { upload.finish(); }) == Code::invalid_argument);
  for (const char* bytes : {"right", "wrong"})
    CHECK(code_of([&] { stat_blob(registry.services, registry.ann, Digest::of(std::string_view(bytes))); }) ==
          Code::not_found);
}

TEST_CASE("Fetch: the uploader may read a blob before any version has it") {
  Registry registry;
  const Digest digest = registry.upload(registry.ann, "mine");
  CHECK(stat_blob(registry.services, registry.ann, digest).size == 4);
  std::string bytes(4, ' ');
  CHECK(open_blob(registry.services, registry.ann, digest)->read(std::as_writable_bytes(std::span(bytes))) ==
        4);
  CHECK(bytes == "mine");
}

TEST_CASE("Fetch: the readers of a version's namespace may read its blobs") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "weights");
  const Principal reader = registry.caller("bob", Role::reader, "acme");
  CHECK(stat_blob(registry.services, reader, Digest::of(std::string_view("weights"))).size == 7);
  CHECK(stat_blob(registry.services, registry.admin, Digest::of(std::string_view("weights"))).size == 7);
}

TEST_CASE("Fetch: knowing a digest gives a second tenant nothing") {
  Registry registry;
  registry.push(registry.ann, "acme/secret", "the secret weights");
  registry.upload(registry.ann, "not published yet");
  const auto probe = [&](const std::string& bytes) {
    const Digest digest = Digest::of(bytes);
    CHECK(code_of([&] { open_blob(registry.services, registry.eve, digest); }) == Code::not_found);
    std::string message = message_of([&] { stat_blob(registry.services, registry.eve, digest); });
    return message.replace(message.find(digest.text()), digest.text().size(), "DIGEST");
  };
  const std::string unknown = probe("nobody ever had these bytes");
  CHECK(probe("the secret weights") == unknown);
  CHECK(probe("not published yet") == unknown);
}

TEST_CASE("Fetch: tokens of one name do not share their uploads") {
  Registry registry;
  const Digest digest = registry.upload(registry.ann, "mine");
  const Principal namesake = registry.caller("ann", Role::writer, "acme");
  CHECK(code_of([&] { stat_blob(registry.services, namesake, digest); }) == Code::not_found);
}

TEST_CASE("Fetch: a version's file is found by path, and the nearest path is named") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "weights");
  const Name name = Name::parse("acme/churn");
  const Digest digest = registry.push(registry.ann, "acme/churn", "newer bytes").version.digest;
  for (const Selector& selector : {Selector(), Selector(VersionNumber{2}), Selector(digest)})
    CHECK(find_file(registry.services, registry.ann, Kind::model, name, selector, FilePath::parse("w.bin"))
              .size == 11);
  CHECK(find_file(registry.services, registry.ann, Kind::model, name, Selector(VersionNumber{1}),
                  FilePath::parse("w.bin"))
            .size == 7);
  CHECK_THAT(message_of([&] {
               find_file(registry.services, registry.ann, Kind::model, name, Selector(),
                         FilePath::parse("v.bin"));
             }),
             Catch::Contains("acme/churn@2 has no file v.bin; did you mean \"w.bin\"?"));
  CHECK(code_of([&] {
          find_file(registry.services, registry.eve, Kind::model, name, Selector(), FilePath::parse("w.bin"));
        }) == Code::denied);
}
