# SPDX-License-Identifier: Apache-2.0
"""The cards that the installed `assay` writes, against the schemas that their formats publish: CycloneDX 1.6 as it ships in
cyclonedx-python-lib, and Model Card 0.0.2 as it ships in model-card-toolkit, taken strictly: what its schema does not name
its readers refuse. Then every number is looked for in the evidence that the card names, over HTTP."""
import copy
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import jsonschema
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

assay = os.path.join(os.environ["ASSAY_PREFIX"], "bin", "assay")
PLACE = re.compile(r"evidence ([0-9a-z]{26}) /rows/(\d+)")


def toolkit_schema():
    # Found, not imported: the package wants TensorFlow.
    folder = pathlib.Path(importlib.util.find_spec("model_card_toolkit").submodule_search_locations[0])
    schema = json.loads((folder / "schema/v0.0.2/model_card.schema.json").read_text())

    def close(part):
        for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else []:
            close(value)
        if isinstance(part, dict) and part.get("type") == "object":
            part["additionalProperties"] = False

    close(schema)
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


GOOGLE, CYCLONEDX = toolkit_schema(), JsonStrictValidator(SchemaVersion.V1_6)


def problems(form, card):
    if form == "google":
        return [error.message for error in GOOGLE.iter_errors(card)]
    error = CYCLONEDX.validate_str(json.dumps(card))
    return [] if error is None else [str(error.data.message)]


class Registry:
    def __init__(self, folder):
        self.environment = dict(os.environ, ASSAY_DATA=os.path.join(folder, "registry"))
        self.server = subprocess.Popen([assay, "serve", "--listen", "127.0.0.1:0"], env=self.environment,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        place = pathlib.Path(folder, "registry", "server.json")
        while not place.exists():
            if self.server.poll() is not None:
                sys.exit("the registry did not start")
            time.sleep(0.1)
        self.url = json.loads(place.read_text())["url"]
        self.token = pathlib.Path(folder, "registry", "admin.token").read_text().strip()

    def run(self, *arguments, codes=(0,)):
        done = subprocess.run([assay, *arguments], env=self.environment, capture_output=True, text=True)
        if done.returncode not in codes:
            sys.exit(f"assay {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def row(self, place):
        found = PLACE.search(place)
        request = urllib.request.Request(f"{self.url}/api/v1/evidence/{found[1]}",
                                         headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["rows"][int(found[2])]


def check_numbers(registry, metrics, places, interval, low, high):
    for metric, place in zip(metrics, places, strict=True):
        row = registry.row(place)
        assert row["name"] == metric["type"] and row["value"] == float(metric["value"]), (metric, row)
        assert (interval in metric) == (row["ci_low"] is not None and row["ci_high"] is not None), (metric, row)
        if interval in metric:
            bounds = (float(metric[interval][low]), float(metric[interval][high]))
            assert bounds == (row["ci_low"], row["ci_high"]), (metric, row)


def check(registry, model, least):
    google = json.loads(registry.run("card", model, "--format", "google"))
    bom = json.loads(registry.run("card", model, "--format", "cyclonedx"))
    for form, card in (("google", google), ("cyclonedx", bom)):
        assert not problems(form, card), (model, form, problems(form, card))
    metrics = google["quantitative_analysis"]["performance_metrics"]
    assert len(metrics) >= least, (model, len(metrics))
    check_numbers(registry, metrics, [metric["slice"] for metric in metrics], "confidence_interval", "lower_bound",
                  "upper_bound")
    card = bom["components"][0]["modelCard"]
    named = {one["name"]: one["value"] for one in card["properties"]}
    metrics = card["quantitativeAnalysis"]["performanceMetrics"]
    places = [named[f"assay:performanceMetrics:{number}"] for number in range(len(metrics))]
    assert len(metrics) == len(google["quantitative_analysis"]["performance_metrics"])
    check_numbers(registry, metrics, places, "confidenceInterval", "lowerBound", "upperBound")
    print(f"{model}: both schemas hold, {len(metrics)} numbers found in their evidence")
    return google, bom


def main():
    folder = tempfile.mkdtemp(prefix="assay-card-")
    data = os.environ["STORY_DATA"]
    registry = Registry(folder)
    try:
        for name, file in (("flights-train", "train.csv"), ("flights-holdout", "holdout.csv")):
            registry.run("push", "dataset", name, os.path.join(data, file))
        registry.run("push", "model", "bare", __file__)
        registry.run("train", "--plugin", "linear", "--data", "flights-train@1", "--target", "late", "--to", "late-flights")
        registry.run("evaluate", "late-flights@1", "--data", "flights-holdout@1", "--by", "carrier")
        registry.run("validate", "flights-train@1", "--plugin", "table_contract", codes=(0, 10))
        registry.run("drift", "late-flights@1", "--data", "flights-holdout@1", codes=(0, 10))
        registry.run("promote", "late-flights@1", "--to", "staging")
        check(registry, "bare@1", 0)
        google, bom = check(registry, "late-flights@staging", 20)
    finally:
        registry.server.terminate()
        registry.server.wait()
        shutil.rmtree(folder)
    # The schemas would have seen it.
    for form, card, spoil in (
            ("google", google, lambda card: card["quantitative_analysis"]["performance_metrics"][0].update(value=0.5)),
            ("google", google, lambda card: card["model_details"].update(evidence="")),
            ("cyclonedx", bom, lambda card: card["components"][0].update(type="model")),
            ("cyclonedx", bom, lambda card: card["components"][0]["modelCard"].update(evidence=""))):
        spoiled = copy.deepcopy(card)
        spoil(spoiled)
        assert problems(form, spoiled), f"the schema of {form} takes anything"


main()
