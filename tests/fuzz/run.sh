#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds every harness with clang's libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, and runs each.
# run.sh [SECONDS each, 60 unless said] [NAME of one harness]. What it finds new stays in build/fuzz/NAME; a crash is left there.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-60}
only=${2:-}
build=$root/build/fuzz

CC=clang CXX=clang++ cmake -S "$root/tests/fuzz/libfuzzer" -B "$build" -G Ninja >/dev/null
ninja -C "$build"

for source in "$root"/tests/fuzz/*_fuzz.cc; do
  name=$(basename "$source" _fuzz.cc)
  [ -z "$only" ] || [ "$only" = "$name" ] || continue
  mkdir -p "$build/$name"
  echo "== $name"
  (cd "$build/$name" && "../${name}_fuzz" -max_total_time="$seconds" -max_len=8192 -print_final_stats=1 -verbosity=0 \
    . "$root/tests/fuzz/corpus/$name")
done
