#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs examples/03_write_a_plugin/detector as its reader would: C++ and C with each compiler and Rust, built with the installed
# SDK, loaded by one host, checked, and finding the same on real flights.
. "$(dirname "$0")/lib.sh"
mkdir -p "$STORY_DIR"
start_registry "$STORY_DIR/detector"
assay push dataset flights-train "$STORY_DATA/train.csv" >/dev/null
assay train --plugin baseline --data flights-train@1 --target late --to flights >/dev/null
export BUILD_DIR=$STORY_DIR/detector-build PREFIX=$ASSAY_PREFIX CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc
rm -rf "$BUILD_DIR"
examples/03_write_a_plugin/detector/run.sh flights@1 "$STORY_DATA/this-week.csv" >"$STORY_DIR/detector.txt" 2>&1 ||
  { tail -60 "$STORY_DIR/detector.txt"; exit 1; }
grep -q "all 6 answer alike" "$STORY_DIR/detector.txt"
sed -n '/answer alike/,$p' "$STORY_DIR/detector.txt"
