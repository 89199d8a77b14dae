#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs examples/01_quickstart and checks that the lines of expected.txt appear in its output.
. "$(dirname "$0")/lib.sh"
mkdir -p "$STORY_DIR"
[ -d "$STORY_DIR/data" ] || cp -r "$STORY_DATA" "$STORY_DIR/data"
examples/01_quickstart/run.sh >"$STORY_DIR/output.txt" 2>&1 || { tail -60 "$STORY_DIR/output.txt"; exit 1; }
examples/01_quickstart/run.sh --stop
expected_lines "$STORY_DIR/output.txt" examples/01_quickstart/expected.txt
