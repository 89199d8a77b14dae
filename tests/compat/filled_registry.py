# SPDX-License-Identifier: Apache-2.0
"""A small registry as one is after some weeks of use, and for each operation of its API what a sensible client would
send: names that exist, ids of the right kind, whole bodies. openapi_test.py puts them into the document it tests by."""
import base64
import hashlib
import http.server
import json
import random
import subprocess
import threading
import time

import requests

ROUNDS = 4  # of everything that an operation uses up, such as a decision that waits


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def table(rows, seed):
    """A CSV of customers, of whom those with short tenures leave."""
    chance = random.Random(seed)
    lines = ["churned,tenure,plan"]
    for _ in range(rows):
        tenure = chance.randrange(60)
        lines.append(f"{int(chance.random() < 0.8 - tenure / 80)},{tenure},{chance.choice(['basic', 'plus', 'pro'])}")
    return "\n".join(lines) + "\n"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes every webhook."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class FilledRegistry:
    """Fills the server at `url` through the command line and the API. `parameters` and `bodies` say what to send, by
    operationId; parameters that are not listed there are the same everywhere, in `everywhere`."""

    def __init__(self, assay, url, folder, environment):
        self.url, self.folder = url, folder
        self.assay = lambda *command: self.run(assay, *command)
        self.environment = environment
        self.admin = (folder / "data" / "admin.token").read_text().strip()
        self.everywhere = {
            "kind": ["models", "datasets", "plugins"], "namespace": ["default"], "name": ["churn"],
            "version": ["1", "latest"], "stage": ["production"], "limit": [2],
            "at": [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())]}
        self.parameters, self.bodies = {}, {}
        self.publish_versions()
        self.judge()
        self.administer()
        self.leave_open()

    def run(self, *command):
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True)
        assert done.returncode == 0, f"{command} exited {done.returncode}: {done.stdout + done.stderr}"
        return done.stdout

    def call(self, method, path, body=None, token=None, **more):
        answer = requests.request(method, f"{self.url}/api/v1{path}", json=body, timeout=60, **more,
                                  headers={"Authorization": f"Bearer {token or self.admin}"})
        assert answer.ok, f"{method} {path} answered {answer.status_code}: {answer.text}"
        return answer.json() if answer.content else None

    def wait(self, path, is_so):
        """What is shown at `path` once it is as wanted."""
        for _ in range(1200):
            shown = self.call("GET", path)
            if is_so(shown):
                return shown
            time.sleep(0.05)
        raise AssertionError(f"{path} stays {shown}")

    def knows(self, operation, body=None, **parameters):
        """What makes sense to send to an operation: lists of parameters, and bodies."""
        self.parameters.setdefault(operation, {}).update(parameters)
        if body is not None:
            self.bodies.setdefault(operation, []).extend(body if isinstance(body, list) else [body])

    # Everything is called churn, whatever its kind, so that any combination of kind, name and number exists.
    def publish_versions(self):
        rows = table(300, 1)
        (self.folder / "churn.csv").write_text(rows)
        self.assay("push", "dataset", "churn", "churn.csv", "--label", "team=risk")
        for plugin in ("baseline", "linear"):
            self.assay("train", "--plugin", plugin, "--data", "churn@1", "--target", "churned", "--to", "churn")
            self.assay("evaluate", "churn@latest", "--plugin", "classification", "--data", "churn@1")
        self.model = self.call("GET", "/models/default/churn/versions/1")
        self.data = self.call("GET", "/datasets/default/churn/versions/1")
        self.made_by = self.call("GET", f"/runs/{self.model['run_id']}")
        blob = self.data["files"][0]
        self.call("POST", "/plugins/default/churn/versions", {"files": [self.entry(blob)]})
        self.call("POST", "/plugins/default/churn/versions", {"files": [self.entry(blob)], "labels": {"is": "again"}})

        # A version each that nothing needs, to be deleted; and files that no version has, to be imported and published.
        for number in range(ROUNDS):
            fresh = self.upload(f"scrap {number}".encode())
            for kind in ("models", "datasets", "plugins"):
                self.call("POST", f"/{kind}/default/scrap/versions", {"files": [{**fresh, "path": "scrap.txt"}]})
            self.knows("createVersion", {"files": [{**fresh, "path": f"dir/{number}.txt"}], "labels": {"team": "risk"}})
        self.knows("deleteVersion", name=["scrap"], version=[str(number + 1) for number in range(ROUNDS)])
        self.knows("createVersion", {"files": [self.entry(blob)], "if_changed": True})
        self.knows("getFile", kind=["datasets"], path=[blob["path"]])
        for operation in ("getFile", "getBlob", "getManifest"):
            self.knows(operation, Range=["bytes=0-9", "bytes=999999999-"])
            self.knows(operation, **{"If-None-Match": [f'"{blob["digest"]}"', '"x"']})
        for operation in ("getBlob", "listChunks", "why"):
            self.knows(operation, digest=[blob["digest"]])
        self.knows("score", {"rows": [{"tenure": 3, "plan": "basic"}]}, version=["2", "production"])
        archived = {key: value for key, value in self.data.items()
                    if key not in ("reference", "size", "stages", "content")}
        archived["files"] = [self.entry(file) for file in self.data["files"]]
        self.knows("importRecords", [{"versions": [{**archived, "name": name}], "runs": [], "evidence": []}
                                     for name in ("churn", "imported")])

    def entry(self, file):
        return {key: file[key] for key in ("path", "digest", "size")}

    def upload(self, content):
        return self.call("POST", "/blobs", data=content)

    # Policies, decisions of every kind, and evidence.
    def judge(self):
        stage = "/models/default/churn/stages/"
        rule = {"metric": {"name": "roc_auc", "dataset": "churn@1", "at_least": 0.1}}
        policy = {"stage": "production", "rules": [rule]}
        problem = {"target": "churned", "unit": "customer", "primary_metric": "roc_auc", "owner": "risk"}
        self.call("PUT", "/models/default/churn/problem", problem)
        self.call("PUT", f"{stage}production/policy", policy)
        for version in ("1", "2"):
            moved = self.call("POST", f"{stage}production:promote", {"version": version})
        assert moved["changed"], moved
        self.knows("setProblem", problem)
        self.knows("setPolicy", policy)
        self.knows("testPolicy", {"policy": policy, "version": "1"})
        self.knows("backtestPolicy", {"policy": policy, "last": 3})
        self.knows("promote", [{"version": "1"}, {"version": "2", "dry_run": True}])
        self.knows("rollback", [{"to": "last-good", "reason": "it was better"}, {"to": "1"}])
        self.knows("takeLease", {"for": "1m", "reason": "a long test"})
        self.knows("promoteBatch", {"items": [{"model": "default/churn", "stage": "production", "version": "1"}]})
        self.knows("getDecision", id=[moved["id"]])
        self.knows("exportDecision", id=[moved["id"]])
        self.knows("listWaitingDecisions", verdict=["waiting"])
        self.knows("searchVersions", q=["metrics.roc_auc > 0.1 AND name = 'churn'", "labels.team = 'risk'"],
                   order=["metrics.roc_auc DESC"], kind=["model"])

        # Each waits at a stage of its own: a decision whose stage has moved since waits no longer.
        for operation in ("approve", "reject"):
            waiting = []
            for number in range(ROUNDS):
                held = f"{stage}{operation}-{number}"
                self.call("PUT", f"{held}/policy",
                          {"stage": f"{operation}-{number}", "rules": [], "approvals": {"count": 1}})
                waiting.append(self.call("POST", f"{held}:promote", {"version": "1"})["id"])
            self.knows(operation, {"reason": "seen"}, id=waiting)

        evidence = self.call("GET", "/evidence?kind=evaluation")["items"][0]
        mine = ("id", "level", "config_digest", "verdict", "created_at", "created_by")
        self.knows("recordEvidence", {key: value for key, value in evidence.items() if key not in mine})
        self.knows("getEvidence", id=[evidence["id"]])
        self.knows("listEvidence", kind=["evaluation"], model_digest=[self.model["digest"]],
                   dataset_digest=[self.data["digest"]])
        draft = {key: self.made_by[key] for key in ("kind", "plugin", "inputs", "config", "seed", "roles")}
        begun = [self.call("POST", "/runs", draft)["id"] for _ in range(ROUNDS)]
        self.knows("startRun", draft)
        self.knows("finishRun", {"status": "finished", "metrics": [{"name": "loss", "step": 1, "value": 0.5}]},
                   id=begun)
        self.knows("getRun", id=[self.made_by["id"]])
        self.knows("listRuns", model=["default/churn"])
        for operation in ("getLibrary", "revokeLibrary", "reinstateLibrary"):
            self.knows(operation, digest=[self.made_by["plugin"]["digest"], digest_of(b"nobody's")])
        for operation in ("revokeLibrary", "reinstateLibrary"):
            self.knows(operation, {"reason": "see incident 12"}, digest=[digest_of(b"nobody's")])

    # Keys, trusts, tokens, webhooks, quotas.
    def administer(self):
        self.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem")
        pem = self.run("openssl", "pkey", "-in", "key.pem", "-pubout").decode()
        for name in ("release", *(f"old-{number}" for number in range(ROUNDS))):
            self.call("PUT", f"/namespaces/default/keys/{name}", {"pem": pem})
        self.knows("setTrustedKey", {"pem": pem}, key=["release"])
        self.knows("removeTrustedKey", key=[f"old-{number}" for number in range(ROUNDS)])
        self.assay("sign", "churn@1", "--key", "key.pem")
        self.assay("sign", "churn@1", "--key", "key.pem", "--output", "model.sig")
        self.knows("addSignature", json.loads((self.folder / "model.sig").read_text()), version=["1"])

        self.run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "job.pem")
        trust = {"issuer": "https://ci.example", "audience": "assay", "claims": {"repository_id": ["42"]},
                 "role": "reader", "namespace": "default", "keys": {"keys": [self.public_key("job.pem", "key-1")]}}
        for name in ("ci", *(f"old-{number}" for number in range(ROUNDS))):
            self.call("PUT", f"/trusts/{name}", trust)
        word = {"iss": "https://ci.example", "aud": "assay", "sub": "repo:acme/churn", "repository_id": "42",
                "exp": int(time.time()) + 3600}
        self.knows("exchangeToken", {"trust": "ci", "token": self.signed(word, "job.pem", "key-1")})
        self.knows("setTrust", trust, trust=["scratch"])  # never "ci", whose key must stay
        self.knows("removeTrust", trust=[f"old-{number}" for number in range(ROUNDS)])

        token = {"name": "reader", "role": "reader", "namespace": "default", "expires_in_s": 86400}
        self.reader = self.call("POST", "/tokens", token)["token"]
        self.knows("createToken", token)
        self.knows("revokeToken", id=[self.call("POST", "/tokens", token)["id"] for _ in range(ROUNDS)])

        # One hook has a receiver here. The others have a name that never resolves: nothing ever leaves the machine.
        receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        wish = {"url": "https://receiver.invalid/hook", "events": ["io.assay.stage.*"], "namespace": "default"}
        hook = self.call("POST", "/webhooks", {**wish, "url": f"http://127.0.0.1:{receiver.server_port}/"})["id"]
        self.call("POST", "/models/default/churn/stages/production:promote", {"version": "1"})
        sent = self.wait(f"/webhooks/{hook}/deliveries",
                         lambda page: page["items"] and page["items"][0]["status"] == "delivered")
        self.knows("createWebhook", wish)
        for operation in ("getWebhook", "testWebhook", "listDeliveries"):
            self.knows(operation, id=[hook])
        self.knows("deleteWebhook", id=[self.call("POST", "/webhooks", wish)["id"] for _ in range(ROUNDS)])
        for operation in ("getDelivery", "redeliver"):
            self.knows(operation, id=[sent["items"][0]["id"]])

        # The quota of a namespace that holds nothing, so that none is ever full.
        self.knows("setQuota", {"limit_bytes": 1 << 40}, namespace=["empty"])
        self.knows("proveAuditEntry", entry=[1, 2], size=[8])
        self.knows("proveAuditConsistency", **{"from": [1, 2], "to": [8]})

    # Jobs that have ended and uploads that have begun.
    def leave_open(self):
        validation = {"kind": "validation", "plugin": "table_contract", "data": "churn@1"}
        jobs = [self.call("POST", "/jobs/gc", {"dry_run": True}), self.call("POST", "/jobs/evidence", validation)]
        for job in jobs:
            self.wait(f"/jobs/{job['id']}", lambda job: job["finished_at"])
        self.knows("startGc", {"dry_run": True})
        self.knows("startScrub", {"bytes_per_second": 0})
        self.knows("startEvidence", validation)
        for operation in ("getJob", "stopJob"):
            self.knows(operation, id=[job["id"] for job in jobs])

        # A token has at most 8 uploads open: 7, and room for one more.
        content = b"ten bytes."
        frame = "\x01" + chr(len(content)) + "\0\0\0" + content.decode()
        wish = [{"digest": digest_of(content * times), "size": len(content) * times} for times in range(2, 10)]
        begun = [self.call("POST", "/uploads", one)["id"] for one in wish[:7]]
        blob = self.data["files"][0]
        self.knows("beginUpload", [{"digest": blob["digest"], "size": blob["size"]},
                                   {**wish[7], "parents": [blob["digest"]]}])
        self.knows("getUpload", id=begun[:1])
        self.knows("appendToUpload", frame, id=begun[1:4], **{"Upload-Offset": [0]})
        self.knows("abandonUpload", id=begun[4:])
        self.knows("postBlob", content.decode())
        self.knows("putBlob", content.decode(), digest=[digest_of(content)])

    def public_key(self, file, name):
        modulus = self.run("openssl", "rsa", "-in", file, "-noout", "-modulus").decode().strip().partition("=")[2]
        return {"kty": "RSA", "kid": name, "alg": "RS256", "n": base64url(bytes.fromhex(modulus)), "e": "AQAB"}

    def signed(self, claims, file, name):
        """A JSON Web Token."""
        head = {"alg": "RS256", "typ": "JWT", "kid": name}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        (self.folder / "text").write_text(text)
        return text + "." + base64url(self.run("openssl", "dgst", "-sha256", "-sign", file, "text"))


def base64url(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
