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
