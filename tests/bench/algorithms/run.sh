#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The algorithms of the fold plugins against scikit-learn and SciPy, the CSV reader against pandas: installs the peers, builds, measures, judges.
#   tests/bench/algorithms/run.sh                          about ten minutes on 2 cores
#   tests/bench/algorithms/run.sh --only drift,power       some of classification,drift,power,csv
#   --rows N (1000000); --repeat N (5) alternating runs; --pairs N (200) windows a point of the curves
# Results are in build/bench/algorithms: folds.md, folds.json, power.svg.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. examples/setup.sh

install_missing $ASSAY_BUILD_PACKAGES $ASSAY_STORY_PACKAGES
python_env "$PWD/build/venv" scikit-learn==1.9.1 scipy==1.17.1 pandas==2.3.3 pyarrow==26.0.1
say "building (preset release)"
mkdir -p build/bench/algorithms
cmake --preset release -DASSAY_BENCH=ON >build/bench/algorithms/configure.log || { cat build/bench/algorithms/configure.log; exit 1; }
cmake --build --preset release --target folds_bench csv_bench
exec build/venv/bin/python tests/bench/algorithms/bench_folds.py --driver build/release/tests/bench/algorithms/folds_bench \
  --csv-driver build/release/tests/bench/algorithms/csv_bench \
  --plugins build/release/lib/assay/plugins --results build/bench/algorithms "$@"
