# SPDX-License-Identifier: Apache-2.0
"""Tables and a plot of what catalog_bench and mlflow_peer.py measured. report.py OURS.jsonl MLFLOW.json FOLDER
Prints Markdown; writes FOLDER/peers.svg. Exits 1 when a bound is missed."""
import json
import sys

BOUNDS = {  # name: (how it is found in a document, bound, whether more is better)
    "publish, versions/s": (lambda d: d["publish"]["per_second"], 2000, True),
    "search, p99 ms": (lambda d: d["search"]["p99_ms"], 20, False),
    "list of models, p99 ms": (lambda d: d["lists"]["models"]["p99_ms"], 5, False),
    "list of versions, p99 ms": (lambda d: d["lists"]["versions"]["p99_ms"], 5, False),
    "one version, reads/s": (lambda d: d["point_reads"]["per_second"], 30000, True),
    "restart, ms until ready": (lambda d: d["restart"]["ready_ms"], 5000, False),
}


def table(rows):
    for i, row in enumerate(rows):
        print("| " + " | ".join(row) + " |")
        if i == 0:
            print("|" + "---|" * len(row))
    print()


def number(value):
    return f"{value:,.0f}".replace(",", " ") if value >= 100 else f"{value:.3g}"


def growth(documents):
    heads = ["", *[f"{number(d['versions'])} versions, {number(d['metric_rows'])} metrics" for d in documents], "bound", ""]
    rows, missed = [heads], False
    for name, (of, bound, more) in BOUNDS.items():
        met = of(documents[-1]) >= bound if more else of(documents[-1]) <= bound
        missed |= not met
        rows.append([name, *[number(of(d)) for d in documents], number(bound), "met" if met else "MISSED"])
    rows.append(["catalog.db, MB", *[number(d["bytes"] / 1e6) for d in documents], "", ""])
    table(rows)
    rows = [["search, p50 / p99 ms", *[number(d["versions"]) for d in documents]]]
    for name in documents[-1]["search"]["each"]:
        each = [d["search"]["each"][name] for d in documents]
        rows.append([name, *[f"{number(e['p50_ms'])} / {number(e['p99_ms'])}" for e in each]])
    table(rows)
    return missed


def ratios(ours, theirs):
    out = {}
    for name, (of, _, more) in BOUNDS.items():
        try:
            peer = of(theirs)
        except KeyError:
            continue
        out[name] = (of(ours), peer, of(ours) / peer if more else peer / of(ours))
    for name, peer in theirs["search"]["each"].items():
        mine = ours["search"]["each"][name]
        out[f"search: {name}, p50 ms"] = (mine["p50_ms"], peer["p50_ms"], peer["p50_ms"] / mine["p50_ms"])
    return out


def draw(found, path):
    """A bar a line, by hand: how many times faster, on a logarithmic scale."""
    import math
    width, line = 420, 22
    top = max(ratio for _, _, ratio in found.values())
    scale = width / math.log10(max(top, 10) * 1.2)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + 330}" height="{line * (len(found) + 2)}" '
             'font-family="sans-serif" font-size="13">',
             f'<text x="0" y="15" font-weight="bold">Times faster than MLflow (SQLite), same work, same machine</text>']
    for power in range(0, int(math.log10(max(top, 10) * 1.2)) + 1):
        x = 250 + power * scale
        lines.append(f'<line x1="{x:.0f}" y1="{line}" x2="{x:.0f}" y2="{line * (len(found) + 1)}" stroke="#ccc"/>'
                     f'<text x="{x:.0f}" y="{line * (len(found) + 1) + 15}" text-anchor="middle" fill="#555">{10 ** power}</text>')
    for i, (name, (_, _, ratio)) in enumerate(found.items()):
        y = line * (i + 1)
        lines.append(f'<text x="242" y="{y + 15}" text-anchor="end">{name}</text>'
                     f'<rect x="250" y="{y + 4}" width="{max(1, math.log10(max(ratio, 1)) * scale):.0f}" height="14" fill="#36c"/>'
                     f'<text x="{255 + math.log10(max(ratio, 1)) * scale:.0f}" y="{y + 15}">{number(ratio)}</text>')
    open(path, "w", encoding="utf-8").write("\n".join([*lines, "</svg>", ""]))


def main():
    documents = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8") if line.startswith("{")]
    missed = growth(documents)
    theirs = json.load(open(sys.argv[2], encoding="utf-8"))
    ours = next(d for d in documents if d["versions"] == theirs["versions"])
    found = ratios(ours, theirs)
    table([[f"{number(theirs['versions'])} versions, {number(theirs['metric_rows'])} metrics", "Assay", "MLflow", "times"],
           *[[name, number(a), number(b), number(ratio)] for name, (a, b, ratio) in found.items()]])
    print(f"MLflow refused {theirs['publish']['refused']} of its publications; Assay refused none.")
    draw(found, f"{sys.argv[3]}/peers.svg")
    sys.exit(1 if missed else 0)


main()
