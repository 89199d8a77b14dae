#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds with warnings as errors and sanitizers, and runs every test.
#   tests/run.sh              everything that continuous integration runs
#   tests/run.sh -L dev       only what CTest's own options select
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/setup.sh

# clang lays out the SDK's structs for other machines, rustc and cargo test its crate, promtool checks what a server
# exports; then the reference implementations that the plugins' numbers are compared with, the published schemas that
# model cards keep, the signing tool that must accept our signatures, and the tester that holds the HTTP API to its
# description.
install_missing $ASSAY_BUILD_PACKAGES $ASSAY_STORY_PACKAGES catch2 procps prometheus clang libc++-dev libc++abi-dev rustc cargo
story_data "$PWD/build/story/data"
python_env "$PWD/build/venv" scikit-learn==1.9.1 scipy==1.17.1 model-signing==1.1.1 pyOpenSSL==26.4.0 \
  "cyclonedx-python-lib[json-validation]==11.12.0" schemathesis==4.32.5
# Of this one only the schema is read; its dependencies are a gigabyte.
"$PWD/build/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps model-card-toolkit==2.0.0

# ASan's shadow memory and two linkers at once are what limits a small machine, not the compiler.
jobs=$(nproc)
say "building (preset dev: ASan, UBSan, warnings are errors) with $jobs jobs"
mkdir -p build
cmake --preset dev >build/configure.log || { cat build/configure.log; exit 1; }
cmake --build --preset dev --parallel "$jobs"
say "testing"
exec ctest --test-dir build/dev --output-on-failure --parallel "$jobs" "$@"
