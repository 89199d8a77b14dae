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
  const FakeComponent validator = host.component("@NAME@", {{"most", 0.25}});
  const char* id = ASSAY_CAP_VALIDATOR_V1;
  const FakeData rows = Rows().f64("x", {1, {}, 3, 4}).utf8("t", {"a", {}, {}, "d"});
  FakeFold fold(validator, id, rows), rest(validator, id, rows);
  fold.update(rows, 0, 2);
  rest.update(rows, 2, 2);
  FakeBundle saved = rest.save();
  FakeFold restored(validator, id, rows, FakeFold::Saved{saved});
  fold.merge(restored);
  const auto answer = fold.finish();
  check(answer->rows().rows() == 1 && answer->rows().column("column").text(0) == "t",
        "a column with too many empty cells is found, and no other");
  check(answer->rows().column("row_count").number(0) == 2 && answer->rows().column("severity").text(0) == "error",
        "with how many");
  return failures == 0 ? 0 : 1;
}
