#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The whole story on real data: installs what is missing, builds, trains, judges, promotes, and leaves a registry running.
#   examples/01_quickstart/run.sh          the story; run it again for a fresh registry
#   examples/01_quickstart/run.sh --stop   stops the registry that it left running
# ASSAY_PREFIX=DIR uses an installed Assay instead of building one; STORY_DIR=DIR keeps the story's files elsewhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
. examples/setup.sh

story=${STORY_DIR:-$PWD/build/story}
registry=$story/registry
stop_registry() {
  [ -f "$story/pid" ] || return 0
  local pid
  pid=$(cat "$story/pid")
  rm -f "$story/pid"
  kill "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}
if [ "${1:-}" = --stop ]; then stop_registry; say "stopped"; exit; fi

install_missing $ASSAY_BUILD_PACKAGES $ASSAY_STORY_PACKAGES
mkdir -p "$story"
story_data "$story/data"
built_assay "$story"

say "1. A registry on an empty directory"
stop_registry
rm -rf "$registry" "$story/out"
mkdir -p "$story/out"
export ASSAY_DATA=$registry
printf '\n\033[36m$ assay serve --data %s --listen 127.0.0.1:0\033[0m\n' "$registry"
setsid nohup assay serve --data "$registry" --listen 127.0.0.1:0 >"$story/serve.log" 2>&1 </dev/null &
echo $! >"$story/pid"
trap 'code=$?; [ $code -eq 0 ] || { echo "failed (exit $code); the server said:" >&2; tail -20 "$story/serve.log" >&2; stop_registry; }' EXIT
for _ in $(seq 100); do [ -f "$registry/server.json" ] && break; sleep 0.1; done
run assay version
cd "$story/data"

say "2. Datasets are versions: numbered, checksummed, profiled"
run assay push dataset flights-train train.csv
run assay push dataset flights-holdout holdout.csv
run assay push dataset flights-this-week this-week.csv
run assay push dataset flights-train train.csv
run assay validate flights-holdout@1 --plugin table_contract --against flights-train@1

say "3. Two models from two plugins, each with its run, lineage and metrics"
run assay train --plugin baseline --data flights-train@1 --target late --seed 7 --to late-flights
run assay train --plugin gbt --data flights-train@1 --target late --set max_depth=6 --set rounds=150 --seed 7 --to late-flights

say "4. Judged on flights that they have not seen"
run assay evaluate late-flights@1 --plugin classification --data flights-holdout@1
run assay evaluate late-flights@2 --plugin classification --data flights-holdout@1

say "5. A stage moves only through its policy"
cat >"$story/out/production.yaml" <<'POLICY'
stage: production
from: staging
rules:
  - metric: {name: roc_auc, dataset: flights-holdout@1, at_least: 0.5}
  - champion: {name: roc_auc, dataset: flights-holdout@1, margin: 0.0}
POLICY
run cat "$story/out/production.yaml"
run assay policy set late-flights --stage production "$story/out/production.yaml"
run assay promote late-flights@1 --to staging
run assay promote late-flights@1 --to production
between=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
run assay promote late-flights@2 --to staging
run assay promote late-flights@2 --to production
echo; echo "A third model, made worse on purpose: one tree of depth one."
run assay train --plugin gbt --data flights-train@1 --target late --set max_depth=1 --set rounds=1 --seed 7 --to late-flights
run assay evaluate late-flights@3 --plugin classification --data flights-holdout@1
run assay promote late-flights@3 --to staging
expect 10 assay promote late-flights@3 --to production

say "6. Scores, at the desk and over HTTP: the same bits"
url=$(jq -r .url "$registry/server.json")
run assay score late-flights@production --input this-week.csv --output "$story/out/scored.csv"
run curl -sS -f -H "Authorization: Bearer $(cat "$registry/admin.token")" -H "Content-Type: text/csv" \
  --data-binary @this-week.csv -o "$story/out/scored-http.csv" "$url/api/v1/models/default/late-flights/versions/production:score" \
  | sed 's/assay_[A-Za-z0-9_]*/…/'
run cmp "$story/out/scored.csv" "$story/out/scored-http.csv"
run head -3 "$story/out/scored.csv"

say "7. Drift: an ordinary week is not reported, a July week is"
run assay drift late-flights@production --data ordinary-week.csv
expect 10 assay drift late-flights@production --data this-week.csv

say "8. Swap the algorithm: another first-party plugin, then one written outside the tree"
run assay train --plugin linear --data flights-train@1 --target late --seed 7 --to late-flights
run assay evaluate late-flights@4 --plugin classification --data flights-holdout@1
run env PREFIX="$ASSAY_PREFIX" BUILD_DIR="$story/out/plugin" "$OLDPWD/examples/03_write_a_plugin/run.sh"
run assay train --plugin naive-bayes --data flights-train@1 --target late --seed 7 --to late-flights
run assay evaluate late-flights@5 --plugin classification --data flights-holdout@1

say "9. History that answers questions"
run assay history late-flights --stage production
run assay explain late-flights@production --at "$between"
run assay rollback late-flights --stage production
run assay explain late-flights@production
run assay lineage late-flights@2
run assay pull late-flights@production "$story/out/model"
run assay fsck --data "$registry"

trap - EXIT
say "The registry goes on at $url (data in $registry)"
echo "Try:   export ASSAY_DATA=$registry PATH=$ASSAY_PREFIX/bin:\$PATH;  assay ls"
echo "Stop:  examples/01_quickstart/run.sh --stop"
