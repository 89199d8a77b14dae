// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/promotion/world.h"

#include "registry/catalog/sqlite_database.h"
#include "registry/service/policy.h"
#include "registry/service/publish.h"
#include "registry/service/record_evidence.h"
#include "registry/service/upload.h"

namespace assay::test {

using nlohmann::json;

World::World()
    : database(open_sqlite_database(directory / "catalog.db")), admin(principal("ada", Role::admin)) {
  database->migrate();
}

Principal World::principal(const std::string& name, Role role, std::optional<std::string> space) {
  Grant grant{.role = role, .space = {}};
  if (space) grant.space = Namespace::parse(*space);
  return {.id = new_id(clock, entropy), .name = name, .grants = {grant}};
}

Version World::push(Kind kind, const std::string& name, const std::string& contents) {
  Upload upload(services(), admin, {});
  upload.write(std::as_bytes(std::span(contents)));
  const BlobInfo blob = upload.finish();
  PublishRequest request{
      .kind = kind, .name = Name::parse(name), .files = {}, .labels = {}, .profile = {}, .run_id = {}};
  request.files.push_back({FilePath::parse("data.csv"), blob.digest, blob.size, {}});
  return publish(services(), admin, request).version;
}

Evidence World::report(const json& document) {
  return report(admin, document);
}

Evidence World::report(const Principal& caller, const json& document) {
  return record_evidence(services(), caller, document.dump());
}

Policy World::set_policy(const json& document, const std::string& model) {
  return assay::set_policy(services(), admin, Name::parse(model),
                           StageName::parse(document.at("stage").get<std::string>()), document.dump())
      .policy;
}

Decision World::promote(const std::string& version, const std::string& stage, bool dry_run,
                        std::optional<std::int64_t> expected) {
  return assay::promote(services(), admin,
                        {.model = Name::parse("churn"),
                         .stage = StageName::parse(stage),
                         .version = Selector::parse(version),
                         .dry_run = dry_run,
                         .expected_revision = expected});
}

std::int64_t World::count(std::string_view sql) {
  return database->read([&](Snapshot& snapshot) {
    Rows rows = snapshot.query(sql);
    rows.next();
    return rows.get<std::int64_t>(0);
  });
}

json metric(const std::string& name, const json& value, bool higher_is_better, const std::string& slice) {
  return {{"name", name},
          {"value", value},
          {"ci_low", json()},
          {"ci_high", json()},
          {"slice", slice},
          {"n", 1000},
          {"higher_is_better", higher_is_better}};
}

json evaluation(const Digest& model, const Digest& dataset, const JsonRows& rows) {
  return {{"kind", "evaluation"},
          {"model_digest", model.text()},
          {"dataset_digest", dataset.text()},
          {"plugin",
           {{"name", "classification"},
            {"version", "1.0.0"},
            {"digest", Digest::of("classification").text()},
            {"component", "classification"}}},
          {"config", {{"threshold", 0.5}}},
          {"seed", 7},
          {"rows", rows}};
}

json validation(const Digest& dataset, const JsonRows& rows) {
  return {{"kind", "validation"},
          {"dataset_digest", dataset.text()},
          {"plugin",
           {{"name", "table-contract"},
            {"version", "1.0.0"},
            {"digest", Digest::of("table-contract").text()},
            {"component", "table-contract"}}},
          {"config", json::object()},
          {"seed", 0},
          {"rows", rows}};
}

}  // namespace assay::test
