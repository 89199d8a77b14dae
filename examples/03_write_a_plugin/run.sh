#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds this plugin with an installed Assay SDK, tests and checks it, and pushes it to the registry.
#   PREFIX=DIR run.sh [REFERENCE LABEL MODEL]
# PREFIX: where Assay (or the SDK alone) is installed. ASSAY: the command, PREFIX/bin/assay unless given; where there is
# none, the last steps are left out. BUILD_DIR: build/ here unless given. With REFERENCE (a dataset version, such as
# flights-train@1), LABEL and MODEL it also trains a version of MODEL.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${PREFIX:?say where Assay is installed: PREFIX=DIR $0}"
build=${BUILD_DIR:-$here/build}
assay=${ASSAY:-$PREFIX/bin/assay}
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}  # what builds Assay is here; make may not be
run() { printf '\n$ %s\n' "$*"; "$@"; }

run cmake -S "$here" -B "$build" -DCMAKE_PREFIX_PATH="$PREFIX"
run cmake --build "$build"
run ctest --test-dir "$build" --output-on-failure --no-tests=error

plugin=$build/lib/assay/plugins/naive-bayes.so
if [ ! -x "$assay" ]; then echo "no $assay: built $plugin, not pushed"; exit; fi
run "$assay" plugin check "$plugin"
run "$assay" plugin push "$plugin"
if [ $# -eq 3 ]; then run "$assay" train --plugin naive-bayes --data "$1" --target "$2" --seed 7 --to "$3"; fi
