// SPDX-License-Identifier: Apache-2.0
// Where the tests train and judge: fakes of all that a run needs, and two small tables.
#pragma once

#include "registry/compute/ports.h"
#include "tests/unit/compute/fakes.h"

namespace assay::test {

struct BareDesk {
  FakePlugins plugins;
  FakeArtifacts artifacts;
  FakeRuns runs;
  Progress nobody;
  Workbench bench{plugins, artifacts, runs};

  BareDesk() {
    artifacts.add(Kind::dataset, "train@1", {{"data.csv", "a,zip,y\n1,07001,0\n2,07002,1\n3,07003,1\n4,07004,0\n"}});
    artifacts.add(Kind::dataset, "holdout@1", {{"rows.csv", "y,zip,a,g\n1,1,5,u\n0,2,6,v\n"}});
  }
};

}  // namespace assay::test
