// SPDX-License-Identifier: Apache-2.0
#include "registry/service/events.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/domain/decision.h"
#include "registry/service/delete_version.h"
#include "registry/service/libraries.h"
#include "registry/service/record_evidence.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;

namespace {

bool known(const std::string& type) {
  return std::find(event_types().begin(), event_types().end(), type) != event_types().end();
}

std::vector<std::string> types(const std::vector<Event>& events) {
  std::vector<std::string> out;
  for (const Event& event : events) out.push_back(event.type);
  return out;
}

std::string evaluation_body(const Digest& model, const Digest& dataset) {
  return json{{"kind", "evaluation"},
              {"model_digest", model.text()},
              {"dataset_digest", dataset.text()},
              {"slice", ""},
              {"plugin",
               {{"name", "classification"}, {"version", "1"}, {"digest", Digest::of("library").text()},
                {"component", "classification"}}},
              {"config", json::object()},
              {"seed", 1},
              {"rows", json::array({{{"name", "roc_auc"}, {"value", 0.5}, {"n", 10}, {"higher_is_better", true}}})}}
      .dump();
}

}  // namespace

TEST_CASE("Events: publishing, deleting, evidence and a library's right to run each leave theirs, and a repeat leaves none") {
  Registry registry;
  const auto all = [&] { return read_events(registry.services, registry.admin, 0, 100); };
  RequestKey key = parse_request_key("k", "POST", "", {});
  registry.upload(registry.ann, "model");
  const auto wish = Registry::request("acme/churn", {{"w.bin", "model"}});
  const Version model = publish(registry.services, registry.ann, wish, &key).version;
  publish(registry.services, registry.ann, wish, &key);
  auto unchanged = wish;
  unchanged.if_changed = true;
  publish(registry.services, registry.ann, unchanged);
  const Version data = registry.push(registry.admin, "shared/holdout", "data").version;
  record_evidence(registry.services, registry.admin, evaluation_body(model.digest, data.digest));
  const Digest library = Digest::of("bad library");
  revoke_library(registry.services, registry.admin, library, R"({"reason":"wrong"})");
  reinstate_library(registry.services, registry.admin, library, R"({"reason":"right"})");
  const Version other = registry.push(registry.ann, "acme/churn", "other").version;
  delete_version(registry.services, registry.admin, Kind::model, other.name, Selector::parse("2"));
  CHECK(types(all()) == std::vector<std::string>{"io.assay.version.published", "io.assay.version.published",
                                                 "io.assay.evidence.recorded", "io.assay.evidence.recorded",
                                                 "io.assay.library.revoked", "io.assay.library.reinstated",
                                                 "io.assay.version.published", "io.assay.version.deleted"});
  for (const Event& event : all()) CHECK(known(event.type));

  const Event published = all().front();
  CHECK(published.subject == "models/acme/churn/versions/1");
  CHECK(published.data == json{{"kind", "model"},
                               {"reference", "acme/churn@1"},
                               {"number", 1},
                               {"digest", model.digest.text()},
                               {"actor", "ann"}});
  const Event evidence = all()[2];
  CHECK(evidence.data.at("model_digest") == model.digest.text());
  CHECK(evidence.data.at("dataset_digest") == data.digest.text());
  CHECK(evidence.data.at("kind") == "evaluation");
  CHECK(evidence.subject == "evidence/" + evidence.data.at("evidence").get<std::string>());
  CHECK(all()[4].subject == "libraries/" + library.text());
  CHECK(all()[4].data.at("reason") == "wrong");
  CHECK(all()[7].data.at("actor") == "admin");
}

TEST_CASE("Events: whoever reads one namespace sees what happened there, and what concerns all") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "1");
  registry.push(registry.eve, "rival/churn", "2");
  revoke_library(registry.services, registry.admin, Digest::of("library"), R"({"reason":"wrong"})");
  CHECK(types(read_events(registry.services, registry.eve, 0, 100)) ==
        std::vector<std::string>{"io.assay.version.published", "io.assay.library.revoked"});
}

TEST_CASE("Events: what was refused leaves none") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "1");
  CHECK_THROWS_AS(delete_version(registry.services, registry.ann, Kind::model, Name::parse("acme/churn"),
                                 Selector::parse("1")),
                  Error);
  CHECK_THROWS_AS(delete_version(registry.services, registry.admin, Kind::model, Name::parse("acme/churn"),
                                 Selector::parse("9")),
                  Error);
  CHECK_THROWS_AS(publish(registry.services, registry.ann, Registry::request("acme/churn", {{"w.bin", "absent"}})), Error);
  CHECK(read_events(registry.services, registry.admin, 0, 100).size() == 1);
}

TEST_CASE("Events: every verdict of a decision has its type") {
  for (const auto verdict :
       {DecisionVerdict::promoted, DecisionVerdict::already_there, DecisionVerdict::refused,
        DecisionVerdict::missing_evidence, DecisionVerdict::not_comparable, DecisionVerdict::waiting,
        DecisionVerdict::frozen, DecisionVerdict::leased, DecisionVerdict::withheld, DecisionVerdict::rolled_back}) {
    const Decision decision{
        .id = Id::make(kNow, {}), .candidate = {.number = 1, .digest = Digest::of("model")}, .verdict = verdict};
    const Event event = event_of(decision, *decision.id);
    INFO(event.type);
    CHECK(known(event.type));
  }
  CHECK(known(test_event(Id::make(kNow, {}), kNow, Id::make(kNow, {})).type));
}
