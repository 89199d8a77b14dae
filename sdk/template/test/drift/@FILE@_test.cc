// Drives the built plugin through its binary edge, without a registry. Usage: @FILE@_test PLUGIN.so
#include <cmath>
#include <cstdio>

#include "assay/testing.hpp"

using namespace assay::sdk;
using namespace assay::sdk::testing;

namespace {

int failures = 0;

void check(bool good, const char* what) {
  std::printf("%s  %s\n", good ? "ok    " : "FAILED", what);
  failures += good ? 0 : 1;
}

// What the work fails with.
template <class Work>
assay_status status_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error.status();
  }
  return ASSAY_OK;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const FakeHost host = FakeHost::load(argv[1]);
  const FakeComponent detector = host.component("@NAME@");
  const char* id = ASSAY_CAP_DRIFT_V1;
  const FakeData before = Rows().f64("x", {1, 2, {}, 4}).i64("n", {1, 2, 3, 4});
  FakeFold old(detector, id, before);
  old.update(before);
  FakeBundle reference = old.save();
  const FakeData now = Rows().i64("n", {1, 2}).f64("x", {{}, {}});
  FakeFold fold(detector, id, now, &reference), rest(detector, id, now, &reference);
  fold.update(now, 0, 1);
  rest.update(now, 1, 1);
  fold.merge(rest);
  const auto answer = fold.finish();
  check(answer->rows().rows() == 2 && answer->rows().column("column").text(1) == "x", "each column is compared");
  check(answer->rows().column("value").number(1) == 0.75 && answer->rows().column("drifted").boolean(1),
        "a column that lost its cells has drifted");
  check(answer->rows().column("value").number(0) == 0 && !answer->rows().column("drifted").boolean(0),
        "a column without a change has not");
  reference.entries[0].second[9] ^= 1;
  check(status_of([&] { FakeFold(detector, id, now, &reference); }) == ASSAY_E_CORRUPT_ARTIFACT,
        "an altered reference is refused");
  return failures == 0 ? 0 : 1;
}
