# SPDX-License-Identifier: Apache-2.0
"""Runs the storage benchmark's parts over data that make_data.py made, keeps the figures in results.json, and judges
them against the bounds. run.sh calls it."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import sys
import traceback

import bitx
import measure
import over_http
import peers
import report


class Bench:
    def __init__(self, options):
        self.data, self.work, self.repeat = options.data, options.work, options.repeat
        self.store_bench = measure.StoreBench(options.store_bench)
        self.prefix, self.tools, self.peer_names = options.prefix, dict(options.tool), options.peers
        models, tables = self.data / "models", self.data / "tables"
        tuned = sorted(models.glob("bf16-ft*.safetensors"))
        self.series = {
            "bf16": [models / "bf16-base.safetensors", *tuned, models / "bf16-frozen.safetensors"],
            "fp32": sorted(models.glob("fp32-*.safetensors")),
            "big": [models / "big-base.safetensors", models / "big-ft.safetensors"],
            "csv": sorted(tables.glob("*.csv")),
        }
        self.tuned = tuned

    def scratch(self, name):
        return measure.fresh(self.work / name)

    def say(self, text):
        print(f"  {text}", flush=True)

    def limits(self):
        """What the machine gives: SHA-256 on one thread, and the disk. The store's own bounds are ratios to these."""
        folder = self.scratch("limits")
        runs = [self.store_bench("sha256", self.series["big"][0]) for _ in range(max(3, self.repeat))]
        disk = self.store_bench("sync-limit", folder)
        sha = runs[0]["size"] / measure.median(run["hash_seconds"] for run in runs)
        self.say(
            f"SHA-256 {sha / 1e6:.0f} MB/s; disk {disk['bytes'] / disk['first_write_seconds'] / 1e6:.0f} MB/s at first, "
            f"{disk['bytes'] / disk['rewrite_seconds'] / 1e6:.0f} MB/s again"
        )
        return {"sha256_bytes_per_second": sha, "disk": disk}

    # The judged peers run as often as the store does, the others once.
    def peers(self):
        found, missing = [], []
        for peer in peers.ALL:
            if self.peer_names and not any(name in peer.name for name in self.peer_names):
                continue
            repeat = self.repeat if peer in (peers.Zstd, peers.ZstdPatch) else 1
            try:
                for dataset in peer.datasets:
                    found.append(
                        peers.measure_series(
                            peer, dataset, self.series[dataset], self.work / "peer", self.tools, repeat
                        )
                    )
                    one = found[-1]
                    self.say(
                        f"{one['peer']:<20} {dataset:<5} {one['stored'] / one['raw']:.3f}  in {one['raw'] / one['ingest_seconds'] / 1e6:.0f}"
                        f" MB/s, out {one['raw'] / one['restore_seconds'] / 1e6:.0f} MB/s"
                    )
            except (peers.Missing, RuntimeError) as error:
                missing.append({"peer": peer.name, "why": str(error)})
                self.say(f"{peer.name}: left out: {error}")
        return {"series": found, "missing": missing, "bitx": self.bitx()}

    def bitx(self):
        base = self.series["bf16"][0]
        sizes = {file.name: bitx.size_against(base, file) for file in self.series["bf16"][1:]}
        fp32 = self.series["fp32"]
        chain = sum(bitx.size_against(before, file) for before, file in zip(fp32, fp32[1:]))
        big = bitx.size_against(*self.series["big"])
        self.say(
            "BitX (emulated), bf16 on the base: "
            + ", ".join(f"{name[:-12]} {size / base.stat().st_size:.3f}" for name, size in sizes.items())
        )
        return {"bf16": sizes, "fp32_chain": chain, "big": big}

    def put_series(self, dataset, repeat):
        """The store over one series; a fine-tune names its base and the version before it as parents."""
        ingests, restores, again = [], [], []
        for _ in range(repeat):
            store, out = self.scratch("assay") / "store", self.work / "assay" / "out"
            puts = []
            for file in self.series[dataset]:
                measure.warm(file)
                parents = list(dict.fromkeys([put["digest"] for put in puts[-1:] + puts[:1]]))
                puts.append(
                    self.store_bench("put", store, file, *(part for parent in parents for part in ("--parent", parent)))
                )
            measure.sync(store)
            stored = measure.bytes_below(store)
            gets, warm = [], []
            for file, put in zip(self.series[dataset], puts):
                measure.evict(store)
                gets.append(self.store_bench("get", store, put["digest"], out))
                measure.require_same(file, out)
                # The packs are in the page cache now, and the file has its blocks.
                warm.append(self.store_bench("get", store, put["digest"], out, "--over"))
                measure.require_same(file, out)
            again.append(warm)
            ingests.append(puts)
            restores.append(gets)
        each = lambda runs: [measure.median(one["seconds"] for one in file) for file in zip(*runs)]
        raw = sum(file.stat().st_size for file in self.series[dataset])
        result = {
            "peer": "Assay",
            "version": "this tree",
            "dataset": dataset,
            "general": False,
            "raw": raw,
            "stored": stored,
            "stored_each": [put["stored_size"] for put in ingests[-1]],
        }
        for what, runs in (("ingest", ingests), ("restore", restores), ("warm_restore", again)):
            result |= {
                f"{what}_seconds": sum(each(runs)),
                f"{what}_seconds_each": each(runs),
                f"{what}_cpu_seconds": measure.median(sum(one["cpu_seconds"] for one in run) for run in runs),
                f"{what}_peak_bytes": max(one["peak_memory_bytes"] for run in runs for one in run),
            }
        self.say(
            f"{dataset:<5} {stored / raw:.3f}  in {raw / result['ingest_seconds'] / 1e6:.0f} MB/s, out {raw / result['restore_seconds'] / 1e6:.0f} MB/s, warm {raw / result['warm_restore_seconds'] / 1e6:.0f} MB/s"
        )
        return result

    def store(self):
        series = [self.put_series(dataset, self.repeat) for dataset in self.series]
        return {"series": series, **self.single_sizes(), "duplicate_seconds": self.duplicate()}

    def single_sizes(self):
        """The base alone in a store, and what each fine-tune adds to a store that has the base and nothing else."""
        base, added = self.series["bf16"][0], {}
        for file in self.tuned:
            store = self.scratch("assay") / "store"
            put = self.store_bench("put", store, base)
            alone = measure.bytes_below(store)
            self.store_bench("put", store, file, "--parent", put["digest"])
            added[file.name] = measure.bytes_below(store) - alone
        return {"bf16_alone": {"raw": base.stat().st_size, "stored": alone}, "fine_tunes": added}

    def duplicate(self):
        store, file = self.scratch("assay") / "store", self.series["big"][0]
        self.store_bench("put", store, file)
        measure.warm(file)
        return measure.median(self.store_bench("put", store, file)["seconds"] for _ in range(self.repeat))

    def ranges(self):
        store, (base, tuned) = self.scratch("assay") / "store", self.series["big"]
        plain = self.store_bench("put", store, base)
        delta = self.store_bench("put", store, tuned, "--parent", plain["digest"])
        measure.warm(store)
        result = {
            name: self.store_bench("range", store, put["digest"]) for name, put in (("plain", plain), ("delta", delta))
        }
        result["plain_cold"] = self.store_bench("range", store, plain["digest"], "--count", 200, "--cold-cache")
        for name, one in result.items():
            self.say(
                f"64 KiB, {name}: "
                + ", ".join(
                    f"{kind} p50 {one[kind]['p50_us']:.0f} us" for kind in ("random", "repeated") if kind in one
                )
            )
        return result

    def memory(self):
        """Peaks over files of three sizes, in process and over HTTP."""
        result = {}
        for file in (self.series["bf16"][0], self.series["big"][0], self.data / "models" / "huge.safetensors"):
            store = self.scratch("assay") / "store"
            put = self.store_bench("put", store, file)
            get = self.store_bench("get", store, put["digest"], "/dev/null")
            result[file.name] = {
                "bytes": put["size"],
                "put_peak_bytes": put["peak_memory_bytes"],
                "get_peak_bytes": get["peak_memory_bytes"],
            }
            self.say(
                f"{put['size'] / 1e6:.0f} MB: put {put['peak_memory_bytes'] >> 20} MiB, get {get['peak_memory_bytes'] >> 20} MiB"
            )
        shutil.rmtree(self.work / "assay")
        http = over_http.assay_memory(self.prefix, self.data / "models", self.work / "http")
        self.say(
            f"over HTTP: server {http['server_peak_bytes'] >> 20} MiB, push {http['push_peak_bytes'] >> 20} MiB, pull {http['pull_peak_bytes'] >> 20} MiB"
        )
        return {"files": result, "http": http}

    def tree(self):
        found, folder = [], self.data / "tree"
        for peer in (peers.Copy, peers.Restic, peers.Borg, peers.Casync):
            try:
                found.append(peers.measure_tree(peer, folder, self.work / "peer", self.tools, self.repeat))
            except (peers.Missing, RuntimeError) as error:
                self.say(f"{peer.name}: left out: {error}")
        runs = []
        for _ in range(self.repeat):
            store = self.scratch("assay") / "store"
            measure.warm(folder)
            runs.append(self.store_bench("put-tree", store, folder))
        found.append(
            {
                "peer": "Assay",
                "dataset": "tree",
                "raw": runs[0]["size"],
                "stored": measure.bytes_below(store),
                "ingest_seconds": measure.median(run["seconds"] for run in runs),
            }
        )
        for one in found:
            self.say(f"{one['peer']:<20} small files {one['ingest_seconds']:.2f} s")
        return {"files": runs[0]["files"], "series": found}

    def http(self):
        models = self.data / "models"
        assay = over_http.assay_transfers(self.prefix, models, self.work / "http", self.repeat)
        result = {"bytes": self.series["big"][0].stat().st_size, "assay": assay}
        try:
            result["docker_registry"] = {
                "version": peers.first_line("docker-registry", "--version"),
                **over_http.registry_transfers(self.series["big"][0], self.work / "http", self.repeat),
            }
        except (peers.Missing, RuntimeError) as error:
            self.say(f"docker-registry: left out: {error}")
        for name, one in (("assay", assay), ("docker-registry", result.get("docker_registry", {}))):
            for what in ("push", "pull"):
                if what in one:
                    self.say(
                        f"{name} {what}: {result['bytes'] / one[what]['seconds'] / 1e6:.0f} MB/s, CPU {one[what]['client_cpu_seconds']:.2f} s"
                        f" client, {one[what]['server_cpu_seconds']:.2f} s server"
                    )
        return result


PARTS = ("limits", "peers", "store", "ranges", "memory", "tree", "http")


def key_value(text):
    name, _, value = text.partition("=")
    return name, value


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "work", "results", "prefix", "store-bench"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument(
        "--tool", type=key_value, action="append", default=[], help="NAME=PATH of a peer's program or Python"
    )
    parser.add_argument(
        "--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}; earlier figures of the others stay"
    )
    parser.add_argument(
        "--peers", type=lambda text: text.split(","), default=[], help="only peers whose names contain one of these"
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of what is judged; medians are reported")
    parser.add_argument("--quick", action="store_true", help="the data is small: say so in the report")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(PARTS):
        parser.error(f"--only {','.join(sorted(unknown))}: the parts are {', '.join(PARTS)}")
    return options


def keep_earlier_peers(peers_now, earlier):
    measured = {one["peer"] for part in ("series", "missing") for one in peers_now[part]}
    for part in ("series", "missing"):
        peers_now[part] = [one for one in earlier[part] if one["peer"] not in measured] + peers_now[part]


def main():
    options = parse()
    options.work.mkdir(parents=True, exist_ok=True)
    kept = options.results / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    bench, failed = Bench(options), []
    for part in (part for part in PARTS if part in options.only):
        print(f"{part}", flush=True)
        try:
            earlier = results.get(part)
            results[part] = getattr(bench, part)()
            if part == "peers" and options.peers and earlier:
                keep_earlier_peers(results[part], earlier)
            results[part]["measured"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        except Exception:  # the other parts still have something to say
            failed.append(part)
            results.pop(part, None)
            traceback.print_exc()
    shutil.rmtree(options.work, ignore_errors=True)
    results["run"] = {
        "repeat": options.repeat,
        "quick": options.quick,
        "cores": len(os.sched_getaffinity(0)),
        "processor": report.processor_name(),
        "system": platform.platform(terse=True),
        "data": json.loads((options.data / "MANIFEST.json").read_text()),
    }
    kept.write_text(json.dumps(results, indent=1) + "\n")
    report.write(results, options.results)
    print((options.results / "results.md").read_text())
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
