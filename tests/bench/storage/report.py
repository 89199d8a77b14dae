# SPDX-License-Identifier: Apache-2.0
"""Writes what the storage benchmark found: the rows of judge.py, the table of the peers, and the plot."""

import pathlib
import re

from judge import Figures, judge

TITLES = {
    "bf16": "bf16: a base and four fine-tunes",
    "fp32": "fp32: five checkpoints of one training",
    "big": "bf16, large: a base and its fine-tune",
    "csv": "CSV: four edited versions",
}


def processor_name():
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else "unknown processor"


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    widths = [max(len(str(line[column])) for line in lines) for column in range(len(header))]
    return (
        "\n".join(
            "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines
        )
        + "\n"
    )


def every_series(results):
    return [one for part in ("store", "peers") for one in results.get(part, {}).get("series", [])]


def peer_table(results):
    cells, versions = {}, {}
    for one in every_series(results):
        versions[one["peer"]] = one["version"]
        cells.setdefault(one["peer"], {})[one["dataset"]] = (
            f"{one['stored'] / one['raw']:.3f} / {one['raw'] / one['ingest_seconds'] / 1e6:.0f} / {one['raw'] / one['restore_seconds'] / 1e6:.0f}"
            f" / {max(one['ingest_peak_bytes'], one['restore_peak_bytes']) >> 20}"
        )
    rows = [[peer, *(row.get(dataset, "-") for dataset in TITLES), versions[peer]] for peer, row in cells.items()]
    return table(["size of raw / in MB/s / out MB/s / peak MiB", *TITLES, "version"], rows)


def specialised_sizes(results):
    """Lines for the methods that are measured by size alone: dataset -> (name, ratio)."""
    figures, found = Figures(results), {}
    for dataset, added in (
        ("bf16", lambda sizes: sum(sizes["bf16"].values())),
        ("fp32", lambda sizes: sizes["fp32_chain"]),
        ("big", lambda sizes: sizes["big"]),
    ):
        try:
            one, sizes = figures.peer("ZipNN", dataset), results["peers"]["bitx"]
        except KeyError:
            continue
        first = one["stored"] / {"bf16": 5, "fp32": 5, "big": 2}[dataset]
        found[dataset] = ("ZipNN + BitX (emulated)", (first + added(sizes)) / one["raw"])
    return found


def plot(results, path):
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as pyplot

    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "assay", "font.size": 10})
    figure, axes = pyplot.subplots(2, 2, figsize=(12, 8.5))
    methods = specialised_sizes(results)
    for axis, (dataset, title) in zip(axes.flat, TITLES.items()):
        points = sorted(
            (one["raw"] / one["ingest_seconds"] / 1e6, one["stored"] / one["raw"], one["peer"])
            for one in every_series(results)
            if one["dataset"] == dataset
        )
        for speed, ratio, peer in points:
            ours = peer == "Assay"
            axis.scatter(speed, ratio, s=110 if ours else 45, color="#c0392b" if ours else "#34495e", zorder=3)
        if dataset in methods:
            name, ratio = methods[dataset]
            axis.axhline(ratio, color="#7f8c8d", linestyle="--", linewidth=1)
            axis.annotate(
                f"{name}, size only",
                (0.01, ratio),
                xycoords=("axes fraction", "data"),
                xytext=(0, 3),
                textcoords="offset points",
                color="#7f8c8d",
                fontsize=8,
            )
        axis.set_xscale("log")
        axis.set_xlim(
            min([point[0] for point in points], default=10) / 1.7,
            max([point[0] for point in points], default=1000) * 2.6,
        )
        axis.set_ylim(0, 1.13)
        place_labels(axis, points)
        axis.set_title(title)
        axis.set_xlabel("ingest, MB/s (log; right is better)")
        axis.set_ylabel("stored bytes of raw (down is better)")
        axis.grid(True, which="both", alpha=0.2)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def place_labels(axis, points):
    """A label right of its point, or above, below or left of it where it would cover another. Places are fractions of
    the axis; a letter is about 0.014 of its width."""
    import math

    low, high = (math.log10(limit) for limit in axis.get_xlim())
    at = {peer: ((math.log10(speed) - low) / (high - low), ratio / axis.get_ylim()[1]) for speed, ratio, peer in points}
    taken = [(x - 0.012, y, 0.024, peer) for peer, (x, y) in at.items()]
    for speed, ratio, peer in sorted(points, key=lambda point: point[2] != "Assay"):
        (x, y), width = at[peer], 0.014 * len(peer)
        choices = []
        for rise in (0, 11, -11, 22, -22, 33, -33, 44, -44):
            top = y + rise / 240
            choices += [((7, rise - 3), "left", x + 0.02, top), ((-7, rise - 3), "right", x - width - 0.02, top)]
            if rise:
                choices.append(((0, rise - 3), "center", x - width / 2, top))
        free = lambda choice: (
            0 <= choice[2] <= 1 - width
            and all(
                choice[2] + width < left or left + length < choice[2] or abs(choice[3] - other_y) > 0.04
                for left, other_y, length, owner in taken
                if owner != peer
            )
        )
        (offset, side, left, top) = next((choice for choice in choices if free(choice)), choices[0])
        taken.append((left, top, width, peer + " label"))
        axis.annotate(
            peer,
            (speed, ratio),
            xytext=offset,
            textcoords="offset points",
            ha=side,
            fontsize=9,
            fontweight="bold" if peer == "Assay" else "normal",
        )


def write(results, folder):
    """results.md and ratio-speed.svg into `folder`."""
    rows, unmeasured = judge(results)
    run = results["run"]
    missed = sum(not row.met for row in rows)
    lines = [f"{run['cores']} cores, {run['processor']}, {run['system']}; medians of {run['repeat']}."]
    if run["quick"]:
        lines.append("Small data (--quick): a smoke test, not a result.")
    lines += [
        "",
        table(
            ["", "requirement", "figure", "bound", "", ""],
            [[row.area, row.what, *row.text(), row.verdict, row.note] for row in rows],
        ),
    ]
    lines.append(f"{len(rows) - missed} met, {missed} missed, {unmeasured} not measured.\n")
    if every_series(results):
        lines.append(peer_table(results))
    for one in results.get("peers", {}).get("missing", []):
        lines.append(f"Left out: {one['peer']}: {one['why'].strip().splitlines()[-1]}")
    lines.append("\nThe data:\n" + "\n".join(f"- {name}: {how}" for name, how in run["data"].items()))
    (folder / "results.md").write_text("\n".join(lines) + "\n")
    if every_series(results):
        plot(results, folder / "ratio-speed.svg")
