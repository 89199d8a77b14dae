// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/gear.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/support/bytes.h"
#include "tests/support/catch.h"

using namespace assay;
using assay::test::as_span;

namespace {

// Where each chunk of `bytes` ends.
std::vector<std::size_t> cuts(std::string_view bytes) {
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < bytes.size(); ends.push_back(at)) at += gear_cut(as_span(bytes.substr(at)));
  return ends;
}

}  // namespace

TEST_CASE("Gear: chunks keep the limits and gather around the average") {
  const std::string bytes = test::random_bytes(16 * kMiB, 1);
  const auto ends = cuts(bytes);
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    CHECK(end - begin <= kGearMax);
    if (end != bytes.size()) CHECK(end - begin >= kGearMin);
    begin = end;
  }
  const std::size_t average = bytes.size() / ends.size();
  CAPTURE(average);
  CHECK(average > kGearAverage * 3 / 4);
  CHECK(average < kGearAverage * 3 / 2);
}

TEST_CASE("Gear: nothing is cut to nothing, and what is short stays whole") {
  CHECK(gear_cut({}) == 0);
  CHECK(gear_cut(as_span("x")) == 1);
  const std::string bytes = test::random_bytes(kGearMin, 2);
  CHECK(gear_cut(as_span(bytes)) == kGearMin);
}

TEST_CASE("Gear: bytes without content to cut at are cut at the maximum") {
  CHECK(gear_cut(as_span(std::string(kMiB, 'x'))) == kGearMax);
}

TEST_CASE("Gear: what lies behind the maximum does not matter") {
  const std::string bytes = test::random_bytes(kMiB, 3);
  const std::size_t cut = gear_cut(as_span(bytes));
  CHECK(gear_cut(as_span(bytes).first(kGearMax)) == cut);
  CHECK(gear_cut(as_span(bytes).first(cut + 1)) == cut);
}

TEST_CASE("Gear: behind an insertion the boundaries find each other again") {
  const std::string bytes = test::random_bytes(8 * kMiB, 4);
  const std::size_t place = kMiB + 12345;
  std::string changed = bytes;
  changed.insert(place, "!");
  const auto before = cuts(bytes);
  const auto behind = cuts(changed);
  std::set<std::size_t> shifted;
  for (const std::size_t end : before) shifted.insert(end < place ? end : end + 1);
  const auto lost =
      std::count_if(behind.begin(), behind.end(), [&](auto end) { return shifted.count(end) == 0; });
  CAPTURE(before.size(), lost);
  CHECK(lost <= 4);
}

TEST_CASE("Gear: the cuts of a known stream are the recorded ones") {
  const auto ends = cuts(test::table_bytes(kMiB, 7));
  CHECK(ends == std::vector<std::size_t>{73621, 140137, 210823, 244408, 326605, 354553, 421488, 536297,
                                         645824, 723693, 854787, 933287, 1001569, 1048576});
}
