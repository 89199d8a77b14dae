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
  const FakeComponent guess = host.component("@NAME@", {{"scale", 2}});
  const FakeData train = Rows().f64("x", {1, 2, 3}).i64("y", {0, 1, 1}).with_role("label", "y");
  FakeBundle model = guess.fit(train);
  check(guess.score(model, train) == std::vector<double>(3, 2 * 2.0 / 3), "every row gets the scaled mean");
  FakeData cut = train;
  check(guess.fit(cut.with_batch_rows(1)) == model, "batches do not matter");
  FakeData::Cells<std::int64_t> half;
  for (std::int64_t row = 0; row < 200; ++row) half.push_back(row % 2);
  FakeData many = Rows().i64("y", half).with_role("label", "y");
  const FakeComponent sampler = host.component("@NAME@", {{"share", 0.5}});
  const FakeBundle seven = sampler.fit(many, 7);
  check(!(sampler.fit(many, 8) == seven), "a share of the rows is drawn by the seed");
  check(sampler.fit(many.with_batch_rows(3), 7) == seven, "and by nothing else");
  const FakeData missing = Rows().i64("y", {1, {}}).with_role("label", "y");
  check(status_of([&] { guess.fit(missing); }) == ASSAY_E_INVALID_DATA, "a missing label is refused");
  model.entries[0].second[9] ^= 1;
  check(status_of([&] { guess.score(model, train); }) == ASSAY_E_CORRUPT_ARTIFACT, "an altered model is refused");
  check(status_of([&] { host.component("@NAME@", {{"scale", -1}}); }) == ASSAY_E_INVALID_CONFIG,
        "a setting out of range is refused");
  return failures == 0 ? 0 : 1;
}
