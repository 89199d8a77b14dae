# SPDX-License-Identifier: Apache-2.0
"""The programs that the store is compared with, each behind the same few methods: a series of files goes in one by one
and comes out again. A peer that is not installed says so and is left out."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

import measure


class Missing(Exception):
    pass


def first_line(*command):
    """What a program says its version is."""
    if not shutil.which(command[0]):
        raise Missing(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).strip().splitlines()
    if done.returncode != 0 or not lines:
        raise Missing(f"{' '.join(command)} failed: {lines[-1] if lines else done.returncode}")
    return lines[0]


class Peer:
    """`place` is an empty folder of the peer's own. `put` and `get` are timed to the end of `sync -f`."""

    name = ""
    datasets = ("bf16", "fp32", "big", "csv")
    general = True  # no knowledge of tensors

    def __init__(self, place, tools):
        self.place, self.tools, self.store = place, tools, place / "store"
        self.store.mkdir()

    def version(self):
        raise NotImplementedError

    def setup(self):
        pass

    def stored(self):
        return measure.bytes_below(self.store)

    def run(self, *command, folder=None, environment=None):
        return measure.run(command, folder=folder, environment=environment, syncs=self.place)


class Copy(Peer):
    name = "cp"

    def version(self):
        return first_line("cp", "--version")

    def put(self, index, file):
        return self.run("cp", file, self.store / str(index))

    def get(self, index, out):
        return self.run("cp", self.store / str(index), out)

    def put_tree(self, folder):
        return self.run("cp", "-r", folder, self.store / "tree")


class Zstd(Peer):
    name = "zstd -3 -T2"

    def version(self):
        return re.search(r"v[\d.]+", first_line("zstd", "--version")).group()

    def put(self, index, file):
        return self.run("zstd", "-3", "-T2", "-q", "-f", file, "-o", self.store / f"{index}.zst")

    def get(self, index, out):
        return self.run("zstd", "-d", "-q", "-f", self.store / f"{index}.zst", "-o", out)


class ZstdPatch(Zstd):
    """Each file against the one before; restoring needs that one, restored, beside it."""

    name = "zstd -3 --patch-from"

    def put(self, index, file):
        against = [f"--patch-from={self.previous}"] if index else []
        self.previous = file
        return self.run("zstd", "-3", "-q", "-f", "--long=31", *against, file, "-o", self.store / f"{index}.zst")

    def get(self, index, out):
        against = [f"--patch-from={self.restored}"] if index else []
        self.restored = out
        return self.run("zstd", "-d", "-q", "-f", "--long=31", *against, self.store / f"{index}.zst", "-o", out)


class Restic(Peer):
    name = "restic"

    def __init__(self, place, tools):
        super().__init__(place, tools)
        self.environment = {
            "RESTIC_PASSWORD": "benchmark",
            "RESTIC_REPOSITORY": str(self.store),
            "RESTIC_CACHE_DIR": str(place / "cache"),
        }

    def version(self):
        return first_line("restic", "version").split(" compiled")[0]

    def restic(self, *command, folder=None):
        return self.run("restic", "--quiet", *command, folder=folder, environment=self.environment)

    def setup(self):
        self.restic("init", "--repository-version", "2")

    def put(self, index, file):
        return self.restic("backup", "--tag", f"v{index}", file.name, folder=file.parent)

    def get(self, index, out):
        target = self.place / f"restore-{index}"
        spent = self.restic("restore", "latest", "--tag", f"v{index}", "--target", target)
        measure.files_below(target)[0].rename(out)
        return spent

    def put_tree(self, folder):
        return self.restic("backup", ".", folder=folder)


class Borg(Peer):
    name = "borg zstd,3"

    def __init__(self, place, tools):
        super().__init__(place, tools)
        self.environment = {"BORG_BASE_DIR": str(place / "home"), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
        self.program = tools.get("borg") or "borg"

    def version(self):
        return first_line(self.program, "--version")

    def borg(self, *command, folder=None):
        return self.run(self.program, *command, folder=folder, environment=self.environment)

    def setup(self):
        self.borg("init", "--encryption=none", self.store)

    def put(self, index, file):
        return self.borg("create", "--compression=zstd,3", f"{self.store}::v{index}", file.name, folder=file.parent)

    def get(self, index, out):
        target = self.place / f"restore-{index}"
        target.mkdir()
        spent = self.borg("extract", f"{self.store}::v{index}", folder=target)
        measure.files_below(target)[0].rename(out)
        return spent

    def put_tree(self, folder):
        return self.borg("create", "--compression=zstd,3", f"{self.store}::tree", ".", folder=folder)


class Casync(Peer):
    name = "casync"

    def version(self):
        return first_line("casync", "--version")

    def casync(self, *command):
        return self.run("casync", *command[:1], f"--store={self.store / 'chunks.castr'}", *command[1:])

    def put(self, index, file):
        return self.casync("make", self.store / f"{index}.caibx", file)

    def get(self, index, out):
        return self.casync("extract", self.store / f"{index}.caibx", out)

    def put_tree(self, folder):
        return self.casync("make", self.store / "tree.caidx", folder)


class GitLfs(Peer):
    """What git-lfs keeps: every version's raw bytes. Copying the file into the work tree is not timed."""

    name = "git-lfs"

    def version(self):
        return first_line("git-lfs", "version").split(" (")[0]

    def git(self, *command):
        return self.run(
            "git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", *command, folder=self.store
        )

    def setup(self):
        self.git("init", "--quiet")
        self.git("lfs", "install", "--local")
        self.git("lfs", "track", "file")
        self.commits = []

    def put(self, index, file):
        shutil.copyfile(file, self.store / "file")
        measure.sync(self.place)
        spent = self.git("add", "file")
        self.git("commit", "--quiet", "-m", f"v{index}")
        self.commits.append(self.git("rev-parse", "HEAD").output.strip())
        return spent

    def get(self, index, out):
        (self.store / "file").unlink(missing_ok=True)
        spent = self.git("checkout", "--quiet", self.commits[index], "--", "file")
        (self.store / "file").rename(out)
        return spent

    def stored(self):
        return measure.bytes_below(self.store / ".git")


class InPython(Peer):
    """A peer that is a Python library: this file is the program, and it reports its own time, imports left out."""

    general = False
    venv = ""

    def python(self):
        if not self.tools.get(self.venv):
            raise Missing(f"{self.venv} is not installed")
        return self.tools[self.venv]

    def version(self):
        ask = f"import importlib.metadata as m; print('{self.name}', m.version('{self.venv}')); import {self.venv}"
        return first_line(self.python(), "-c", ask)

    def script(self, *arguments):
        spent = measure.run([self.python(), __file__, *arguments], environment={"HF_HOME": str(self.place / "home")})
        start = time.perf_counter()
        measure.sync(self.place)
        spent.seconds = json.loads(spent.output.strip().splitlines()[-1])["seconds"] + time.perf_counter() - start
        return spent


class ZipNN(InPython):
    name = "ZipNN"
    datasets = ("bf16", "fp32", "big")
    venv = "zipnn"

    def put(self, index, file):
        return self.script("zipnn-put", "float32" if "fp32" in file.name else "bfloat16", file, self.store / str(index))

    def get(self, index, out):
        return self.script("zipnn-get", self.store / str(index), out)


class Xet(InPython):
    """hf_xet as it is, against a folder in place of the server (its local:// endpoint). The folder's look-up database
    stands for the server's and is not counted."""

    name = "hf_xet (local)"
    venv = "hf_xet"

    def setup(self):
        self.uploaded = []

    def put(self, index, file):
        spent = self.script("xet-put", file, self.store)
        self.uploaded.append(json.loads(spent.output.strip().splitlines()[-1]))
        return spent

    def get(self, index, out):
        return self.script("xet-get", self.uploaded[index]["hash"], self.uploaded[index]["size"], self.store, out)

    def stored(self):
        kept = (entry for entry in measure.files_below(self.store) if entry.parent.name in ("xorbs", "shards"))
        return sum(entry.stat().st_size for entry in kept if entry.suffix not in (".redb", ".tagset"))


ALL = [Copy, Zstd, ZstdPatch, Restic, Borg, Casync, GitLfs, ZipNN, Xet]


def measure_series(peer_class, dataset, files, place, tools, repeat):
    """One peer over one series, as a dictionary; medians of `repeat` runs. Raises Missing."""
    ingests, restores = [], []
    for _ in range(repeat):
        peer = peer_class(measure.fresh(place), tools)
        version = peer.version()
        peer.setup()
        out = place / "out"
        out.mkdir()
        for file in files:
            measure.warm(file)
        measure.sync(place)
        ingests.append([peer.put(index, file) for index, file in enumerate(files)])
        stored = peer.stored()
        measure.evict(peer.store)
        restores.append([peer.get(index, out / str(index)) for index in range(len(files))])
        for index, file in enumerate(files):
            measure.require_same(file, out / str(index))
    shutil.rmtree(place)
    raw = sum(file.stat().st_size for file in files)
    return {
        "peer": peer.name,
        "version": version,
        "dataset": dataset,
        "general": peer.general,
        "raw": raw,
        "stored": stored,
        **summary("ingest", ingests),
        **summary("restore", restores),
    }


def summary(what, runs):
    each = [measure.median(spent.seconds for spent in file) for file in zip(*runs)]
    return {
        f"{what}_seconds": sum(each),
        f"{what}_seconds_each": each,
        f"{what}_cpu_seconds": measure.median(sum(spent.cpu_seconds for spent in run) for run in runs),
        f"{what}_peak_bytes": max(spent.peak_bytes for run in runs for spent in run),
    }


def measure_tree(peer_class, folder, place, tools, repeat):
    """Only the way in: a tree of small files, durable at the end."""
    spent = []
    for _ in range(repeat):
        peer = peer_class(measure.fresh(place), tools)
        version = peer.version()
        peer.setup()
        measure.warm(folder)
        measure.sync(place)
        spent.append(peer.put_tree(folder))
        stored = peer.stored()
    shutil.rmtree(place)
    return {
        "peer": peer.name,
        "version": version,
        "dataset": "tree",
        "raw": measure.bytes_below(folder),
        "stored": stored,
        "ingest_seconds": measure.median(one.seconds for one in spent),
    }


def library_call(name, *arguments):
    """One call into a Python peer, timed from reading the source to the end of writing."""
    read, write = lambda path: pathlib.Path(path).read_bytes(), lambda path, data: pathlib.Path(path).write_bytes(data)
    result = {}
    if name.startswith("zipnn"):
        from zipnn import ZipNN as Library
    else:
        import hf_xet
    start = time.perf_counter()
    if name == "zipnn-put":
        dtype, source, out = arguments
        write(out, Library(input_format="byte", bytearray_dtype=dtype, threads=2).compress(read(source)))
    elif name == "zipnn-get":
        source, out = arguments
        write(out, Library(input_format="byte", threads=2).decompress(read(source)))
    elif name == "xet-put":
        source, store = arguments
        done = hf_xet.upload_files([source], f"local://{store}", None, None, None, "model", skip_sha256=True)[0]
        result = {"hash": done.hash, "size": done.file_size}
    else:
        digest, size, store, out = arguments
        wanted = hf_xet.PyXetDownloadInfo(destination_path=out, hash=digest, file_size=int(size))
        hf_xet.download_files([wanted], f"local://{store}", None, None, None)
    print(json.dumps({**result, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    library_call(*sys.argv[1:])
