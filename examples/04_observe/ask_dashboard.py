#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Asks a Prometheus every query of a Grafana dashboard and prints what it answers, a line each: ask_dashboard.py
# dashboard.json http://127.0.0.1:9090. Exit code 1 when one of them has no answer, or no number.
import json
import math
import re
import sys
import urllib.parse
import urllib.request


def panels(dashboard):
    """(row, panel) for each panel with queries, in the order of the page."""
    row = ""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
        else:
            yield row, panel


def filled_in(expression):
    """With what Grafana would put in place of its variables."""
    return expression.replace("$__rate_interval", "10s").replace("$instance", ".*")


def answers(prometheus, expression):
    """(labels, number) of each sample that is one."""
    query = urllib.parse.urlencode({"query": filled_in(expression)})
    with urllib.request.urlopen(f"{prometheus}/api/v1/query?{query}") as response:
        samples = json.load(response)["data"]["result"]
    return [(sample["metric"], number) for sample in samples if not math.isnan(number := float(sample["value"][1]))]


def legend(template, labels):
    return re.sub(r"{{(\w+)}}", lambda name: labels.get(name[1], ""), template)


def main(path, prometheus):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    asked = silent = 0
    for row, panel in panels(dashboard):
        for target in panel["targets"]:
            samples = answers(prometheus, target["expr"])
            asked += 1
            silent += not samples
            shown = [f"{legend(target['legendFormat'], labels)} {number:.4g}" for labels, number in samples]
            print(f"{row} | {panel['title']}: {', '.join(shown) or 'NO ANSWER'}")
    print(f"{asked - silent} of {asked} queries have an answer")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
