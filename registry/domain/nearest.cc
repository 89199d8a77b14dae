// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/nearest.h"

#include <algorithm>
#include <vector>

#include "registry/domain/name.h"

namespace assay {
namespace {

constexpr std::size_t kMaxCompared = 128;  // bounds the quadratic work on words that a caller sends

}  // namespace

// Optimal string alignment, row by row: the row before last is needed for swapped neighbours.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  const std::string a = lower_case(left.substr(0, kMaxCompared));
  const std::string b = lower_case(right.substr(0, kMaxCompared));
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

std::optional<std::string> nearest(std::string_view name, std::span<const std::string> known) {
  const std::string* best = nullptr;
  std::size_t best_distance = 0;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    const std::size_t reach = std::max<std::size_t>(1, std::max(name.size(), candidate.size()) / 3);
    if (distance > reach || (best != nullptr && distance >= best_distance)) continue;
    best = &candidate;
    best_distance = distance;
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

std::string did_you_mean(std::string_view name, std::span<const std::string> known) {
  const auto found = nearest(name, known);
  return found ? "; did you mean \"" + *found + "\"?" : std::string();
}

}  // namespace assay
