# SPDX-License-Identifier: Apache-2.0
"""Scores the story's holdout with the installed `assay`, computes the metrics with scikit-learn from those scores, and
compares them with what `assay evaluate` recorded: relative difference at most 1e-12."""
import csv
import json
import os
import subprocess
import sys
import time

import sklearn
from sklearn import metrics

prefix, story = os.environ["ASSAY_PREFIX"], os.environ["STORY_DIR"]
assay = os.path.join(prefix, "bin", "assay")
registry = os.path.join(story, "registry")
environment = dict(os.environ, ASSAY_DATA=registry)
LIMIT = 1e-12


def run(*arguments):
    return subprocess.run([assay, *arguments], env=environment, check=True, capture_output=True, text=True).stdout


def expected(labels, scores):
    predicted = [int(score >= 0.5) for score in scores]
    return {
        "accuracy": metrics.accuracy_score(labels, predicted),
        "precision": metrics.precision_score(labels, predicted, zero_division=0),
        "recall": metrics.recall_score(labels, predicted),
        "f1": metrics.f1_score(labels, predicted),
        "roc_auc": metrics.roc_auc_score(labels, scores),
        "pr_auc": metrics.average_precision_score(labels, scores),
        "log_loss": metrics.log_loss(labels, scores),
        "brier": metrics.brier_score_loss(labels, scores),
        "mcc": metrics.matthews_corrcoef(labels, predicted),
    }


def compare(reference):
    out = os.path.join(story, "out", "holdout-scored.csv")
    run("score", reference, "--input", os.path.join(os.environ["STORY_DATA"], "holdout.csv"), "--output", out)
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    truth = expected([int(row["late"]) for row in rows], [float(row["prediction"]) for row in rows])
    evidence = json.loads(run("evaluate", reference, "--plugin", "classification", "--data", "flights-holdout@1", "--json"))
    recorded = {row["name"]: row["value"] for row in evidence["rows"] if not row["slice"]}
    worst = 0.0
    for name, value in truth.items():
        difference = abs(recorded[name] - value) / max(abs(value), 1e-300) if recorded[name] != value else 0.0
        worst = max(worst, difference)
        print(f"{reference} {name:10} assay {recorded[name]:.17g} scikit-learn {value:.17g} relative {difference:.1e}")
    return worst


def main():
    server = subprocess.Popen([assay, "serve", "--data", registry, "--listen", "127.0.0.1:0"],
                              stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while not os.path.exists(os.path.join(registry, "server.json")):
            if server.poll() is not None:
                sys.exit("the registry did not start")
            time.sleep(0.1)
        worst = max(compare(f"late-flights@{number}") for number in (1, 2, 4))
    finally:
        server.terminate()
        server.wait()
    print(f"scikit-learn {sklearn.__version__}: largest relative difference {worst:.1e}, limit {LIMIT}")
    if not worst <= LIMIT:
        sys.exit(1)


main()
