# SPDX-License-Identifier: Apache-2.0
# Shared by the story tests: a registry on a fresh directory and a free port that ends with the test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH=$ASSAY_PREFIX/bin:$PATH

# start_registry DIR: sets URL and TOKEN, exports ASSAY_DATA.
start_registry() {
  rm -rf "$1"
  export ASSAY_DATA=$1
  assay serve --data "$1" --listen 127.0.0.1:0 >"$1.log" 2>&1 &
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
