// SPDX-License-Identifier: Apache-2.0
// Recorded runs done again: what is equal, what differs, and why some cannot be.
#include "registry/compute/reproduce.h"

#include <nlohmann/json.hpp>

#include "registry/compute/drift.h"
#include "registry/compute/environment.h"
#include "registry/compute/evaluate.h"
#include "registry/compute/train.h"
#include "registry/compute/validate.h"
#include "registry/domain/manifest.h"
#include "tests/support/catch.h"
#include "tests/unit/compute/desk.h"
#include "tests/unit/compute/errors.h"

namespace assay::test {
namespace {

// A desk where churn@1 was trained, and what its runs left behind.
struct Desk : BareDesk {
  Desk() {
    CallOptions options;
    options.seed = 7;
    options.max_threads = 3;
    train({.plugin = "fake", .data = "train@1", .valid = "holdout@1", .label = "y", .config = R"({"depth":3})", .to = "churn"},
          bench, options, nobody);
  }

  // The run of that number, from 1 on, as the registry would show it.
  Run run(std::size_t number) {
    return {.draft = runs.drafts.at(number - 1),
            .id = FakeRuns::id(number),
            .created_at = {},
            .created_by = "ada",
            .outcome = runs.outcomes.at(FakeRuns::id(number).text()),
            .finished_at = {}};
  }
  // The training, whose output is named as the registry names it: by the digest of its manifest.
  Run training() {
    std::vector<VersionFile> files;
    for (const ArtifactFile& file : artifacts.versions.at("churn@1").files)
      files.push_back({FilePath::parse(file.path), file.digest, file.size, ""});
    Run out = run(1);
    out.outcome->outputs.at(0).digest = Manifest::build(Kind::model, files).digest();
    return out;
  }
  // The newest run, and its evidence.
  std::pair<Run, Evidence> judged() {
    return {run(runs.drafts.size()),
            Evidence(runs.evidence.back(), FakeRuns::id(99), Level::reported, Time(), "ada")};
  }
  std::pair<Run, Evidence> evaluated() {
    evaluate({.model = "churn@1", .data = "holdout@1", .plugin = "fake", .group = "g"}, bench, {}, nobody);
    return judged();
  }
  Reproduction again(const Run& run, const Evidence* recorded = nullptr) {
    return reproduce(run, recorded, bench, nobody);
  }
  Error refusal(const Run& run, const Evidence* recorded = nullptr) {
    return error_of([&] { again(run, recorded); });
  }
};

TEST_CASE("Reproduce: a training gives the model's digest again, and leaves no trace") {
  Desk desk;
  const Run run = desk.training();
  CHECK(run.draft.roles == RunRoles{{"label", "y"}});
  const Reproduction result = desk.again(run);
  CHECK(result.equal());
  CHECK(contains(result.compared, run.outcome->outputs.at(0).digest.text()));
  CHECK(desk.runs.drafts.size() == 1);
  CHECK(desk.artifacts.versions.size() == 3);
}

TEST_CASE("Reproduce: a record with other settings, another seed or another column gives another model") {
  Desk desk;
  const Run truth = desk.training();
  std::vector<Run> lies(3, truth);
  lies[0].draft.config.canonical = R"({"depth":4})";
  lies[0].draft.config.digest = Digest::of(lies[0].draft.config.canonical);
  lies[1].draft.seed = 8;
  lies[2].draft.roles = RunRoles{{"label", "a"}};
  for (const Run& lie : lies) {
    const Reproduction result = desk.again(lie);
    REQUIRE(result.differences.size() == 1);
    CHECK(result.differences[0].recorded == truth.outcome->outputs.at(0).digest.text());
    CHECK(result.differences[0].now != result.differences[0].recorded);
  }
}

TEST_CASE("Reproduce: an evaluation is made over the same columns, and each row that differs is named") {
  Desk desk;
  auto [run, evidence] = desk.evaluated();
  CHECK(run.draft.roles == RunRoles{{"group", "g"}});
  const Reproduction same = desk.again(run, &evidence);
  CHECK(same.equal());
  CHECK(same.compared == "2 rows");
  CHECK(desk.plugins.folded.at(1) == desk.plugins.folded.at(0));
  CHECK(desk.runs.evidence.size() == 1);

  auto& rows = std::get<std::vector<MetricRow>>(evidence.rows);
  rows[1].value = *rows[1].value + 1e-15;
  rows.push_back({"made_up", 1.0, {}, {}, "g=u", 2, true});
  const Reproduction other = desk.again(run, &evidence);
  REQUIRE(other.differences.size() == 2);
  CHECK(other.differences[0].what == "rows/1 mae");
  CHECK(other.differences[1].what == "rows/2 made_up g=u");
  CHECK(other.differences[1].now == "no such row");
}

TEST_CASE("Reproduce: validations and drift reports are made again") {
  Desk desk;
  validate({.data = "holdout@1", .against = "train@1", .plugin = "fake", .label = "y"}, desk.bench, {}, desk.nobody);
  const auto [validation, findings] = desk.judged();
  CHECK(validation.draft.roles == RunRoles{{"label", "y"}});
  CHECK(desk.again(validation, &findings).equal());
  CHECK(desk.plugins.roles.back().size() == 1);
  drift({.model = "churn@1", .data = "holdout@1", .plugin = "fake"}, desk.bench, {}, desk.nobody);
  auto [window, drifts] = desk.judged();
  CHECK(desk.again(window, &drifts).equal());
  std::get<std::vector<DriftRow>>(drifts.rows)[0].drifted ^= true;
  CHECK(contains(desk.again(window, &drifts).differences.at(0).what, "rows/0 a count"));
}

TEST_CASE("Reproduce: a run that left nothing, or says too little, is refused with what to do") {
  Desk desk;
  const auto refused = [&](const Run& run, const Evidence* evidence, const char* why) {
    const Error error = desk.refusal(run, evidence);
    CHECK(error.code() == Code::unsupported);
    INFO(error.message());
    CHECK(contains(error.message(), why));
    CHECK(contains(error.message(), run.id.text()));
  };
  Run run = desk.training();
  run.outcome->outputs.clear();
  refused(run, nullptr, "published no model");
  run = desk.training();
  run.draft.inputs.clear();
  refused(run, nullptr, "names no input \"train\"");
  run = desk.training();
  run.draft.roles.reset();
  refused(run, nullptr, "do the work anew with `assay train`");
  run.outcome->status = RunStatus::failed;
  run.outcome->error = RunError{"internal", "it crashed"};
  refused(run, nullptr, "it crashed");
  run.outcome.reset();
  refused(run, nullptr, "has not ended");
  run = desk.training();
  run.draft.kind = RunKind::score;
  refused(run, nullptr, "scoring");

  auto [evaluation, evidence] = desk.evaluated();
  refused(evaluation, nullptr, "no evidence");
  evidence.kind = EvidenceKind::comparison;
  refused(evaluation, &evidence, "comparison");
}

TEST_CASE("Reproduce: what is not here any more is named") {
  Desk desk;
  const TempDir folder;
  std::ofstream(folder / "week.csv") << "zip,a\n1,2\n";
  drift({.model = "churn@1", .data_file = folder / "week.csv", .plugin = "fake"}, desk.bench, {}, desk.nobody);
  const auto [window, drifts] = desk.judged();
  const Error local = desk.refusal(window, &drifts);
  CHECK(local.code() == Code::not_found);
  CHECK(contains(local.message(), "week.csv"));
  CHECK(contains(local.message(), "push it"));

  // A name that means other bytes today is not the run's input.
  Run run = desk.training();
  run.draft.inputs.at(0).digest = Digest::of("other bytes");
  CHECK(contains(desk.refusal(run).message(), Digest::of("other bytes").text()));

  desk.plugins.scorer_is_here = false;
  const Error plugin = desk.refusal(desk.training());
  CHECK(plugin.code() == Code::not_found);
  CHECK(contains(plugin.message(), "plugin fake 1.0.0 (" + Digest::of("fake").text()));
  CHECK(contains(plugin.message(), "assay plugin push"));
}

TEST_CASE("Environment: says what the program and the machine are") {
  const auto here = nlohmann::json::parse(this_environment("1.2.3"));
  CHECK(here.at("assay") == "1.2.3");
  CHECK(here.at("sdk_minor").is_number_integer());
  CHECK(contains(here.at("os").get<std::string>(), "Linux"));
  CHECK_FALSE(here.at("machine").get<std::string>().empty());
}

}  // namespace
}  // namespace assay::test
