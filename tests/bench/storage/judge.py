# SPDX-License-Identifier: Apache-2.0
"""The storage benchmark's requirements: one row each, made from the figures, met or missed."""

from dataclasses import dataclass

MIB = 1 << 20
MEMORY_BOUND = 128 * MIB


@dataclass
class Row:
    area: str
    what: str
    figure: float
    bound: float
    at_least: bool
    note: str
    unit: str = ""

    @property
    def met(self):
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    @property
    def verdict(self):
        return "met" if self.met else "MISSED"

    def text(self):
        show = lambda value: f"{value:.3g}{self.unit}"
        return show(self.figure), f"{'>=' if self.at_least else '<='} {show(self.bound)}"


class Figures:
    """Looks figures up; a row whose figures were not measured raises KeyError and becomes `not measured`."""

    def __init__(self, results):
        self.results = results

    def peer(self, name, dataset, part="peers"):
        for one in self.results[part]["series"]:
            if one["peer"] == name and one["dataset"] == dataset:
                return one
        raise KeyError(f"{name}, {dataset}")

    def assay(self, dataset):
        return self.peer("Assay", dataset, "store")

    def sha(self):
        return self.results["limits"]["sha256_bytes_per_second"]

    def best(self, dataset, general):
        found = [
            one
            for one in self.results["peers"]["series"]
            if one["dataset"] == dataset and one["peer"] != "cp" and (one["general"] or not general)
        ]
        if not found:
            raise KeyError(dataset)
        return min(found, key=lambda one: one["stored"])

    def speed(self, one, what, index=None):
        """Bytes a second of a series, or of one of the two files of the large one, which are of one size."""
        if index is None:
            return one["raw"] / one[f"{what}_seconds"]
        return one["raw"] / len(one[f"{what}_seconds_each"]) / one[f"{what}_seconds_each"][index]


def size_rows(f):
    def alone():
        one = f.results["store"]["bf16_alone"]
        return Row(
            "size", "bf16 alone, of raw", one["stored"] / one["raw"], 0.67, False, f"{one['raw'] / 1e6:.0f} MB base"
        )

    def fine_tune():
        ours, theirs = f.results["store"]["fine_tunes"], f.results["peers"]["bitx"]["bf16"]
        each = ", ".join(f"{ours[name] / theirs[name]:.3f}" for name in ours)
        ratio = sum(ours.values()) / sum(theirs[name] for name in ours)
        return Row("size", "fine-tunes on their base, of BitX", ratio, 0.65, False, f"each: {each}; BitX emulated")

    def large_fine_tune():
        ours, theirs = f.assay("big")["stored_each"][1], f.results["peers"]["bitx"]["big"]
        return Row(
            "size",
            "large fine-tune on its base, of BitX",
            ours / theirs,
            0.65,
            False,
            f"{2 * ours / f.assay('big')['raw']:.3f} against {2 * theirs / f.assay('big')['raw']:.3f} of raw; BitX emulated",
        )

    def series(dataset, bound, general):
        def row():
            peer = f.best(dataset, general)
            kind = "general peer" if general else "peer"
            return Row(
                "size",
                f"{dataset} series, of the best {kind}",
                f.assay(dataset)["stored"] / peer["stored"],
                bound,
                False,
                f"best: {peer['peer']}, {peer['stored'] / peer['raw']:.3f} of raw; Assay {f.assay(dataset)['stored'] / peer['raw']:.3f}",
            )

        return row

    def csv():
        peer = f.peer("zstd -3 --patch-from", "csv")
        return Row(
            "size",
            "csv series, of patch-from",
            f.assay("csv")["stored"] / peer["stored"],
            1.0,
            False,
            f"patch-from {peer['stored'] / peer['raw']:.3f} of raw",
        )

    return [
        alone,
        fine_tune,
        large_fine_tune,
        series("bf16", 0.48, True),
        series("fp32", 0.83, True),
        series("fp32", 0.83, False),
        csv,
    ]


def speed_rows(f):
    def against_sha(what, index, bound, name):
        return lambda: Row(
            what,
            f"{name}, of one-thread SHA-256",
            f.speed(f.assay("big"), what, index) / f.sha(),
            bound,
            True,
            f"{f.speed(f.assay('big'), what, index) / 1e6:.0f} MB/s; SHA-256 {f.sha() / 1e6:.0f} MB/s",
        )

    def restore(index, bound, name):
        def row():
            warm, cold = (f.speed(f.assay("big"), what, index) for what in ("warm_restore", "restore"))
            return Row(
                "restore",
                f"{name}, warm to blocks that are there, of one-thread SHA-256",
                warm / f.sha(),
                bound,
                True,
                f"{warm / 1e6:.0f} MB/s; cold to new blocks {cold / 1e6:.0f} MB/s, {cold / f.sha():.3f}; SHA-256 {f.sha() / 1e6:.0f} MB/s",
            )

        return row

    def against_zstd(index, bound, name):
        def row():
            theirs = f.speed(f.peer("zstd -3 -T2", "big"), "ingest", index)
            ours = f.speed(f.assay("big"), "ingest", index)
            return Row(
                "ingest",
                f"{name}, of zstd -3 -T2",
                ours / theirs,
                bound,
                True,
                f"{ours / 1e6:.0f} against {theirs / 1e6:.0f} MB/s",
            )

        return row

    def duplicate():
        speed = f.assay("big")["raw"] / 2 / f.results["store"]["duplicate_seconds"]
        return Row("ingest", "duplicate, of one-thread SHA-256", speed / f.sha(), 0.75, True, f"{speed / 1e6:.0f} MB/s")

    def csv():
        ours, theirs = f.speed(f.assay("csv"), "ingest"), f.speed(f.peer("zstd -3 --patch-from", "csv"), "ingest")
        return Row(
            "ingest",
            "csv series, of patch-from",
            ours / theirs,
            1.8,
            True,
            f"{ours / 1e6:.0f} against {theirs / 1e6:.0f} MB/s",
        )

    return [
        against_sha("ingest", 0, 0.64, "plain bf16"),
        against_zstd(0, 2, "plain bf16"),
        against_zstd(1, 1.5, "fine-tune"),
        duplicate,
        csv,
        restore(0, 0.68, "plain bf16"),
        restore(1, 0.5, "fine-tune"),
    ]


def range_rows(f):
    milliseconds = lambda name, kind: f.results["ranges"][name][kind]["p50_us"] / 1000

    def cached():
        worst = max(("plain", "delta"), key=lambda name: milliseconds(name, "repeated"))
        return Row(
            "ranged read",
            "64 KiB, block cached, p50",
            milliseconds(worst, "repeated"),
            0.2,
            False,
            f"the worse of plain and delta: {worst}",
            " ms",
        )

    def otherwise():
        return Row(
            "ranged read",
            "64 KiB anywhere, warm, p50",
            max(milliseconds(name, "random") for name in ("plain", "delta")),
            0.8,
            False,
            f"plain {milliseconds('plain', 'random'):.3f}, delta {milliseconds('delta', 'random'):.3f} ms",
            " ms",
        )

    def http(kind):
        def row():
            over = f.results["http"]["assay"]["ranges"][kind]["p50_us"] / 1000
            return Row(
                "ranged read",
                f"what HTTP adds, {kind}, p50",
                over - milliseconds("plain", kind),
                0.2,
                False,
                f"{over:.3f} ms over HTTP",
                " ms",
            )

        return row

    return [cached, otherwise, http("repeated"), http("random")]


def memory_rows(f):
    def in_process(what):
        def row():
            one = max(f.results["memory"]["files"].values(), key=lambda one: one["bytes"])
            return Row(
                "memory",
                f"{what} of {one['bytes'] / 1e9:.2f} GB, in process",
                one[f"{what}_peak_bytes"] / MIB,
                MEMORY_BOUND / MIB,
                False,
                "nothing added for the index",
                " MiB",
            )

        return row

    def over_http(what):
        def row():
            http = f.results["memory"]["http"]
            return Row(
                "memory",
                f"{what}, {http['file_bytes'] / 1e9:.2f} GB over HTTP",
                http[f"{what}_peak_bytes"] / MIB,
                MEMORY_BOUND / MIB,
                False,
                "",
                " MiB",
            )

        return row

    return [in_process("put"), in_process("get"), over_http("server"), over_http("push"), over_http("pull")]


def other_rows(f):
    def tree():
        ours, theirs = (
            f.peer("Assay", "tree", "tree")["ingest_seconds"],
            f.peer("restic", "tree", "tree")["ingest_seconds"],
        )
        files = f.results["tree"]["files"]
        return Row(
            "small files",
            f"{files} files, times as fast as restic",
            theirs / ours,
            3,
            True,
            f"{files / ours:.0f} against {files / theirs:.0f} files/s",
        )

    def transfer(what, of):
        def row():
            one, there = f.results["http"]["assay"][what], f.results["http"]["bytes"]
            inside = f.speed(f.assay("big"), of, 0)
            return Row(
                "HTTP",
                f"{what}, of in process",
                there / one["seconds"] / inside,
                0.5,
                True,
                f"{there / one['seconds'] / 1e6:.0f} MB/s; CPU {one['client_cpu_seconds']:.2f} s client + {one['server_cpu_seconds']:.2f} s server",
            )

        return row

    def registry():
        theirs, ours = f.results["http"]["docker_registry"]["pull"], f.results["http"]["assay"]["pull"]
        return Row(
            "HTTP",
            "pull, of docker-registry",
            theirs["seconds"] / ours["seconds"],
            1,
            True,
            f"{f.results['http']['bytes'] / theirs['seconds'] / 1e6:.0f} MB/s; CPU {theirs['client_cpu_seconds']:.2f} s curl + {theirs['server_cpu_seconds']:.2f} s server",
        )

    return [tree, transfer("push", "ingest"), transfer("pull", "restore"), registry]


def judge(results):
    """The rows, and how many could not be made."""
    figures, rows, unmeasured = Figures(results), [], 0
    for make in (
        size_rows(figures) + speed_rows(figures) + range_rows(figures) + memory_rows(figures) + other_rows(figures)
    ):
        try:
            rows.append(make())
        except KeyError:
            unmeasured += 1
    return rows, unmeasured
