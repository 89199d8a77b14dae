// SPDX-License-Identifier: Apache-2.0
#include "registry/service/why.h"

#include <nlohmann/json.hpp>

#include "registry/service/delete_version.h"
#include "registry/service/promote.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;

TEST_CASE("Why: a file says which versions hold it, as what, and which stages point there") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "weights");
  registry.push(registry.ann, "acme/other", "weights");
  promote(registry.services, registry.admin,
          {.model = Name::parse("acme/churn"),
           .stage = StageName::parse("production"),
           .version = Selector(1),
           .dry_run = false,
           .expected_revision = {}});
  const json answer = why(registry.services, registry.ann, Digest::of("weights"));
  CHECK(answer["is"] == json({"blob", "file"}));
  CHECK(answer["size"] == 7);
  CHECK(answer["held_by"].size() == 2);
  CHECK(answer["held_by"][0] == json({{"kind", "model"},
                                      {"reference", "acme/churn@1"},
                                      {"part", "file"},
                                      {"path", "w.bin"},
                                      {"stages", {"production"}}}));
  CHECK(answer["uploads"].size() == 1);
  CHECK(answer["uploads"][0]["keeps_until"] > answer["uploads"][0]["time"]);
  CHECK(answer["store"].is_null());
}

TEST_CASE("Why: a manifest and a config say what they are") {
  Registry registry;
  const Version version = registry.push(registry.ann, "acme/churn", "weights").version;
  const json manifest = why(registry.services, registry.ann, version.digest);
  CHECK(manifest["is"] == json({"manifest"}));
  CHECK(manifest["held_by"][0]["part"] == "manifest");
  CHECK(manifest["size"] > 0);
  const Manifest parsed = Manifest::build(Kind::model, version.files);
  CHECK(why(registry.services, registry.ann, parsed.config_digest())["is"] == json({"blob", "config"}));
}

TEST_CASE("Why: an admin of everything is told where it lies, who uploaded it, and what needs it") {
  Registry registry;
  registry.upload(registry.ann, "pending");
  registry.upload(registry.eve, "pending");
  const json answer = why(registry.services, registry.admin, Digest::of("pending"));
  CHECK(answer["held_by"].empty());
  CHECK(answer["uploads"].size() == 2);
  CHECK(answer["is"] == json({"blob", "chunk"}));
  CHECK(answer["store"]["places"][0]["codec"] == "raw");
  CHECK(answer["store"]["needed_by"] == json({Digest::of("pending").text()}));
}

TEST_CASE("Why: others are told of their own uploads and of what they may read, and of nothing else") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "weights");
  CHECK(code_of([&] { why(registry.services, registry.eve, Digest::of("weights")); }) == Code::not_found);
  registry.upload(registry.eve, "weights");
  const json answer = why(registry.services, registry.eve, Digest::of("weights"));
  CHECK(answer["held_by"].empty());
  CHECK(answer["uploads"].size() == 1);
  CHECK(answer["store"].is_null());
}

TEST_CASE("Why: a deleted version holds nothing any more") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "weights");
  delete_version(registry.services, registry.admin, Kind::model, Name::parse("acme/churn"), Selector(1));
  CHECK(why(registry.services, registry.ann, Digest::of("weights"))["held_by"].empty());
}

TEST_CASE("Why: what nobody has is not found") {
  Registry registry;
  CHECK(code_of([&] { why(registry.services, registry.admin, Digest::of("nothing")); }) == Code::not_found);
}
