#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every project that `assay plugin new` writes builds without a warning, passes its tests and keeps the plugin contract:
# five kinds in three languages, with the installed prefix alone.
set -euo pipefail
export PATH=$ASSAY_PREFIX/bin:$PATH CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja} RUSTC=/usr/bin/rustc
work=$STORY_DIR/plugin-new
rm -rf "$work" && mkdir -p "$work" && cd "$work"
kinds="trainer scorer evaluator drift validator"

# One project of C++ or C. A plugin in C is held to the test of the same in C++, which is the same file.
native() {
  local language=$1 kind=$2 project=$1/my.$2
  cmake -S "$project" -B "$project/build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_{C,CXX}_FLAGS="-O0 -Werror" >/dev/null
  if [ "$language-$kind" != c-drift ] && [ "$language" = c ]; then
    cmake --build "$project/build" --target "my.$kind"
    "cpp/my.$kind/build/my_${kind}_test" "$project/build/lib/assay/plugins/my.$kind.so"
    assay plugin check "$project/build/lib/assay/plugins/my.$kind.so"
  else
    cmake --build "$project/build"
    ctest --test-dir "$project/build" --output-on-failure --no-tests=error
    [ "$(ctest --test-dir "$project/build" -N | grep -c 'Test  *#')" = 2 ] # the unit test and the check
  fi
}
rust() {
  printf '[workspace]\nmembers = ["my.*"]\n' >rust/Cargo.toml  # so that the SDK's crate is built once
  (cd rust && RUSTFLAGS="-D warnings" /usr/bin/cargo test --offline --quiet)
  (cd rust && RUSTFLAGS="-D warnings" /usr/bin/cargo build --offline --quiet)
  for kind in $kinds; do assay plugin check "rust/target/debug/libmy_$kind.so"; done
}

for language in cpp c rust; do
  for kind in $kinds; do
    assay plugin new "my.$kind" --kind "$kind" --lang "$language" --to "$language/my.$kind" >"$language-$kind.txt"
    if grep -rE '@[A-Z]+@' "$language/my.$kind"; then echo "a placeholder is left"; exit 1; fi
  done
done
# Nothing is written over, and a name that no file, target or crate could have is refused.
refused() { if assay plugin new "$@" 2>refused.txt; then echo "not refused: $*"; exit 1; fi }
refused my.drift --kind drift --to cpp/my.drift
grep -q "something is there" refused.txt
for name in "" ../x 1x a--b a-; do refused "$name" --kind drift; done

for kind in $kinds; do native cpp "$kind" >"cpp-$kind.log" 2>&1 || { cat "cpp-$kind.log"; exit 1; }; done &
others=$!
{ rust >rust.log 2>&1 || { cat rust.log; kill $others; exit 1; }; }
wait $others
for kind in $kinds; do native c "$kind" >"c-$kind.log" 2>&1 || { cat "c-$kind.log"; exit 1; }; done
echo "15 projects build, pass their tests and keep the plugin contract"
