// SPDX-License-Identifier: Apache-2.0
// Sixteen clients promote to one stage of a real server and read it, which stops and starts again meanwhile, and some do
// not wait for their answer: what they all saw must be explained by one order. A campaign of it runs 10 000 operations.
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include "tests/crash/campaign.h"
#include "tests/support/catch.h"
#include "tests/support/linearizable.h"
#include "tests/unit/promotion/served_world.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr int kClients = 16;
constexpr int kVersions = 5;
constexpr int kRestarts = 6;
const std::string kStage = "/api/v1/models/default/churn/stages/production";

using Result = Operation::Result;

std::int64_t now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

Register register_of(const json& version, const json& revision) {
  return {revision.get<std::int64_t>(), version.is_null() ? 0 : version.at("number").get<std::int64_t>()};
}

class Client {
 public:
  Client(ServedWorld& world, std::uint64_t seed) : world_(world), dice_(static_cast<std::mt19937::result_type>(seed)) {}

  // One operation; none when a read got no answer.
  std::optional<Operation> act() {
    const bool reads = must_look_ || dice_() % 3 == 0;
    const bool hasty = !reads && dice_() % 12 == 0;  // it does not wait for the answer
    for (;;) {
      client::Connection connection = world_.connect(hasty ? 1ms : 60'000ms);
      client::Answer answer;
      Operation operation = reads ? Operation{} : swapping();
      operation.start = now();
      const client::Outcome outcome = connection.exchange(reads ? world_.call("GET", kStage) : call_of(operation), answer);
      operation.end = now();
      if (outcome == client::Outcome::refused) continue;  // the server is starting again
      if (outcome == client::Outcome::answered && answer.status != 503) return understood(operation, answer);
      must_look_ = true;
      if (reads) return std::nullopt;
      operation.result = Result::unknown;
      return operation;
    }
  }

 private:
  Operation swapping() {
    const std::int64_t expected = dice_() % 5 == 0 ? std::max<std::int64_t>(0, last_.revision - 1) : last_.revision;
    return {.kind = Operation::Kind::swap, .expected = expected, .wanted = 1 + static_cast<std::int64_t>(dice_() % kVersions)};
  }

  client::Call call_of(const Operation& operation) const {
    client::Call call = world_.call("POST", kStage + ":promote", {{"version", std::to_string(operation.wanted)}});
    call.fields["if-match"] = '"' + std::to_string(operation.expected) + '"';
    return call;
  }

  Operation understood(Operation operation, const client::Answer& answer) {
    const bool reads = operation.kind == Operation::Kind::read;
    must_look_ = !reads && answer.status == 412;
    if (must_look_) operation.result = Result::lost;
    if (must_look_ || (reads && answer.status == 404)) return operation;  // no such stage yet: as the register starts
    if (answer.status != 200) throw std::runtime_error(answer.body);
    const json body = json::parse(answer.body);
    operation.seen = reads ? register_of(body.at("version"), body.at("revision"))
                           : register_of(body.at("candidate"), body.at("revision_after"));
    if (!reads && !body.at("changed").get<bool>()) operation.result = Result::there;
    last_ = operation.seen;
    return operation;
  }

  ServedWorld& world_;
  std::mt19937 dice_;
  Register last_{};  // as it was last seen
  bool must_look_ = false;
};

struct Seen {
  std::vector<Operation> history{};
  std::size_t unknown = 0;
  std::string failure{};
  std::int64_t moves = 0;  // as the catalogue has them
};

Seen run_clients(std::size_t operations, std::uint64_t seed) {
  ServedWorld world;
  for (int i = 1; i <= kVersions; ++i) world.push(Kind::model, "churn", "model " + std::to_string(i));
  Seen out;
  std::mutex mutex;
  std::atomic<std::size_t> done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i)
    threads.emplace_back([&, i] {
      try {
        for (Client client(world, seed * kClients + static_cast<std::uint64_t>(i)); done < operations; ++done) {
          const auto operation = client.act();
          const std::lock_guard lock(mutex);
          if (operation) out.history.push_back(*operation);
        }
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex);
        out.failure = error.what();
        done = operations;
      }
    });
  for (std::size_t restart = 1; restart <= kRestarts; ++restart) {
    while (done < operations * restart / (kRestarts + 1)) std::this_thread::yield();
    world.stop();
    world.start();
  }
  for (std::thread& thread : threads) thread.join();
  for (const Operation& operation : out.history) out.unknown += operation.result == Result::unknown ? 1 : 0;
  out.moves = world.count("SELECT COUNT(*) FROM decisions WHERE changed = 1");
  return out;
}

void check(std::size_t operations) {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  Seen seen = run_clients(operations, seed);
  REQUIRE(seen.failure == "");
  std::cout << "operations: " << seen.history.size() << ", without an answer: " << seen.unknown
            << ", moves: " << seen.moves << '\n';
  CHECK(seen.history.size() > operations / 2);
  CHECK(seen.unknown > 0);
  CHECK(seen.moves > static_cast<std::int64_t>(operations / 100));
  CHECK(why_not_linearizable(seen.history) == "");
  // The last read could not have been of the beginning.
  Operation stale{.start = now(), .end = now() + 1};
  seen.history.push_back(stale);
  CHECK(why_not_linearizable(seen.history) != "");
}

}  // namespace

TEST_CASE("Server: what sixteen clients saw of one stage is explained by one order") {
  check(3000);
}

TEST_CASE("Campaign: what sixteen clients saw of one stage in 10 000 operations", "[.campaign]") {
  check(cycles(10'000));
}
