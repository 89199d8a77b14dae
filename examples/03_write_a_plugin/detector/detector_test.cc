// SPDX-License-Identifier: Apache-2.0
// Loads every build of the detector into this one process and holds them to each other: equal states, equal answers,
// and the state of one is a reference for the next. Usage: detector_test LIBRARY.so...
#include <cmath>
#include <cstdio>
#include <limits>

#include "assay/testing.hpp"

using namespace assay::sdk;
using namespace assay::sdk::testing;

namespace {

int failures = 0;

void check(bool good, const std::string& what) {
  std::printf("%s  %s\n", good ? "ok    " : "FAILED", what.c_str());
  failures += good ? 0 : 1;
}

std::string text_of(const Answer& answer) {
  std::string out;
  const Batch rows = answer.rows();
  for (std::int64_t row = 0; row < rows.rows(); ++row)
    for (std::size_t i = 0; i < rows.columns(); ++i) {
      const Column column = rows.column(i);
      out += (i == 0 ? "\n" : " ") + (column.is_null(row)             ? "null"
                                      : column.type() == Type::utf8   ? std::string(column.text(row))
                                      : column.type() == Type::boolean ? std::string(column.boolean(row) ? "yes" : "no")
                                                                       : std::to_string(column.number(row)));
    }
  return out;
}

struct Found {
  FakeBundle reference, state;
  std::string answer;
};

// What one library finds in a window against a reference, which another may have saved.
Found find(const FakeHost& host, const FakeData& before, const FakeData& window, FakeBundle* reference) {
  const FakeComponent detector = host.component("out-of-range");
  const char* id = ASSAY_CAP_DRIFT_V1;
  FakeFold old(detector, id, before);
  old.update(before);
  Found found;
  found.reference = old.save();
  FakeFold first(detector, id, window, reference == nullptr ? &found.reference : reference);
  first.update(window, 0, 2);
  FakeBundle half = first.save();
  FakeFold second(detector, id, window, FakeFold::Saved{half});  // a state that went through a store
  FakeFold rest(detector, id, window, reference == nullptr ? &found.reference : reference);
  for (std::int64_t row = 2; row < window.rows(); ++row) rest.update(window, row, 1);
  second.merge(rest);
  found.state = second.save();
  found.answer = text_of(*second.finish());
  return found;
}

assay_status status_of(const FakeHost& host, FakeBundle damaged, const FakeData& rows) {
  try {
    const FakeFold fold(host.component("out-of-range"), ASSAY_CAP_DRIFT_V1, rows, &damaged);
  } catch (const Error& error) {
    return error.status();
  }
  return ASSAY_OK;
}

}  // namespace

int main(int argc, char** argv) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const FakeData before = Rows().f64("x", {0.0, -0.0, 10, {}, none}).i64("n", {1, 2, 3, {}, 5}).utf8(
      "t", {"a", "b", {}, "d", "e"});
  const FakeData window = Rows().i64("n", {0, 1, 2, 3, 9}).f64("x", {-0.0, 11, {}, 5, -1}).boolean(
      "b", {true, false, {}, true, true});
  Found first;
  for (int i = 1; i < argc; ++i) {
    const std::string library = argv[i];
    const FakeHost host = FakeHost::load(library);
    const Found found = find(host, before, window, i == 1 ? nullptr : &first.reference);
    if (i == 1) first = found;
    // n: 0 and 9 of five lie outside of 1 to 5; x: 11 and -1 of four outside of 0 to 10.
    check(found.answer == "\nn share_out_of_range 0.400000 null 0.010000 yes 4.000000 5.000000"
                          "\nx share_out_of_range 0.500000 null 0.010000 yes 3.000000 4.000000",
          "what lies outside is found by " + library);
    check(found.reference == first.reference && found.state == first.state,
          "the bytes of its states are those of the first");
    FakeBundle damaged = found.reference;
    damaged.entries[0].second[20] ^= 1;
    check(status_of(host, damaged, window) == ASSAY_E_CORRUPT_ARTIFACT, "an altered reference is refused");
    check(status_of(host, FakeBundle(), window) == ASSAY_E_CORRUPT_ARTIFACT, "a missing one too");
  }
  return argc > 1 && failures == 0 ? 0 : 1;
}
