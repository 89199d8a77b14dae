// SPDX-License-Identifier: Apache-2.0
#include "registry/service/lineage.h"

#include <nlohmann/json.hpp>

#include "registry/service/record_run.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;

namespace {

Version push_data(Registry& registry) {
  registry.upload(registry.ann, "a,b\n1,2\n");
  PublishRequest request = Registry::request("acme/train", {{"data.csv", "a,b\n1,2\n"}});
  request.kind = Kind::dataset;
  return publish(registry.services, registry.ann, request).version;
}

Run train(Registry& registry, const Version& data) {
  const json plugin = {{"name", "gbt"},
                       {"version", "1.0.0"},
                       {"digest", Digest::of(std::string_view("gbt.so")).text()},
                       {"component", "gbt"}};
  const json inputs = json::array({{{"role", "train"},
                                    {"kind", "dataset"},
                                    {"reference", data.reference()},
                                    {"digest", data.digest.text()}}});
  const json draft = {{"kind", "train"},
                      {"plugin", plugin},
                      {"inputs", inputs},
                      {"config", json::object()},
                      {"seed", 7},
                      {"max_threads", 1},
                      {"environment", json::object()}};
  return start_run(registry.services, registry.ann, draft.dump());
}

}  // namespace

TEST_CASE(
    "Lineage: a model names the run that made it and the data that went in; the data names the run that used "
    "it") {
  Registry registry;
  const Version data = push_data(registry);
  const Run run = train(registry, data);
  registry.upload(registry.ann, "weights");
  PublishRequest request = Registry::request("acme/churn", {{"w.bin", "weights"}});
  request.run_id = run.id;
  publish(registry.services, registry.ann, request);

  const json model = lineage(registry.services, registry.ann, Kind::model, request.name, Selector());
  CHECK(model.at("version").at("reference") == "acme/churn@1");
  CHECK(model.at("run").at("id") == run.id.text());
  REQUIRE(model.at("inputs").size() == 1);
  CHECK(model.at("inputs").at(0).at("reference") == "acme/train@1");
  CHECK(model.at("inputs").at(0).at("digest") == data.digest.text());
  CHECK(model.at("evidence") == json::array());
  CHECK(model.at("stages") == json::array());
  CHECK(model.at("used_by") == json::array());

  const json dataset = lineage(registry.services, registry.ann, Kind::dataset, data.name, Selector());
  CHECK(dataset.at("run").is_null());
  REQUIRE(dataset.at("used_by").size() == 1);
  CHECK(dataset.at("used_by").at(0).at("id") == run.id.text());
}

TEST_CASE("Lineage: another tenant is denied, and a version without a run has none") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  const Name name = Name::parse("acme/churn");
  CHECK(code_of([&] { lineage(registry.services, registry.eve, Kind::model, name, Selector()); }) ==
        Code::denied);
  const json model = lineage(registry.services, registry.ann, Kind::model, name, Selector());
  CHECK(model.at("run").is_null());
  CHECK(model.at("inputs") == json::array());
}

namespace {

// A version made by a run from `inputs`.
Version made_from(Registry& registry, const Principal& who, Kind kind, const std::string& name,
                  const std::vector<Version>& inputs) {
  json draft = {{"kind", "train"},
                {"plugin",
                 {{"name", "gbt"}, {"version", "1"}, {"digest", Digest::of("gbt.so").text()}, {"component", "gbt"}}},
                {"inputs", json::array()},
                {"config", json::object()},
                {"seed", 7},
                {"max_threads", 1},
                {"environment", json::object()}};
  for (const Version& input : inputs)
    draft["inputs"].push_back({{"role", "data"},
                               {"kind", std::string(singular(input.kind))},
                               {"reference", input.reference()},
                               {"digest", input.digest.text()}});
  registry.upload(who, name);
  PublishRequest request = Registry::request(name, {{"data.csv", name}});
  request.kind = kind;
  if (!inputs.empty()) request.run_id = start_run(registry.services, who, draft.dump()).id;
  return publish(registry.services, who, request).version;
}

std::vector<std::string> references(const json& kin) {
  std::vector<std::string> out;
  for (const json& one : kin)
    out.push_back(one.at("reference").is_null() ? "?" : one.at("reference").get<std::string>());
  return out;
}

}  // namespace

TEST_CASE("Lineage: goes back and on through however many runs, each version once and the nearest first") {
  Registry registry;
  const Principal& ann = registry.ann;
  const Version raw = made_from(registry, ann, Kind::dataset, "acme/raw", {});
  const Version clean = made_from(registry, ann, Kind::dataset, "acme/clean", {raw});
  const Version base = made_from(registry, ann, Kind::model, "acme/base", {clean});
  const Version tuned = made_from(registry, ann, Kind::model, "acme/tuned", {base, clean});
  const auto of = [&](const Principal& who, const Version& version) {
    return lineage(registry.services, who, version.kind, version.name, Selector());
  };
  const json back = of(ann, tuned).at("ancestors");
  CHECK(references(back).size() == 3);
  CHECK(references(back).back() == "acme/raw@1");
  CHECK(back.at(2).at("distance") == 2);
  CHECK(back.at(2).at("next") == clean.digest.text());
  const json on = of(ann, raw);
  CHECK(references(on.at("descendants")) == std::vector<std::string>{"acme/clean@1", "acme/base@1", "acme/tuned@1"});
  CHECK(on.at("full") == json::array());
  CHECK(of(ann, tuned).at("descendants") == json::array());
}

TEST_CASE("Lineage: what somebody else made is neither named nor followed") {
  Registry registry;
  const Principal both{new_id(registry.clock, registry.entropy), "both",
                       {{Role::writer, Namespace::parse("acme")}, {Role::writer, Namespace::parse("rival")}}};
  const Version secret = made_from(registry, both, Kind::dataset, "rival/secret", {});
  const Version derived = made_from(registry, both, Kind::dataset, "rival/derived", {secret});
  const Version model = made_from(registry, both, Kind::model, "acme/churn", {derived});
  const json seen = lineage(registry.services, registry.ann, Kind::model, model.name, Selector()).at("ancestors");
  CHECK(references(seen) == std::vector<std::string>{"?"});
  const json all = lineage(registry.services, both, Kind::model, model.name, Selector()).at("ancestors");
  CHECK(references(all) == std::vector<std::string>{"rival/derived@1", "rival/secret@1"});
}

TEST_CASE("Lineage: a list that is cut says so") {
  Registry registry;
  const Version data = made_from(registry, registry.ann, Kind::dataset, "acme/data", {});
  for (int i = 0; i < 201; ++i) made_from(registry, registry.ann, Kind::model, "acme/m" + std::to_string(i), {data});
  const json answer = lineage(registry.services, registry.ann, Kind::dataset, data.name, Selector());
  CHECK(answer.at("descendants").size() == 200);
  CHECK(answer.at("full") == json({"used_by", "descendants"}));
}
