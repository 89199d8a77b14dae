// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/catalog/fill.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/evidence.h"
#include "registry/catalog/runs.h"
#include "registry/catalog/stages.h"
#include "registry/catalog/versions.h"
#include "storage/env/entropy.h"

namespace assay::bench {
namespace {

using nlohmann::json;

constexpr std::int64_t kModelsAtOnce = 20;  // 2 000 versions and 20 000 metric rows a transaction

class Filler {
 public:
  explicit Filler(Transaction& transaction) : transaction_(transaction) {}

  void add_model(std::int64_t model) {
    random_.seed(static_cast<std::uint64_t>(model));
    now_ = parse_time("2026-01-01T00:00:00Z") + std::chrono::minutes(model * kVersionsEach);
    const Name name = Name::parse(model_name(model));
    const std::int64_t artifact = ensure_artifact(transaction_, Kind::model, name, now_);
    const Id run = add_run(model);
    for (std::int64_t i = 1; i <= kVersionsEach; ++i) {
      now_ += std::chrono::minutes(1);
      const std::string path = fmt::format("{}-{}.bin", name.name(), i);
      const Manifest manifest = Manifest::build(Kind::model, {{FilePath::parse(path), data_, 4, ""}});
      append_version(transaction_, {.artifact_id = artifact,
                                    .manifest = manifest,
                                    .created_at = now_,
                                    .created_by = "bench",
                                    .labels = {{"team", fmt::format("team{}", model % kTeams)},
                                               {"owner", fmt::format("owner{}", random_() % kOwners)}},
                                    .profile = {},
                                    .run_id = run});
      append_evidence(transaction_, evaluation_of(manifest.digest()), {"default"});
    }
    put_in_production(name, artifact);
  }

 private:
  double uniform() { return static_cast<double>(random_() >> 11) / 9007199254740992.0; }

  Id next_id() {
    Id::Random bytes;
    entropy_.fill(bytes);
    return Id::make(now_, bytes);
  }

  Id add_run(std::int64_t model) {
    const json config = {{"max_depth", model % 12 + 1}, {"eta", 0.1}, {"rounds", model % 997}};
    const json draft = {{"kind", "train"},
                        {"plugin",
                         {{"name", model % 2 == 0 ? "gbt" : "linear"},
                          {"version", "1.0.0"},
                          {"digest", data_.text()},
                          {"component", "train"}}},
                        {"inputs", json::array()},
                        {"config", config},
                        {"seed", 7},
                        {"max_threads", 1},
                        {"environment", json::object()}};
    Run run{.draft = run_draft_from_json(draft), .id = next_id(), .created_at = now_, .created_by = "bench", .outcome = {},
            .finished_at = {}};
    insert_run(transaction_, run, next_id(), {"default"});
    return run.id;
  }

  Evidence evaluation_of(const Digest& model) {
    std::vector<MetricRow> rows;
    for (const char* metric : kMetrics) {
      MetricRow row;
      row.name = metric;
      row.value = uniform();
      row.n = 1000;
      rows.push_back(row);
    }
    EvidenceDraft draft{.kind = EvidenceKind::evaluation,
                        .model = model,
                        .dataset = data_,
                        .reference = {},
                        .slice = "",
                        .plugin = {"classification", "1.0.0", data_, "classification"},
                        .config = {"{}", Digest::of("{}")},
                        .seed = 0,
                        .run = {},
                        .rows = rows};
    return Evidence(std::move(draft), next_id(), Level::reported, now_, "bench");
  }

  void put_in_production(const Name& name, std::int64_t artifact) {
    const Id decision = next_id();
    transaction_.execute(
        "INSERT INTO decisions (id, artifact_id, stage, action, verdict, changed, number, revision_before, revision_after, "
        "actor, at, document) VALUES (?, ?, 'production', 'promote', 'promoted', 1, ?, 0, 1, 'bench', ?, '{}')",
        {decision, artifact, kVersionsEach / 2, now_});
    if (!move_stage(transaction_, {.model = name,
                                   .stage = StageName::parse("production"),
                                   .number = kVersionsEach / 2,
                                   .expected_revision = 0,
                                   .decision = decision,
                                   .actor = "bench",
                                   .at = now_}))
      throw std::runtime_error("the stage of " + name.text() + " moved");
  }

  Transaction& transaction_;
  SystemEntropy entropy_;
  std::mt19937_64 random_;
  Time now_;
  const Digest data_ = Digest::of("data");
};

}  // namespace

std::string model_name(std::int64_t model) {
  return fmt::format("m{:05}", model);
}

void fill(Database& database, std::int64_t versions) {
  const std::int64_t wanted = versions / kVersionsEach;
  std::int64_t models = database.read([](Snapshot& snapshot) {
    Rows rows = snapshot.query("SELECT COUNT(*) FROM artifacts WHERE kind = 'model' AND key GLOB 'm[0-9]*'");
    rows.next();
    return rows.get<std::int64_t>(0);
  });
  while (models < wanted) {
    const std::int64_t end = std::min(wanted, models + kModelsAtOnce);
    database.write([&](Transaction& transaction) {
      Filler filler(transaction);
      for (std::int64_t model = models; model < end; ++model) filler.add_model(model);
    });
    models = end;
  }
}

}  // namespace assay::bench
