// SPDX-License-Identifier: Apache-2.0
// Searching over HTTP, as the route says.
#include "registry/client/endpoint.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/served_world.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

struct Answer {
  int status;
  json body;
};

Answer ask(const ServedWorld& world, const std::string& parameters) {
  client::Connection connection = world.connect();
  client::Answer answer;
  REQUIRE(connection.exchange(world.call("GET", "/api/v1/search" + parameters), answer) == client::Outcome::answered);
  return {answer.status, json::parse(answer.body)};
}

std::string q(const std::string& query) {
  return "?q=" + client::encode_segment(query);
}

}  // namespace

TEST_CASE("Search over HTTP: answers a page with what the search speaks of") {
  ServedWorld world;
  const Version data = world.push(Kind::dataset, "holdout", "rows");
  const Version model = world.push(Kind::model, "churn", "weights");
  world.report(evaluation(model.digest, data.digest, {metric("roc_auc", 0.9), metric("f1", 0.5)}));
  world.push(Kind::model, "churn", "more weights");

  const Answer found = ask(world, q("metrics.roc_auc > 0.8"));
  CHECK(found.status == 200);
  REQUIRE(found.body.at("items").size() == 1);
  const json& item = found.body["items"][0];
  CHECK(item.at("reference") == "default/churn@1");
  CHECK(item.at("metrics") == json({{"roc_auc", 0.9}}));
  CHECK(item.at("params") == json::object());
  CHECK(item.at("size") == 7);
  CHECK(item.at("plugin").is_null());
  CHECK(found.body.at("next_cursor").is_null());

  const Answer first = ask(world, "?kind=model&limit=1&order=metrics.roc_auc%20DESC");
  REQUIRE(first.body.at("next_cursor").is_string());
  const Answer second = ask(world, "?kind=model&limit=1&order=metrics.roc_auc%20DESC&cursor=" +
                                       first.body["next_cursor"].get<std::string>());
  CHECK(first.body["items"][0].at("number") == 1);
  CHECK(second.body["items"][0].at("number") == 2);
  CHECK(ask(world, "").body.at("items").size() == 3);
}

TEST_CASE("Search over HTTP: a refusal is a problem that shows the place") {
  ServedWorld world;
  const Answer refused = ask(world, q("metric.roc_auc > 0.8"));
  CHECK(refused.status == 400);
  CHECK_THAT(refused.body.at("detail").get<std::string>(), Contains("did you mean \"metrics\"") && Contains("\n  ^"));
  CHECK(ask(world, "?kind=models").status == 400);
  CHECK(ask(world, "?where=x").status == 400);
  CHECK(ask(world, q("labels.a = '" + std::string(4096, 'x') + "'")).status == 413);
}
