#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the sh blocks of registry/http/API.md in order, in one shell, against a fresh registry. DATA holds the
# quickstart's tables and, under model/, the bundle that the quickstart pulled.
. "$(dirname "$0")/lib.sh"
start_registry "$STORY_DIR/api-registry"
DATA=$STORY_DIR/api-data
rm -rf "$DATA"
mkdir -p "$DATA"
cp "$STORY_DATA"/*.csv "$DATA"
cp -r "$STORY_DIR/out/model" "$DATA/model"
export DATA
python3 - registry/http/API.md >"$STORY_DIR/api.sh" <<'PY'
import re, sys
blocks = re.findall(r"^```sh\n(.*?)^```", open(sys.argv[1], encoding="utf-8").read(), re.S | re.M)
if len(blocks) < 5:
    sys.exit("API.md has lost its walk-through")
print("set -euxo pipefail\n" + "\n".join(blocks))
PY
cd "$DATA"
bash "$STORY_DIR/api.sh"
echo "every command of API.md succeeded"
