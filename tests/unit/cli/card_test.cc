// SPDX-License-Identifier: Apache-2.0
// Model cards: every number is found again in the record that the card names, and what no record says is not said.
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "registry/cli/card_markdown.h"
#include "registry/domain/canonical_json.h"
#include "tests/support/catch.h"
#include "tests/support/evidence_place.h"

namespace assay::cli {
namespace {

using Catch::Matchers::Contains;
using nlohmann::json;

constexpr const char* kEvaluation = "01kb2h5v0q4t8w9xaz3c6d7ef1";
constexpr const char* kOlder = "01kb2h5v0q4t8w9xaz3c6d7ef2";
constexpr const char* kDrift = "01kb2h5v0q4t8w9xaz3c6d7ef3";
constexpr const char* kValidation = "01kb2h5v0q4t8w9xaz3c6d7ef4";
constexpr const char* kComparison = "01kb2h5v0q4t8w9xaz3c6d7ef5";
constexpr const char* kRun = "01kb2h5v0q4t8w9xaz3c6d7efr";
const Time kThen = parse_time("2026-11-21T00:00:00Z");
const Digest kModel = Digest::of("churn 4"), kTrain = Digest::of("train"), kHoldout = Digest::of("holdout");

PluginUse plugin(const std::string& name) {
  return {.name = name, .version = "1.0.0", .digest = Digest::of(name), .component = "main"};
}

Config config(const std::string& text) {
  return {.canonical = text, .digest = Digest::of(text)};
}

Version version() {
  return {.kind = Kind::model,
          .name = Name::parse("churn"),
          .number = 4,
          .digest = kModel,
          .created_at = kThen,
          .created_by = "ada",
          .files = {},
          .labels = {},
          .profile = {},
          .run_id = {},
          .stages = {}};
}

Run run(RunKind kind, const std::string& id, std::vector<RunInput> inputs) {
  return {.draft = {.kind = kind,
                    .plugin = plugin("gbt"),
                    .inputs = std::move(inputs),
                    .config = config(R"({"max_depth":6})"),
                    .seed = 7},
          .id = Id::parse(id),
          .created_at = kThen,
          .created_by = "ada",
          .outcome = RunOutcome{},
          .finished_at = kThen};
}

Evidence evidence(const char* id, EvidenceKind kind, const Digest& data, EvidenceRows rows) {
  EvidenceDraft draft{.kind = kind,
                      .model = kModel,
                      .dataset = data,
                      .reference = {},
                      .slice = {},
                      .plugin = plugin(std::string(to_text(kind)) + "-plugin"),
                      .config = config("{}"),
                      .seed = 0,
                      .run = {},
                      .rows = std::move(rows)};
  if (kind == EvidenceKind::comparison) draft.reference = Digest::of("churn 3");
  if (kind == EvidenceKind::validation) draft.model.reset();
  return Evidence(std::move(draft), Id::parse(id), Level::reported, kThen, "ada");
}

CardRecords records() {
  const RunInput train{"train", Kind::dataset, "default/flights-train@1", kTrain};
  const RunInput model{"model", Kind::model, "default/churn@4", kModel};
  const RunInput holdout{"data", Kind::dataset, "default/holdout@1", kHoldout};
  CardRecords records{.version = version(),
                      .run = run(RunKind::train, kRun, {train}),
                      .used_by = {run(RunKind::evaluate, "01kb2h5v0q4t8w9xaz3c6d7efe", {model, holdout})}};
  const MetricRow auc{"roc_auc", 0.8123456789012345, 0.79, 0.83, "", 1000, true};
  records.evidence = {
      evidence(kEvaluation, EvidenceKind::evaluation, kHoldout,
               std::vector<MetricRow>{auc,
                                      {"recall", 1.0 / 3, {}, {}, "carrier=AA", 31, true},
                                      {"log_loss", {}, {}, {}, "", 1000, false}}),
      evidence(kOlder, EvidenceKind::evaluation, kHoldout,
               std::vector<MetricRow>{{"roc_auc", 0.7, {}, {}, "", 1000, true}}),
      evidence(kDrift, EvidenceKind::drift, Digest::of("week"),
               std::vector<DriftRow>{{"temp", "psi", 0.31, {}, 0.25, true, 3000, 200},
                                     {"hour", "psi", 0.011, {}, 0.25, false, 3000, 200}}),
      evidence(kValidation, EvidenceKind::validation, kTrain,
               std::vector<FindingRow>{{Severity::error, "range", "temp", 17, {3}, "17 values above 200"}}),
      evidence(kComparison, EvidenceKind::comparison, kHoldout,
               std::vector<MetricRow>{{"roc_auc", -1.5e-7, -0.01, 0.02, "", 1000, true}})};
  return records;
}

std::map<std::string, json> rows_by_id(const CardRecords& records) {
  std::map<std::string, json> out;
  for (const Evidence& one : records.evidence) out[one.id.text()] = rows_to_json(one.rows);
  return out;
}

// The row that "evidence ID /rows/N" names, and the id.
std::pair<std::string, json> row_named(const CardRecords& records, const std::string& text) {
  const test::EvidencePlace place = test::evidence_place(text);
  return {place.id, rows_by_id(records).at(place.id).at(place.row)};
}

void check_metric(const json& metric, const json& row, const json& interval, const char* low, const char* high) {
  CHECK(metric.at("type") == row.at("name"));
  CHECK(std::stod(metric.at("value").get<std::string>()) == row.at("value").get<double>());
  CHECK_THAT(metric.at("slice").get<std::string>(), Contains(row.at("slice").get<std::string>()));
  CHECK(interval.is_null() == row.at("ci_low").is_null());
  if (interval.is_null()) return;
  CHECK(std::stod(interval.at(low).get<std::string>()) == row.at("ci_low").get<double>());
  CHECK(std::stod(interval.at(high).get<std::string>()) == row.at("ci_high").get<double>());
}

std::set<double> numbers_in(const json& value) {
  std::set<double> out;
  if (value.is_number()) out.insert(value.get<double>());
  if (value.is_structured())
    for (const json& member : value) out.merge(numbers_in(member));
  return out;
}

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) out.push_back(cell.substr(1, cell.size() - 2));
  return out;
}

std::optional<double> as_number(const std::string& text) {
  std::size_t end = 0;
  try {
    const double value = std::stod(text, &end);
    return end == text.size() ? std::optional(value) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

TEST_CASE("Card: every number for Google's toolkit stands in the row that it names") {
  const CardRecords told = records();
  const json card = google_card(make_card(told));
  const json& metrics = card.at("quantitative_analysis").at("performance_metrics");
  REQUIRE(metrics.size() == 3);  // one of the four rows has no number
  std::set<std::string> named;
  for (const json& metric : metrics) {
    const auto [id, row] = row_named(told, metric.at("slice"));
    named.insert(id);
    check_metric(metric, row, metric.value("confidence_interval", json()), "lower_bound", "upper_bound");
  }
  CHECK(named == std::set<std::string>{kEvaluation, kComparison});
  CHECK(card.at("model_details").at("version") == json({{"name", "4"}, {"date", "2026-11-21"}}));
  CHECK(card.at("model_parameters").at("data").size() == 3);
}

TEST_CASE("Card: every number of a CycloneDX bill has a property that names its row") {
  const CardRecords told = records();
  const json bom = cyclonedx_card(make_card(told), "1.2.3");
  CHECK(bom.at("components").at(0).at("type") == "machine-learning-model");
  const json& card = bom.at("components").at(0).at("modelCard");
  std::map<std::string, std::string> properties;
  for (const json& one : card.at("properties")) properties[one.at("name")] = one.at("value");
  const json& metrics = card.at("quantitativeAnalysis").at("performanceMetrics");
  REQUIRE(metrics.size() == 3);
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const auto [id, row] = row_named(told, properties.at("assay:performanceMetrics:" + std::to_string(i)));
    CHECK_THAT(properties.at("assay:evidence:" + id), Contains("reported"));
    check_metric(metrics[i], row, metrics[i].value("confidenceInterval", json()), "lowerBound", "upperBound");
  }
  CHECK_THAT(properties.at("assay:evidence:" + std::string(kDrift)), Contains("fail"));
  CHECK(bom.at("dependencies").at(0).at("dependsOn") == json::array({Digest::of("gbt").text()}));
}

TEST_CASE("Card: the numbers of a Markdown table stand in the evidence above it, row by row") {
  const CardRecords told = records();
  std::istringstream card(card_markdown(make_card(told)));
  const std::string named = "evidence `";
  const auto rows = rows_by_id(told);
  std::string id;
  std::size_t row = 0, numbers = 0;
  for (std::string line; std::getline(card, line);) {
    if (line.starts_with('#')) id.clear();
    if (line.starts_with(named)) {
      id = line.substr(named.size(), Id::kLength);
      row = 0;
    }
    if (id.empty() || !line.starts_with("| ") || line.starts_with("| metric |") || line.starts_with("| column |") ||
        line.starts_with("| severity |"))
      continue;
    INFO(line);
    const std::set<double> known = numbers_in(rows.at(id).at(row++));
    for (const std::string& cell : cells(line))
      if (const auto number = as_number(cell)) {
        CHECK(known.contains(*number));
        ++numbers;
      }
  }
  CHECK(numbers == 4 + 2 + 1 + 4 + 8 + 1);
}

TEST_CASE("Card: what the records hold against a version names the row, numbers and all") {
  const CardRecords told = records();
  const std::vector<std::string> limits = card_limitations(make_card(told));
  REQUIRE(limits.size() == 4);
  CHECK_THAT(limits[0], Contains("reported by a client"));
  CHECK(row_named(told, limits[1]).second.at("name") == "log_loss");
  CHECK_THAT(limits[1], Contains("no number"));
  CHECK(row_named(told, limits[2]).second.at("message") == "17 values above 200");
  CHECK(row_named(told, limits[3]).second.at("value") == 0.31);
  CHECK_THAT(limits[3], Contains("temp drifted, psi 0.31 against 0.25"));
}

TEST_CASE("Card: of the records of one measurement the newest counts, and other models' are left out") {
  CardRecords told = records();
  const Evidence another = [&] {
    Evidence out = told.evidence[0];
    out.model = Digest::of("churn 3");
    out.reference = kModel;
    return out;
  }();
  told.evidence.push_back(another);
  told.evidence.push_back(evidence("01kb2h5v0q4t8w9xaz3c6d7ef6", EvidenceKind::validation, Digest::of("elsewhere"), {}));
  const Card card = make_card(told);
  std::vector<std::string> shown;
  for (const CardEvidence& one : card.evidence) shown.push_back(one.evidence.id.text());
  CHECK(shown == std::vector<std::string>{kEvaluation, kComparison, kValidation, kDrift});
  CHECK(card.evidence[0].older == 1);
  CHECK(card.evidence[0].dataset == "default/holdout@1");
  CHECK(card.evidence[3].dataset == Digest::of("week").text());
  // Other settings are another measurement.
  told.evidence[1].config = config(R"({"threshold":0.4})");
  CHECK(make_card(told).evidence.size() == 5);
}

TEST_CASE("Card: a version of which nothing is recorded says so, and no number is made up") {
  const Card card = make_card({.version = version()});
  CHECK(card_markdown(card) ==
        "# Model card: churn&#64;4\n\n| | |\n|---|---|\n"
        "| digest | `" + kModel.text() + "` |\n"
        "| published | 2026-11-21 00:00:00 UTC by ada |\n"
        "| made by | not recorded |\n\n"
        "## What it is for\n\nnot recorded\n\n## How good it is\n\nnot recorded\n\n## Data and drift\n\nnot recorded\n\n"
        "## Limitations\n\n"
        "- No run that the registry knows of made it: what it learned from is not recorded.\n"
        "- How good it is was not recorded: no evaluation names this version.\n\n"
        "## Where it stands\n\nno stage holds it\n\n"
        "Made by Assay from the registry's records. The numbers of a table stand in the evidence named above it: "
        "`GET /api/v1/evidence/ID`.\n");
  CHECK(google_card(card).at("quantitative_analysis").at("performance_metrics").empty());
  CHECK(google_card(card).at("model_parameters").empty());
  const json bom = cyclonedx_card(card, "1.2.3");
  CHECK(bom.at("components").size() == 1);
  CHECK(bom.at("components").at(0).at("modelCard").at("quantitativeAnalysis").at("performanceMetrics").empty());
}

TEST_CASE("Card: a full one in Markdown") {
  CardRecords told = records();
  told.evidence.erase(std::next(told.evidence.begin()), told.evidence.end());
  told.version.labels = {{"team", "growth"}};
  const Id decision = Id::parse("01kb2h5v0q4t8w9xaz3c6d7efd");
  told.stages = {{.stage = {.name = "production",
                            .version = VersionMark{4, kModel},
                            .revision = 1,
                            .policy_digest = {},
                            .updated_at = kThen,
                            .updated_by = "ci",
                            .decision_id = decision},
                  .decision = Decision{.id = decision, .candidate = {4, kModel}, .summary = "promoted: 2 of 2 pass"}}};
  told.problem = Problem{.target = "late",
                         .unit = "flights",
                         .primary_metric = "roc_auc",
                         .owner = "ada@example.org",
                         .margin = 0.005,
                         .cost_matrix = CostMatrix{.false_positive = 20, .false_negative = 500},
                         .guardrails = {{.name = "recall", .bound = 0.6}}};
  const std::string gbt = "gbt 1.0.0, main `" + Digest::of("gbt").text() + "`";
  const std::string judge = "evaluation-plugin 1.0.0, main `" + Digest::of("evaluation-plugin").text() + "`";
  CHECK(card_markdown(make_card(told)) ==
        "# Model card: churn&#64;4\n\n| | |\n|---|---|\n"
        "| digest | `" + kModel.text() + "` |\n"
        "| published | 2026-11-21 00:00:00 UTC by ada |\n"
        "| label team | growth |\n"
        "| made by | train run `" + kRun + "` |\n"
        "| algorithm | " + gbt + " |\n"
        "| settings | &#123;&quot;max&#95;depth&quot;:6&#125; |\n"
        "| seed | 7 |\n"
        "| train | flights-train&#64;1 `" + kTrain.text() + "` |\n\n"
        "## What it is for\n\n| | |\n|---|---|\n"
        "| target | late |\n| unit | flights |\n| primary metric | roc&#95;auc |\n| margin | 0.005 |\n"
        "| costs of a decision | fp 20, fn 500 |\n"
        "| guardrail | recall &gt;= 0.6 |\n| owner | ada&#64;example.org |\n\n"
        "## How good it is\n\n### evaluation on default/holdout&#64;1\n\n"
        "evidence `" + kEvaluation + "`, reported 2026-11-21 00:00:00 UTC by ada, by " + judge +
        ", settings &#123;&#125;, seed 0\n\n"
        "| metric | slice | value | low | high | rows |\n|---|---|--:|--:|--:|--:|\n"
        "| roc&#95;auc |  | 0.8123456789012345 | 0.79 | 0.83 | 1000 |\n"
        "| recall | carrier=AA | 0.3333333333333333 | - | - | 31 |\n"
        "| log&#95;loss |  | - | - | - | 1000 |\n\n"
        "## Data and drift\n\nnot recorded\n\n## Limitations\n\n"
        "- Every number was reported by a client; the registry itself computed none.\n"
        "- evaluation on default/holdout&#64;1: log&#95;loss came out as no number &#40;evidence " + kEvaluation +
        " /rows/2&#41;\n\n"
        "## Where it stands\n\n"
        "- production since 2026-11-21 00:00:00 UTC by ci: promoted: 2 of 2 pass (decision `" + decision.text() +
        "`)\n\n"
        "Made by Assay from the registry's records. The numbers of a table stand in the evidence named above it: "
        "`GET /api/v1/evidence/ID`.\n");
  const json google = google_card(make_card(told));
  CHECK(google.at("model_details").at("owners") == json::array({{{"name", "ada@example.org"}}}));
  CHECK(google.at("considerations").at("tradeoffs").size() == 3);
}

TEST_CASE("Card: other people's names are no markup, wherever they stand") {
  const std::string hostile = "a|b](http://evil) <img src=x> @everyone\n# big `code` \x1b[2J";
  CardRecords told = records();
  told.version.created_by = hostile;
  told.version.labels = {{hostile, hostile}};
  RunDraft& draft = told.run->draft;
  draft.plugin.name = draft.plugin.version = draft.plugin.component = hostile;
  draft.config = config(json({{hostile, hostile}}).dump());
  draft.inputs[0].role = draft.inputs[0].reference = hostile;
  told.used_by[0].draft.inputs[1].reference = hostile;
  for (Evidence& one : told.evidence) {
    one.plugin.name = one.plugin.component = one.slice = one.label = one.created_by = hostile;
    if (auto* metrics = std::get_if<std::vector<MetricRow>>(&one.rows))
      for (MetricRow& row : *metrics) row.name = row.slice = hostile;
    if (auto* drifts = std::get_if<std::vector<DriftRow>>(&one.rows))
      for (DriftRow& row : *drifts) row.column = row.statistic = hostile;
    if (auto* findings = std::get_if<std::vector<FindingRow>>(&one.rows))
      for (FindingRow& row : *findings) row.rule = row.column = row.message = hostile;
  }
  Decision decision{.id = Id::parse(kRun), .candidate = {4, kModel}, .summary = hostile};
  told.stages = {{.stage = {.name = hostile,
                            .version = {},
                            .revision = 1,
                            .policy_digest = {},
                            .updated_at = kThen,
                            .updated_by = hostile,
                            .decision_id = {}},
                  .decision = std::move(decision)}};
  told.problem = Problem{.target = hostile,
                         .unit = hostile,
                         .primary_metric = hostile,
                         .owner = hostile,
                         .description = hostile,
                         .cost_matrix = {},
                         .guardrails = {{.name = hostile}}};
  const std::string card = card_markdown(make_card(told));
  for (const char* bad : {"a|b", "](", "<img", "@everyone", "\n# big", "`code`", "\x1b"}) {
    INFO(bad);
    CHECK_THAT(card, !Contains(bad));
  }
  std::istringstream lines(card);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("###")) CHECK_THAT(line, Contains(" on "));  // no heading of theirs
}

}  // namespace
}  // namespace assay::cli
