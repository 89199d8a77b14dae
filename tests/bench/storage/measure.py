# SPDX-License-Identifier: Apache-2.0
"""How the storage benchmark measures: commands with their wall time, CPU and peak of memory; files warm or cold."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass


@dataclass
class Spent:
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def run(command, *, folder=None, environment=None, syncs=None):
    """Runs a command to its end, and then `sync -f` on the folder `syncs`: all of that is the time. The peak is that of
    the largest process. GNU time starts the command, since a child's own count begins with its parent's memory."""
    report = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"storage-bench-{os.getpid()}.time"
    timed = ["/usr/bin/time", "--quiet", "--format=%U %S %M", f"--output={report}", *map(str, command)]
    start = time.perf_counter()
    done = subprocess.run(timed, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
    if syncs:
        sync(syncs)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr[-2000:]}")
    user, system, peak = report.read_text().split()
    report.unlink()
    return Spent(seconds, float(user) + float(system), int(peak) * 1024, done.stdout)


def sync(folder):
    subprocess.run(["sync", "-f", str(folder)], check=True)


def files_below(path):
    path = pathlib.Path(path)
    return (
        [path]
        if path.is_file()
        else sorted(entry for entry in path.rglob("*") if entry.is_file() and not entry.is_symlink())
    )


def bytes_below(path):
    return sum(entry.stat().st_size for entry in files_below(path))


def warm(path):
    for entry in files_below(path):
        with open(entry, "rb", buffering=0) as file:
            while file.read(1 << 22):
                pass


def evict(path):
    """Drops the clean pages of the files from the page cache: what follows reads the disk."""
    for entry in files_below(path):
        with open(entry, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def require_same(one, other):
    if subprocess.run(["cmp", "--silent", one, other]).returncode != 0:
        raise RuntimeError(f"{other} is not what {one} was")


def median(values):
    return statistics.median(values)


class StoreBench:
    """The driver store_bench: each call one command, its JSON line as a dictionary."""

    def __init__(self, program):
        self.program = str(program)

    def __call__(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"store_bench {' '.join(map(str, arguments))}: {done.stderr}")
        return json.loads(done.stdout)
