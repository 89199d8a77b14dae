#!/bin/sh
# Installs the SDK on its own, then builds and tests examples/03_write_a_plugin with nothing else of this tree.
# Usage: outsider.sh SOURCE_TREE SCRATCH_FOLDER
set -eu
source=$1 scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch"
cmake -S "$source/sdk" -B "$scratch/sdk" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
cmake --install "$scratch/sdk" --prefix "$scratch/prefix" >>"$scratch/log"
cp -r "$source/examples/03_write_a_plugin" "$scratch/project"
cmake -S "$scratch/project" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" -DCMAKE_BUILD_TYPE=Debug
cmake --build "$scratch/build"
ctest --test-dir "$scratch/build" --output-on-failure --no-tests=error
