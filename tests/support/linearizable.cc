// SPDX-License-Identifier: Apache-2.0
// Wing and Gong's search as Lowe refined it: orders are tried depth first, and a set of operations that once led to a
// state and failed is not tried again. Such a set is known by the sum of its members' random 128 bits.
#include "tests/support/linearizable.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <tuple>

namespace assay::test {
namespace {

using Kind = Operation::Kind;
using Result = Operation::Result;

// The register after the operation, if it can have answered so at this one.
std::optional<Register> step(const Register& now, const Operation& operation) {
  const bool matches = operation.expected == now.revision;
  switch (operation.result) {
    case Result::lost:
      return matches ? std::nullopt : std::optional(now);
    case Result::there:
      return matches && now.value == operation.wanted && now == operation.seen ? std::optional(now) : std::nullopt;
    case Result::unknown:  // one that changed nothing needs no place in the order
      if (operation.kind == Kind::read || !matches) return std::nullopt;
      return Register{now.revision + 1, operation.wanted};
    case Result::seen:
      break;
  }
  if (operation.kind == Kind::read) return now == operation.seen ? std::optional(now) : std::nullopt;
  const Register next{now.revision + 1, operation.wanted};
  return matches && next == operation.seen ? std::optional(next) : std::nullopt;
}

// A request or an answer, in a list ordered by time from which operations that have their place are taken out.
struct Event {
  std::size_t operation;
  bool is_answer;
  std::int64_t time;
  std::size_t before = 0, after = 0;  // in the list; 0 is its head
};

class Search {
 public:
  explicit Search(const std::vector<Operation>& history) : history_(history), answers_(history.size()) {
    for (std::size_t i = 0; i < history.size(); ++i) {
      events_.push_back({i, false, history[i].start});
      if (history[i].result != Result::unknown) events_.push_back({i, true, history[i].end});
    }
    // What happened at the same time overlaps.
    std::stable_sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
      return std::tuple(a.time, a.is_answer) < std::tuple(b.time, b.is_answer);
    });
    events_.insert(events_.begin(), Event{0, false, 0});
    for (std::size_t i = 0; i < events_.size(); ++i) {
      events_[i].before = (i + events_.size() - 1) % events_.size();
      events_[i].after = (i + 1) % events_.size();
      if (i > 0 && events_[i].is_answer) answers_[events_[i].operation] = i;
    }
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < history.size(); ++i) names_.emplace_back(random(), random());
  }

  std::string run() {
    std::size_t furthest = 0, stuck = 0;
    for (std::size_t from = events_[0].after;;) {
      while (place_certain()) from = events_[0].after;
      std::size_t at = from;
      while (at != 0 && !events_[at].is_answer && !place(at, true)) at = events_[at].after;
      if (at == 0) return "";  // whatever is left got no answer
      if (!events_[at].is_answer) {
        from = events_[0].after;
        continue;
      }
      // An answer came, and its operation has no place before it.
      if (order_.size() >= furthest) {
        furthest = order_.size();
        stuck = events_[at].operation;
      }
      from = take_back();
      if (from == 0) return fmt::format("no order explains {}", text(history_[stuck]));
    }
  }

 private:
  using Name = std::pair<std::uint64_t, std::uint64_t>;
  struct Placed {
    std::size_t request;
    bool changing;
    Register before;
    Name set_before;
  };

  // What changes nothing and fits now loses nothing by coming first: any order that has it later works as well.
  bool place_certain() {
    for (std::size_t at = events_[0].after; at != 0 && !events_[at].is_answer; at = events_[at].after)
      if (place(at, false)) return true;
    return false;
  }

  bool place(std::size_t request, bool changing) {
    const std::size_t operation = events_[request].operation;
    const auto next = step(state_, history_[operation]);
    if (!next || (*next != state_) != changing) return false;
    const Name set = {placed_.first + names_[operation].first, placed_.second + names_[operation].second};
    if (changing && !tried_.emplace(set, next->revision, next->value).second) return false;
    order_.push_back({request, changing, state_, placed_});
    state_ = *next;
    placed_ = set;
    unlink(request);
    if (answers_[operation] != 0) unlink(answers_[operation]);
    return true;
  }

  // Up to the last change, which is to be tried later: the event after its request. 0 when there was none.
  std::size_t take_back() {
    while (!order_.empty()) {
      const Placed last = order_.back();
      order_.pop_back();
      state_ = last.before;
      placed_ = last.set_before;
      if (const std::size_t answer = answers_[events_[last.request].operation]; answer != 0) link(answer);
      link(last.request);
      if (last.changing) return events_[last.request].after;
    }
    return 0;
  }

  void unlink(std::size_t at) {
    events_[events_[at].before].after = events_[at].after;
    events_[events_[at].after].before = events_[at].before;
  }
  void link(std::size_t at) {
    events_[events_[at].before].after = at;
    events_[events_[at].after].before = at;
  }

  const std::vector<Operation>& history_;
  std::vector<std::size_t> answers_;  // of each operation; 0: none came
  std::vector<Event> events_;
  std::vector<Name> names_;
  std::set<std::tuple<Name, std::int64_t, std::int64_t>> tried_;
  std::vector<Placed> order_;
  Register state_{};
  Name placed_{};
};

}  // namespace

std::string text(const Operation& operation) {
  const char* results[] = {"was", "was there already:", "was lost", "got no answer"};
  const std::string what = operation.kind == Kind::read
                               ? "the read"
                               : fmt::format("the swap of revision {} for value {}", operation.expected, operation.wanted);
  std::string out = fmt::format("{} from {} to {}, which {}", what, operation.start, operation.end,
                                results[static_cast<int>(operation.result)]);
  if (operation.result == Result::seen || operation.result == Result::there)
    out += fmt::format(" {} at revision {}", operation.seen.value, operation.seen.revision);
  return out;
}

std::string why_not_linearizable(const std::vector<Operation>& history) {
  return Search(history).run();
}

}  // namespace assay::test
