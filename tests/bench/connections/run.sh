#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A thousand slow clients against the built server, with 64 uploads at once beside them, and against two other servers that
# only have to say how they are. Builds Release, takes four minutes, prints a table, exits 1 when a bound was missed.
#   tests/bench/connections/run.sh [SLOW [UPLOADS [MIB]]]     1000 clients and 64 uploads of 4 MiB unless given
# The store lies in build/bench/connections, so that its disk is the one that is written to; results.md is there.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. examples/setup.sh

folder=$PWD/build/bench/connections
bench=build/release/tests/bench/connections/connections_bench
slow=${1:-1000}
install_missing $ASSAY_BUILD_PACKAGES python3 python3-venv
rm -rf "$folder/run"
mkdir -p "$folder/run"
python_env "$folder/venv" uvicorn==0.35.0 httptools==0.6.4

say "building (preset release)"
cmake --preset release -DASSAY_BENCH=ON >"$folder/configure.log" || { cat "$folder/configure.log"; exit 1; }
cmake --build --preset release --target connections_bench assay

say "measuring"
{
  echo "| server, with $slow slow clients | connections held | asked | unanswered | p50 ms | p99 ms | most ms | MiB more |"
  echo "|---|---|---|---|---|---|---|---|"
} | tee "$folder/results.md"
code=0
"$bench" assay "$PWD/build/release/registry/assay" "$folder/run" "$slow" "${2:-64}" "${3:-4}" 2>"$folder/assay.txt" |
  tee -a "$folder/results.md" || code=1
"$bench" peer "cpp-httplib" "$slow" "$PWD/$bench" httplib | tee -a "$folder/results.md"
"$bench" peer "uvicorn" "$slow" "$folder/venv/bin/python" tests/bench/connections/uvicorn_peer.py | tee -a "$folder/results.md"
cat "$folder/assay.txt"
exit "$code"
