#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The algorithms against their peers, one part at a time: installs the peers, builds, measures, judges.
#   tests/bench/algorithms/run.sh [folds]                  fold plugins against scikit-learn and SciPy: ten minutes
#     --only drift,power (some of classification,classes,drift,power); --rows N (1000000); --repeat N (5) alternating
#     runs; --pairs N (200) windows a point of the curves
#   tests/bench/algorithms/run.sh csv                      the CSV reader against pandas and PyArrow: five minutes
#     --rows N, --repeat N
#   tests/bench/algorithms/run.sh gbt [ROWS [REPEATS]]     scoring against XGBoost itself: five minutes
# Results are in build/bench/algorithms: folds.md, folds.json, power.svg; gbt.md.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. examples/setup.sh

part=folds
case "${1:-}" in
  [a-z]*) part=$1; shift ;;
esac
# build TARGET...: in the preset release.
build() {
  say "building $* (preset release)"
  mkdir -p build/bench/algorithms
  cmake --preset release -DASSAY_BENCH=ON >build/bench/algorithms/configure.log || { cat build/bench/algorithms/configure.log; exit 1; }
  cmake --build --preset release --target "$@"
}
beside_python() {
  install_missing $ASSAY_BUILD_PACKAGES $ASSAY_STORY_PACKAGES
  python_env "$PWD/build/venv" scikit-learn==1.9.1 scipy==1.17.1 pandas==2.3.3 pyarrow==26.0.1
  build folds_bench csv_bench
  exec build/venv/bin/python tests/bench/algorithms/bench_folds.py --driver build/release/tests/bench/algorithms/folds_bench \
    --csv-driver build/release/tests/bench/algorithms/csv_bench \
    --plugins build/release/lib/assay/plugins --results build/bench/algorithms "$@"
}

case $part in
  folds) beside_python --only classification,classes,drift,power "$@" ;;
  csv) beside_python --only csv "$@" ;;
  gbt)
    install_missing $ASSAY_BUILD_PACKAGES
    build gbt_bench
    OMP_WAIT_POLICY=passive build/release/tests/bench/algorithms/gbt_bench "$@" | tee build/bench/algorithms/gbt.md
    ;;
  *)
    echo "there is no part $part: folds, csv or gbt" >&2
    exit 2
    ;;
esac
