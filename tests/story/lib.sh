# SPDX-License-Identifier: Apache-2.0
# Shared by the story tests: a registry on a fresh directory and a free port that ends with the test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH=$ASSAY_PREFIX/bin:$PATH

# start_registry DIR [OPTION...]: sets URL and TOKEN, exports ASSAY_DATA. The options are those of assay serve.
start_registry() {
  rm -rf "$1"
  export ASSAY_DATA=$1
  assay serve --data "$1" --listen 127.0.0.1:0 "${@:2}" >"$1.log" 2>&1 &
  registry_pid=$!
  trap 'kill $registry_pid 2>/dev/null; wait $registry_pid 2>/dev/null' EXIT
  for _ in $(seq 200); do
    [ -f "$1/server.json" ] && break
    kill -0 $registry_pid 2>/dev/null || { cat "$1.log" >&2; return 1; }
    sleep 0.1
  done
  URL=$(jq -r .url "$1/server.json")
  TOKEN=$(cat "$1/admin.token")
  export URL TOKEN
}

# expected_lines OUTPUT EXPECTED: the lines of EXPECTED appear in OUTPUT, in their order. "…" stands for any text: digests,
# times and ids differ from run to run.
expected_lines() {
  python3 - "$1" "$2" <<'PY'
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
}
