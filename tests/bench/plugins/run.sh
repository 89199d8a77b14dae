#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Times calls to plugins: in-process, in a worker, and the same bytes through a stream socket, a pipe and Python's
# multiprocessing. Builds Release, takes a minute, prints a table and says which bounds were met.
#   tests/bench/plugins/run.sh [ROUNDS]     2000 rounds unless given
# Results are in build/bench/plugins: results.json, results.md.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. examples/setup.sh

here=tests/bench/plugins
folder=$PWD/build/bench/plugins
install_missing $ASSAY_BUILD_PACKAGES $ASSAY_STORY_PACKAGES
mkdir -p "$folder"
python_env "$folder/venv" numpy==2.4.6

say "building (preset release)"
cmake --preset release -DASSAY_BENCH=ON >"$folder/configure.log" || { cat "$folder/configure.log"; exit 1; }
cmake --build --preset release --target plugin_bench

say "measuring"
build/release/tests/bench/plugins/plugin_bench build/release/libexec/assay/assay-worker \
  build/release/tests/bench/plugins/bench_sum.so "${1:-2000}" >"$folder/ours.json"
"$folder/venv/bin/python" $here/multiprocessing_peer.py "${1:-2000}" >"$folder/python.json"
"$folder/venv/bin/python" $here/report.py "$folder/ours.json" "$folder/python.json" "$folder"
