# SPDX-License-Identifier: Apache-2.0
"""The same work on an MLflow server with SQLite behind it: fills its database, measures over HTTP with connections kept
alive, prints one JSON document. mlflow_peer.py DIRECTORY SECONDS VERSIONS

Filled by plain SQL on MLflow's own schema, which its client would take an hour for: models of a hundred versions, a run for
each version with ten metrics. What our searches ask of versions is asked of whatever MLflow keeps it on: metrics and
settings of runs (runs/search), labels and names of versions (model-versions/search)."""
import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

EACH, TEAMS, OWNERS = 100, 50, 1000
METRICS = ["roc_auc", "f1", "accuracy", "precision", "recall", "log_loss", "brier", "latency_p50", "latency_p99", "ece"]


def model_name(model):
    return f"m{model:05d}"


def fill(path, versions):
    """Rows as MLflow 3's own store writes them; columns that have defaults or may be NULL are left out."""
    db = sqlite3.connect(path)
    columns = {}

    def insert(table, row):
        known = columns.setdefault(table, {r[1] for r in db.execute(f"PRAGMA table_info({table})")})
        row = {key: value for key, value in row.items() if key in known}
        db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))

    now = 1_767_225_600_000
    for model in range(versions // EACH):
        draw = random.Random(model)
        name = model_name(model)
        insert("registered_models", {"name": name, "creation_time": now, "last_updated_time": now})
        for number in range(1, EACH + 1):
            now += 60_000
            run = f"{model:016x}{number:016x}"
            insert("runs", {"run_uuid": run, "name": run, "source_type": "UNKNOWN", "user_id": "bench", "status": "FINISHED",
                            "start_time": now, "end_time": now, "lifecycle_stage": "active", "artifact_uri": "/nowhere",
                            "experiment_id": 0})
            insert("params", {"key": "max_depth", "value": str(model % 12 + 1), "run_uuid": run})
            for metric in METRICS:
                row = {"key": metric, "value": draw.random(), "timestamp": now, "run_uuid": run, "step": 0, "is_nan": 0}
                insert("metrics", row)
                insert("latest_metrics", row)
            insert("model_versions", {"name": name, "version": number, "creation_time": now, "last_updated_time": now,
                                      "current_stage": "None", "source": "/nowhere", "run_id": run, "status": "READY"})
            for key, value in (("team", f"team{model % TEAMS}"), ("owner", f"owner{draw.randrange(OWNERS)}")):
                insert("model_version_tags", {"key": key, "value": value, "name": name, "version": number})
        insert("registered_model_aliases", {"alias": "production", "version": EACH // 2, "name": name})
        if model % 10 == 9:
            db.commit()
    db.commit()
    db.close()


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.port = None

    def start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        began = time.monotonic()
        self.process = subprocess.Popen(
            [os.path.join(os.path.dirname(sys.executable), "mlflow"), "server", "--host", "127.0.0.1", "--port", str(self.port),
             "--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db", "--artifacts-destination", f"{self.folder}/artifacts"],
            stdout=open(f"{self.folder}/server.log", "a"), stderr=subprocess.STDOUT, start_new_session=True)
        while True:
            try:
                if self.ask("GET", "/health")[0] == 200:
                    return (time.monotonic() - began) * 1000
            except OSError:
                time.sleep(0.05)
            if self.process.poll() is not None or time.monotonic() - began > 180:
                sys.exit(f"the MLflow server did not start: see {self.folder}/server.log")

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, method, path, body=None, connection=None):
        connection = connection or self.connect()
        for attempt in (1, 2):  # it closes connections that idled for some seconds
            try:
                connection.request(method, path, None if body is None else json.dumps(body),
                                   {"Content-Type": "application/json"})
                answer = connection.getresponse()
                return answer.status, answer.read()
            except http.client.RemoteDisconnected:
                connection.close()
                if attempt == 2:
                    raise


def summary(times):
    times = sorted(times)
    at = lambda part: times[int(part * (len(times) - 1))] * 1000
    return {"p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1), "count": len(times)}


def timed(server, calls, seconds, least=10):
    """Latencies of what `calls` makes, one after the other on one connection; every answer is 200."""
    connection, times = server.connect(), []
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(times) < least:
        method, path, body = calls()
        began = time.monotonic()
        status, text = server.ask(method, path, body, connection)
        times.append(time.monotonic() - began)
        if status != 200:
            sys.exit(f"{method} {path} {body}: {status} {text[:300]}")
    return times


def rate(server, threads, seconds, call):
    """Calls a second by so many threads, and how many were refused."""
    done, refused, over = [0] * threads, [0] * threads, time.monotonic() + seconds

    def work(thread):
        connection = server.connect()
        turn = 0
        while time.monotonic() < over:
            try:
                status, _ = server.ask(*call(thread, turn), connection)
            except (OSError, http.client.HTTPException):
                connection, status = server.connect(), 0
            done[thread] += status == 200
            refused[thread] += status != 200
            turn += 1

    began = time.monotonic()
    all_threads = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
    for thread in all_threads:
        thread.start()
    for thread in all_threads:
        thread.join()
    return sum(done) / (time.monotonic() - began), sum(refused)


def searches(models):
    draw = random.Random(1)
    runs = lambda text, order=(): ("POST", "/api/2.0/mlflow/runs/search",
                                   {"experiment_ids": ["0"], "filter": text, "max_results": 50, "order_by": list(order)})

    def versions(text):
        from urllib.parse import urlencode
        return "GET", "/api/2.0/mlflow/model-versions/search?" + urlencode({"filter": text, "max_results": 50}), None

    return {
        "one metric, few": lambda: runs(f"metrics.roc_auc > {0.999 + draw.random() / 1000}"),
        "a label by a metric": lambda: versions(f"tags.owner = 'owner{draw.randrange(OWNERS)}'"),
        "a name and a metric": lambda: versions(f"name = '{model_name(draw.randrange(models))}'"),
        "a beginning of names": lambda: versions(f"name LIKE '{model_name(draw.randrange(models))[:5]}%'"),
        "settings and a metric": lambda: runs(f"params.max_depth = '{draw.randrange(12) + 1}' AND metrics.log_loss < 0.01"),
        "best by a metric": lambda: runs("", [f"metrics.{draw.choice(METRICS)} DESC"]),
    }


def main():
    folder, seconds, versions = os.path.abspath(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    os.makedirs(folder, exist_ok=True)
    server = Server(folder)
    server.start()  # makes the schema
    server.stop()
    fill(f"{folder}/mlflow.db", versions)
    out = {"versions": versions, "metric_rows": versions * len(METRICS), "restart": {"ready_ms": server.start()}}
    models = versions // EACH
    every, each = [], {}
    for name, calls in searches(models).items():
        times = timed(server, calls, seconds / 2)
        every += times
        each[name] = summary(times)
    out["search"] = {**summary(every), "each": each}
    page = {"token": ""}

    def next_models():
        token = f"&page_token={page['token']}" if page["token"] else ""
        return "GET", f"/api/2.0/mlflow/registered-models/search?max_results=50{token}", None

    out["lists"] = {"models": summary(timed(server, next_models, seconds))}
    draw = random.Random(3)
    out["point_reads"] = {"readers": 8, "per_second": rate(server, 8, seconds, lambda thread, turn: (
        "GET", f"/api/2.0/mlflow/model-versions/get?name={model_name(draw.randrange(models))}&version={draw.randrange(EACH) + 1}",
        None))[0]}
    for model in range(8):
        server.ask("POST", "/api/2.0/mlflow/registered-models/create", {"name": f"published{model}"})
    per_second, refused = rate(server, 64, seconds, lambda thread, turn: (
        "POST", "/api/2.0/mlflow/model-versions/create",
        {"name": f"published{thread % 8}", "source": "s3://bucket/nowhere",
         "tags": [{"key": "team", "value": "published"}]}))
    out["publish"] = {"writers": 64, "per_second": per_second, "refused": refused}
    server.stop()
    print(json.dumps(out))


main()
