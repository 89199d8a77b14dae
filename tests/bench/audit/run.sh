#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Times appending to the audit trail and verifying it, over HTTP and in place. Builds Release, takes a minute or two, prints
# a table and says whether the bound was met.
#   tests/bench/audit/run.sh [ENTRIES]     a million unless given
# The catalogue lies in build/bench/audit, so that its disk is the one that is measured; results.md is there.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. examples/setup.sh

folder=$PWD/build/bench/audit
install_missing $ASSAY_BUILD_PACKAGES
mkdir -p "$folder"

say "building (preset release)"
cmake --preset release -DASSAY_BENCH=ON >"$folder/configure.log" || { cat "$folder/configure.log"; exit 1; }
cmake --build --preset release --target audit_bench

say "measuring"
TMPDIR=$folder build/release/tests/bench/audit/audit_bench "${1:-1000000}" | tee "$folder/results.md"
