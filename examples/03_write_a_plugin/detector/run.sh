#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the same detector in C++ and C (with each compiler that is here) and in Rust with an installed Assay SDK, loads
# all of them into one process to compare them, and, where the command `assay` is, checks each.
#   PREFIX=DIR run.sh [MODEL DATA.csv]
# PREFIX: where Assay (or the SDK alone) is installed. BUILD_DIR: build/ here unless given. With MODEL (a version in the
# registry) and a table, each also watches that for drift; all must answer alike.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
prefix=$(cd "${PREFIX:?say where Assay is installed: PREFIX=DIR $0}" && pwd)
build=${BUILD_DIR:-$here/build}
assay=${ASSAY:-$prefix/bin/assay}
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
run() { printf '\n$ %s\n' "$*"; "$@"; }
libraries=()

cpp() { # NAME COMPILERS... FLAGS: one build of the C++ source
  local name=$1 c=$2 cxx=$3; shift 3
  run cmake -S "$here" -B "$build/$name" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$c" -DCMAKE_CXX_COMPILER="$cxx" "$@"
  run cmake --build "$build/$name" --target out-of-range
  libraries+=("$build/$name/lib/assay/plugins/out-of-range.so")
}
c() { # COMPILER: one build of the C source
  run cmake -S "$here/c" -B "$build/c-$1" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$1"
  run cmake --build "$build/c-$1"
  libraries+=("$build/c-$1/lib/assay/plugins/out-of-range.so")
}
cpp gcc gcc g++
c gcc
if command -v clang++ >/dev/null; then cpp clang clang clang++; c clang; fi
if command -v clang++ >/dev/null && [ -n "$(find /usr/lib -name libc++.a -print -quit 2>/dev/null)" ]; then
  cpp clang-libc++ clang clang++ -DCMAKE_CXX_FLAGS=-stdlib=libc++ \
    -DCMAKE_MODULE_LINKER_FLAGS=-nostdlib++ -DCMAKE_CXX_STANDARD_LIBRARIES="-Wl,-Bstatic -lc++ -lc++abi -Wl,-Bdynamic"
fi

mkdir -p "$build/rust-project"
cp -r "$here/rust/src" "$build/rust-project/" && cp "$here/manifest.json" "$build/"
sed "s|@ASSAY_SDK@|$prefix/share/assay-sdk/rust|" "$here/rust/Cargo.toml" >"$build/rust-project/Cargo.toml"
run "${CARGO:-cargo}" build --release --offline --quiet --manifest-path "$build/rust-project/Cargo.toml" --target-dir "$build/rust"
cp "$build/rust/release/libout_of_range.so" "$build/rust/out-of-range.so"
libraries+=("$build/rust/out-of-range.so")

run cmake --build "$build/gcc" --target detector_test
run "$build/gcc/detector_test" "${libraries[@]}"
if [ ! -x "$assay" ]; then echo "no $assay: built ${#libraries[@]} libraries, not checked"; exit; fi
for library in "${libraries[@]}"; do run "$assay" plugin check "$library"; done
[ $# -eq 2 ] || exit 0
for library in "${libraries[@]}"; do
  "$assay" drift "$1" --plugin "$library" --data "$2" --json >"$build/found.json" || [ $? -eq 10 ]
  jq -S .rows "$build/found.json" >"$build/rows.json"
  [ -f "$build/first.json" ] || cp "$build/rows.json" "$build/first.json"
  cmp "$build/first.json" "$build/rows.json"
done
echo "all ${#libraries[@]} answer alike:"
jq -r '.[] | [.column, .value, .drifted] | @tsv' "$build/first.json"
