#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a CI job sees of the gate, on real flights: a registry, a repository with the kit in it, and four models that its jobs
# push: the first, a better one, a worse one, and one whose plan is overtaken. The registry ends with the script.
#   examples/02_promote_from_ci/run.sh
# ASSAY_PREFIX=DIR uses an installed Assay instead of building one; STORY_DIR=DIR keeps the files elsewhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
. examples/setup.sh

story=${STORY_DIR:-$PWD/build/story}
work=$story/from-ci
install_missing $ASSAY_BUILD_PACKAGES $ASSAY_STORY_PACKAGES
mkdir -p "$story"
story_data "$story/data"
built_assay "$story"
rm -rf "$work"
mkdir -p "$work/path" "$work/repository/ci"
cp -r examples/02_promote_from_ci "$work/repository/ci/assay"

say "1. A registry; its administrator makes a token to push with and one to promote with"
export ASSAY_DATA=$work/registry
assay serve --data "$ASSAY_DATA" --listen 127.0.0.1:0 >"$work/serve.log" 2>&1 &
server=$!
finish() {
  local code=$?
  [ $code -eq 0 ] || tail -20 "$work/serve.log" >&2
  kill $server 2>/dev/null
  wait $server || true
  exit $code
}
trap finish EXIT
for _ in $(seq 200); do [ -f "$ASSAY_DATA/server.json" ] && break; sleep 0.1; done
url=$(jq -r .url "$ASSAY_DATA/server.json")
writer=$(assay token create --role writer --namespace default --name ci-build)
promoter=$(assay token create --role promoter --namespace default --name ci-gate)

# What a job has: a clone, the registry's address, tokens, and of programs assay, bash and three of coreutils.
for program in assay bash cat mkdir rm; do ln -s "$(command -v $program)" "$work/path/$program"; done
job() {
  (cd "$work/repository" && env -i PATH="$work/path" ASSAY_URL="$url" ASSAY_TOKEN="$writer" \
    ASSAY_PROMOTE_TOKEN="$promoter" GITHUB_STEP_SUMMARY="$work/summary.md" "$@")
}

say "2. Four models, as files that a build leaves"
cd "$story/data"
run assay push dataset flights-train train.csv >/dev/null
run assay push dataset flights-holdout holdout.csv >/dev/null
build() {
  local to=$1; shift
  assay train --data flights-train@1 --target late --seed 7 --to laboratory "$@" | head -1
  assay pull laboratory "$work/repository/$to" >/dev/null
}
run build first --plugin linear
run build better --plugin gbt --set max_depth=4 --set rounds=40
run build worse --plugin gbt --set max_depth=1 --set rounds=1
run build best --plugin gbt --set max_depth=6 --set rounds=60

say "3. The policy of the stage: nobody enters production who is worse than what is there"
cat >"$work/production.yaml" <<'POLICY'
stage: production
rules:
  - metric: {name: roc_auc, dataset: flights-holdout@1, at_least: 0.55}
  - champion: {name: roc_auc, dataset: flights-holdout@1, margin: 0.0}
POLICY
run job assay push model late-flights first
run assay policy set late-flights "$work/production.yaml"

say "4. The gate"
gate="flights-holdout@1 production"
expect 0 job ASSAY_OUT=out/first ci/assay/promote.sh late-flights@1 $gate
expect 0 job ASSAY_OUT=out/better ci/assay/promote.sh late-flights $gate better
expect 10 job ASSAY_OUT=out/worse ci/assay/promote.sh late-flights $gate worse
expect 0 job ASSAY_OUT=out/again ASSAY_JUNIT=out/again/gate.xml ci/assay/promote.sh late-flights@2 $gate

say "5. Plan in one job, promote in another: exactly what was looked at, or nothing"
expect 0 job ASSAY_OUT=out/best ASSAY_ONLY=plan ci/assay/promote.sh late-flights $gate best
run assay rollback late-flights --stage production --reason "an incident, meanwhile"
expect 30 job ASSAY_OUT=out/best ASSAY_ONLY=promote ci/assay/promote.sh late-flights $gate
expect 0 job ASSAY_OUT=out/planned ASSAY_ONLY=plan ci/assay/promote.sh late-flights@4 $gate
expect 0 job ASSAY_OUT=out/planned ASSAY_ONLY=promote ci/assay/promote.sh late-flights@4 $gate

say "6. Who may push may not promote"
promoter="" expect 50 job ASSAY_OUT=out/writer ASSAY_EVALUATE="--by origin" ci/assay/promote.sh late-flights@1 $gate

run assay history late-flights --stage production
