// SPDX-License-Identifier: Apache-2.0
// What clients of a full catalogue wait for: publishing, searching, lists, single versions, a restart. The server is in
// this process, its catalogue on the disk of DIRECTORY, blobs in memory, connections kept alive. Prints one JSON document
// a size. See run.sh.
//   catalog_bench DIRECTORY SECONDS VERSIONS...    sizes in rising order; the catalogue grows from one to the next; 0 seconds
//                                                  only fill it
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "registry/access/admin_token.h"
#include "registry/access/authenticator.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/http/api.h"
#include "registry/http/server.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "tests/bench/catalog/fill.h"
#include "tests/support/memory_blob_store.h"
#include "tests/unit/http/raw_client.h"

namespace assay::bench {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

constexpr int kWriters = 64, kPublished = 8;  // writers, and the models that they publish to
constexpr int kReaders = 32;  // connections that read single versions

double milliseconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

// Of this process, client and server together: what a request takes, however busy the machine is.
double cpu_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Times {
  std::vector<double> ms{};
  double cpu = 0;

  template <class Work>
  auto timed(const Work& work) {
    const double before = cpu_ms();
    const auto begin = steady_clock::now();
    auto answer = work();
    ms.push_back(milliseconds_since(begin));
    cpu += cpu_ms() - before;
    return answer;
  }
  json summary() {
    std::sort(ms.begin(), ms.end());
    const auto at = [&](double part) { return ms[static_cast<std::size_t>(part * static_cast<double>(ms.size() - 1))]; };
    return {{"p50_ms", at(0.5)}, {"p99_ms", at(0.99)}, {"max_ms", at(1)}, {"cpu_ms", cpu / static_cast<double>(ms.size())},
            {"count", ms.size()}};
  }
};

// A registry on a directory that may have one already.
class Served {
 public:
  explicit Served(const std::filesystem::path& where)
      : directory(where), database(open(directory)), authenticator_(*database, clock_) {
    ensure_admin_token(*database, clock_, entropy_, directory / "admin.token");
    std::getline(std::ifstream(directory / "admin.token"), token);
    http::Options options;
    options.port = 0;
    const Services services{.database = *database, .blobs = blobs, .clock = clock_, .entropy = entropy_};
    server_ = std::make_unique<http::Server>(
        options, http::make_site({.services = services, .authenticator = authenticator_, .ready = {}}));
    server_->start();
  }

  std::uint16_t port() const { return server_->port(); }
  test::RawClient client() const { return test::RawClient(port()); }
  std::string request(const std::string& method, const std::string& target, const std::string& body = "",
                      const std::string& type = "application/json") const {
    const std::string fields = body.empty() ? "" : fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", type, body.size());
    return fmt::format("{} {} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n{}\r\n{}", method, target, token, fields, body);
  }

  const std::filesystem::path directory;
  std::string token;
  test::MemoryBlobStore blobs;
  std::unique_ptr<Database> database;

 private:
  static std::unique_ptr<Database> open(const std::filesystem::path& directory) {
    auto out = open_sqlite_database(directory / "catalog.db");
    out->migrate();
    return out;
  }

  SystemClock clock_;
  SystemEntropy entropy_;
  Authenticator authenticator_;
  std::unique_ptr<http::Server> server_;
};

test::Answer ask(test::RawClient& client, const std::string& request, int status = 200) {
  test::Answer answer = client.ask(request);
  if (answer.status != status)
    throw std::runtime_error(fmt::format("{}: {} {}", request.substr(0, request.find('\r')), answer.status, answer.body));
  return answer;
}

std::string encoded(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

// Calls `work(connection, thread, its number)` on so many threads until the time is over.
json rate(int threads, double seconds, const std::function<void(test::RawClient&, int, std::int64_t)>& work,
            const Served& served) {
  std::atomic<bool> over = false;
  std::atomic<std::int64_t> done = 0;
  std::vector<std::thread> all;
  const double cpu = cpu_ms();
  const auto start = steady_clock::now();
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      test::RawClient client = served.client();
      for (std::int64_t i = 0; !over; ++i, ++done) work(client, t, i);
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  over = true;
  for (std::thread& thread : all) thread.join();
  const auto count = static_cast<double>(done);
  return {{"per_second", count / milliseconds_since(start) * 1000}, {"cpu_ms", (cpu_ms() - cpu) / count}, {"clients", threads}};
}

// Versions of one file that was sent before, each with another manifest. Every answer is 201 and numbers are dense.
json publish(const Served& served, std::int64_t size, double seconds) {
  test::RawClient client = served.client();
  const std::string blob = "weights that all of them have";
  const std::string digest = Digest::of(blob).text();
  ask(client, served.request("POST", "/api/v1/blobs", blob, "application/octet-stream"), 201);
  std::vector<std::vector<std::int64_t>> numbers(kPublished);
  std::mutex mutex;
  json out = rate(
      kWriters, seconds,
      [&](test::RawClient& connection, int thread, std::int64_t i) {
        const json body = {{"files", {{{"path", fmt::format("{}-{}-{}.bin", size, thread, i)}, {"digest", digest}, {"size", blob.size()}}}},
                           {"labels", {{"team", "published"}}}};
        const auto answer = ask(connection,
                                served.request("POST", fmt::format("/api/v1/models/default/published{}-{}/versions", size, thread % kPublished),
                                               body.dump()),
                                201);
        const std::int64_t number = json::parse(answer.body).at("number");
        const std::lock_guard lock(mutex);
        numbers[static_cast<std::size_t>(thread % kPublished)].push_back(number);
      },
      served);
  for (auto& each : numbers) {
    std::sort(each.begin(), each.end());
    for (std::size_t i = 0; i < each.size(); ++i)
      if (each[i] != each[0] + static_cast<std::int64_t>(i)) throw std::runtime_error("the numbers are not dense");
  }
  return out;
}

// Each with something else asked every time.
std::map<std::string, std::function<std::string(std::mt19937_64&)>> searches(std::int64_t models) {
  const auto pick = [](std::mt19937_64& random, std::int64_t end) { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end)); };
  const auto part = [](std::mt19937_64& random) { return static_cast<double>(random() % 1000) / 1e6; };
  return {
      {"one metric, few", [=](auto& r) { return fmt::format("metrics.roc_auc > {}", 0.999 + part(r)); }},
      {"a metric and a label", [=](auto& r) { return fmt::format("metrics.roc_auc > {} AND labels.team = 'team{}'", 0.9 + part(r), pick(r, kTeams)); }},
      {"a label by a metric", [=](auto& r) { return fmt::format("labels.owner = 'owner{}' ORDER BY metrics.f1 DESC", pick(r, kOwners)); }},
      {"a name and a metric", [=](auto& r) { return fmt::format("name = '{}' AND metrics.f1 > 0.5", model_name(pick(r, models))); }},
      {"a beginning of names", [=](auto& r) { return fmt::format("name LIKE '{}%' AND metrics.recall > 0.5", model_name(pick(r, models)).substr(0, 5)); }},
      {"settings and a metric", [=](auto& r) { return fmt::format("params.max_depth IN (4, 6) AND metrics.log_loss < {}", 0.001 + part(r)); }},
      {"a stage and a label", [=](auto& r) { return fmt::format("stage = production AND labels.team = 'team{}'", pick(r, kTeams)); }},
      {"recent, not of a team", [=](auto& r) { return fmt::format("NOT labels.team = 'team{}' ORDER BY created_at DESC", pick(r, kTeams)); }},
      {"best by a metric", [=](auto& r) { return fmt::format("kind = model ORDER BY metrics.{} DESC", kMetrics[static_cast<std::size_t>(pick(r, 10))]); }},
      {"either of two owners", [=](auto& r) { return fmt::format("(labels.owner = 'owner{}' OR labels.owner = 'owner{}') AND metrics.ece < 0.1", pick(r, kOwners), pick(r, kOwners)); }},
  };
}

json search(const Served& served, std::int64_t models, double seconds) {
  test::RawClient client = served.client();
  std::mt19937_64 random(1);
  Times all;
  json each = json::object();
  for (const auto& [name, make] : searches(models)) {
    Times times;
    std::size_t found = 0;
    for (const auto start = steady_clock::now(); milliseconds_since(start) < seconds * 1000 / 4 || times.ms.size() < 100;) {
      const std::string request = served.request("GET", "/api/v1/search?q=" + encoded(make(random)));
      const auto answer = times.timed([&] { return ask(client, request); });
      if (times.ms.size() == 1) found = json::parse(answer.body).at("items").size();
    }
    all.ms.insert(all.ms.end(), times.ms.begin(), times.ms.end());
    all.cpu += times.cpu;
    each[name] = times.summary();
    each[name]["found_first"] = found;
  }
  json out = all.summary();
  out["each"] = each;
  return out;
}

// Pages of 50: of models by name, walked through, and of versions of some model.
json lists(const Served& served, std::int64_t models, double seconds) {
  test::RawClient client = served.client();
  std::mt19937_64 random(2);
  Times of_models, of_versions;
  std::string cursor;
  const auto timed = [&](Times& times, const std::string& target) {
    const std::string request = served.request("GET", target);
    return json::parse(times.timed([&] { return ask(client, request); }).body);
  };
  for (const auto start = steady_clock::now(); milliseconds_since(start) < seconds * 1000;) {
    const json page = timed(of_models, "/api/v1/models?limit=50" + (cursor.empty() ? "" : "&cursor=" + cursor));
    cursor = page.at("next_cursor").is_string() ? page.at("next_cursor").get<std::string>() : "";
    timed(of_versions, fmt::format("/api/v1/models/default/{}/versions?limit=50",
                                   model_name(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(models)))));
  }
  return {{"models", of_models.summary()}, {"versions", of_versions.summary()}};
}

// What wrk sends: some version each time, of all there are.
constexpr std::string_view kWrkScript = R"lua(
local versions, each, turn = {versions}, {each}, 0
request = function()
  turn = (turn + 104729 * 7919) % versions
  return wrk.format("GET", string.format("/api/v1/models/default/m%05d/versions/%d", math.floor(turn / each), turn % each + 1), {{
    ["Authorization"] = "Bearer {token}"}})
end
done = function(summary, latency)
  io.write(string.format('{{"count":%d,"seconds":%f,"failed":%d,"p50_ms":%f,"p99_ms":%f}}\n', summary.requests, summary.duration / 1e6,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
)lua";

// One thread of wrk keeps all connections busy: threads of ours, each waiting for its answer, took as much as the server.
json point_reads(const Served& served, std::int64_t models, double seconds) {
  const std::string script = served.directory / "wrk.lua";
  std::ofstream(script) << fmt::format(kWrkScript, fmt::arg("versions", models * kVersionsEach), fmt::arg("each", kVersionsEach),
                                       fmt::arg("token", served.token));
  const std::string command = fmt::format("wrk --threads 1 --connections {} --duration {}s --script {} http://127.0.0.1:{}", kReaders,
                                          std::ceil(seconds), script, served.port());
  const double cpu = cpu_ms();
  const std::unique_ptr<FILE, int (*)(FILE*)> wrk(popen(command.c_str(), "r"), pclose);
  std::string said;
  for (int c = 0; (c = std::fgetc(wrk.get())) != EOF;) said += static_cast<char>(c);
  std::filesystem::remove(script);
  const auto begin = said.find('{');
  if (begin == std::string::npos) throw std::runtime_error("wrk did not run; install it: " + said);
  json out = json::parse(said.substr(begin));
  if (out.at("failed") != 0) throw std::runtime_error("some reads failed: " + said);
  out["per_second"] = out.at("count").get<double>() / out.at("seconds").get<double>();
  out["cpu_ms"] = (cpu_ms() - cpu) / out.at("count").get<double>();  // of the server alone
  out["clients"] = kReaders;
  return out;
}

// From nothing open to the first answer of /readyz.
json restart(const std::filesystem::path& directory) {
  const auto start = steady_clock::now();
  const Served served(directory);
  test::RawClient client = served.client();
  ask(client, test::get("/readyz"));
  return {{"ready_ms", milliseconds_since(start)}};
}

json measure(const std::filesystem::path& directory, std::int64_t size, double seconds) {
  json out = {{"versions", size}, {"metric_rows", size * static_cast<std::int64_t>(kMetrics.size())}};
  const auto start = steady_clock::now();
  auto served = std::make_unique<Served>(directory);
  fill(*served->database, size);
  out["fill_s"] = milliseconds_since(start) / 1000;
  if (seconds <= 0) return out;
  const std::int64_t models = size / kVersionsEach;
  out["search"] = search(*served, models, seconds);
  out["lists"] = lists(*served, models, seconds);
  out["point_reads"] = point_reads(*served, models, seconds);
  out["publish"] = publish(*served, size, seconds);
  served.reset();
  out["restart"] = restart(directory);
  out["bytes"] = std::filesystem::file_size(directory / "catalog.db");
  return out;
}

}  // namespace
}  // namespace assay::bench

int main(int count, char** words) {
  if (count < 4) return std::fprintf(stderr, "usage: %s DIRECTORY SECONDS VERSIONS...\n", words[0]), 2;
  for (int i = 3; i < count; ++i) {
    fmt::print("{}\n", assay::bench::measure(words[1], std::atoll(words[i]), std::atof(words[2])).dump());
    std::fflush(stdout);
  }
}
