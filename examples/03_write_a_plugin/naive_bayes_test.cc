// SPDX-License-Identifier: Apache-2.0
// Drives the built plugin through its binary edge, without a registry. Usage: naive_bayes_test PLUGIN.so
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

bool near(double a, double b) {
  return std::abs(a - b) < 1e-12;
}

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
  const FakeComponent bayes = host.component("naive-bayes");

  // By hand: 2 of 4 rows are 1. "a" occurs in 2 of 2 ones and 1 of 2 zeros; smoothed (2+1)/(2+3) and
  // (1+1)/(2+3).
  const FakeData letters =
      Rows().utf8("letter", {"a", "a", "a", "b"}).i64("y", {1, 1, 0, 0}).with_role("label", "y");
  FakeBundle model = bayes.fit(letters);
  const FakeData questions = Rows().utf8("letter", {"a", "b", "never seen", {}});
  const std::vector<double> answers = bayes.score(model, questions);
  check(near(answers[0], 0.6), "a common value is judged by its smoothed share");
  check(near(answers[1], 1.0 / 3), "a value of one class only is unlikely, not impossible");
  check(near(answers[2], 0.5), "a value never seen says nothing here");
  check(near(answers[3], 0.5), "an empty cell says nothing");

  const FakeData numbers =
      Rows().f64("x", {0, 2, 4, 6, {}}).i64("y", {0, 0, 1, 1, 1}).with_role("label", "y");
  model = bayes.fit(numbers);
  const std::vector<double> sides = bayes.score(model, Rows().f64("x", {-1, 3, 7, 1e300}));
  // Equal variances of 1 and means 1 and 5: at 3 only the prior of 3 to 2 is left.
  check(sides[0] < 0.1 && near(sides[1], 0.6) && sides[2] > 0.9,
        "a number is judged by two normal densities");
  check(std::isfinite(sides[3]), "a number far away gets an answer");

  check(bayes.fit(numbers) == model, "the same rows give the same bytes");
  FakeData cut = numbers;
  cut.with_batch_rows(1);
  check(bayes.fit(cut) == model && bayes.score(model, cut) == bayes.score(model, numbers),
        "batches do not matter");

  for (auto& [name, bytes] : model.entries) bytes[bytes.size() / 2] ^= 1;
  check(status_of([&] { bayes.score(model, numbers); }) == ASSAY_E_CORRUPT_ARTIFACT,
        "an altered model is refused");
  const FakeData grades = Rows().f64("x", {1, 2}).i64("y", {0, 5}).with_role("label", "y");
  check(status_of([&] { bayes.fit(grades); }) == ASSAY_E_INVALID_DATA, "a label of 5 is refused");
  check(status_of([&] {
          host.component("naive-bayes", {{"smoothing", -1}});
        }) == ASSAY_E_INVALID_CONFIG,
        "a setting out of range is refused");
  return failures == 0 ? 0 : 1;
}
