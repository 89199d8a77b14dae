#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A plugin that was written for the first minor of the SDK is built with that minor's headers, and trains and scores in
# today's host.
. "$(dirname "$0")/lib.sh"
work=$STORY_DIR/released
rm -rf "$work" && mkdir -p "$work"
start_registry "$work/data"
${CC:-cc} -std=c11 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden -Wl,-z,defs -Itests/golden/abi/1.0 \
  tests/golden/abi/1.0/plugin.c -o "$work/released.so"
assay plugin check --level basic "$work/released.so"
seq 10 | awk 'BEGIN {print "x,y"} {print $1 "," $1 % 2}' >"$work/rows.csv"
assay push dataset ten "$work/rows.csv" >/dev/null
assay plugin push "$work/released.so" >/dev/null
assay train --plugin released --data ten@1 --target y --to counted --set plus=0.25 >/dev/null
assay score counted@1 --input "$work/rows.csv" >"$work/scores.csv"
cat "$work/scores.csv"
[ "$(grep -c '10.25' "$work/scores.csv")" = 10 ]
