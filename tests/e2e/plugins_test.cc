// SPDX-License-Identifier: Apache-2.0
// Plugins as artifacts, through the built program: searched settings, signatures, revocation.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/client/session.h"
#include "tests/e2e/flights.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

const std::string kFolder = ASSAY_PLUGIN_FOLDER;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void push_tables(const Registry& registry) {
  registry.write("train.csv", flights_csv(3000, 1));
  registry.write("valid.csv", flights_csv(1500, 2));
  registry.expect(0, {"push", "dataset", "flights-train", "train.csv"});
  registry.expect(0, {"push", "dataset", "flights-valid", "valid.csv"});
}

std::vector<std::string> train_with(const std::string& plugin) {
  return {"train", "--plugin", plugin, "--data", "flights-train@1", "--target", "late", "--to", "late-flights"};
}

int score_over_http(const Registry& registry) {
  client::Session session({client::Endpoint::parse(registry.url()), registry.admin_token(), {}, {}});
  client::Call call;
  call.method = "POST";
  call.target = "/api/v1/models/default/late-flights/versions/1:score";
  call.content_type = "text/csv";
  call.body = flights_csv(10, 3);
  try {
    return static_cast<int>(session.call(call, "scoring").status);
  } catch (const Error& error) {
    return error.code() == Code::denied ? 403 : 500;
  }
}

}  // namespace

TEST_CASE("Plugins: tune finds better settings than the defaults, and train repeats its model") {
  Registry registry;
  push_tables(registry);
  const auto found = registry.json({"tune", "--plugin", "gbt", "--data", "flights-train@1", "--valid",
                                    "flights-valid@1", "--target", "late", "--metric", "roc_auc", "--trials", "9",
                                    "--range", "rounds=5..60", "--seed", "7", "--to", "late-flights"});
  CHECK(found["reference"] == "default/late-flights@1");
  double defaults = -1;
  for (const auto& trial : found["trials"])
    if (trial["trial"] == 0) defaults = trial["value"];
  CHECK(found["best"]["value"].get<double>() >= defaults);
  CHECK(registry.json({"runs", "list", "--limit", "100"}).size() == found["trials"].size() + 1);

  auto again = train_with("gbt");
  again.insert(again.end(), {"--seed", "7"});
  for (const auto& [name, value] : found["config"].items())
    again.insert(again.end(), {"--set", name + "=" + value.dump()});
  CHECK(registry.json(again)["digest"] == found["digest"]);
  registry.expect(60, {"tune", "--plugin", "gbt", "--data", "flights-train@1", "--valid", "flights-valid@1",
                       "--target", "late", "--metric", "roc_auk", "--trials", "2", "--to", "late-flights"});
}

TEST_CASE("Plugins: a revoked library trains, judges and scores nowhere, and its reach is shown") {
  Registry registry;
  push_tables(registry);
  registry.expect(0, {"plugin", "push", kFolder + "/baseline.so"});
  registry.json(train_with("baseline@1"));
  registry.expect(0, {"evaluate", "late-flights@1", "--plugin", "classification", "--data", "flights-valid@1"});
  CHECK(score_over_http(registry) == 200);
  const auto uses = registry.json({"plugin", "uses", "baseline@1"});
  CHECK(uses["made"][0]["reference"] == "default/late-flights@1");
  CHECK(uses["revoked"].is_null());

  const auto revoked =
      registry.expect(0, {"plugin", "revoke", "baseline@1", "--reason", "answers the wrong class"});
  CHECK(has(revoked.out, "late-flights@1"));
  registry.expect(30, {"plugin", "revoke", "baseline@1", "--reason", "again"});
  for (const std::string& same : {std::string("baseline@1"), std::string("baseline"), kFolder + "/baseline.so"}) {
    const auto refused = registry.expect(50, train_with(same));
    CHECK(has(refused.err, "answers the wrong class"));
  }
  registry.expect(50, {"score", "late-flights@1", "--input", "valid.csv"});
  CHECK(score_over_http(registry) == 403);  // the server has it warm

  registry.expect(0, {"plugin", "reinstate", "baseline@1", "--reason", "it was the label"});
  CHECK(score_over_http(registry) == 200);
  registry.json(train_with("baseline@1"));
}

TEST_CASE("Plugins: where keys are trusted, only what they signed trains and scores") {
  Registry registry;
  push_tables(registry);
  const auto openssl = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "/usr/bin/openssl");
    ProcessOptions options;
    options.directory = registry.file("");
    REQUIRE(run_process(arguments, options).exit_code == 0);
  };
  openssl({"genpkey", "-algorithm", "ed25519", "-out", "key.pem"});
  openssl({"pkey", "-in", "key.pem", "-pubout", "-out", "trusted.pem"});
  registry.expect(0, {"plugin", "push", kFolder + "/baseline.so"});

  registry.stop();
  registry.environment = {{"ASSAY_PLUGIN_KEYS", registry.file("trusted.pem").string()}};
  registry.start();
  const auto refused = registry.expect(50, train_with("baseline@1"));
  CHECK(has(refused.err, "not signed"));
  CHECK(has(refused.err, "assay plugin sign"));
  CHECK(registry.json({"plugin", "ls"}).empty());

  std::filesystem::copy_file(kFolder + "/baseline.so", registry.file("baseline.so"));
  registry.expect(0, {"plugin", "sign", "baseline.so", "--key", "key.pem"});
  registry.expect(0, {"plugin", "push", "baseline.so"});
  CHECK(registry.json(train_with("baseline@2"))["reference"] == "default/late-flights@1");
  CHECK(score_over_http(registry) == 200);
}

TEST_CASE("Plugins: a model of three classes is judged as scikit-learn judges it, on iris") {
  std::ifstream goldens(ASSAY_CLASSES_GOLDEN);
  const nlohmann::json iris = nlohmann::json::parse(goldens).at("cases").at(0);
  const auto classes = iris.at("classes").get<std::vector<std::string>>();
  REQUIRE(classes == std::vector<std::string>{"setosa", "versicolor", "virginica"});
  std::string csv = "setosa,versicolor,virginica,species\n";
  for (std::size_t row = 0; row < iris.at("labels").size(); ++row) {
    for (const auto& score : iris.at("scores")[row]) csv += score.dump() + ',';
    csv += classes.at(iris.at("labels")[row]) + '\n';
  }
  Registry registry;
  registry.write("iris.csv", csv);
  registry.expect(0, {"push", "dataset", "iris", "iris.csv"});
  registry.expect(0, {"train", "--plugin", ASSAY_FORWARDER, "--data", "iris@1", "--target", "species", "--to", "iris"});
  registry.expect(0, {"plugin", "push", ASSAY_FORWARDER});
  const auto evidence = registry.json({"evaluate", "iris@1", "--data", "iris@1"});
  const auto value_of = [&](const std::string& name, const std::string& slice) {
    for (const auto& row : evidence["rows"])
      if (row["name"] == name && row["slice"] == slice) return row["value"].get<double>();
    FAIL("no " << name << " of '" << slice << "'");
    return 0.0;
  };
  for (const auto& [name, value] : iris.at("values").items()) {
    INFO(name);
    CHECK(value_of(name, "") == Approx(value.get<double>()).epsilon(1e-12));
  }
  for (std::size_t k = 0; k < classes.size(); ++k) {
    CHECK(value_of("recall", "species=" + classes[k]) ==
          Approx(iris.at("by_class").at("recall")[k].get<double>()).epsilon(1e-12));
    CHECK(value_of("confusion", "species=" + classes[k] + ", predicted=virginica") ==
          iris.at("confusion")[k][2].get<double>());
  }
  const auto told =
      registry.expect(60, {"evaluate", "iris@1", "--data", "iris@1", "--set", "classes=[setosa, versicolor]"});
  CHECK(has(told.err, "3 columns of scores"));
}

}  // namespace assay::test
