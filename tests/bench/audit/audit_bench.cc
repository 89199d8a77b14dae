// SPDX-License-Identifier: Apache-2.0
// What the audit trail's tree costs: appending, verifying a long trail over loopback HTTP and in place, proofs and
// checkpoints. The catalogue lies in TMPDIR. Prints a table. See run.sh.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/access/admin_token.h"
#include "registry/access/authenticator.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/check_audit.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/catalog/sqlite_session.h"
#include "registry/client/verify_audit.h"
#include "registry/http/api.h"
#include "registry/http/server.h"
#include "registry/service/checkpoint_keeper.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "tests/support/memory_blob_store.h"
#include "tests/support/temp_dir.h"

namespace assay::test {
namespace {

using std::chrono::steady_clock;

constexpr double kBound_s = 30;  // to verify a million entries, by either way
constexpr std::int64_t kBoundEntries = 1'000'000;
constexpr int kBatch = 10'000;  // entries a commit

// Prints a line of the table and answers the seconds by the clock. Processor time is that of server and client together:
// on a busy machine it says what the clock does not.
template <class Work>
double timed(const std::string& what, std::int64_t entries, const Work& work) {
  const auto start = steady_clock::now();
  const std::clock_t used = std::clock();
  work();
  const double s = std::chrono::duration<double>(steady_clock::now() - start).count();
  const double cpu = static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC;
  fmt::print("| {} | {:.2f} | {:.2f} | {:.2f} |\n", what, s, cpu, s / static_cast<double>(entries) * 1e6);
  std::fflush(stdout);
  return s;
}

// A registry with nothing but a trail, behind a real server.
class Trail {
 public:
  Trail() : database_(open_sqlite_database(directory_ / "catalog.db")), authenticator_(*database_, clock_) {
    database_->migrate();
    ensure_admin_token(*database_, clock_, entropy_, directory_ / "admin.token");
    keeper_ = std::make_unique<CheckpointKeeper>(directory_.path(), clock_, entropy_);
    const Services services{.database = *database_,
                            .blobs = blobs_,
                            .clock = clock_,
                            .entropy = entropy_,
                            .checkpoints = keeper_.get()};
    http::Options options;
    options.port = 0;
    server_ = std::make_unique<http::Server>(
        options, http::make_site({.services = services, .authenticator = authenticator_, .ready = {}}));
    server_->start();
  }

  void append(std::int64_t entries) {
    for (std::int64_t done = 0; done < entries; done += kBatch)
      database_->write([&](Transaction& transaction) {
        for (std::int64_t i = done; i < std::min(entries, done + kBatch); ++i) append_audit(transaction, entry(i));
      });
  }

  client::Session session() const {
    std::string token;
    std::getline(std::ifstream(directory_ / "admin.token"), token);
    return client::Session(
        {client::Endpoint::parse("http://127.0.0.1:" + std::to_string(server_->port())), token, {}, {}});
  }

  // As `assay fsck` does.
  void check() const {
    const auto head = last_signed_head(directory_.path());
    Session session(directory_ / "catalog.db", SessionMode::read);
    session.run("BEGIN");
    Snapshot snapshot(session);
    for (const std::string& problem : check_audit(snapshot, head)) throw std::runtime_error(problem);
    session.roll_back();
  }

  std::uintmax_t bytes() const { return std::filesystem::file_size(directory_ / "catalog.db"); }

 private:
  // As a promotion leaves one.
  AuditEntry entry(std::int64_t i) {
    return {.seq = 0,
            .time = clock_.now(),
            .actor = "ci",
            .action = "promote",
            .subject = fmt::format("models/default/churn-{}@{}", i % 1000, i / 1000 + 1),
            .details = fmt::format(R"({{"decision":"{}","revision":{},"stage":"production","token":"{}"}})",
                                   new_id(clock_, entropy_).text(), i, new_id(clock_, entropy_).text())};
  }

  TempDir directory_;
  SystemClock clock_;
  SystemEntropy entropy_;
  MemoryBlobStore blobs_;
  std::unique_ptr<Database> database_;
  Authenticator authenticator_;
  std::unique_ptr<CheckpointKeeper> keeper_;
  std::unique_ptr<http::Server> server_;
};

int run(std::int64_t entries) {
  Trail trail;
  fmt::print("| {} entries | s | processor s | µs each |\n|---|---|---|---|\n", entries);
  timed(fmt::format("appended, {} a commit", kBatch), entries, [&] { trail.append(entries); });
  client::Session session = trail.session();
  const double over_http = timed("verified over HTTP (`assay audit verify`)", entries, [&] {
    const auto result = client::verify_audit(session, {}, {});
    if (!result.problems.empty()) throw std::runtime_error(result.problems.front());
  });
  const double in_place = timed("verified in place (`assay fsck`)", entries, [&] { trail.check(); });

  constexpr int kAsked = 1000;
  const auto ask = [&](const std::string& what, const std::function<std::string(int)>& target) {
    timed(fmt::format("{} {}, over HTTP", kAsked, what), kAsked, [&] {
      for (int i = 0; i < kAsked; ++i) session.get(target(i), "asking");
    });
  };
  ask("proofs of an entry", [&](int i) { return fmt::format("/api/v1/audit/proof?entry={}", entries / kAsked * i + 1); });
  ask("proofs of consistency",
      [&](int i) { return fmt::format("/api/v1/audit/consistency?from={}", entries / kAsked * i + 1); });
  ask("checkpoints", [](int) { return std::string("/api/v1/audit/checkpoint"); });

  const double slowest = std::max(over_http, in_place) * static_cast<double>(kBoundEntries) / static_cast<double>(entries);
  fmt::print("\ncatalogue: {:.0f} bytes an entry\n", static_cast<double>(trail.bytes()) / static_cast<double>(entries));
  fmt::print("{}: a million entries verified in {:.1f} s, bound {} s\n", slowest <= kBound_s ? "met" : "MISSED", slowest,
             kBound_s);
  return slowest <= kBound_s ? 0 : 1;
}

}  // namespace
}  // namespace assay::test

int main(int count, char** words) {
  return assay::test::run(count > 1 ? std::atoll(words[1]) : 1'000'000);
}
