// SPDX-License-Identifier: Apache-2.0
// Runs: started, ended once, with what went in and out.
#include <nlohmann/json.hpp>

#include "registry/service/record_run.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

struct Story : World {
  Version train = push(Kind::dataset, "train", "rows");
  Version model = push(Kind::model, "churn", "model");

  json draft() {
    return {
        {"kind", "train"},
        {"plugin",
         {{"name", "gbt"}, {"version", "1.0.0"}, {"digest", Digest::of("gbt").text()}, {"component", "gbt"}}},
        {"inputs",
         {{{"role", "train"},
           {"kind", "dataset"},
           {"reference", "train@1"},
           {"digest", train.digest.text()}}}},
        {"config", {{"max_depth", 6}}},
        {"seed", 7},
        {"max_threads", 2},
        {"environment", {{"host", "desk"}}}};
  }
  json outcome() {
    return {{"status", "finished"},
            {"metrics",
             {{{"name", "loss"}, {"step", 1}, {"value", 0.5}},
              {{"name", "loss"}, {"step", 2}, {"value", json()}}}},
            {"log", "two rounds"},
            {"outputs", {{{"role", "model"}, {"kind", "model"}, {"digest", model.digest.text()}}}},
            {"error", json()}};
  }
  Run start(const json& document) { return start_run(services(), admin, document.dump()); }
  Run finish(const Id& id, const json& document) {
    return finish_run(services(), admin, id, document.dump());
  }
};

}  // namespace

TEST_CASE("Run: starts, ends once and reads back as it was") {
  Story story;
  const Run started = story.start(story.draft());
  CHECK(started.status() == RunStatus::running);
  CHECK(describe_run(story.services(), story.admin, started.id) == started);
  story.clock.advance(std::chrono::minutes(1));
  const Run ended = story.finish(started.id, story.outcome());
  CHECK(ended.status() == RunStatus::finished);
  CHECK(ended.finished_at == story.clock.now());
  CHECK(ended.draft == started.draft);
  CHECK_FALSE(ended.outcome->metrics[1].value);
  CHECK(describe_run(story.services(), story.admin, started.id) == ended);
  CHECK(run_from_json(json::parse(json(ended).dump())) == ended);
  const auto [code, message] = error_of([&] { story.finish(started.id, story.outcome()); });
  CHECK(code == Code::conflict);
  CHECK_THAT(message, Contains("ended already"));
}

TEST_CASE("Run: a failed one keeps its reason") {
  Story story;
  const Id id = story.start(story.draft()).id;
  json failed = story.outcome();
  failed["status"] = "failed";
  CHECK(error_of([&] { story.finish(id, failed); }).first == Code::invalid_argument);
  failed["error"] = {{"code", "invalid_data"}, {"message", "the label has one class"}};
  failed["outputs"] = json::array();
  CHECK(story.finish(id, failed).outcome->error->message == "the label has one class");
  json running = story.outcome();
  running["status"] = "running";
  CHECK(error_of([&] { story.finish(story.start(story.draft()).id, running); }).first ==
        Code::invalid_argument);
}

TEST_CASE("Run: an input with a reference must exist, a local file need not") {
  Story story;
  json draft = story.draft();
  draft["inputs"][0]["digest"] = Digest::of("nothing").text();
  CHECK(error_of([&] { story.start(draft); }).first == Code::not_found);
  for (const char* file : {"", "this-week.csv", "week@noon.csv"}) {
    draft["inputs"][0]["reference"] = file;
    CHECK(story.start(draft).draft.inputs[0].reference == file);
  }
}

TEST_CASE("Run: only who started it ends it, and only its namespace's readers see it") {
  Story story;
  const Principal bo = story.principal("bo", Role::writer, "default");
  const Run run = start_run(story.services(), bo, story.draft().dump());
  const auto finish_as = [&](const Principal& who) {
    return error_of([&] { finish_run(story.services(), who, run.id, story.outcome().dump()); }).first;
  };
  CHECK(finish_as(story.principal("cy", Role::writer, "default")) == Code::denied);
  CHECK(finish_as(story.principal("eve", Role::writer, "evil")) == Code::not_found);
  CHECK(error_of([&] {
          describe_run(story.services(), story.principal("eve", Role::admin, "evil"), run.id);
        }).first == Code::not_found);
  CHECK(finish_run(story.services(), bo, run.id, story.outcome().dump()).status() == RunStatus::finished);
}

TEST_CASE("Run: lists are newest first, and by the model that a run used or made") {
  Story story;
  const Id first = story.start(story.draft()).id;
  json draft = story.draft();
  draft["kind"] = "evaluate";
  draft["inputs"].push_back({{"role", "model"},
                             {"kind", "model"},
                             {"reference", "churn@1"},
                             {"digest", story.model.digest.text()}});
  const Id second = story.start(draft).id;
  const auto all = list_runs(story.services(), story.admin, std::nullopt, {.cursor = {}, .limit = 1});
  REQUIRE(all.items.size() == 1);
  CHECK(all.items[0].id == second);
  REQUIRE(all.next_cursor);
  CHECK(list_runs(story.services(), story.admin, std::nullopt, {.cursor = all.next_cursor, .limit = 9})
            .items[0]
            .id == first);
  const auto used = list_runs(story.services(), story.admin, Name::parse("churn"), {});
  REQUIRE(used.items.size() == 1);
  CHECK(used.items[0].id == second);
  story.finish(first, story.outcome());
  CHECK(list_runs(story.services(), story.admin, Name::parse("churn"), {}).items.size() == 2);
}

TEST_CASE("Run: what is too much or malformed is refused") {
  Story story;
  const Id id = story.start(story.draft()).id;
  json outcome = story.outcome();
  outcome["log"] = std::string((1 << 20) + 1, 'x');
  CHECK(error_of([&] { story.finish(id, outcome); }).first == Code::too_large);
  outcome["log"] = std::string(1 << 20, 'x');
  CHECK(story.finish(id, outcome).outcome->log.size() == 1 << 20);
  json draft = story.draft();
  draft["seed"] = -1;
  CHECK(error_of([&] { story.start(draft); }).first == Code::invalid_argument);
  draft["seed"] = 9'007'199'254'740'992;
  CHECK(error_of([&] { story.start(draft); }).first == Code::invalid_argument);
  draft = story.draft();
  draft["kind"] = "bake";
  CHECK(error_of([&] { story.start(draft); }).first == Code::invalid_argument);
}
