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
  const FakeComponent accuracy = host.component("@NAME@");
  const FakeData rows = Rows().f64("p", {0.9, 0.2, 0.5, 0.4}).i64("y", {1, 0, 0, 1}).with_role("label", "y").with_role("score", "p");
  FakeFold fold(accuracy, ASSAY_CAP_EVALUATOR_V1, rows), rest(accuracy, ASSAY_CAP_EVALUATOR_V1, rows);
  fold.update(rows, 0, 1);
  rest.update(rows, 1, 3);
  FakeBundle saved = rest.save();
  FakeFold restored(accuracy, ASSAY_CAP_EVALUATOR_V1, rows, FakeFold::Saved{saved});
  fold.merge(restored);
  const auto answer = fold.finish();
  check(answer->rows().rows() == 1 && answer->rows().column("value").number(0) == 0.5, "half of the rows are right");
  check(answer->rows().column("n").number(0) == 4, "all rows are counted");
  check(status_of([&] { FakeFold(accuracy, ASSAY_CAP_EVALUATOR_V1, Rows().f64("p", {1})); }) == ASSAY_E_INVALID_DATA,
        "rows without a label are refused");
  return failures == 0 ? 0 : 1;
}
