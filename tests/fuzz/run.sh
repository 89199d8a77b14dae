#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds harnesses with clang's libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, and runs each; README.md
# beside this file says what it needs. run.sh [SECONDS each, 60 unless said] [NAME of one harness]. What it finds new
# stays in build/fuzz/NAME; a crash is left there, and is what the exit code tells.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-60}
only=${2:-}
build=$root/build/fuzz
failed=

if ! find /usr/lib/llvm* /usr/lib/clang -name 'libclang_rt.fuzzer*' 2>/dev/null | grep -q .; then
  echo "clang's libFuzzer is not here: install libclang-rt-dev, on Debian 12 libclang-rt-14-dev" >&2
  exit 2
fi

CC=clang CXX=clang++ cmake -S "$root/tests/fuzz/libfuzzer" -B "$build" -G Ninja >/dev/null
ninja -C "$build" ${only:+"${only}_fuzz"}

for source in "$root"/tests/fuzz/*_fuzz.cc; do
  name=$(basename "$source" _fuzz.cc)
  [ -z "$only" ] || [ "$only" = "$name" ] || continue
  mkdir -p "$build/$name"
  echo "== $name"
  (cd "$build/$name" && "../${name}_fuzz" -max_total_time="$seconds" -max_len=8192 -timeout=25 -rss_limit_mb=2048 \
    -print_final_stats=1 -verbosity=0 . "$root/tests/fuzz/corpus/$name") || failed="$failed $name"
done
[ -z "$failed" ] || { echo "found something:$failed; the inputs are in $build" >&2; exit 1; }
