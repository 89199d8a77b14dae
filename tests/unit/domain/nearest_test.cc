// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/nearest.h"

#include <vector>

#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("Nearest: the distance counts letters, swaps once, ignores case") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("nmae", "name") == 1);
  CHECK(edit_distance("Name", "nAME") == 0);
  CHECK(edit_distance("abc", "") == 3);
}

TEST_CASE("Nearest: only a likely slip is suggested") {
  const std::vector<std::string> known = {"roc_auc", "log_loss", "f1"};
  CHECK(nearest("roc_acu", known) == "roc_auc");
  CHECK(nearest("f2", known) == "f1");
  CHECK_FALSE(nearest("temperature", known));
  CHECK_FALSE(nearest("x", std::vector<std::string>{}));
  CHECK(did_you_mean("logloss", known) == "; did you mean \"log_loss\"?");
  CHECK(did_you_mean("temperature", known).empty());
}
