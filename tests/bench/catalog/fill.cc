// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/catalog/fill.h"

#include <fmt/format.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/evidence.h"
#include "registry/catalog/runs.h"
#include "registry/catalog/stages.h"
#include "registry/catalog/versions.h"
#include "storage/env/entropy.h"

namespace assay::bench {
namespace {

using nlohmann::json;

// A savepoint costs by the square of what it changes; those of several threads share one commit.
constexpr std::int64_t kVersionsAtOnce = 25;
constexpr std::int64_t kThreads = 8;

class Filler {
 public:
  explicit Filler(Database& database) : database_(database) {}

  void add_model(std::int64_t model) {
    random_.seed(static_cast<std::uint64_t>(model));
    now_ = parse_time("2026-01-01T00:00:00Z") + std::chrono::minutes(model * kVersionsEach);
    const Name name = Name::parse(model_name(model));
    const auto [artifact, run] = database_.write([&](Transaction& transaction) {
      return std::pair(ensure_artifact(transaction, Kind::model, name, now_), add_run(transaction, model));
    });
    for (std::int64_t i = 0; i < kVersionsEach; i += kVersionsAtOnce)
      database_.write([&](Transaction& transaction) {
        for (std::int64_t j = i; j < i + kVersionsAtOnce; ++j) add_version(transaction, model, artifact, run, j + 1);
      });
    database_.write([&](Transaction& transaction) { put_in_production(transaction, name, artifact); });
  }

 private:
  double uniform() { return static_cast<double>(random_() >> 11) / 9007199254740992.0; }

  Id next_id() {
    Id::Random bytes;
    entropy_.fill(bytes);
    return Id::make(now_, bytes);
  }

  void add_version(Transaction& transaction, std::int64_t model, std::int64_t artifact, const Id& run, std::int64_t number) {
    now_ += std::chrono::minutes(1);
    const std::string path = fmt::format("{}-{}.bin", model_name(model), number);
    const Manifest manifest = Manifest::build(Kind::model, {{FilePath::parse(path), data_, 4, ""}});
    append_version(transaction, {.artifact_id = artifact,
                                 .manifest = manifest,
                                 .created_at = now_,
                                 .created_by = "bench",
                                 .labels = {{"team", fmt::format("team{}", model % kTeams)},
                                            {"owner", fmt::format("owner{}", random_() % kOwners)}},
                                 .profile = {},
                                 .run_id = run});
    append_evidence(transaction, evaluation_of(manifest.digest()), {"default"});
  }

  Id add_run(Transaction& transaction, std::int64_t model) {
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
    insert_run(transaction, run, next_id(), {"default"});
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

  void put_in_production(Transaction& transaction, const Name& name, std::int64_t artifact) {
    const Id decision = next_id();
    transaction.execute(
        "INSERT INTO decisions (id, artifact_id, stage, action, verdict, changed, number, revision_before, revision_after, "
        "actor, at, document) VALUES (?, ?, 'production', 'promote', 'promoted', 1, ?, 0, 1, 'bench', ?, '{}')",
        {decision, artifact, kVersionsEach / 2, now_});
    if (!move_stage(transaction, {.model = name,
                                   .stage = StageName::parse("production"),
                                   .number = kVersionsEach / 2,
                                   .expected_revision = 0,
                                   .decision = decision,
                                   .actor = "bench",
                                   .at = now_}))
      throw std::runtime_error("the stage of " + name.text() + " moved");
  }

  Database& database_;
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
  const std::int64_t models = database.read([](Snapshot& snapshot) {
    Rows rows = snapshot.query("SELECT COUNT(*) FROM artifacts WHERE kind = 'model' AND key GLOB 'm[0-9]*'");
    rows.next();
    return rows.get<std::int64_t>(0);
  });
  std::atomic<std::int64_t> next = models;
  std::vector<std::thread> threads;
  for (std::int64_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      Filler filler(database);
      for (std::int64_t model = next++; model < wanted; model = next++) filler.add_model(model);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace assay::bench
