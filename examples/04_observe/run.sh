#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What an operator sees: a registry over TLS with real traffic, a Prometheus that watches it by the configuration beside
# this script, and an answer to every query of the dashboard. Both end with the script.
#   examples/04_observe/run.sh
# ASSAY_PREFIX=DIR uses an installed Assay instead of building one; STORY_DIR=DIR keeps the files elsewhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
. examples/setup.sh

example=$PWD/examples/04_observe
story=${STORY_DIR:-$PWD/build/story}
work=$story/observe
install_missing $ASSAY_BUILD_PACKAGES $ASSAY_STORY_PACKAGES prometheus
mkdir -p "$story"
built_assay "$story"
rm -rf "$work"
mkdir -p "$work/prometheus"
cd "$work"

server="" prometheus="" traffic=""
finish() {
  local code=$?
  [ $code -eq 0 ] || for log in serve.log prometheus.log; do tail -n 20 $log >&2; done
  for pid in $traffic $prometheus $server; do kill "$pid" 2>/dev/null || true; done
  wait
  exit $code
}
trap finish EXIT

# eventually COMMAND...: runs it until it succeeds; gives up after a minute.
eventually() {
  local end=$((SECONDS + 60))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "not within a minute: $*" >&2; "$@" || exit 1; }
    sleep 0.2
  done
}

say "1. A registry with a certificate, and a token that may only read"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout assay.key -out prometheus/assay.pem 2>/dev/null
export ASSAY_DATA=$work/registry SSL_CERT_FILE=$work/prometheus/assay.pem
assay serve --listen 127.0.0.1:0 --tls-cert prometheus/assay.pem --tls-key assay.key --log-format json \
  --webhook-allow 127.0.0.1 >/dev/null 2>serve.log &
server=$!
eventually test -f registry/server.json
url=$(jq -r .url registry/server.json)
(umask 077; assay token create --role reader --name prometheus >prometheus/assay.token)

say "2. Prometheus, as prometheus.yml and alerts.yml say, but looking every second"
sed 's/15s$/1s/' "$example/prometheus.yml" >prometheus/prometheus.yml
cp "$example/alerts.yml" "$example/alerts_test.yml" prometheus/
echo "[{\"targets\": [\"${url#https://}\"]}]" >prometheus/targets.json
run promtool check config prometheus/prometheus.yml
run promtool test rules prometheus/alerts_test.yml
prometheus --config.file=prometheus/prometheus.yml --storage.tsdb.path=prometheus/data \
  --web.listen-address=127.0.0.1:0 2>prometheus.log &
prometheus=$!
eventually grep -q 'msg="Listening on"' prometheus.log
watcher=http://$(sed -n 's/.*msg="Listening on" address=//p' prometheus.log)
ask() { curl --silent --fail --get "$watcher/api/v1/query" --data-urlencode "query=$1"; }
value_is() { [ "$(ask "$1" | jq -r '.data.result[0].value[1]')" = "$2" ]; }
eventually value_is 'up{job="assay"}' 1
echo "up{job=\"assay\"} is 1"

say "3. What people do, and what an operator does"
# A webhook whose receiver is not there: port 9 discards, where anybody listens at all.
assay webhook create --url http://127.0.0.1:9/ >/dev/null
assay quota set default 1GiB >/dev/null
cat >production.yaml <<'POLICY'
stage: production
rules:
  - metric: {name: roc_auc, dataset: holdout@1, at_least: 0.8}
POLICY
printf 'a,late\n1,0\n2,1\n' >holdout.csv
run assay push dataset holdout holdout.csv
head -c 300000 /dev/urandom >weights.bin
run assay push model churn weights.bin
run assay promote churn@1 --to staging
run assay policy set churn --stage production production.yaml
expect 11 assay promote churn@1 --to production
run assay search "created_at > '2026-01-01'" --kind model
run assay scrub
run assay gc --dry-run
run assay backup "$work/backup"
# Until the script ends, so that there is a rate of everything.
while true; do
  echo $RANDOM >>weights.bin
  assay push model churn weights.bin
  assay pull churn@latest pulled
  assay search "created_at > '2026-01-01'" --kind model
  rm -rf pulled
done >traffic.log 2>&1 &
traffic=$!

say "4. Every query of the dashboard has an answer"
curl --silent --fail --cacert prometheus/assay.pem --header "Authorization: Bearer $(cat prometheus/assay.token)" \
  "$url/metrics" >metrics.txt
run promtool check metrics <metrics.txt
eventually python3 "$example/ask_dashboard.py" "$example/dashboard.json" "$watcher"
run python3 "$example/ask_dashboard.py" "$example/dashboard.json" "$watcher"

say "5. A stop: what runs is finished, the log says so, and Prometheus notices"
kill $traffic && wait $traffic 2>/dev/null || true
traffic=""
kill -TERM $server
code=0; wait $server || code=$?
server=""
echo "(exit code $code, as it should be)"
[ $code -eq 0 ]
jq -c 'select(.event == "stopping" or .event == "stopped") | del(.time)' serve.log
eventually value_is 'up{job="assay"}' 0
eventually value_is 'count(ALERTS{alertname="AssayDown", alertstate="pending"})' 1
echo "AssayDown is pending; it fires after two minutes"
