#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Times promotions over HTTP by a policy of ten rules: alone, by many clients, and with as much evidence as a judgement
# reads. Builds Release, takes two minutes, prints tables and says whether the bound was met.
#   tests/bench/promotion/run.sh [SECONDS]     3 seconds for each rate unless given
# The catalogue lies in build/bench/promotion, so that its disk is the one that is measured; results.md is there.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. examples/setup.sh

folder=$PWD/build/bench/promotion
install_missing $ASSAY_BUILD_PACKAGES
mkdir -p "$folder"

say "building (preset release)"
cmake --preset release -DASSAY_BENCH=ON >"$folder/configure.log" || { cat "$folder/configure.log"; exit 1; }
cmake --build --preset release --target promotion_bench

say "measuring"
TMPDIR=$folder build/release/tests/bench/promotion/promotion_bench "${1:-3}" | tee "$folder/results.md"
