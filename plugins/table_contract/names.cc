// SPDX-License-Identifier: Apache-2.0
// A subsequence, unlike an edit distance, sees that dep_hour is departure_hour cut short.
#include "names.h"

#include <algorithm>

namespace assay::table_contract {
namespace {

constexpr std::size_t kLongestName = 256;  // the comparison is quadratic
constexpr double kLeastSimilarity = 0.4;

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

double similarity(std::string_view a, std::string_view b) {
  a = a.substr(0, kLongestName);
  b = b.substr(0, kLongestName);
  if (a.empty() || b.empty()) return a.size() == b.size() ? 1 : 0;
  std::vector<std::size_t> above(b.size() + 1, 0), here(b.size() + 1, 0);
  for (const char c : a) {
    for (std::size_t j = 0; j < b.size(); ++j)
      here[j + 1] = folded(c) == folded(b[j]) ? above[j] + 1 : std::max(above[j + 1], here[j]);
    above.swap(here);
  }
  return 2.0 * static_cast<double>(above.back()) / static_cast<double>(a.size() + b.size());
}

std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& names) {
  std::optional<std::string> best;
  double best_similarity = kLeastSimilarity;
  for (const std::string& each : names) {
    const double s = similarity(name, each);
    if (s < best_similarity || (best && s == best_similarity)) continue;
    best = each;
    best_similarity = s;
  }
  return best;
}

}  // namespace assay::table_contract
