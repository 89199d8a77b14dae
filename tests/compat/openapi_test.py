# SPDX-License-Identifier: Apache-2.0
"""Schemathesis asks a real server for everything that openapi.yaml describes, and for much that it does not allow: what
comes back must be what the document says, and never a failure of the server. Once without a token, which must open
nothing; once as a reader, who must be let read and nothing else; then as the administrator, with `--examples` random
requests an operation, of whom nearly all operations must have succeeded at least once. A longer search:

    openapi_test.py ASSAY --examples 1000 --seed 7 --phases examples,coverage,fuzzing,stateful"""
import argparse
import collections
import copy
import json
import os
import pathlib
import signal
import subprocess
import tempfile

import requests
import schemathesis
import yaml
from schemathesis.cli import schemathesis as command_line

from filled_registry import FilledRegistry

CHECKS = ["answers_as_permitted", "fails_only_as_told", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
          "missing_required_header", "unsupported_method", "allow_header_conformance", "use_after_free",
          "ensure_resource_availability", "ignored_auth"]
# Examples are ours alone, not what an earlier answer named: that would be deleted by the one and missed by the other.
# What is not as described may be refused for being that, for being too large, or for what it asks for.
SETTINGS = """
[phases.examples]
extra-data-sources.responses = false
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 416, 422, 431]
"""

role = "nobody"  # who is asking: nobody, reader or admin
answered = collections.Counter()  # (operationId, status) while the administrator asks


@schemathesis.hook
def before_call(context, case, kwargs):
    """With the document's example of a key all requests but the first would be refused: here two each share one."""
    if "Idempotency-Key" in (case.headers or {}) and len(case.headers["Idempotency-Key"]) > 1:
        case.headers["Idempotency-Key"] = f"key-{sum(answered.values()) // 2}"


@schemathesis.hook
def after_call(context, case, response):
    if role == "admin":
        answered[case.operation.definition.raw["operationId"], response.status_code] += 1


@schemathesis.check
def answers_as_permitted(context, response, case):
    """A role opens what x-permission says, and the body of a refusal has the status of its head."""
    needs = case.operation.definition.raw["x-permission"]
    status = response.status_code
    if role == "nobody" and needs != "public":
        assert status == 401 and "www-authenticate" in response.headers, f"{status} without a token"
    if role == "reader" and needs not in ("public", "read"):
        assert status == 403, f"{status} to a reader of what needs {needs}"
    if status >= 400:
        assert response.json()["status"] == status, f"{status} whose body says {response.text}"


@schemathesis.check
def fails_only_as_told(context, response, case):
    """A 5xx is a fault of the server, unless the operation itself has it: then it is a bound that was reached."""
    status = response.status_code
    if status >= 500:
        assert str(status) in case.operation.definition.raw["responses"], f"{status}: {response.text}"
    if status == 503:
        assert "retry-after" in response.headers, "503 without Retry-After"


def may_be_null(schema):
    return (schema.get("type") == "null" or "null" in schema.get("type", []) or None in schema.get("enum", []) or
            any(map(may_be_null, schema.get("anyOf", []))))


def as_sent(schema, named):
    """A schema as it holds for requests, to which null and a member that is left out are the same."""
    if "$ref" in schema:
        schema = {**named[schema["$ref"].rsplit("/", 1)[1]], **schema}
        del schema["$ref"]
    sent = dict(schema)
    for word in ("anyOf", "allOf"):
        if word in schema:
            sent[word] = [as_sent(part, named) for part in schema[word]]
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            sent[word] = as_sent(schema[word], named)
    if "properties" in schema:
        members = {name: as_sent(part, named) for name, part in schema["properties"].items()}
        sent["required"] = [name for name in schema.get("required", []) if not may_be_null(members.get(name, {}))]
        sent["properties"] = {name: part if name in sent["required"] else {"anyOf": [part, {"type": "null"}]}
                              for name, part in members.items()}
    return sent


def suggest(place, values):
    """Makes `values` the examples of a parameter or a body, and half of what is drawn for it."""
    place["examples"] = {str(number): {"value": value} for number, value in enumerate(values)}
    place["schema"] = {"anyOf": [{"enum": values}, place.get("schema", {"type": "string"})]}


def taught(document, registry):
    """The document, knowing what there is in the registry."""
    document = copy.deepcopy(document)
    named = document["components"]
    for path in document["paths"].values():
        shared = path.pop("parameters", [])
        for operation in path.values():
            known = {**registry.everywhere, **registry.parameters.get(operation["operationId"], {})}
            parameters = [named["parameters"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node
                          for node in shared + operation.get("parameters", [])]
            operation["parameters"] = copy.deepcopy(parameters)
            for parameter in operation["parameters"]:
                if parameter["name"] in known:
                    suggest(parameter, known[parameter["name"]])
            bodies = registry.bodies.get(operation["operationId"])
            for media_type, place in operation.get("requestBody", {"content": {}})["content"].items():
                if "schema" in place:
                    place["schema"] = as_sent(place["schema"], named["schemas"])
                if bodies and media_type != "text/csv":
                    suggest(place, bodies)
    return document


def ask(document, url, token, *options):
    """One run of Schemathesis, whose report goes to standard output; whether it found nothing."""
    settings = document.with_name("schemathesis.toml")
    settings.write_text(SETTINGS)
    arguments = ["--config-file", str(settings), "run", str(document), "--url", url, "--checks", ",".join(CHECKS),
                 "--no-shrink", "--continue-on-failure", "--generation-database", "none", "--request-timeout", "60",
                 "--suppress-health-check", "all", "--warnings", "off", "--no-color", *options]
    if token:
        arguments += ["--header", f"Authorization: Bearer {token}"]
    print(f"\n==> as {role}:", *options, flush=True)
    try:
        command_line.main(arguments)
    except SystemExit as end:  # it always ends so
        return end.code == 0


def report(operations):
    """How often each operation answered what; those that never succeeded are returned."""
    never = []
    for operation in operations:
        counts = {status: count for (name, status), count in sorted(answered.items()) if name == operation}
        succeeded = sum(count for status, count in counts.items() if 200 <= status < 300)
        print(f"{operation:24} 2xx {succeeded:5}   ", *(f"{status}: {count}" for status, count in counts.items()))
        if not succeeded:
            never.append(operation)
    return never


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("assay")
    parser.add_argument("--examples", type=int, default=10, help="random requests an operation")
    parser.add_argument("--seed", type=int, default=20261127, help="of what is drawn; ids and times differ all the same")
    parser.add_argument("--phases", default="examples,coverage,fuzzing")
    wish = parser.parse_args()

    assay = os.path.abspath(wish.assay)
    folder = pathlib.Path(tempfile.mkdtemp())
    os.chdir(folder)  # Schemathesis leaves files where it runs
    environment = {**os.environ, "HOME": str(folder), "ASSAY_DATA": str(folder / "data"),
                   "ASSAY_CACHE_DIR": str(folder / "cache")}
    server = subprocess.Popen([assay, "serve", "--data", folder / "data", "--listen", "127.0.0.1:0",
                               "--webhook-allow", "127.0.0.1"], cwd=folder, env=environment, stdout=subprocess.PIPE,
                              stderr=open(folder / "server.log", "w"), text=True)
    try:
        url = "http://" + server.stdout.readline().split("http://")[1].split()[0]
        registry = FilledRegistry(assay, url, folder, environment)
        original = yaml.safe_load(requests.get(f"{url}/openapi.yaml", timeout=60).text)
        document = folder / "openapi.json"
        document.write_text(json.dumps(taught(original, registry)))
        print(f"seed {wish.seed}, the server's log is {folder}/server.log")

        global role
        seed = ["--seed", str(wish.seed)]
        valid = ["--mode", "positive", "--phases", "examples,fuzzing", "--max-examples", "2", *seed]
        clean = ask(document, url, None, *valid)
        role = "reader"
        clean &= ask(document, url, registry.reader, *valid)
        role = "admin"
        clean &= ask(document, url, registry.admin, "--phases", wish.phases, "--max-examples", str(wish.examples),
                     *seed)
        operations = [operation["operationId"] for path in original["paths"].values()
                      for method, operation in path.items() if method != "parameters"]
        never = report(operations)
        print(f"{sum(answered.values())} requests, {len(operations)} operations; never 2xx: {never or 'none'}")
        assert clean, "Schemathesis found differences, told above"
        assert len(never) <= len(operations) // 20, "too few operations were really exercised"
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0, "the server did not end well"


if __name__ == "__main__":
    main()
