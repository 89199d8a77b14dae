// SPDX-License-Identifier: Apache-2.0
// Kills `assay serve` with SIGKILL under eight clients that upload, publish, promote, delete, make tokens and collect
// garbage, starts it again on what is left, and holds it against all that the clients had been told.
#include <fmt/format.h>

#include <condition_variable>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "registry/client/verify_audit.h"
#include "tests/crash/campaign.h"
#include "tests/crash/catalogue_promises.h"
#include "tests/crash/clients.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

namespace fs = std::filesystem;
using client::ApiClient;

constexpr std::uint64_t kWriters = 8;
const Name kShared = Name::parse("shared");  // which all publish

// What the clients were told, and what they asked for and heard no more of.
class Book {
 public:
  struct Told {
    std::map<std::string, Version> versions;  // by reference
    std::set<std::string> deleted, perhaps_deleted;
    std::vector<std::string> decisions, tokens;  // ids; secrets
  };

  template <class Write>
  void write(const Write& write) {
    {
      const std::lock_guard lock(mutex_);
      write(told_);
      ++answers_;
    }
    changed_.notify_all();
  }
  void fail(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = why;
  }
  void begin_writer() {
    const std::lock_guard lock(mutex_);
    ++writers_;
  }
  void end_writer() {
    {
      const std::lock_guard lock(mutex_);
      --writers_;
    }
    changed_.notify_all();
  }
  // Until `answers` more have come, or nobody writes any more.
  void wait_for(std::size_t answers) {
    std::unique_lock lock(mutex_);
    const std::size_t enough = answers_ + answers;
    changed_.wait(lock, [&] { return answers_ >= enough || writers_ == 0; });
  }

  // Only while nobody writes.
  const Told& told() const { return told_; }
  std::size_t answers() const { return answers_; }
  const std::string& failure() const { return failure_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Told told_;
  std::size_t answers_ = 0, writers_ = 0;
  std::string failure_;
};

// One client, which writes until the server is gone.
class Writer {
 public:
  Writer(const Registry& registry, Book& book, std::uint64_t seed, std::uint64_t number)
      : api_(one_try(registry.url(), registry.admin_token())),
        book_(book),
        random_(seed * kWriters + number),
        own_(Name::parse(fmt::format("m{}", number))) {}

  void run() {
    for (;;) try {
        act();
      } catch (const Error& error) {
        if (error.code() == Code::unavailable) return;
        // Another collection runs, a stage points to the version since an answer that never came: as it should be.
        if (error.code() != Code::conflict && error.code() != Code::already_exists) return book_.fail(error.message());
      }
  }

 private:
  void act() {
    const auto dice = random_() % 16;
    if (dice < 7 || mine_.empty()) return publish(dice % 3 == 2 ? kShared : own_);
    if (dice < 11) return promote();
    if (dice < 13) return erase();
    if (dice < 15) return make_token();
    api_.start_job("gc", nlohmann::json::object());
  }

  void publish(const Name& name) {
    const std::string bytes = random_bytes(200 + random_() % 5000, random_());
    const Version version = push(api_, Kind::model, name.text(), bytes, {.labels = {{"by", own_.text()}}, .profile = {}, .run_id = {}});
    book_.write([&](Book::Told& told) { told.versions.emplace(version.reference(), version); });
    if (name == own_) mine_.push_back(version.number);
  }

  void promote() {
    const VersionNumber number = mine_[random_() % mine_.size()];
    const Decision decision = api_.promote(own_, "production", {.version = std::to_string(number)});
    if (decision.id) book_.write([&](Book::Told& told) { told.decisions.push_back(decision.id->text()); });
  }

  void erase() {
    const std::size_t which = random_() % mine_.size();
    const Reference reference = Reference::parse(fmt::format("{}@{}", own_.text(), mine_[which]));
    book_.write([&](Book::Told& told) { told.perhaps_deleted.insert(reference.text()); });
    api_.delete_version(Kind::model, reference);
    book_.write([&](Book::Told& told) { told.deleted.insert(reference.text()); });
    mine_.erase(mine_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void make_token() {
    const auto made = api_.create_token({"ci", "reader", "*", std::nullopt});
    book_.write([&](Book::Told& told) { told.tokens.push_back(made.at("token").get<std::string>()); });
  }

  ApiClient api_;
  Book& book_;
  std::mt19937_64 random_;
  const Name own_;
  std::vector<VersionNumber> mine_;  // of this life of the server
};

// The catalogue as the kill left it, on a copy: the server is to recover from its own.
std::string broken_catalogue(const Registry& registry) {
  TempDir directory;
  for (const char* name : {"catalog.db", "catalog.db-wal"})
    if (fs::exists(registry.data() / name)) fs::copy_file(registry.data() / name, directory / name);
  return broken_promise(directory / "catalog.db");
}

std::string broken_version(ApiClient& api, const Version& told, const Book::Told& all) {
  const std::string& reference = told.reference();
  try {
    const Version found = api.version(Kind::model, Reference::parse(reference));
    if (all.deleted.contains(reference)) return reference + " was deleted, and is there again";
    if (found.digest != told.digest || found.labels != told.labels) return reference + " is another";
    client::Call call;
    call.method = "GET";
    call.target = "/api/v1/blobs/" + told.files.at(0).digest.text();
    if (Digest::of(api.session().call(call, "reading a file").body) != told.files.at(0).digest)
      return reference + " has other bytes";
    return "";
  } catch (const Error& error) {
    if (error.code() == Code::not_found && all.perhaps_deleted.contains(reference)) return "";
    return reference + ": " + error.message();
  }
}

// The pinned checkpoint must have the trail's continuation.
std::string broken_trail(const Registry& registry, const client::AuditCheckpoint& pinned) {
  client::Session session(one_try(registry.url(), registry.admin_token()));
  const auto verified = client::verify_audit(session, {.pinned = pinned.checkpoint, .key = pinned.key}, {});
  return verified.problems.empty() ? "" : verified.problems.front();
}

// Of what was told since `seen`, all of which was there before.
struct Seen {
  std::set<std::string> versions;
  std::size_t decisions = 0, tokens = 0;
};

std::string broken_answers(const Registry& registry, const Book::Told& told, Seen& seen) {
  ApiClient api(one_try(registry.url(), registry.admin_token()));
  for (const auto& [reference, version] : told.versions)
    if (seen.versions.insert(reference).second)
      if (const std::string broken = broken_version(api, version, told); !broken.empty()) return broken;
  for (; seen.decisions < told.decisions.size(); ++seen.decisions) api.decision(told.decisions[seen.decisions]);
  for (; seen.tokens < told.tokens.size(); ++seen.tokens)
    ApiClient(one_try(registry.url(), told.tokens[seen.tokens])).whoami();
  return "";
}

void write_from_eight_clients(const Registry& registry, Book& book, std::uint64_t seed,
                              const std::function<void()>& meanwhile) {
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < kWriters; ++i) {
    book.begin_writer();
    threads.emplace_back([&, i] {
      Writer(registry, book, seed, i).run();
      book.end_writer();
    });
  }
  meanwhile();
  for (std::thread& thread : threads) thread.join();
}

struct Kills {
  std::size_t cycles = 0;
  std::size_t acknowledged = 0;
  std::size_t tokens = 0, decisions = 0, versions = 0, deletions = 0;
  std::string broken{};

  void add(const Kills& more) {
    cycles += more.cycles;
    acknowledged += more.acknowledged;
    versions += more.versions;
    decisions += more.decisions;
    deletions += more.deletions;
    tokens += more.tokens;
    if (broken.empty()) broken = more.broken;
  }
};

// The program's own word on what is left, at the end.
void expect_clean(const Registry& registry, const client::AuditCheckpoint& pinned) {
  registry.write("pinned.txt", pinned.checkpoint);
  registry.expect(0, {"audit", "verify", "--checkpoint", "pinned.txt"});
  const auto fsck = registry.json({"fsck", "--data", registry.data().string()});
  CHECK(fsck["problems"].empty());
}

std::string cycle(Registry& registry, Book& book, std::uint64_t seed, std::size_t answers, Seen& seen,
                  std::optional<client::AuditCheckpoint>& pinned) {
  {
    client::Session session(one_try(registry.url(), registry.admin_token()));
    pinned = client::audit_checkpoint(session);
  }
  write_from_eight_clients(registry, book, seed, [&] {
    if (answers > 0) book.wait_for(answers);
    registry.kill();
  });
  if (!book.failure().empty()) return "a client was told: " + book.failure();
  if (const std::string broken = broken_catalogue(registry); !broken.empty()) return broken;
  registry.start();
  if (const std::string broken = broken_trail(registry, *pinned); !broken.empty()) return broken;
  return broken_answers(registry, book.told(), seen);
}

// On one data directory.
Kills kill_repeatedly(std::uint64_t seed, std::size_t cycles) {
  Registry registry;
  Book book;
  Seen seen;
  std::optional<client::AuditCheckpoint> pinned;
  std::mt19937_64 random(seed);
  Kills out;
  try {
    while (out.cycles < cycles && out.broken.empty()) {
      out.broken = cycle(registry, book, random(), random() % 60, seen, pinned);
      ++out.cycles;
    }
    seen = {};  // what was kept through one kill is there after all of them
    if (out.broken.empty()) out.broken = broken_answers(registry, book.told(), seen);
    if (out.broken.empty()) expect_clean(registry, *pinned);
  } catch (const std::exception& error) {
    out.broken = error.what();
  }
  out.acknowledged = book.answers();
  out.versions = book.told().versions.size();
  out.decisions = book.told().decisions.size();
  out.deletions = book.told().deleted.size();
  out.tokens = book.told().tokens.size();
  return out;
}

TEST_CASE("Server: kill -9 under eight clients loses nothing that was acknowledged and shows nothing partial") {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  const Kills kills = kill_repeatedly(seed, 16);
  CHECK(kills.broken == "");
  CHECK(kills.acknowledged > 50);
}

TEST_CASE("Campaign: kill -9 of a server under eight clients", "[.campaign]") {
  const std::size_t wanted = cycles(300);
  Kills all;
  for (std::uint64_t seed = 1; all.cycles < wanted && all.broken.empty(); ++seed)
    all.add(kill_repeatedly(seed, std::min<std::size_t>(wanted - all.cycles, 50)));
  std::cout << "kills of a server: " << all.cycles << ", acknowledged: " << all.acknowledged << " (" << all.versions
            << " versions, " << all.decisions << " decisions, " << all.deletions << " deletions, " << all.tokens
            << " tokens), lost or partial: " << (all.broken.empty() ? "0" : all.broken) << '\n';
  CHECK(all.broken == "");
}

}  // namespace
}  // namespace assay::test
