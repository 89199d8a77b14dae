// SPDX-License-Identifier: Apache-2.0
// The checker of histories, on histories made by hand and by dice: what can have happened and what cannot.
#include "tests/support/linearizable.h"

#include <random>

#include "tests/support/catch.h"

using namespace assay::test;
using Kind = Operation::Kind;
using Result = Operation::Result;

namespace {

Operation read(int start, int end, Register seen) {
  return {.start = start, .end = end, .kind = Kind::read, .result = Result::seen, .seen = seen};
}
Operation swap(int start, int end, int expected, int wanted, Result result = Result::seen) {
  return {.start = start,
          .end = end,
          .kind = Kind::swap,
          .expected = expected,
          .wanted = wanted,
          .result = result,
          .seen = {result == Result::there ? expected : expected + 1, wanted}};
}

bool possible(const std::vector<Operation>& history) {
  return why_not_linearizable(history).empty();
}

// A register that is atomic, asked by clients whose requests and answers take their time.
std::vector<Operation> true_history(std::mt19937& dice, int clients, int operations) {
  std::vector<Operation> out;
  std::vector<int> free_at(static_cast<std::size_t>(clients), 0);
  Register now;
  for (int i = 0; i < operations; ++i) {
    // Each takes effect at a moment of its own, i + 1 thousand; its client was free before that.
    const auto client = static_cast<std::size_t>(dice() % free_at.size());
    const int moment = (i + 1) * 1000;
    const int start = std::max(free_at[client], moment - static_cast<int>(dice() % 10'000));
    const int end = moment + static_cast<int>(dice() % 10'000);
    if (start > moment) continue;
    free_at[client] = end + 1;
    if (dice() % 3 == 0) {
      out.push_back(read(start, end, now));
      continue;
    }
    const int expected = static_cast<int>(now.revision) - (dice() % 4 == 0 ? 1 : 0);
    const int wanted = static_cast<int>(dice() % 3);
    Operation swapping = swap(start, end, expected, wanted);
    if (expected != now.revision)
      swapping.result = Result::lost;
    else if (wanted == now.value)
      swapping = swap(start, end, expected, wanted, Result::there);
    else
      now = swapping.seen;
    if (dice() % 8 == 0) swapping.result = Result::unknown;
    out.push_back(swapping);
  }
  return out;
}

}  // namespace

TEST_CASE("Linearizable: operations that overlap may have come in any order, others only in theirs") {
  CHECK(possible({}));
  CHECK(possible({read(0, 1, {}), swap(2, 3, 0, 7), read(4, 5, {1, 7})}));
  CHECK(possible({swap(0, 10, 0, 7), read(1, 2, {}), read(3, 4, {1, 7})}));
  CHECK_FALSE(possible({swap(0, 10, 0, 7), read(1, 2, {1, 7}), read(3, 4, {})}));
  CHECK(possible({swap(0, 10, 0, 7, Result::lost), swap(1, 9, 0, 8)}));
  CHECK(possible({swap(0, 3, 0, 7), swap(4, 5, 1, 7, Result::there), read(6, 7, {1, 7})}));
  CHECK_FALSE(possible({swap(0, 3, 0, 7), swap(4, 5, 1, 8, Result::there)}));
}

TEST_CASE("Linearizable: a stale read, two winners, and a loser to nobody are found and named") {
  const std::string stale = why_not_linearizable({swap(0, 1, 0, 7), read(2, 3, {})});
  CHECK_THAT(stale, Catch::Matchers::Contains("the read from 2 to 3"));
  CHECK_FALSE(possible({swap(0, 10, 0, 7), swap(0, 10, 0, 8)}));
  CHECK_FALSE(possible({swap(0, 1, 0, 7, Result::lost)}));
  CHECK_FALSE(possible({swap(0, 1, 0, 7), read(2, 3, {2, 7})}));
  CHECK_FALSE(possible({read(0, 1, {1, 7}), swap(2, 3, 0, 7)}));
}

TEST_CASE("Linearizable: what got no answer happened at any time since, or never, but not both") {
  const Operation unknown = swap(0, 1, 0, 7, Result::unknown);
  CHECK(possible({unknown, read(5, 6, {})}));
  CHECK(possible({unknown, read(5, 6, {1, 7})}));
  CHECK(possible({unknown, read(5, 6, {}), read(7, 8, {1, 7})}));
  CHECK_FALSE(possible({unknown, read(5, 6, {1, 7}), read(7, 8, {})}));
  CHECK_FALSE(possible({read(0, 1, {1, 7}), swap(2, 3, 0, 7, Result::unknown)}));
  CHECK(possible({unknown, swap(5, 6, 0, 8), read(7, 8, {1, 8})}));
  CHECK_FALSE(possible({unknown, swap(5, 6, 0, 8), read(7, 8, {1, 7})}));
}

TEST_CASE("Linearizable: histories of an atomic register pass, and with one lie in them do not") {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 dice(seed);
  for (int round = 0; round < 200; ++round) {
    INFO("round " << round);
    std::vector<Operation> history = true_history(dice, 16, 200);
    REQUIRE(why_not_linearizable(history) == "");
    std::vector<Operation> winners;
    std::copy_if(history.begin(), history.end(), std::back_inserter(winners), [](const Operation& operation) {
      return operation.kind == Kind::swap && operation.result == Result::seen;
    });
    const Operation winner = winners.at(dice() % winners.size());
    Operation lie = winner;
    if (round % 2 == 0)  // a second winner of the same revision
      lie.wanted = lie.seen.value = winner.wanted + 1;
    else  // a read that is stale when it starts
      lie = read(static_cast<int>(winner.end) + 1, static_cast<int>(winner.end) + 2, {winner.expected, winner.wanted});
    history.push_back(lie);
    CHECK(why_not_linearizable(history) != "");
  }
}
