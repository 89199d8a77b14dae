// SPDX-License-Identifier: Apache-2.0
// What a promotion costs a client: a server in this process behind loopback HTTP, its catalogue on the disk of TMPDIR,
// and a policy of ten rules whose evidence is there. Prints tables. See run.sh.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "tests/unit/promotion/served_world.h"

namespace assay::test {
namespace {

using std::chrono::steady_clock;
using nlohmann::json;

constexpr double kBound_ms = 5;    // p50 of one promotion
constexpr int kEvaluations = 256;  // of one version on one dataset: what a judgement reads at most
constexpr int kWideRows = 300;     // as `evaluate --by` leaves them
constexpr int kStages = 1000;

double milliseconds(steady_clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

struct Times {
  std::vector<double> ms{};

  double at(double part) {
    std::sort(ms.begin(), ms.end());
    return ms.empty() ? 0 : ms[static_cast<std::size_t>(part * static_cast<double>(ms.size() - 1))];
  }
  void print(const std::string& name) {
    fmt::print("| {} | {:.2f} | {:.2f} | {:.2f} | {} |\n", name, at(0.5), at(0.99), at(1), ms.size());
    std::fflush(stdout);
  }
};

template <class Work>
void timed(Times& times, Work&& work) {
  const auto start = steady_clock::now();
  work();
  times.ms.push_back(milliseconds(steady_clock::now() - start));
}

// What no durable commit can be faster than.
Times sync_alone(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string page(4096, 'x');
  Times out;
  for (int i = 0; i < 1000; ++i)
    timed(out, [&] {
      if (::write(file, page.data(), page.size()) != static_cast<ssize_t>(page.size()) || ::fdatasync(file) != 0)
        throw std::runtime_error("writing " + path.string() + " failed");
    });
  ::close(file);
  return out;
}

JsonRows rows_of(int wide) {
  JsonRows rows = {metric("roc_auc", 0.9), metric("latency_p99_ms", 3, false, "1_row")};
  for (const char* slice : {"", "sex=f", "sex=m", "region=EU", "region=US", "region=APAC"}) {
    rows.push_back(metric("recall", 0.8, true, slice));
    for (const char* count : {"tp", "tn"}) rows.push_back(metric(count, 400, true, slice));
    for (const char* count : {"fp", "fn"}) rows.push_back(metric(count, 100, false, slice));
  }
  for (int i = 0; i < wide; ++i) rows.push_back(metric("recall", 0.8, true, "city=" + std::to_string(i)));
  return rows;
}

json ten_rules(const std::string& stage, const std::string& dataset) {
  const auto on = [&](json rule) {
    rule["dataset"] = dataset;
    return rule;
  };
  const JsonRows rules = {
      {{"metric", on({{"name", "roc_auc"}, {"at_least", 0.8}})}},
      {{"metric", on({{"name", "recall"}, {"slice", "region=EU"}, {"at_least", 0.7}})}},
      {{"champion", on({{"name", "roc_auc"}, {"margin", -0.01}})}},
      {{"champion", on({{"name", "roc_auc"}, {"margin", -0.01}, {"test", "paired_bootstrap"}, {"min_rows", 500}})}},
      {{"slices", on({{"name", "recall"}, {"by", "region"}, {"no_worse_than", -0.02}})}},
      {{"fairness", on({{"metric", "equal_opportunity_difference"}, {"group", "sex"}, {"at_most", 0.1}})}},
      {{"cost", on({{"matrix", {{"fn", 500}, {"fp", 20}}}, {"at_most_champion", true}})}},
      {{"latency", on({{"p99_ms", 5}, {"at", "1_row"}})}},
      {{"validation", on({{"severity_below", "error"}})}},
      {{"evidence", {{"max_age", "30d"}}}}};
  return {{"stage", stage}, {"rules", rules}};
}

json comparison(const Digest& model, const Digest& other, const Digest& dataset) {
  json row = metric("roc_auc:paired_bootstrap", 0.0);
  row["ci_low"] = -0.005;
  row["ci_high"] = 0.005;
  json document = evaluation(model, dataset, {row});
  document["kind"] = "comparison";
  document["reference_digest"] = other.text();
  document["config"] = {{"confidence", 0.95}};
  return document;
}

// Two versions of a model that may follow each other for ever.
class Contest {
 public:
  Contest(ServedWorld& world, std::string model, int wide, const std::function<void(json&, int)>& vary, int evaluations)
      : world_(world), model_(std::move(model)) {
    const Version data = world.push(Kind::dataset, model_ + "-holdout", model_ + "'s rows");
    dataset_ = model_ + "-holdout@1";
    world.report(validation(data.digest, {}));
    const Version one = world.push(Kind::model, model_, model_ + " one");
    const Version two = world.push(Kind::model, model_, model_ + " two");
    for (int i = 0; i < evaluations; ++i)
      for (const Version* version : {&one, &two}) {
        json document = evaluation(version->digest, data.digest, rows_of(wide));
        vary(document, i);
        world.report(document);
      }
    world.report(comparison(one.digest, two.digest, data.digest));
    world.report(comparison(two.digest, one.digest, data.digest));
  }

  void add_stage(const std::string& stage) { world_.set_policy(ten_rules(stage, dataset_), model_); }

  // Throws unless it was decided, by all rules.
  void promote(client::Connection& connection, const std::string& stage, int version) const {
    client::Answer answer;
    const auto outcome = connection.exchange(
        world_.call("POST", "/api/v1/models/default/" + model_ + "/stages/" + stage + ":promote",
                    {{"version", std::to_string(version)}}),
        answer);
    if (outcome != client::Outcome::answered || answer.status != 200)
      throw std::runtime_error(fmt::format("promoting: {} {}", answer.status, answer.body));
    const std::string verdict = json::parse(answer.body).at("verdict");
    if (verdict != "promoted" && verdict != "already_there") throw std::runtime_error("promoting: " + answer.body);
  }

  Times one_by_one(const std::string& stage, int count) const {
    client::Connection connection = world_.connect();
    Times out;
    for (int i = 0; i < 3; ++i) promote(connection, stage, 1 + i % 2);
    for (int i = 0; i < count; ++i) timed(out, [&] { promote(connection, stage, 2 - i % 2); });
    return out;
  }

 private:
  ServedWorld& world_;
  std::string model_, dataset_;
};

std::string stage_name(int i) {
  return "s" + std::to_string(i);
}

// Decisions a second.
void print_rate(const ServedWorld& world, const Contest& contest, int clients, int stages, double seconds) {
  std::atomic<bool> over = false;
  std::vector<Times> times(static_cast<std::size_t>(clients));
  std::vector<std::thread> threads;
  const auto start = steady_clock::now();
  for (int c = 0; c < clients; ++c)
    threads.emplace_back([&, c] {
      client::Connection connection = world.connect();
      for (int i = 0; !over; ++i) {
        const int turn = c + i * clients;
        const int version = 1 + (stages == 1 ? i : turn / stages) % 2;  // the other one, each time
        timed(times[static_cast<std::size_t>(c)], [&] { contest.promote(connection, stage_name(turn % stages), version); });
      }
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  over = true;
  for (std::thread& thread : threads) thread.join();
  const double took = milliseconds(steady_clock::now() - start) / 1000;
  Times all;
  for (const Times& each : times) all.ms.insert(all.ms.end(), each.ms.begin(), each.ms.end());
  fmt::print("| {} | {} | {:.0f} | {:.2f} | {:.2f} |\n", stages, clients, static_cast<double>(all.ms.size()) / took,
             all.at(0.5), all.at(0.99));
  std::fflush(stdout);
}

// How long others wait while one client promotes `heavy` without a pause.
Times beside(const ServedWorld& world, const Contest& heavy, const Contest& light, double seconds) {
  std::atomic<bool> over = false;
  std::thread busy([&] {
    client::Connection connection = world.connect();
    for (int i = 0; !over; ++i) heavy.promote(connection, stage_name(0), 1 + i % 2);
  });
  client::Connection connection = world.connect();
  Times out;
  const auto start = steady_clock::now();
  for (int i = 0; milliseconds(steady_clock::now() - start) < seconds * 1000; ++i)
    timed(out, [&] { light.promote(connection, stage_name(0), 1 + i % 2); });
  over = true;
  busy.join();
  return out;
}

int run(double seconds) {
  ServedWorld world;
  Contest usual(world, "churn", 0, [](json&, int) {}, 1);
  for (int i = 0; i < kStages; ++i) usual.add_stage(stage_name(i));
  Contest repeated(world, "repeated", kWideRows, [](json&, int) {}, kEvaluations);
  repeated.add_stage(stage_name(0));
  Contest varied(world, "varied", kWideRows, [](json& document, int i) { document["seed"] = i; }, kEvaluations);
  varied.add_stage(stage_name(0));

  fmt::print("| ms | p50 | p99 | longest | times |\n|---|---|---|---|---|\n");
  Times sync = sync_alone(world.directory / "synced");
  sync.print("4 KiB appended and fdatasync, alone");
  Times one = usual.one_by_one(stage_name(0), 2000);
  one.print("a promotion, ten rules, one evaluation of each version");
  const std::string each = fmt::format("{} evaluations of {} rows", kEvaluations, rows_of(kWideRows).size());
  repeated.one_by_one(stage_name(0), 50).print(fmt::format("a promotion, {}, alike", each));
  beside(world, repeated, usual, seconds).print("the usual promotion beside those");
  varied.one_by_one(stage_name(0), 50).print(fmt::format("a promotion, {}, each with another seed", each));
  beside(world, varied, usual, seconds).print("the usual promotion beside those");

  fmt::print("\n| stages | clients | decisions/s | p50 ms | p99 ms |\n|---|---|---|---|---|\n");
  for (const int stages : {1, kStages})
    for (const int clients : {1, 8, 64}) print_rate(world, usual, clients, stages, seconds);

  const bool met = one.at(0.5) <= kBound_ms;
  fmt::print("\n{}: p50 of a promotion by ten rules {:.2f} ms, bound {} ms; {:.1f} times the sync alone\n",
             met ? "met" : "MISSED", one.at(0.5), kBound_ms, one.at(0.5) / sync.at(0.5));
  return met ? 0 : 1;
}

}  // namespace
}  // namespace assay::test

int main(int count, char** words) {
  return assay::test::run(count > 1 ? std::atof(words[1]) : 3);
}
