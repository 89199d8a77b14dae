#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fold plugins against scikit-learn and SciPy on the same numbers, and the CSV reader against pandas: speed,
equality, false alarms and power.

    bench_folds.py --driver folds_bench --csv-driver csv_bench --plugins DIR --results DIR [--rows N] [--repeat N] [--pairs N] [--only PARTS]

Runs alternate, peer and plugin by turns, and CPU seconds (user and system) are compared, so that a busy machine moves
both sides. Prints one line a requirement (figure, bound, met or MISSED) and leaves folds.json, folds.md and power.svg.
Exit code 1 when a bound is missed.
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import warnings

import numpy as np
import scipy
import sklearn
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics

from bench_csv import csv
from cpu_time import cpu

warnings.filterwarnings("ignore")
LIFT_SHARE, MAX_FPR = 0.1, 0.05  # the plugin's defaults


class Bench:
    def __init__(self, given):
        self.given = given
        self.data = given.results / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.lines, self.rows, self.missed = [], [], False

    def run(self, mode, plugin, repeats, settings):
        command = [given_path(self.given.driver), mode, given_path(self.given.plugins / f"{plugin}.so"), str(self.data),
                   str(repeats), json.dumps(settings)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def line(self, what, figure, bound, met):
        met = bool(met)
        self.missed |= not met
        self.lines.append({"what": what, "figure": figure, "bound": bound, "met": met})
        print(f"{what:<72} {figure:>14} {bound:>12}  {'met' if met else 'MISSED'}", flush=True)

    def ratio(self, what, peer_seconds, own_seconds, least):
        """Of medians; and a row for the table."""
        peer, own = statistics.median(peer_seconds), statistics.median(own_seconds)
        self.rows.append({"what": what, "peer_ms": 1e3 * peer, "own_ms": 1e3 * own, "ratio": peer / own,
                          "least": min(peer_seconds) / max(own_seconds), "most": max(peer_seconds) / min(own_seconds)})
        self.line(what, f"{peer / own:.1f} x", f">= {least} x", peer / own >= least)

    def equal(self, what, pairs, bound):
        """`pairs` of (name, own, peer): the largest relative difference."""
        worst, where = 0.0, "-"
        for name, own, peer in pairs:
            off = math.inf if own is None else 0.0 if own == peer else abs(own - peer) / max(abs(peer), 1e-300)
            if off > worst:
                worst, where = off, name
        self.line(f"{what} (worst: {where})", f"{worst:.1e}", f"<= {bound:g}", worst <= bound)


def given_path(path):
    return str(path.resolve())


# ---- classification ----

def ece(y, s):
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], s)
    return np.abs(np.bincount(bins, s, 10) - np.bincount(bins, y, 10)).sum() / len(y)


def delong_interval(y, s):
    """Sun and Xu's algorithm with midranks."""
    pos, neg = s[y == 1], s[y == 0]
    m, n = len(pos), len(neg)
    ranks, of_pos, of_neg = stats.rankdata(np.r_[pos, neg]), stats.rankdata(pos), stats.rankdata(neg)
    v10, v01 = (ranks[:m] - of_pos) / n, 1 - (ranks[m:] - of_neg) / m
    half = stats.norm.ppf(0.975) * math.sqrt(v10.var(ddof=1) / m + v01.var(ddof=1) / n)
    return v10.mean() - half, v10.mean() + half


def sklearn_metrics(y, s):
    """All that the plugin answers, each by scikit-learn's own function where it has one."""
    p = (s >= 0.5).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(y, p).ravel()
    fpr, tpr, _ = metrics.roc_curve(y, s, drop_intermediate=False)
    top = math.ceil(LIFT_SHARE * len(y))
    best = np.argpartition(-s, top - 1)[:top]
    low, high = delong_interval(y, s)
    return {"tp": tp, "fp": fp, "tn": tn, "fn": fn, "prevalence": y.mean(), "accuracy": metrics.accuracy_score(y, p),
            "balanced_accuracy": metrics.balanced_accuracy_score(y, p), "precision": metrics.precision_score(y, p),
            "recall": metrics.recall_score(y, p), "f1": metrics.f1_score(y, p), "f_beta": metrics.fbeta_score(y, p, beta=2),
            "mcc": metrics.matthews_corrcoef(y, p), "kappa": metrics.cohen_kappa_score(y, p),
            "roc_auc": metrics.roc_auc_score(y, s), "pr_auc": metrics.average_precision_score(y, s),
            "log_loss": metrics.log_loss(y, s), "brier": metrics.brier_score_loss(y, s), "ece": ece(y, s),
            "ks": np.abs(tpr - fpr).max(), "lift": y[best].mean() / y.mean(), "recall_at_fpr": tpr[fpr <= MAX_FPR].max(),
            "expected_cost": (fp + fn) / len(y), "net_benefit": (tp - fp) / len(y), "roc_auc.ci_low": low, "roc_auc.ci_high": high}


def fewest_calls(y, s):
    """What somebody in a hurry would write: one confusion matrix, each curve and each loss once."""
    metrics.confusion_matrix(y, s >= 0.5)
    metrics.roc_auc_score(y, s), metrics.average_precision_score(y, s), metrics.log_loss(y, s), metrics.brier_score_loss(y, s)


def classification(bench):
    rng = np.random.default_rng(20261)
    n = bench.given.rows
    s = rng.beta(2, 3, n)
    y = (rng.random(n) < s).astype(int)
    s.tofile(bench.data / "scores.f64")
    y.astype(float).tofile(bench.data / "labels.f64")
    own, all_calls, few_calls = [], [], []
    for _ in range(bench.given.repeat):
        answer = bench.run("evaluate", "classification", 1, {"bootstrap_resamples": 0})
        own += [sum(phase[0] for phase in answer["seconds"].values())]
        wanted, seconds = cpu(lambda: sklearn_metrics(y, s))
        all_calls.append(seconds)
        few_calls.append(cpu(lambda: fewest_calls(y, s))[1])
    bench.ratio(f"classification: 24 metrics of {n} rows, each by its function", all_calls, own, 10)
    bench.ratio("classification: the same against five calls of scikit-learn alone", few_calls, own, 10)
    bench.equal("classification: equals scikit-learn", [(k, answer["values"][k], v) for k, v in wanted.items()], 1e-12)

    few = 10
    answer = bench.run("evaluate", "classification", 1, {"bootstrap_resamples": few})
    a_resample = (sum(phase[0] for phase in answer["seconds"].values()) - statistics.median(own)) / few
    weights = rng.poisson(1, n)
    _, peer = cpu(lambda: (metrics.roc_auc_score(y, s, sample_weight=weights),
                           metrics.average_precision_score(y, s, sample_weight=weights),
                           metrics.log_loss(y, s, sample_weight=weights), metrics.brier_score_loss(y, s, sample_weight=weights),
                           metrics.confusion_matrix(y, s >= 0.5, sample_weight=weights)))
    bench.ratio("classification: one bootstrap resample of 14 metrics, weights drawn", [peer], [a_resample], 40)


# ---- several classes ----

def sklearn_classes(y, s):
    """All that the plugin answers of all rows, each by scikit-learn's own function."""
    p = s.argmax(axis=1)
    out = {"accuracy": metrics.accuracy_score(y, p), "balanced_accuracy": metrics.balanced_accuracy_score(y, p),
           "mcc": metrics.matthews_corrcoef(y, p), "kappa": metrics.cohen_kappa_score(y, p),
           "top_k_accuracy": metrics.top_k_accuracy_score(y, s, k=2), "log_loss": metrics.log_loss(y, s),
           "brier": metrics.brier_score_loss(y, s)}
    for average in ("macro", "micro", "weighted"):
        for name, value in zip(("precision", "recall", "f1"), metrics.precision_recall_fscore_support(y, p, average=average)):
            out[f"{name}_{average}"] = value
    for kind in ("ovr", "ovo"):
        out[f"roc_auc_{kind}"] = metrics.roc_auc_score(y, s, multi_class=kind)
        out[f"roc_auc_{kind}_weighted"] = metrics.roc_auc_score(y, s, multi_class=kind, average="weighted")
    metrics.confusion_matrix(y, p), metrics.precision_recall_fscore_support(y, p)
    return out


def fewest_calls_classes(y, s):
    """One report of all counts, each area in its cheaper average and each loss once."""
    metrics.classification_report(y, s.argmax(axis=1))
    metrics.roc_auc_score(y, s, multi_class="ovr"), metrics.roc_auc_score(y, s, multi_class="ovo")
    metrics.log_loss(y, s), metrics.brier_score_loss(y, s), metrics.top_k_accuracy_score(y, s, k=2)


def classes(bench):
    rng = np.random.default_rng(20262)
    n, k = bench.given.rows, 5
    y = rng.choice(k, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    s = np.exp(rng.normal(size=(n, k)) + 1.5 * (y[:, None] == np.arange(k)))
    s /= s.sum(axis=1, keepdims=True)
    np.ascontiguousarray(s.T).tofile(bench.data / "scores.f64")
    y.astype(float).tofile(bench.data / "labels.f64")
    own, all_calls, few_calls = [], [], []
    for _ in range(bench.given.repeat):
        answer = bench.run("evaluate", "classification", 1, {"bootstrap_resamples": 0, "columns": k})
        own += [sum(phase[0] for phase in answer["seconds"].values())]
        wanted, seconds = cpu(lambda: sklearn_classes(y, s))
        all_calls.append(seconds)
        few_calls.append(cpu(lambda: fewest_calls_classes(y, s))[1])
    bench.ratio(f"classes: 20 metrics of {n} rows of {k} classes, each by its function", all_calls, own, 10)
    bench.ratio("classes: the same against six calls of scikit-learn alone", few_calls, own, 5)
    bench.equal("classes: equals scikit-learn", [(name, answer["values"][name], v) for name, v in wanted.items()], 1e-12)
    few = 5
    answer = bench.run("evaluate", "classification", 1, {"bootstrap_resamples": few, "columns": k})
    a_resample = (sum(phase[0] for phase in answer["seconds"].values()) - statistics.median(own)) / few
    print(f"classes: one bootstrap resample {1e3 * a_resample:.0f} ms")


# ---- drift ----

def population_stability(p, q):
    p, q = (p + 0.5) / (p.sum() + 0.5 * len(p)), (q + 0.5) / (q.sum() + 0.5 * len(q))
    return ((q - p) * np.log(q / p)).sum()


def scipy_drift(a, b):
    """Seconds and values by statistic."""
    out, seconds = {}, {}
    ks, seconds["ks"] = cpu(lambda: stats.ks_2samp(a, b))
    out["ks"], out["ks_p"] = ks.statistic, ks.pvalue

    def wasserstein():
        ordered, n = np.sort(a), len(a)
        low, high = ordered[-(-n // 1000) - 1], ordered[-(-999 * n // 1000) - 1]
        clipped = np.clip(a, low, high)
        return stats.wasserstein_distance(clipped, np.clip(b, low, high)) / clipped.std()

    def counts():
        ordered, n = np.sort(a), len(a)
        edges = np.unique([ordered[-(-n * j // 10) - 1] for j in range(1, 10)])
        return [np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) for x in (a, b)]

    out["wasserstein"], seconds["wasserstein"] = cpu(wasserstein)
    out["psi"], seconds["psi"] = cpu(lambda: population_stability(*counts()))
    out["js_distance"], seconds["js_distance"] = cpu(lambda: jensenshannon(*counts(), base=2))
    return out, seconds


def drift(bench):
    rng = np.random.default_rng(20262)
    n = bench.given.rows
    a, b = rng.normal(size=n), rng.normal(0.05, 1, n)
    a.tofile(bench.data / "reference.f64")
    b.tofile(bench.data / "current.f64")
    total = lambda answer, phases: sum(answer["seconds"][phase][0] for phase in phases)
    window, both = ["update", "finish"], ["reference_update", "update", "finish"]
    own, peer = {"binned": [], "binned, both": [], "exact": [], "exact, both": []}, []
    whole, by_bins = [], []
    for _ in range(bench.given.repeat):
        binned = bench.run("drift", "drift", 1, {})
        exact = bench.run("drift", "drift", 1, {"exact_values": 1048576})
        for name, answer in (("binned", binned), ("exact", exact)):
            own[name].append(total(answer, window))
            own[name + ", both"].append(total(answer, both))
        # The same rows without a reference are counted by value alone.
        whole.append(binned["seconds"]["update"][0])
        by_bins.append(whole[-1] - binned["seconds"]["reference_update"][0])
        wanted, seconds = scipy_drift(a, b)
        peer.append(sum(seconds.values()))
    bench.ratio(f"drift: report on {n} rows against a stored reference, default settings", peer, own["binned"], 20)
    bench.ratio("drift: the same and the reference counted from its rows", peer, own["binned, both"], 20)
    if n <= 1048576:
        bench.ratio("drift: against a stored reference, every distinct value kept (exact)", peer, own["exact"], 20)
        bench.ratio("drift: the same and the reference counted from its rows", peer, own["exact, both"], 10)
        value, p = exact["values"], exact["p_values"]
        bench.equal("drift: KS distance equals SciPy's", [("ks", value["x0.ks"], wanted["ks"])], 1e-15)
        bench.equal("drift: KS p-value equals SciPy's", [("ks", p["x0.ks"], wanted["ks_p"])], 1e-9)
        bench.equal("drift: Wasserstein, PSI and Jensen-Shannon equal SciPy's and NumPy's",
                    [(k, value["x0." + k], wanted[k]) for k in ("wasserstein", "psi", "js_distance")], 1e-12)
    low, high = binned["values"]["x0.ks"], binned["values"].get("x0.ks_upper_bound", binned["values"]["x0.ks"])
    bench.line("drift: certified KS bounds hold the exact distance", f"[{low:.5f}, {high:.5f}]", f"{wanted['ks']:.5f}",
               low <= wanted["ks"] * (1 + 1e-12) and wanted["ks"] <= high * (1 + 1e-12) and high - low < 0.002)
    counters = 1e9 * statistics.median(by_bins) / n
    bench.line("drift: one value into the bins of its reference", f"{counters:.1f} ns", "<= 3 ns", counters <= 3)
    print(f"{'drift: one value counted in all (bins and distinct values)':<72} {1e9 * statistics.median(whole) / n:>11.1f} ns")
    bench.line("drift: saved state of one column with its reference", f"{binned['state_bytes'] / 1024:.0f} KiB", "<= 512 KiB",
               binned["state_bytes"] <= 512 * 1024)


# ---- power ----

def curves_svg(points):
    """Share of windows called drifted against the shift, one line a size."""
    width, height, left, top, w, h = 560, 300, 52, 20, 380, 230
    sizes = sorted({p["rows"] for p in points})
    colours = ["#999999", "#6baed6", "#3182bd", "#08519c", "#08306b"]
    x = lambda shift: left + w * shift / 0.5
    y = lambda share: top + h * (1 - share)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
             f'<rect width="{width}" height="{height}" fill="white"/>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(f'<path d="M{left} {y(share):.0f}h{w}" stroke="#dddddd"/>'
                     f'<text x="{left - 6}" y="{y(share) + 4:.0f}" text-anchor="end">{share:.0%}</text>')
    for shift in (0, 0.1, 0.2, 0.3, 0.4, 0.5):
        parts.append(f'<text x="{x(shift):.0f}" y="{top + h + 16}" text-anchor="middle">{shift:g}</text>')
    for size, colour in zip(sizes, colours):
        line = sorted((p["shift"], p["moved"]) for p in points if p["rows"] == size)
        path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at = top + 14 + 18 * sizes.index(size)
        parts.append(f'<path d="M{left + w + 14} {at - 4}h18" stroke="{colour}" stroke-width="2"/>'
                     f'<text x="{left + w + 38}" y="{at}">{size} rows</text>')
    parts.append(f'<text x="{left + w / 2}" y="{height - 12}" text-anchor="middle">shift in standard deviations</text></svg>')
    return "\n".join(parts)


def power(bench):
    command = [given_path(bench.given.driver), "power", given_path(bench.given.plugins / "drift.so"), str(bench.given.pairs)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    points = [json.loads(line) for line in output.splitlines()]
    (bench.given.results / "power.svg").write_text(curves_svg(points) + "\n")
    print(f"\nshare of {bench.given.pairs} windows in which the moved column was called drifted, by shift (default settings)")
    shifts = sorted({p["shift"] for p in points})
    table = ["| rows | " + " | ".join(f"{shift:g}" for shift in shifts) + " | a column that never moved |",
             "|---" * (len(shifts) + 2) + "|"]
    for rows in sorted({p["rows"] for p in points}):
        of = {p["shift"]: p for p in points if p["rows"] == rows}
        others = statistics.mean(p["others"] for p in of.values())
        table.append(f"| {rows} | " + " | ".join(f"{of[s]['moved']:.3f}" for s in shifts) + f" | {others:.4f} |")
    print("\n".join(table) + "\n")
    bench.power = {"points": points, "table": table}
    false = max(max(p["others"] for p in points), max(p["moved"] for p in points if p["shift"] == 0))
    # alpha is 0.01; three standard deviations of what is counted are allowed on top.
    bound = 0.01 + 3 * math.sqrt(0.01 * 0.99 / bench.given.pairs)
    bench.line("drift: false alarms of a window, the worst of all sizes and shifts", f"{false:.4f}", f"<= {bound:.4f}", false <= bound)
    found = next(p["moved"] for p in points if p["rows"] == 5000 and p["shift"] == 0.2)
    bench.line("drift: a shift of 0.2 deviations found at 5000 rows", f"{found:.3f}", ">= 0.99", found >= 0.99)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", type=pathlib.Path, required=True)
    parser.add_argument("--csv-driver", type=pathlib.Path, required=True)
    parser.add_argument("--plugins", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--only", default="classification,classes,drift,power,csv")
    bench = Bench(parser.parse_args())
    print(f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}, NumPy {np.__version__}; CPU seconds\n")
    bench.power = {}
    for part in bench.given.only.split(","):
        {"classification": classification, "classes": classes, "drift": drift, "power": power, "csv": csv}[part](bench)
    document = ["| what | peer, ms | own, ms | ratio (range) |", "|---|---|---|---|"]
    document += [f"| {r['what']} | {r['peer_ms']:.0f} | {r['own_ms']:.1f} | {r['ratio']:.1f} ({r['least']:.1f} to {r['most']:.1f}) |"
                 for r in bench.rows]
    document += ["", *bench.power.get("table", [])]
    (bench.given.results / "folds.md").write_text("\n".join(document) + "\n")
    (bench.given.results / "folds.json").write_text(json.dumps(
        {"lines": bench.lines, "rows": bench.rows, "power": bench.power.get("points", [])}, indent=1) + "\n")
    print("\n".join(document[:len(bench.rows) + 2]))
    sys.exit(1 if bench.missed else 0)


if __name__ == "__main__":
    main()
