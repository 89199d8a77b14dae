#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Times a full catalogue over HTTP as it grows, and an MLflow server on the same work at the smallest size. Prints tables, says
# which bounds were met; the plot is in build/bench/catalog.
#   tests/bench/catalog/run.sh [--full] [SECONDS]     10 000 and 40 000 versions, two minutes; --full: to a million, an hour
set -euo pipefail
cd "$(dirname "$0")/../../.."
. examples/setup.sh

sizes="10000 40000"
[ "${1:-}" != --full ] || { sizes="10000 100000 1000000"; shift; }
seconds=${1:-4}
folder=$PWD/build/bench/catalog
install_missing $ASSAY_BUILD_PACKAGES python3 python3-venv wrk
mkdir -p "$folder"
python_env "$folder/venv" mlflow==3.17.2

say "building (preset release)"
cmake --preset release -DASSAY_BENCH=ON >"$folder/configure.log" || { cat "$folder/configure.log"; exit 1; }
cmake --build --preset release --target catalog_bench

say "measuring"
rm -rf "$folder/data" "$folder/mlflow"
mkdir "$folder/data"
build/release/tests/bench/catalog/catalog_bench "$folder/data" "$seconds" $sizes | tee "$folder/ours.jsonl"
"$folder/venv/bin/python" tests/bench/catalog/mlflow_peer.py "$folder/mlflow" "$seconds" 10000 >"$folder/mlflow.json"
"$folder/venv/bin/python" tests/bench/catalog/report.py "$folder/ours.jsonl" "$folder/mlflow.json" "$folder" | tee "$folder/results.md"
