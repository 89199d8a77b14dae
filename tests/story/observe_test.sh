#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs examples/04_observe, which asks a live Prometheus everything that the dashboard asks, and checks that what it scraped,
# the alerts, the dashboard and registry/docs/operations.md speak of the same figures.
. "$(dirname "$0")/lib.sh"
example=$PWD/examples/04_observe
mkdir -p "$STORY_DIR"
"$example/run.sh" >"$STORY_DIR/observe.txt" 2>&1 || { tail -60 "$STORY_DIR/observe.txt"; exit 1; }
expected_lines "$STORY_DIR/observe.txt" "$example/expected.txt"
work=$STORY_DIR/observe

promtool check metrics <"$work/metrics.txt" >"$work/lint.txt" 2>&1 || { cat "$work/lint.txt"; exit 1; }
[ ! -s "$work/lint.txt" ] || { cat "$work/lint.txt"; exit 1; }
promtool check rules "$example/alerts.yml"
promtool test rules "$example/alerts_test.yml"

# No line of the log is anything but JSON, and no token is in it.
jq --exit-status --slurp 'all(has("event") and has("level") and has("time"))' "$work/serve.log" >/dev/null
for token in "$work/prometheus/assay.token" "$work/registry/admin.token"; do
  if grep --quiet --fixed-strings "$(cat "$token")" "$work/serve.log"; then echo "$token is in the log" >&2; exit 1; fi
done

python3 - "$work/metrics.txt" "$example" registry/docs/operations.md <<'PY'
import json, pathlib, re, sys
metrics, example, operations = (pathlib.Path(argument) for argument in sys.argv[1:])

exported = {}
for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", metrics.read_text(), re.M):
    exported[name] = kind
series = set(exported) | {f"{name}_{part}" for name, kind in exported.items() if kind == "histogram"
                          for part in ("bucket", "sum", "count")}
prefix = r"\b(?:assay|http|process)_[a-z0-9_]+\b"

def named(expression):
    """The figures in a query: words of our prefixes outside of quotes and of label lists."""
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    outside = re.sub(r"\{[^}]*\}", "{}", outside)
    return set(re.findall(prefix, outside))

faults = []
def require(ok, what):
    if not ok:
        faults.append(what)

# 1. The dashboard: what Grafana 10 needs to take it, and only figures that there are.
board = json.loads((example / "dashboard.json").read_text())
require(board["schemaVersion"] >= 39, "the dashboard's schema is older than Grafana 10.2's")
require(board["templating"]["list"][0]["type"] == "datasource", "the dashboard's first variable is no datasource")
rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
require(rows == ["Now", "Traffic", "Catalogue", "Store", "Promotion", "Webhooks and jobs"], f"rows are {rows}")
ids = [panel["id"] for panel in board["panels"]]
require(ids == list(range(1, len(ids) + 1)), "panels are not numbered in their order")
taken = set()
for panel in board["panels"]:
    at = panel["gridPos"]
    cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
    require(at["x"] + at["w"] <= 24 and not cells & taken, f"{panel['title']} lies upon another panel")
    taken |= cells
    if panel["type"] == "row":
        continue
    defaults = panel["fieldConfig"]["defaults"]
    require(panel.get("description") and defaults.get("unit") and defaults["thresholds"]["steps"],
            f"{panel['title']} lacks a description, a unit or thresholds")
    require(panel["datasource"]["uid"] == "${datasource}", f"{panel['title']} has a datasource of its own")
    for target in panel["targets"]:
        missing = named(target["expr"]) - series
        require(not missing, f"{panel['title']} asks for {missing}, which nobody exports")

# 2. The alerts: figures that there are, who is called, and what to do; each fires in alerts_test.yml.
alerts = (example / "alerts.yml").read_text()
tests = (example / "alerts_test.yml").read_text()
rules = re.split(r"^ +- alert: ", alerts, flags=re.M)[1:]
for rule in rules:
    name = rule.split("\n", 1)[0]
    expression = re.search(r"expr: (.*?)^ +(?:for|labels):", rule, re.S | re.M)[1]
    missing = named(expression) - series
    require(not missing, f"{name} asks for {missing}, which nobody exports")
    require(re.search(r"severity: (page|ticket)", rule), f"{name} does not say how urgent it is")
    require("summary:" in rule and "action:" in rule, f"{name} lacks a summary or what to do")
    require(f'alertname="{name}"' in tests, f"{name} never fires in alerts_test.yml")
require(len(rules) == alerts.count("expr:"), "a rule was overlooked")

# 3. The documentation: a row for each figure, and none for one that is gone.
table = re.findall(r"^\| (`.*?) \|", operations.read_text(), re.M)
documented = {name for cell in table for name in re.findall(prefix, cell)} - {"process_"}
require(documented == set(exported), "operations.md and /metrics differ in " + str(documented ^ set(exported)))

if faults:
    sys.exit("\n".join(faults))
print(f"{len(exported)} figures, {len(rules)} alerts and {len(ids) - len(rows)} panels speak of the same")
PY
