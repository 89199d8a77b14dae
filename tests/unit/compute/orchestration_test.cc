// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "registry/compute/compare.h"
#include "registry/compute/drift.h"
#include "registry/compute/evaluate.h"
#include "registry/compute/score.h"
#include "registry/compute/scoring_cache.h"
#include "registry/compute/time_scoring.h"
#include "registry/compute/train.h"
#include "registry/compute/validate.h"
#include "tests/support/catch.h"
#include "tests/unit/compute/desk.h"
#include "tests/unit/compute/errors.h"

namespace assay::test {
namespace {

struct Desk : BareDesk {
  Desk() {
    artifacts.add(Kind::dataset, "broken@1", {{"data.csv", "a,zip,y\n1,07001,0\n2,07"}});
  }

  TrainResult learn(const std::string& data = "train@1", const std::string& label = "y",
                    const std::string& to = "churn") {
    CallOptions options;
    options.seed = 7;
    return train({.plugin = "fake",
                  .component = "",
                  .data = data,
                  .valid = "",
                  .label = label,
                  .config = R"({"depth":3})",
                  .to = to},
                 bench, options, nobody);
  }
  std::unique_ptr<ScoredModel> load() {
    return ScoredModel::load(learn().model, plugins, artifacts, {}, nobody);
  }
};

TEST_CASE("Train: publishes a bundle that says how it was made, and records the run") {
  Desk desk;
  const TrainResult result = desk.learn();
  REQUIRE(result.model.files.size() == 2);
  const BundleInfo info = fetch_model_bundle(desk.artifacts, result.model).info;
  CHECK(info.plugin == result.plugin);
  CHECK(info.config.canonical == R"({"depth":3})");
  CHECK(info.seed == 7);
  CHECK(info.label == "y");
  CHECK(info.columns == TableSchema{{"a", ColumnType::i64}, {"zip", ColumnType::i64}});
  CHECK(info.data_digest == desk.artifacts.versions.at("train@1").digest);
  CHECK(info.data_rows == 4);

  const RunDraft& run = desk.runs.drafts.at(0);
  CHECK(run.kind == RunKind::train);
  CHECK(run.seed == 7);
  CHECK(run.inputs.at(0) == RunInput{"train", Kind::dataset, "train@1", *info.data_digest});
  const RunOutcome& outcome = desk.runs.outcomes.at(result.run.text());
  CHECK(outcome.status == RunStatus::finished);
  CHECK(outcome.outputs.at(0) == RunOutput{"model", Kind::model, result.model.digest});
  CHECK(outcome.metrics.at(0) == RunMetric{"loss", 0, 0.5});
  CHECK(outcome.log == "info: learning\n");
}

TEST_CASE("Train: whatever fails, the run is recorded with the reason and nothing is published") {
  Desk desk;
  const auto failed = [&](const Error& error) {
    const RunOutcome& outcome = desk.runs.outcomes.at(FakeRuns::id(desk.runs.drafts.size()).text());
    CHECK(outcome.status == RunStatus::failed);
    CHECK(outcome.error.value() == RunError{std::string(info(error.code()).name), error.message()});
    CHECK(desk.artifacts.versions.count("churn@1") == 0);
  };
  const Error truncated = error_of([&] { desk.learn("broken@1"); });
  CHECK(contains(truncated.message(),
                 "broken@1 (data.csv), line 3: 2 cells where the header has 3, and the file ends"));
  failed(truncated);

  const Error renamed = error_of([&] { desk.learn("train@1", "z"); });
  CHECK(contains(renamed.message(), "train@1 has no column \"z\""));
  failed(renamed);

  desk.plugins.fails = Error(Code::internal, "the plugin crashed");
  failed(error_of([&] { desk.learn(); }));
  desk.plugins.fails.reset();

  desk.artifacts.refuse_to_publish = true;
  failed(error_of([&] { desk.learn(); }));
}

TEST_CASE("Train: what cannot start leaves no run") {
  Desk desk;
  CHECK(error_of([&] { desk.learn("none@1"); }).code() == Code::not_found);
  CHECK(desk.runs.drafts.empty());
}

TEST_CASE("Score: CSV and JSON agree to the bit, and input cells keep their spelling") {
  Desk desk;
  const auto model = desk.load();
  CHECK(model->score_csv("zip,a,more\n1,0.1e1,x\n2,,\n", "new.csv", {}, desk.nobody) ==
        "zip,a,more,prediction\n1,0.1e1,x,1.5\n2,,,0.5\n");
  CHECK(model->score_json(R"({"rows":[{"zip":1,"a":1}]})", {}, desk.nobody) ==
        R"({"rows":[{"a":1,"zip":1,"prediction":1.5}]})");
}

TEST_CASE("Score: a renamed column names the nearest, in either form") {
  Desk desk;
  const auto model = desk.load();
  for (const Error& error :
       {error_of([&] { model->score_csv("zips,a\n1,2\n", "new.csv", {}, desk.nobody); }),
        error_of([&] { model->score_json(R"({"rows":[{"zips":1,"a":2}]})", {}, desk.nobody); })}) {
    CHECK(error.code() == Code::invalid_argument);
    CHECK(contains(error.message(), "no column \"zip\", which churn@1 needs; the nearest is \"zips\""));
  }
}

TEST_CASE("Score: an input that already has a prediction is refused, in either form") {
  Desk desk;
  const auto model = desk.load();
  CHECK(contains(
      error_of([&] { model->score_csv("a,zip,prediction\n1,2,3\n", "new.csv", {}, desk.nobody); }).message(),
      "prediction"));
  CHECK(contains(error_of([&] {
                   model->score_json(R"({"rows":[{"a":1,"zip":2,"prediction":3}]})", {}, desk.nobody);
                 }).message(),
                 "prediction"));
}

TEST_CASE("Score: a model whose plugin is not here says which one and what to do") {
  Desk desk;
  const ArtifactVersion model = desk.learn().model;
  desk.plugins.scorer_is_here = false;
  const Error error =
      error_of([&] { ScoredModel::load(model, desk.plugins, desk.artifacts, {}, desk.nobody); });
  CHECK(error.code() == Code::not_found);
  CHECK(contains(error.message(), "churn@1 was made by plugin fake 1.0.0 (" + Digest::of("fake").text()));
}

TEST_CASE("Score: a version that no plugin made is unsupported") {
  Desk desk;
  const ArtifactVersion foreign = desk.artifacts.add(Kind::model, "foreign@1", {{"weights.bin", "x"}});
  CHECK(error_of([&] { ScoredModel::load(foreign, desk.plugins, desk.artifacts, {}, desk.nobody); }).code() ==
        Code::unsupported);
}

TEST_CASE("Evaluate: the evaluator sees label, prediction and group, and evidence binds every digest") {
  Desk desk;
  const TrainResult trained = desk.learn();
  const EvidenceResult result = evaluate({.model = "churn@1",
                                          .data = "holdout@1",
                                          .plugin = "fake",
                                          .component = "",
                                          .label = "",
                                          .group = "g",
                                          .config = "{}"},
                                         desk.bench, {}, desk.nobody);
  REQUIRE(desk.plugins.folded.size() == 1);
  CHECK(desk.plugins.folded[0] ==
        TableSchema{{"y", ColumnType::i64}, {"g", ColumnType::utf8}, {"prediction", ColumnType::f64}});
  REQUIRE(desk.plugins.roles[0].size() == 3);
  CHECK(desk.plugins.roles[0][2].role == "score");
  const EvidenceDraft& evidence = desk.runs.evidence.at(0);
  CHECK(evidence.kind == EvidenceKind::evaluation);
  CHECK(evidence.model == trained.model.digest);
  CHECK(evidence.dataset == desk.artifacts.versions.at("holdout@1").digest);
  CHECK(evidence.label == "y");
  CHECK(evidence.plugin.component == "judge");
  CHECK(evidence.run == result.run);
  CHECK(std::get<std::vector<MetricRow>>(evidence.rows).at(0).value == 2.0);
  CHECK(result.passed());
  CHECK(desk.runs.outcomes.at(result.run.text()).status == RunStatus::finished);
}

TEST_CASE("Evaluate: a failing evaluator is a failed run and no evidence") {
  Desk desk;
  desk.learn();
  desk.plugins.fails = Error(Code::internal, "the plugin crashed");
  error_of([&] {
    evaluate({.model = "churn@1", .data = "holdout@1", .plugin = "fake"}, desk.bench, {}, desk.nobody);
  });
  CHECK(desk.runs.evidence.empty());
  CHECK(desk.runs.outcomes.at(FakeRuns::id(2).text()).status == RunStatus::failed);
}

TEST_CASE("Compare: both models score the same rows, and evidence binds both") {
  Desk desk;
  const TrainResult champion = desk.learn("train@1", "y", "old"), candidate = desk.learn();
  const EvidenceResult result = compare({.model = "churn@1", .data = "holdout@1", .plugin = "fake", .group = "g"},
                                        "old@1", desk.bench, {}, desk.nobody);
  REQUIRE(desk.plugins.folded.size() == 1);
  CHECK(desk.plugins.folded[0] == TableSchema{{"y", ColumnType::i64},
                                              {"g", ColumnType::utf8},
                                              {"prediction", ColumnType::f64},
                                              {"reference_prediction", ColumnType::f64}});
  REQUIRE(desk.plugins.roles[0].size() == 4);
  CHECK(desk.plugins.roles[0][2].role == "score");
  CHECK(desk.plugins.roles[0][3].role == "reference_score");
  const EvidenceDraft& evidence = desk.runs.evidence.at(0);
  CHECK(evidence.kind == EvidenceKind::comparison);
  CHECK(evidence.model == candidate.model.digest);
  CHECK(evidence.reference == champion.model.digest);
  CHECK(evidence.label == "y");
  CHECK(desk.runs.drafts.back().inputs.at(1).role == "reference");
  CHECK(result.reference->digest == champion.model.digest);
}

TEST_CASE("Compare: one version, two labels, or an evaluator that cannot: refused, and no evidence") {
  Desk desk;
  desk.learn();
  desk.learn("train@1", "a", "other");
  const auto message = [&](const std::string& model, const std::string& against) {
    return error_of([&] {
             compare({.model = model, .data = "holdout@1", .plugin = "fake"}, against, desk.bench, {}, desk.nobody);
           })
        .message();
  };
  CHECK(contains(message("churn@1", "churn@1"), "same version"));
  CHECK(contains(message("churn@1", "other@1"), "label y, other@1 on a"));
  desk.plugins.compares = false;
  CHECK(contains(message("churn@1", "other@1"), "cannot compare two models"));
  CHECK(desk.runs.evidence.empty());
}

TEST_CASE("Validate: against an earlier version, whose digest is the reference") {
  Desk desk;
  const EvidenceResult result =
      validate({.data = "holdout@1", .against = "train@1", .plugin = "fake"}, desk.bench, {}, desk.nobody);
  CHECK_FALSE(result.passed());
  CHECK(result.draft.kind == EvidenceKind::validation);
  CHECK(result.draft.reference == desk.artifacts.versions.at("train@1").digest);
  CHECK_FALSE(result.draft.model);
  CHECK(validate({.data = "holdout@1", .plugin = "fake"}, desk.bench, {}, desk.nobody).passed());
}

TEST_CASE("Drift: features and predictions of the window against the training data") {
  Desk desk;
  const TrainResult trained = desk.learn();
  const TempDir folder;
  const std::string window = "zip,a\n1,2\n";
  std::ofstream(folder / "week.csv") << window;
  const EvidenceResult result = drift(
      {.model = "churn@1", .data = "", .data_file = folder / "week.csv", .reference = "", .plugin = "fake"},
      desk.bench, {}, desk.nobody);
  CHECK_FALSE(result.passed());
  CHECK(result.draft.model == trained.model.digest);
  CHECK(result.draft.dataset == Digest::of(window));
  CHECK(result.draft.reference == desk.artifacts.versions.at("train@1").digest);
  CHECK_FALSE(result.data);
  REQUIRE(desk.plugins.folded.size() == 2);
  CHECK(desk.plugins.folded[0] ==
        TableSchema{{"a", ColumnType::i64}, {"zip", ColumnType::i64}, {"prediction", ColumnType::f64}});
  CHECK(desk.plugins.folded[1] == desk.plugins.folded[0]);

  const EvidenceResult same =
      drift({.model = "churn@1", .data = "train@1", .data_file = "", .reference = "", .plugin = "fake"},
            desk.bench, {}, desk.nobody);
  CHECK(same.passed());
  CHECK(same.data->reference == "train@1");
}

TEST_CASE("Drift: without the model's plugin the features are compared all the same") {
  Desk desk;
  desk.learn();
  desk.plugins.scorer_is_here = false;
  drift({.model = "churn@1", .data = "train@1", .data_file = "", .reference = "", .plugin = "fake"},
        desk.bench, {}, desk.nobody);
  CHECK(desk.plugins.folded[0].size() == 2);
  CHECK(contains(desk.runs.outcomes.at(FakeRuns::id(2).text()).log, "warning: predictions are not compared"));
}

TEST_CASE("Drift: a window without one of the model's columns names the nearest") {
  Desk desk;
  desk.learn();
  desk.artifacts.add(Kind::dataset, "renamed@1", {{"data.csv", "zipp,a\n1,2\n"}});
  const Error error = error_of([&] {
    drift({.model = "churn@1", .data = "renamed@1", .data_file = "", .reference = "", .plugin = "fake"},
          desk.bench, {}, desk.nobody);
  });
  CHECK(contains(error.message(), "the nearest is \"zipp\""));
}

TEST_CASE("Scoring cache: loads once, drops the least recently used, reloads after a crash") {
  Desk desk;
  const ArtifactVersion first = desk.learn().model;
  const std::map<std::string, std::string> copy = {
      {"assay.json", format_bundle(fetch_model_bundle(desk.artifacts, first).info)}, {"model/mean", "1"}};
  const ArtifactVersion second = desk.artifacts.add(Kind::model, "other@1", copy);
  const ArtifactVersion third = desk.artifacts.add(Kind::model, "third@1", copy);
  ScoringCache cache(desk.plugins, desk.artifacts, 2);
  const auto score = [&](const ArtifactVersion& version) {
    return cache.score_csv(version, "a,zip\n1,2\n", {});
  };
  CHECK(score(first) == "a,zip,prediction\n1,2,1.5\n");
  score(first);
  CHECK(desk.plugins.scorers_made == 1);
  CHECK(score(second) == "a,zip,prediction\n1,2,2\n");
  score(first);
  score(third);
  CHECK(cache.size() == 2);
  CHECK(desk.plugins.scorers_made == 3);
  score(first);
  CHECK(desk.plugins.scorers_made == 3);

  error_of([&] { cache.score_csv(first, "a\n1\n", {}); });
  score(first);
  CHECK(desk.plugins.scorers_made == 3);
  desk.plugins.fails = Error(Code::internal, "the plugin crashed");
  error_of([&] { score(first); });
  desk.plugins.fails.reset();
  score(first);
  CHECK(desk.plugins.scorers_made == 4);
}

TEST_CASE("Scoring cache: many threads and few slots give every request its own model's answer") {
  Desk desk;
  const ArtifactVersion base = desk.learn().model;
  const BundleInfo info = fetch_model_bundle(desk.artifacts, base).info;
  std::vector<ArtifactVersion> models;
  for (int i = 0; i < 5; ++i)
    models.push_back(
        desk.artifacts.add(Kind::model, "m" + std::to_string(i) + "@1",
                           {{"assay.json", format_bundle(info)}, {"model/mean", std::to_string(i)}}));
  ScoringCache cache(desk.plugins, desk.artifacts, 2);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < 50; ++i) {
          const std::size_t which = (i * 7 + t) % models.size();
          if (cache.score_csv(models[which], "a,zip\n1,2\n", {}) !=
              "a,zip,prediction\n1,2," + std::to_string(which + 1) + "\n")
            ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
  CHECK(cache.size() == 2);
}

TEST_CASE("Latency: each size of call is timed on rows of the dataset, by the model's own scorer") {
  Desk desk;
  const std::string model = desk.learn().model.reference;
  const EvidenceResult result =
      time_scoring({.model = model, .data = "holdout@1", .batches = {1, 5}, .calls = 100}, desk.bench, {}, desk.nobody);
  const EvidenceDraft& draft = desk.runs.evidence.at(0);
  CHECK(draft.plugin == result.draft.plugin);
  CHECK(draft.model == result.model->digest);
  CHECK(draft.dataset == result.data->digest);
  CHECK(draft.config.canonical == R"({"batches":[1,5],"calls":100})");
  const auto& rows = std::get<std::vector<MetricRow>>(draft.rows);
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].slice == "1_row");
  CHECK(rows[5].name == "latency_p99_ms");
  CHECK(rows[5].slice == "5_rows");
  for (const MetricRow& row : rows) CHECK((row.n == 100 && *row.value > 0));
  CHECK(desk.runs.drafts.back().kind == RunKind::score);
}

TEST_CASE("Latency: past its limits nothing is timed") {
  Desk desk;
  const std::string model = desk.learn().model.reference;
  const auto refused = [&](std::vector<std::int64_t> batches, std::int64_t calls) {
    return error_of([&] {
             time_scoring({.model = model, .data = "holdout@1", .batches = std::move(batches), .calls = calls},
                          desk.bench, {}, desk.nobody);
           }).code() == Code::invalid_argument;
  };
  CHECK(refused({}, 100));
  CHECK(refused({0}, 100));
  CHECK(refused({TimingRequest::kMaxBatch + 1}, 100));
  CHECK(refused(std::vector<std::int64_t>(TimingRequest::kMaxBatches + 1, 1), 100));
  CHECK(refused({1}, 0));
  CHECK(refused({1}, TimingRequest::kMaxCalls + 1));
}

}  // namespace
}  // namespace assay::test
