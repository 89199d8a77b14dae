// SPDX-License-Identifier: Apache-2.0
// What evidence is taken, from whom, and where it counts.
#include <nlohmann/json.hpp>

#include "registry/service/record_evidence.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

struct Story : World {
  Version model = push(Kind::model, "churn", "model");
  Version holdout = push(Kind::dataset, "holdout", "rows");

  json document() { return evaluation(model.digest, holdout.digest, {metric("roc_auc", 0.9)}); }
  std::pair<Code, std::string> refusal(const json& evidence) {
    return error_of([&] { report(evidence); });
  }
};

json finding(const char* severity) {
  return {{"severity", severity}, {"rule", "range"},       {"column", "age"},
          {"row_count", 3},       {"sample_rows", {1, 2}}, {"message", "out of range"}};
}

json drift_row(bool drifted) {
  return {{"column", "age"},  {"statistic", "psi"}, {"value", 0.3}, {"p_value", json()},
          {"threshold", 0.2}, {"drifted", drifted}, {"n_ref", 10},  {"n_cur", 12}};
}

}  // namespace

TEST_CASE("Evidence: is kept as sent, with level, digest of the config and verdict from the server") {
  Story story;
  const Evidence kept = story.report(story.document());
  CHECK(kept.level == Level::reported);
  CHECK(kept.config.digest == Digest::of(R"({"threshold":0.5})"));
  CHECK_FALSE(kept.verdict);
  CHECK(kept.created_by == "ada");
  CHECK(describe_evidence(story.services(), story.admin, kept.id) == kept);
  CHECK(evidence_from_json(json::parse(json(kept).dump())) == kept);
  CHECK(story.count("SELECT COUNT(*) FROM audit WHERE action = 'record_evidence'") == 1);
}

TEST_CASE("Evidence: level, verdict and config digest cannot be claimed") {
  Story story;
  for (const char* key : {"level", "verdict", "config_digest", "created_by", "id"}) {
    json claimed = story.document();
    claimed[key] = "attested";
    CHECK(story.refusal(claimed).first == Code::invalid_argument);
  }
}

TEST_CASE("Evidence: a validation fails with any error finding, a drift report with any drifted column") {
  Story story;
  CHECK(story.report(validation(story.holdout.digest, {finding("warning")})).verdict ==
        EvidenceVerdict::pass);
  CHECK(story.report(validation(story.holdout.digest, {finding("info"), finding("error")})).verdict ==
        EvidenceVerdict::fail);
  CHECK(story.report(validation(story.holdout.digest, {})).verdict == EvidenceVerdict::pass);
  json drift = validation(story.holdout.digest, {drift_row(false)});
  drift["kind"] = "drift";
  drift["reference_digest"] = story.holdout.digest.text();
  CHECK(story.report(drift).verdict == EvidenceVerdict::pass);
  drift["rows"].push_back(drift_row(true));
  CHECK(story.report(drift).verdict == EvidenceVerdict::fail);
}

TEST_CASE("Evidence: a value that is no number is kept as null and never passes") {
  Story story;
  json document = story.document();
  document["rows"][0]["value"] = nullptr;
  const Evidence kept = story.report(document);
  CHECK_FALSE(std::get<std::vector<MetricRow>>(kept.rows)[0].value);
  story.set_policy(
      {{"stage", "production"},
       {"rules", {{{"metric", {{"name", "roc_auc"}, {"dataset", "holdout"}, {"at_least", -1}}}}}}});
  CHECK(exit_code(story.promote("1").verdict) == 11);
}

TEST_CASE("Evidence: rows must be those of the kind's table, to the column") {
  Story story;
  const auto with_rows = [&](const JsonRows& rows) {
    json document = story.document();
    document["rows"] = rows;
    return story.refusal(document);
  };
  json extra = metric("roc_auc", 0.9);
  extra["valeu"] = 1;
  CHECK_THAT(with_rows({extra}).second, Contains("evidence.rows[0]") && Contains("did you mean \"value\""));
  json short_row = metric("roc_auc", 0.9);
  short_row.erase("n");
  CHECK(with_rows({short_row}).first == Code::invalid_argument);
  CHECK(with_rows({metric("roc_auc", "0.9")}).first == Code::invalid_argument);
  CHECK(with_rows({finding("error")}).first == Code::invalid_argument);
  CHECK_THAT(with_rows({metric("a", 1), metric("a", 2)}).second, Contains("repeats"));
  json no_table = story.document();
  no_table["rows"] = "rows";
  CHECK(story.refusal(no_table).first == Code::invalid_argument);
  JsonRows many;
  for (int i = 0; i < 10'001; ++i) many.push_back(metric("m" + std::to_string(i), 0));
  CHECK(with_rows(many).first == Code::too_large);
  many.pop_back();
  json most = story.document();
  most["rows"] = many;
  CHECK(std::get<std::vector<MetricRow>>(story.report(most).rows).size() == 10'000);
}

TEST_CASE("Evidence: what it names must exist") {
  Story story;
  for (const char* key : {"model_digest", "dataset_digest", "reference_digest"}) {
    json document = story.document();
    document[key] = Digest::of("nothing").text();
    const auto [code, message] = story.refusal(document);
    CHECK(code == Code::not_found);
    CHECK_THAT(message, Contains(key));
  }
  json document = story.document();
  document["run_id"] = new_id(story.clock, story.entropy).text();
  CHECK(story.refusal(document).first == Code::not_found);
  document = story.document();
  document.erase("model_digest");
  CHECK(story.refusal(document).first == Code::invalid_argument);
  document = story.document();
  document["kind"] = "comparison";
  CHECK(story.refusal(document).first == Code::invalid_argument);
  CHECK(story.count("SELECT COUNT(*) FROM evidence") == 0);
}

TEST_CASE("Evidence: the window of a drift report may be a local file, what it is held against may not") {
  Story story;
  json drift = validation(Digest::of("this week's file"), {drift_row(true)});
  drift["kind"] = "drift";
  CHECK(story.refusal(drift).first == Code::not_found);
  drift["model_digest"] = story.model.digest.text();
  drift["reference_digest"] = Digest::of("nothing").text();
  CHECK(story.refusal(drift).first == Code::not_found);
  drift["reference_digest"] = story.holdout.digest.text();
  CHECK(story.report(drift).verdict == EvidenceVerdict::fail);
}

TEST_CASE("Evidence: nobody's word counts in somebody else's namespace") {
  Story story;
  // Eve holds a copy of model and data in a namespace of her own.
  const Principal eve = story.principal("eve", Role::writer, "evil");
  story.push(Kind::model, "evil/churn", "model");
  story.push(Kind::dataset, "evil/holdout", "rows");
  story.set_policy(
      {{"stage", "production"},
       {"rules", {{{"metric", {{"name", "roc_auc"}, {"dataset", "holdout"}, {"at_least", 0.8}}}}}}});
  const Evidence hers = story.report(eve, story.document());
  CHECK(exit_code(story.promote("1").verdict) == 11);
  CHECK(error_of([&] {
          describe_evidence(story.services(), story.principal("bo", Role::reader, "default"), hers.id);
        }).first == Code::not_found);
  CHECK(
      list_evidence(story.services(), story.principal("bo", Role::reader, "default"), {}, {}).items.empty());
  story.report(story.document());
  CHECK(exit_code(story.promote("1").verdict) == 0);
}

TEST_CASE("Evidence: reading a version is not enough to report on it") {
  Story story;
  CHECK(error_of([&] { story.report(story.principal("bo", Role::reader), story.document()); }).first ==
        Code::denied);
  Principal mixed = story.principal("bo", Role::writer, "elsewhere");
  mixed.grants.push_back({.role = Role::reader, .space = Namespace::standard()});
  CHECK(error_of([&] { story.report(mixed, story.document()); }).first == Code::denied);
  CHECK(error_of([&] {
          story.report(story.principal("bo", Role::writer, "elsewhere"), story.document());
        }).first == Code::not_found);
}

TEST_CASE("Evidence: lists are filtered and paged, newest first") {
  Story story;
  for (int i = 0; i < 3; ++i) story.report(story.document());
  story.report(validation(story.holdout.digest, {}));
  const auto list = [&](const EvidenceQuery& query, const PageRequest& page) {
    return list_evidence(story.services(), story.admin, query, page);
  };
  CHECK(list({}, {}).items.size() == 4);
  CHECK(list({.kind = EvidenceKind::validation, .model = {}, .dataset = {}}, {}).items.size() == 1);
  CHECK(list({.kind = {}, .model = story.model.digest, .dataset = {}}, {}).items.size() == 3);
  CHECK(list({.kind = {}, .model = story.model.digest, .dataset = story.model.digest}, {}).items.empty());
  const auto first =
      list({.kind = {}, .model = {}, .dataset = story.holdout.digest}, {.cursor = {}, .limit = 3});
  CHECK(first.items.size() == 3);
  CHECK(first.items[0].kind == EvidenceKind::validation);
  REQUIRE(first.next_cursor);
  CHECK(list({}, {.cursor = first.next_cursor, .limit = 3}).items.size() == 1);
}
