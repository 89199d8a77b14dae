#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the SDK on its own, then builds with it and nothing else of this tree: examples/03_write_a_plugin with its
# tests, and the plugin that sdk/README.md shows. Usage: outsider.sh SOURCE_TREE SCRATCH_FOLDER
set -eu
export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}"  # what builds Assay is here; make may not be
source=$1 scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch/readme"
cmake -S "$source/sdk" -B "$scratch/sdk" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
cmake --install "$scratch/sdk" --prefix "$scratch/prefix" >>"$scratch/log"
prefix=$scratch/prefix

cp -r "$source/examples/03_write_a_plugin" "$scratch/project"
cmake -S "$scratch/project" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Debug
cmake --build "$scratch/build"
ctest --test-dir "$scratch/build" --output-on-failure --no-tests=error

# The first fenced block of each language, word for word.
block() { awk -v fence='```'"$1" '$0 == fence && !done {on = 1; next} /^```/ {if (on) done = 1; on = 0} on' "$source/sdk/README.md"; }
block cmake >"$scratch/readme/CMakeLists.txt"
block json >"$scratch/readme/manifest.json"
block cpp >"$scratch/readme/mean_guess.cc"
cmake -S "$scratch/readme" -B "$scratch/readme/build" -DCMAKE_PREFIX_PATH="$prefix"
cmake --build "$scratch/readme/build"
test -f "$scratch/readme/build/lib/assay/plugins/mean-guess.so"
cmake --install "$scratch/readme/build" --prefix "$prefix" >>"$scratch/log"
test -f "$prefix/lib/assay/plugins/mean-guess.so"

# A manifest that no host would take is refused when the project is configured, by the member's name.
refused() { # SED_EXPRESSION WHAT_IT_SAYS
  mkdir -p "$scratch/refused"
  cp "$scratch/readme/CMakeLists.txt" "$scratch/readme/mean_guess.cc" "$scratch/refused"
  sed "$1" "$scratch/readme/manifest.json" >"$scratch/refused/manifest.json"
  cmp -s "$scratch/readme/manifest.json" "$scratch/refused/manifest.json" && { echo "$1 changes nothing"; exit 1; }
  if cmake -S "$scratch/refused" -B "$scratch/refused/build" -DCMAKE_PREFIX_PATH="$prefix" >"$scratch/refused.txt" 2>&1; then
    echo "not refused: $1"; exit 1
  fi
  tr -s ' \n' '  ' <"$scratch/refused.txt" | grep -qF -- "$2" || { cat "$scratch/refused.txt"; echo "does not say: $2"; exit 1; }
}
refused 's/{"manifest_version": 1, //' "'manifest_version'"
refused 's/"manifest_version": 1/"manifest_version": 2/' "manifest_version 1"
refused 's/"major": 1/"major": 2/' "abi.major 1"
refused 's/"min_minor": 0/"min_minor": -1/' "abi.min_minor"
refused 's/"id": "mean-guess", "version"/"id": "mean guess", "version"/' "id is 'mean guess'"
refused 's/{"id": "mean-guess"/{"id": "..\/mean-guess"/' "the id of component 0"
refused 's/\["assay.trainer\/1", "assay.scorer\/1"\]/[]/' "capabilities of mean-guess"
refused 's/"assay.trainer\/1"/"trainer"/' "capabilities of mean-guess"
refused 's/"type": "object"/"type": "array"/' "config_schema of mean-guess"

# Without CMake: the C header alone, by pkg-config, as C11.
printf '#include <assay/abi.h>\nint size(void);\nint size(void) { return (int)sizeof(assay_call); }\n' >"$scratch/alone.c"
flags=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags assay-sdk)
${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror $flags -c "$scratch/alone.c" -o "$scratch/alone.o"
# Each extension by itself too, in either language.
for header in "$prefix"/include/assay/ext/*.h; do
  printf '#include <assay/ext/%s>\nint there(void);\nint there(void) { return 1; }\n' "${header##*/}" >"$scratch/alone.c"
  ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror $flags -c "$scratch/alone.c" -o "$scratch/alone.o"
  sed 's/(void)/()/' "$scratch/alone.c" >"$scratch/alone.cc"
  ${CXX:-c++} -std=c++20 -Wall -Wextra -Wpedantic -Werror $flags -c "$scratch/alone.cc" -o "$scratch/alone.o"
done
