// SPDX-License-Identifier: Apache-2.0
#include "registry/service/describe.h"

#include <nlohmann/json.hpp>

#include "registry/service/resolve.h"
#include "registry/service/stats.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;

namespace {

const Name kChurn = Name::parse("acme/churn");

Version by(Registry& registry, const std::string& selector) {
  return describe_version(registry.services, registry.ann, Kind::model, kChurn, Selector::parse(selector)).version;
}

}  // namespace

TEST_CASE("Resolve: by number, newest and digest") {
  Registry registry;
  const Digest first = registry.push(registry.ann, "acme/churn", "one").version.digest;
  registry.push(registry.ann, "acme/churn", "two");
  CHECK(by(registry, "1").digest == first);
  CHECK(by(registry, "v2").number == 2);
  CHECK(by(registry, "latest").number == 2);
  CHECK(by(registry, first.text()).number == 1);
}

TEST_CASE("Resolve: what is not there is told with what is") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  CHECK_THAT(message_of([&] { by(registry, "7"); }),
             Catch::Contains("no model acme/churn@7; the newest is 1"));
  CHECK_THAT(message_of([&] { by(registry, "production"); }),
             Catch::Contains("none of its stages is set yet"));
  CHECK_THAT(message_of([&] {
               describe_version(registry.services, registry.ann, Kind::model, Name::parse("acme/chrun"),
                                Selector());
             }),
             Catch::Contains("did you mean \"churn\"?"));
  CHECK_THAT(message_of([&] {
               registry.upload(registry.ann, "d");
               PublishRequest request = Registry::request("acme/table", {{"data.csv", "d"}});
               request.kind = Kind::dataset;
               publish(registry.services, registry.ann, request);
               describe_version(registry.services, registry.ann, Kind::dataset, request.name,
                                Selector::parse("production"));
             }),
             Catch::Contains("only models have stages"));
}

TEST_CASE("Describe: another namespace is denied whether or not the name exists there") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  for (const char* name : {"acme/churn", "acme/nothing"}) {
    const Name probe = Name::parse(name);
    CHECK(code_of([&] { describe_artifact(registry.services, registry.eve, Kind::model, probe); }) ==
          Code::denied);
    CHECK(code_of([&] { list_versions(registry.services, registry.eve, Kind::model, probe, {}); }) ==
          Code::denied);
    CHECK(code_of([&] { fetch_manifest(registry.services, registry.eve, Kind::model, probe, Selector()); }) ==
          Code::denied);
  }
}

TEST_CASE("Describe: lists show only namespaces that the caller may read") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  registry.push(registry.eve, "rival/churn", "two");
  const auto names = [&](const Principal& caller, std::optional<Namespace> space) {
    std::string out;
    for (const Artifact& artifact : list_artifacts(registry.services, caller, Kind::model, space, {}).items)
      out += artifact.name.text() + " ";
    return out;
  };
  CHECK(names(registry.ann, {}) == "acme/churn ");
  CHECK(names(registry.admin, {}) == "acme/churn rival/churn ");
  CHECK(names(registry.admin, Namespace::parse("rival")) == "rival/churn ");
  CHECK(code_of([&] { names(registry.ann, Namespace::parse("rival")); }) == Code::denied);
}

TEST_CASE("Describe: the JSON of an artifact has the members that clients rely on") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  const json document = describe_artifact(registry.services, registry.ann, Kind::model, kChurn);
  const json& version = document.at("latest");
  CHECK(document.at("kind") == "model");
  CHECK(document.at("namespace") == "acme");
  CHECK(document.at("name") == "churn");
  CHECK(document.at("version_count") == 1);
  CHECK(document.at("stages") == json::object());
  CHECK(document.at("created_at") == "2026-11-21T01:02:03.004Z");
  CHECK(version.size() == 14);
  CHECK(version.at("reference") == "acme/churn@1");
  CHECK(version.at("size") == 3);
  CHECK(version.at("files").at(0).at("path") == "w.bin");
  CHECK(version.at("files").at(0).at("media_type") == "application/vnd.cncf.model.weight.v1.raw");
  CHECK(version.at("labels") == json::object());
  CHECK(version.at("profile").is_null());
  CHECK(version.at("run_id").is_null());
  CHECK(version.at("stages") == json::array());
}

TEST_CASE("Stats: counts artifacts, versions and bytes") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  registry.push(registry.ann, "acme/churn", "two");
  const Stats counted = stats(registry.services, registry.ann);
  CHECK(counted.models == 1);
  CHECK(counted.datasets == 0);
  CHECK(counted.versions == 2);
  CHECK(counted.blobs == 4);  // two files, two configs
  CHECK(code_of([&] { stats(registry.services, {registry.ann.id, "nobody", {}}); }) == Code::denied);
}
