#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs examples/01_quickstart and checks that the lines of expected.txt appear in its output, in their order. In
# expected.txt "…" stands for any text: digests, times and ids differ from run to run.
. "$(dirname "$0")/lib.sh"
mkdir -p "$STORY_DIR"
[ -d "$STORY_DIR/data" ] || cp -r "$STORY_DATA" "$STORY_DIR/data"
examples/01_quickstart/run.sh >"$STORY_DIR/output.txt" 2>&1 || { tail -60 "$STORY_DIR/output.txt"; exit 1; }
examples/01_quickstart/run.sh --stop
python3 - "$STORY_DIR/output.txt" examples/01_quickstart/expected.txt <<'PY'
import re, sys
plain = lambda text: re.sub(r"\x1b\[[0-9;]*m", "", text)
output = [plain(line).rstrip() for line in open(sys.argv[1], encoding="utf-8")]
at = 0
for number, line in enumerate(open(sys.argv[2], encoding="utf-8"), 1):
    line = line.rstrip("\n").rstrip()
    if not line:
        continue
    pattern = re.compile(".*".join(re.escape(part) for part in line.split("…")) + r"\Z")
    found = next((i for i in range(at, len(output)) if pattern.match(output[i])), None)
    if found is None:
        sys.exit(f"expected.txt:{number} was not printed after output line {at}: {line}")
    at = found + 1
print(f"every expected line was printed, in order ({len(output)} lines of output)")
PY
