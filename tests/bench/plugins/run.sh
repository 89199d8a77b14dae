#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a call of a plugin costs, beside the same bytes through a stream socket and a pipe in the same run.
#   tests/bench/plugins/run.sh [ROUNDS]     2000 unless given; the medians are printed as a table, all of it as JSON in
#                                           build/bench/plugins.json
set -euo pipefail
cd "$(dirname "$0")/../../.."
. examples/setup.sh
install_missing $ASSAY_BUILD_PACKAGES jq
cmake --preset release -DASSAY_BENCH=ON >/dev/null
cmake --build --preset release --target plugin_bench
mkdir -p build/bench
build/release/tests/bench/plugins/plugin_bench build/release/libexec/assay/assay-worker \
  build/release/tests/bench/plugins/bench_sum.so "${1:-2000}" >build/bench/plugins.json
jq -r '"crossing the boundary in-process: \(.boundary.overhead_p50_ns | round) ns",
  (.opening | to_entries[] | "opening, \(.key): \(.value.p50_us | round) us"),
  (.sizes[] | "", "\(.bytes) bytes, p50:", (.ways | to_entries[] | "  \(.value.p50_us * 10 | round / 10) us  \(.key)"))' build/bench/plugins.json
