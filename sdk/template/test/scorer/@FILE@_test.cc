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
  const FakeComponent sum = host.component("@NAME@", {{"offset", 10}});
  FakeBundle model;
  model.entries = {{"weights.txt", "x 2\ny -0.5\n"}};
  const FakeData rows = Rows().i64("y", {2, 4}).f64("x", {1, {}});
  check(sum.score(model, rows) == std::vector<double>{11, 8}, "columns are added up by their weights");
  check(status_of([&] { sum.score(model, Rows().f64("x", {1})); }) == ASSAY_E_INVALID_DATA,
        "a missing column is refused");
  model.entries[0].second = "x two\n";
  check(status_of([&] { sum.score(model, rows); }) == ASSAY_E_CORRUPT_ARTIFACT, "a weight that is none is refused");
  return failures == 0 ? 0 : 1;
}
