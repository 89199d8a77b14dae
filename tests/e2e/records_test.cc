// SPDX-License-Identifier: Apache-2.0
// What the records of a registry are good for, through the built program: runs are done again, and model cards say what
// was recorded.
#include <nlohmann/json.hpp>

#include "registry/client/session.h"
#include "tests/e2e/flights.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"
#include "tests/support/evidence_place.h"

namespace assay::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

struct Records : Registry {
  Json trained;

  Records() {
    write("train.csv", flights_csv(800, 1));
    write("holdout.csv", flights_csv(400, 2));
    expect(0, {"push", "dataset", "flights-train", "train.csv"});
    expect(0, {"push", "dataset", "flights-holdout", "holdout.csv"});
    trained = train("gbt", {"--set", "rounds=10", "--valid", "flights-holdout@1", "--seed", "7", "--threads", "2"});
  }

  Json train(const std::string& plugin, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"train", "--plugin", plugin, "--data", "flights-train@1", "--target", "late",
                                          "--to",  "flights"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return json(arguments);
  }
  Json ask(const std::string& method, const std::string& path, const Json& body = {}) {
    client::Session session({client::Endpoint::parse(url()), admin_token(), {}, {}});
    return session.send(method, "/api/v1" + path, body, "asking");
  }
  // The document of a command that may say that what it looked at is bad.
  Json found(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "--json");
    return Json::parse(assay(arguments).out);
  }
  // A run that says what it likes, with the output of the one it is made of.
  std::string forge(const std::string& of, const Json& changes) {
    const Json truth = ask("GET", "/runs/" + of);
    Json draft;
    for (const char* key : {"kind", "plugin", "inputs", "config", "seed", "max_threads", "environment", "roles"})
      draft[key] = truth.at(key);
    draft.update(changes);
    const std::string id = ask("POST", "/runs", draft).at("id");
    ask("POST", "/runs/" + id + ":finish", {{"status", "finished"}, {"outputs", truth.at("outputs")}});
    return id;
  }
  std::size_t runs() { return json({"runs", "list", "--limit", "1000"}).size(); }
};

}  // namespace

TEST_CASE("Reproduce: a training gives the same model again, and a record that lies does not") {
  Records registry;
  const std::string run = registry.trained.at("run_id");
  const Json recorded = registry.ask("GET", "/runs/" + run);
  CHECK(recorded.at("roles") == Json({{"label", "late"}}));
  CHECK_FALSE(recorded.at("environment").at("assay").get<std::string>().empty());

  CHECK_THAT(registry.expect(0, {"reproduce", run}).out, Contains(registry.trained.at("digest").get<std::string>()));
  CHECK(registry.runs() == 1);
  CHECK(registry.json({"ls", "flights"}).size() == 1);

  Json config = recorded.at("config");
  config["rounds"] = 11;
  for (const Json& lie : {Json({{"seed", 8}}), Json({{"config", config}})}) {
    const std::string forged = registry.forge(run, lie);
    const auto differs = registry.expect(10, {"reproduce", forged});
    CHECK_THAT(differs.out, Contains("differs") && Contains(registry.trained.at("digest").get<std::string>()));
    const auto document = Json::parse(registry.expect(10, {"--json", "reproduce", forged}).out);
    CHECK(document.at("equal") == false);
    CHECK(document.at("differences").at(0).at("recorded") == registry.trained.at("digest"));
  }
  CHECK_THAT(registry.expect(0, {"runs", "show", run}).out, Contains("columns   label late\n") && Contains("\"assay\":"));
  registry.expect(0, {"reproduce", registry.forge(run, {{"environment", {{"cpu", "another"}}}})});
}

TEST_CASE("Search: versions are found by what was recorded of them") {
  Records registry;
  registry.train("linear", {"--seed", "7"});
  registry.expect(0, {"evaluate", "flights@1", "--plugin", "classification", "--data", "flights-holdout@1"});
  registry.expect(0, {"push", "dataset", "flights-more", "train.csv", "--label", "team=risk"});
  registry.expect(0, {"promote", "flights@2", "--to", "production"});

  const auto found = registry.json({"search", "metrics.roc_auc > 0 AND params.rounds = 10"});
  REQUIRE(found.size() == 1);
  CHECK(found[0].at("reference") == "default/flights@1");
  CHECK(found[0].at("plugin") == "gbt");
  const std::string table =
      registry.expect(0, {"search", "labels.team = 'risk' OR params.rounds IN (10) OR stage = production", "--order",
                          "metrics.roc_auc DESC, number"})
          .out;
  CHECK_THAT(table, Contains("version") && Contains("roc_auc") && Contains("team") && Contains("rounds"));
  CHECK(table.find("flights@1") < table.find("dataset flights-more@1"));
  CHECK(table.find("dataset flights-more@1") < table.find("flights@2"));
  CHECK(registry.json({"search", "stage = production"}).at(0).at("number") == 2);
  CHECK(registry.json({"search", "", "--kind", "dataset", "--limit", "2"}).size() == 2);
  CHECK_THAT(registry.expect(0, {"search", "metrics.roc_auc > 2"}).out, Contains("no version matches"));

  const auto refused = registry.expect(60, {"search", "metrics.roc_auc >> 0.8"});
  CHECK_THAT(refused.err, Contains("column 18: expected a value of metrics\n  metrics.roc_auc >> 0.8\n                   ^"));
}

TEST_CASE("Reproduce: evidence is made again, row by row") {
  Records registry;
  const std::vector<std::vector<std::string>> work = {
      {"evaluate", "flights@1", "--data", "flights-holdout@1", "--by", "carrier"},
      {"validate", "flights-holdout@1", "--plugin", "table_contract", "--against", "flights-train@1"},
      {"drift", "flights@1", "--data", "flights-holdout@1"}};
  for (const auto& arguments : work) {
    INFO(arguments.front());
    const std::string run = registry.found(arguments).at("run_id");
    CHECK_THAT(registry.expect(0, {"reproduce", run}).out, Contains("the same came out"));
    const std::string forged = registry.forge(run, {{"seed", 1}});
    CHECK_THAT(registry.expect(60, {"reproduce", forged}).err, Contains("left no evidence"));
  }
  CHECK(registry.json({"lineage", "flights@1"}).at("evidence").size() == 2);
}

TEST_CASE("Reproduce: what is not here, or must not run, is named with the next step") {
  Records registry;
  registry.write("week.csv", flights_csv(300, 3));
  const Json drift = registry.found({"drift", "flights@1", "--data", "week.csv"});
  const auto local = registry.expect(60, {"reproduce", drift.at("run_id").get<std::string>()});
  CHECK_THAT(local.err, Contains("week.csv") && Contains("push it"));

  const std::string run = registry.trained.at("run_id");
  CHECK_THAT(registry.expect(60, {"reproduce", registry.forge(run, {{"roles", nullptr}})}).err,
             Contains("which columns") && Contains("assay train"));
  Json plugin = registry.ask("GET", "/runs/" + run).at("plugin");
  plugin["digest"] = "sha256:" + std::string(64, 'a');
  CHECK_THAT(registry.expect(60, {"reproduce", registry.forge(run, {{"plugin", plugin}})}).err,
             Contains("plugin gbt") && Contains("assay plugin push"));
  registry.expect(60, {"reproduce", "01kb2h5v0q4t8w9xaz3c6d7efg"});

  const std::string baseline = ASSAY_PLUGIN_FOLDER "/baseline.so";
  registry.expect(0, {"plugin", "push", baseline});
  const std::string guess = registry.train("baseline@1", {}).at("run_id");
  registry.expect(0, {"reproduce", guess});
  registry.expect(0, {"plugin", "revoke", "baseline@1", "--reason", "answers the wrong class"});
  CHECK_THAT(registry.expect(50, {"reproduce", guess}).err, Contains("answers the wrong class"));
}

TEST_CASE("Card: every number of it is in the evidence that the registry shows under its id") {
  Records registry;
  registry.assay({"evaluate", "flights@1", "--data", "flights-holdout@1", "--by", "carrier"});
  registry.assay({"validate", "flights-train@1", "--plugin", "table_contract", "--target", "late"});
  registry.assay({"drift", "flights@1", "--data", "flights-holdout@1"});
  registry.expect(0, {"promote", "flights@1", "--to", "staging"});
  const Json card = Json::parse(registry.expect(0, {"card", "flights@staging", "--format", "google"}).out);
  const Json& metrics = card.at("quantitative_analysis").at("performance_metrics");
  REQUIRE(metrics.size() > 20);
  for (const Json& metric : metrics) {
    const std::string slice = metric.at("slice");
    const EvidencePlace place = evidence_place(slice);
    const Json row = registry.ask("GET", "/evidence/" + place.id).at("rows").at(place.row);
    CHECK(row.at("name") == metric.at("type"));
    CHECK(row.at("value").get<double>() == std::stod(metric.at("value").get<std::string>()));
    CHECK_THAT(slice, Contains("default/flights-holdout@1"));
  }
  const std::string text = registry.expect(0, {"card", "flights@1"}).out;
  CHECK_THAT(text, Contains("### evaluation on default/flights-holdout&#64;1") &&
                       Contains("### validation on default/flights-train&#64;1") && Contains("- staging since ") &&
                       Contains(registry.trained.at("run_id").get<std::string>()));
  registry.expect(0, {"card", "flights@1", "--output", "card.md"});
  CHECK(read_file(registry.file("card.md")) == text);
  CHECK(registry.json({"card", "flights@1"}).at("bomFormat") == "CycloneDX");
  registry.expect(60, {"card", "flights@9"});
  registry.expect(60, {"card", "flights@1", "--format", "pdf"});
}

}  // namespace assay::test
