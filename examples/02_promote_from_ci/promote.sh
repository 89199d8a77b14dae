#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A model to its gate, from a CI job: push it, measure it, plan the move, promote by that plan. Needs `assay` alone.
#   promote.sh MODEL HOLDOUT STAGE [FILE...]
#     MODEL    NAME, whose next version the files (or the one directory) become; or NAME@VERSION of the registry
#     HOLDOUT  the dataset to judge by, NAME@VERSION
# Environment:
#   ASSAY_URL, ASSAY_TOKEN  the registry, and a token that may push and evaluate (role writer)
#   ASSAY_PROMOTE_TOKEN     a token that may promote (role promoter); ASSAY_TOKEN when left out
#   ASSAY_TRUST, ASSAY_PROMOTE_TRUST  instead of each, a trust that gives the job one for its own identity (README.md)
#   ASSAY_EVALUATE          more for `assay evaluate`, such as: --plugin my.evaluator --by region
#   ASSAY_ONLY              plan: stop after the dry run; promote: do what the plan in ASSAY_OUT says, or nothing
#   ASSAY_OUT               where plan.json, decision.json, promote.md and result.env go: assay-out when left out
#   ASSAY_JUNIT             the JUnit report, one test case a rule: $ASSAY_OUT/promote.xml when left out
# Exits as `assay` did: 0 promoted or already there, 10 refused, 30 the plan is out of date, … (README.md).
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: promote.sh MODEL HOLDOUT STAGE [FILE...]" >&2; exit 60; }
model=$1 holdout=$2 stage=$3 only=${ASSAY_ONLY:-}
shift 3
out=${ASSAY_OUT:-assay-out}
junit=${ASSAY_JUNIT:-$out/promote.xml}
fail() { echo "promote.sh: $1" >&2; exit 60; }
case $only in ""|plan|promote) ;; *) fail "ASSAY_ONLY is \"$only\"; write plan, promote or nothing" ;; esac
mkdir -p "$out"
rm -f "$out"/{decision.json,promote.md,error.txt} "$junit"
[ "$only" = promote ] || rm -f "$out"/{plan.json,result.env}

# assay, with its complaint kept for the summary.
try() {
  local code=0
  assay "$@" 2>"$out/error.txt" || code=$?
  cat "$out/error.txt" >&2
  return $code
}
# field NAME FILE: a word of a plan or decision, whose own fields are indented by two.
field() { [ -s "$2" ] && [[ $(<"$2") =~ $'\n  "'"$1"'": "'([a-z0-9_]*) ]] && echo "${BASH_REMATCH[1]}"; }
# render COMMAND...: what it shows, as Markdown and as JUnit. The verdict stands also when this fails.
render() {
  try "$@" --format md --output "$out/promote.md" || true
  try "$@" --format junit --output "$junit" || true
}

finish() {
  local code=$? judged=$out/decision.json verdict sign=✅
  [ "$only" != plan ] || judged=$out/plan.json
  verdict=$(field verdict "$judged" || true)
  if ! [ -s "$out/promote.md" ]; then # assay said why on its error stream
    [ $code -eq 0 ] || sign=❌
    printf '### %s %s to %s\n\n%s, exit code %s\n\n' $sign "$model" "$stage" "${verdict:-no verdict}" $code >"$out/promote.md"
    [ ! -s "$out/error.txt" ] || while IFS= read -r line; do echo "    $line"; done <"$out/error.txt" >>"$out/promote.md"
  fi
  printf 'ASSAY_%s\n' "VERSION=$model" "VERDICT=$verdict" "DECISION=$(field id "$out/decision.json")" \
    "EXIT_CODE=$code" >"$out/result.env"
  [ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$out/promote.md" >>"$GITHUB_STEP_SUMMARY"
  cat "$out/promote.md"
}
trap finish EXIT

# Tokens of a job's own identity live ten minutes: each is asked for when it is needed.
if [ -n "${ASSAY_TRUST:-}" ]; then ASSAY_TOKEN=$(try token exchange --trust "$ASSAY_TRUST") && export ASSAY_TOKEN; fi
if [ "$only" = promote ]; then
  [ -s "$out/plan.json" ] || fail "there is no $out/plan.json: run with ASSAY_ONLY=plan first, and keep $out"
  [[ $(<"$out/result.env") =~ ASSAY_VERSION=([^$'\n']+) ]] || fail "$out/result.env names no version"
  model=${BASH_REMATCH[1]}
else
  if [ $# -gt 0 ]; then
    pushed=$(try push model "$model" "$@") # NAME@3 sha256:…, or: already NAME@3, nothing to do …
    echo "$pushed"
    pushed=${pushed#already }
    model=${pushed%%[, ]*}
  fi
  try evaluate "$model" --data "$holdout" ${ASSAY_EVALUATE:-}
fi

[ -z "${ASSAY_PROMOTE_TRUST:-}" ] || ASSAY_PROMOTE_TOKEN=$(try token exchange --trust "$ASSAY_PROMOTE_TRUST")
[ -z "${ASSAY_PROMOTE_TOKEN:-}" ] || export ASSAY_TOKEN=$ASSAY_PROMOTE_TOKEN
code=0
if [ "$only" != promote ]; then
  try promote "$model" --to "$stage" --dry-run --plan "$out/plan.json" >/dev/null || code=$?
  [ -s "$out/plan.json" ] || exit $code
fi
if [ "$only" = plan ]; then
  render promote "$model" --to "$stage" --dry-run
  exit $code
fi
code=0 # A refusal is carried out too: it is recorded, with its reasons.
try promote "$model" --to "$stage" --plan "$out/plan.json" --format json --output "$out/decision.json" || code=$?
[ -s "$out/decision.json" ] || exit $code
render explain "$(field id "$out/decision.json")"
exit $code
