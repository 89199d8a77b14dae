# SPDX-License-Identifier: Apache-2.0
"""The same bytes through `assay serve` over loopback, and docker-registry beside it. Both ends share the machine's cores,
so their CPU time is reported with the wall time."""

import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import time
import urllib.request

import measure

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A server of ours: started, measured from /proc, ended with the block."""

    def __init__(self, command, ready, log, environment=None):
        self.command, self.ready, self.log, self.environment = command, ready, log, environment

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, env={**os.environ, **(self.environment or {})}
            )
        for _ in range(600):
            if self.ready():
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.process.kill()
        raise RuntimeError(f"{self.command[0]} did not start: {pathlib.Path(self.log).read_text()[-1000:]}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_bytes(self):
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) * 1024

    def around(self, action):
        """Runs a timed command against the server; adds what the server spent on it."""
        before = self.cpu_seconds()
        spent = action()
        return {
            "seconds": spent.seconds,
            "client_cpu_seconds": spent.cpu_seconds,
            "client_peak_bytes": spent.peak_bytes,
            "server_cpu_seconds": self.cpu_seconds() - before,
        }


def merged(runs):
    return {key: (max if "peak" in key else measure.median)([run[key] for run in runs]) for key in runs[0]}


def assay_transfers(prefix, models, work, repeat):
    """Push and pull of the big files with the command line, and ranged reads."""
    program, result, data = prefix / "bin" / "assay", {}, work / "data"
    pushes, pulls, tuned = [], [], []
    for _ in range(repeat):
        measure.fresh(work)
        environment = {"ASSAY_DATA": str(data), "ASSAY_CACHE_SIZE": "0"}  # else a second pull would send nothing
        assay = lambda *command, syncs=None: measure.run([program, *command], environment=environment, syncs=syncs)
        with Server(
            [program, "serve", "--data", data, "--listen", "127.0.0.1:0"], (data / "server.json").exists, work / "log"
        ) as server:
            for file in ("big-base", "big-ft"):
                measure.warm(models / f"{file}.safetensors")
            pushes.append(server.around(lambda: assay("push", "model", "big", models / "big-base.safetensors")))
            measure.evict(data)
            pulls.append(server.around(lambda: assay("pull", "big@1", work / "out", syncs=work)))
            measure.require_same(models / "big-base.safetensors", work / "out" / "big-base.safetensors")
            shutil.rmtree(work / "out")
            tuned.append(server.around(lambda: assay("push", "model", "big", models / "big-ft.safetensors")))
            result["server_peak_bytes"] = server.peak_bytes()
            url, token = (
                json.loads((data / "server.json").read_text())["url"],
                (data / "admin.token").read_text().strip(),
            )
            result["ranges"] = ranged_reads(url, token, models / "big-base.safetensors")
    return {**result, "push": merged(pushes), "pull": merged(pulls), "push_fine_tune": merged(tuned)}


def assay_memory(prefix, models, work):
    """Peaks of a server and its clients that have moved one file of more than a gigabyte, and nothing else."""
    program, data = prefix / "bin" / "assay", measure.fresh(work) / "data"
    environment = {"ASSAY_DATA": str(data), "ASSAY_CACHE_SIZE": "0"}  # else a second pull would send nothing
    with Server(
        [program, "serve", "--data", data, "--listen", "127.0.0.1:0"], (data / "server.json").exists, work / "log"
    ) as server:
        push = measure.run([program, "push", "model", "huge", models / "huge.safetensors"], environment=environment)
        pull = measure.run([program, "pull", "huge@1", work / "out"], environment=environment)
        return {
            "file_bytes": (models / "huge.safetensors").stat().st_size,
            "server_peak_bytes": server.peak_bytes(),
            "push_peak_bytes": push.peak_bytes,
            "pull_peak_bytes": pull.peak_bytes,
        }


class Ranges:
    """GETs over one kept-alive connection, spoken by hand: Python's HTTP client takes longer than the server."""

    def __init__(self, url, token, path):
        host, port = re.fullmatch(r"https?://([^:/]+):(\d+)/?", url).groups()
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\nRange: bytes="

    def read(self, offset, length, buffer):
        self.socket.sendall(f"{self.head}{offset}-{offset + length - 1}\r\n\r\n".encode())
        got, end = 0, -1
        while end < 0 or got < end + length:
            part = self.socket.recv_into(memoryview(buffer)[got:])
            if part == 0:
                raise RuntimeError(f"the server closed: {bytes(buffer[:got])[:300]}")
            got += part
            if end < 0 and (head := buffer.find(b"\r\n\r\n", 0, got)) >= 0:
                if not buffer.startswith(b"HTTP/1.1 206"):
                    raise RuntimeError(f"no range: {bytes(buffer[:head])[:300]}")
                end = head + 4
        return memoryview(buffer)[end:got]


def ranged_reads(url, token, file, length=65536, count=2000):
    """As `store_bench range`: p50 and p99 at random offsets, then at one that is read again and again."""
    data = file.read_bytes()
    ranges = Ranges(url, token, f"/api/v1/blobs/sha256:{hashlib.sha256(data).hexdigest()}")
    offsets = [random.Random(1).randrange(len(data) - length) for _ in range(count)]
    buffer, result = bytearray(length + 16384), {}
    for kind, places in (("random", offsets), ("repeated", offsets[:1] * count)):
        times = []
        for offset in places:
            start = time.perf_counter()
            got = ranges.read(offset, length, buffer)
            times.append((time.perf_counter() - start) * 1e6)
            if got != data[offset : offset + length]:
                raise RuntimeError(f"wrong bytes at {offset}")
        times.sort()
        result[kind] = {"p50_us": times[count // 2], "p99_us": times[count * 99 // 100]}
    return result


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=1).status == 200
    except OSError:
        return False


def registry_transfers(file, work, repeat):
    """The same file as an OCI blob: curl pushes it, curl pulls it into a file while openssl hashes what comes."""
    pushes, pulls = [], []
    with open(file, "rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    for _ in range(repeat):
        measure.fresh(work)
        base = f"http://127.0.0.1:{free_port()}"
        (work / "config.yml").write_text(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {work / 'data'}}}}}\nhttp: {{addr: '{base[7:]}'}}\n"
        )
        command = ["docker-registry", "serve", work / "config.yml"]
        with Server(command, lambda: answers(f"{base}/v2/"), work / "log", {"OTEL_TRACES_EXPORTER": "none"}) as server:
            measure.warm(file)
            opened = urllib.request.urlopen(
                urllib.request.Request(f"{base}/v2/bench/blobs/uploads/", b"", method="POST")
            )
            location = opened.headers["Location"]
            target = f"{location}{'&' if '?' in location else '?'}digest=sha256:{digest}"
            pushes.append(
                server.around(
                    lambda: measure.run(
                        [
                            "curl",
                            "-sSf",
                            "-H",
                            "Content-Type: application/octet-stream",
                            "-X",
                            "PUT",
                            "-T",
                            file,
                            target,
                        ],
                        syncs=work,
                    )
                )
            )
            measure.evict(work / "data")
            script = (
                f"set -o pipefail; curl -sSf {base}/v2/bench/blobs/sha256:{digest} | tee '{work / 'out'}' | "
                f"openssl dgst -sha256 | grep --quiet {digest}"
            )
            pulls.append(server.around(lambda: measure.run(["bash", "-c", script], syncs=work)))
    return {"push": merged(pushes), "pull": merged(pulls)}
