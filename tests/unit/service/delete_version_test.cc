// SPDX-License-Identifier: Apache-2.0
#include "registry/service/delete_version.h"

#include <nlohmann/json.hpp>

#include "registry/service/audit_trail.h"
#include "registry/service/describe.h"
#include "registry/service/policy.h"
#include "registry/service/promote.h"
#include "registry/service/record_run.h"
#include "registry/service/resolve.h"
#include "registry/service/rollback.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

struct Keeping : Registry {
  Principal keeper = caller("keeper", Role::admin, "acme");

  Tombstone drop(const std::string& name, VersionNumber number, Kind kind = Kind::model) {
    return delete_version(services, keeper, kind, Name::parse(name), Selector(number));
  }
  void promote_to(const std::string& stage, VersionNumber number) {
    promote(services, keeper,
            {.model = Name::parse("acme/churn"),
             .stage = StageName::parse(stage),
             .version = Selector(number),
             .dry_run = false,
             .expected_revision = {}});
  }
  Publication push_dataset(const Principal& who, const std::string& name, const std::string& bytes) {
    upload(who, bytes);
    auto wish = request(name, {{"data.csv", bytes}});
    wish.kind = Kind::dataset;
    return publish(services, who, wish);
  }
  // A model version whose run had `input` as its data.
  Publication train(const std::string& model, const Version& input, const std::string& bytes) {
    const nlohmann::json run = {{"kind", "train"},
                                {"seed", 0},
                                {"plugin",
                                 {{"name", "gbt"},
                                  {"version", "1.0.0"},
                                  {"digest", Digest::of("plugin").text()},
                                  {"component", "gbt"}}},
                                {"inputs",
                                 {{{"role", "train"},
                                   {"kind", "dataset"},
                                   {"reference", input.reference()},
                                   {"digest", input.digest.text()}}}}};
    const Id id = start_run(services, ann, run.dump()).id;
    upload(ann, bytes);
    auto wish = request(model, {{"w.bin", bytes}});
    wish.run_id = id;
    return publish(services, ann, wish);
  }
};

}  // namespace

TEST_CASE("Delete: a version is gone from every list, and its number and digest are not given out again") {
  Keeping registry;
  registry.push(registry.ann, "acme/churn", "one");
  registry.push(registry.ann, "acme/churn", "two");
  const Tombstone tombstone = registry.drop("acme/churn", 2);
  CHECK(tombstone.version.number == 2);
  CHECK(tombstone.deleted_at == kNow);
  const auto versions = list_versions(registry.services, registry.ann, Kind::model, Name::parse("acme/churn"),
                                      {std::nullopt, 10});
  REQUIRE(versions.items.size() == 1);
  CHECK(versions.items[0].number == 1);
  CHECK(message_of([&] { registry.drop("acme/churn", 2); }).find("deleted at") != std::string::npos);
  CHECK(registry.push(registry.ann, "acme/churn", "two").version.number == 3);
}

TEST_CASE("Delete: it is in the audit trail, with who and how much") {
  Keeping registry;
  registry.push(registry.ann, "acme/churn", "one");
  registry.drop("acme/churn", 1);
  const auto trail = audit_trail(registry.services, registry.admin, {std::nullopt, 1});
  REQUIRE(trail.items.size() == 1);
  CHECK(trail.items[0].action == "delete");
  CHECK(trail.items[0].actor == "keeper");
  CHECK(trail.items[0].subject == "models/acme/churn@1");
  CHECK(nlohmann::json::parse(trail.items[0].details)["size"] == 3);
}

TEST_CASE("Delete: who may publish and who may promote may not delete") {
  Keeping registry;
  registry.push(registry.ann, "acme/churn", "one");
  for (const Role role : {Role::reader, Role::writer, Role::promoter}) {
    const Principal other = registry.caller("other", role, "acme");
    CHECK(code_of([&] {
            delete_version(registry.services, other, Kind::model, Name::parse("acme/churn"), Selector(1));
          }) == Code::denied);
  }
  const Principal stranger = registry.caller("stranger", Role::admin, "rival");
  CHECK(code_of([&] {
          delete_version(registry.services, stranger, Kind::model, Name::parse("acme/churn"), Selector(1));
        }) == Code::denied);
}

TEST_CASE("Delete: what a stage points to stays, what it pointed to before may go and cannot come back") {
  Keeping registry;
  registry.push(registry.ann, "acme/churn", "one");
  registry.push(registry.ann, "acme/churn", "two");
  registry.promote_to("production", 1);
  CHECK(message_of([&] { registry.drop("acme/churn", 1); }).find("acme/churn@production points to it") !=
        std::string::npos);
  registry.promote_to("production", 2);
  CHECK(code_of([&] { registry.drop("acme/churn", 2); }) == Code::conflict);
  registry.drop("acme/churn", 1);
  const RollbackRequest back{.model = Name::parse("acme/churn"),
                             .stage = StageName::parse("production"),
                             .to = 1,
                             .reason = "",
                             .expected_revision = {}};
  CHECK(message_of([&] { rollback(registry.services, registry.keeper, back); }).find("was deleted") !=
        std::string::npos);
}

TEST_CASE("Delete: only a number or a digest names what is deleted") {
  Keeping registry;
  const Version version = registry.push(registry.ann, "acme/churn", "one").version;
  for (const char* moving : {"latest", "production"})
    CHECK(code_of([&] {
            delete_version(registry.services, registry.keeper, Kind::model, Name::parse("acme/churn"),
                           Selector::parse(moving));
          }) == Code::invalid_argument);
  delete_version(registry.services, registry.keeper, Kind::model, Name::parse("acme/churn"),
                 Selector(version.digest));
}

TEST_CASE("Delete: a dataset that a live model was made from stays until the model is gone") {
  Keeping registry;
  const Version data = registry.push_dataset(registry.ann, "acme/rows", "a,b\n1,2\n").version;
  registry.train("acme/churn", data, "weights");
  CHECK(message_of([&] {
          registry.drop("acme/rows", 1, Kind::dataset);
        }).find("model acme/churn@1 was made from it") != std::string::npos);
  registry.drop("acme/churn", 1);
  registry.drop("acme/rows", 1, Kind::dataset);
}

TEST_CASE("Delete: a second version with the same digest takes the place of the first") {
  Keeping registry;
  const Version data = registry.push_dataset(registry.ann, "acme/rows", "a,b\n1,2\n").version;
  registry.train("acme/churn", data, "weights");
  registry.push_dataset(registry.ann, "acme/rows", "a,b\n1,2\n");
  registry.drop("acme/rows", 1, Kind::dataset);
  CHECK(code_of([&] { registry.drop("acme/rows", 2, Kind::dataset); }) == Code::conflict);
}

TEST_CASE("Delete: a copy in a stranger's namespace does not take its place") {
  Keeping registry;
  const Version data = registry.push_dataset(registry.ann, "acme/rows", "a,b\n1,2\n").version;
  registry.train("acme/churn", data, "weights");
  registry.push_dataset(registry.eve, "rival/rows", "a,b\n1,2\n");
  CHECK(code_of([&] { registry.drop("acme/rows", 1, Kind::dataset); }) == Code::conflict);
}

TEST_CASE("Delete: a plugin that a live model was made with stays until the model is gone") {
  Keeping registry;
  const Version data = registry.push_dataset(registry.ann, "acme/rows", "a,b\n1,2\n").version;
  registry.train("acme/churn", data, "weights");
  registry.upload(registry.ann, "plugin");
  auto wish = Registry::request("acme/gbt", {{"gbt.so", "plugin"}});
  wish.kind = Kind::plugin;
  publish(registry.services, registry.ann, wish);
  CHECK(message_of([&] {
          registry.drop("acme/gbt", 1, Kind::plugin);
        }).find("model acme/churn@1 was made with it") != std::string::npos);
  registry.drop("acme/churn", 1);
  registry.drop("acme/gbt", 1, Kind::plugin);
}

TEST_CASE("Delete: a dataset that a policy asks for stays") {
  Keeping registry;
  registry.push(registry.ann, "acme/churn", "one");
  registry.push_dataset(registry.ann, "acme/holdout", "a,b\n1,2\n");
  set_policy(
      registry.services, registry.keeper, Name::parse("acme/churn"), StageName::parse("production"),
      R"({"stage":"production","rules":[{"metric":{"name":"auc","dataset":"acme/holdout@1","at_least":0.5}}]})");
  CHECK(message_of([&] {
          registry.drop("acme/holdout", 1, Kind::dataset);
        }).find("the policy of acme/churn@production asks for evidence on it") != std::string::npos);
}
