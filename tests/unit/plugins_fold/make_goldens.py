#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes goldens/*.json: inputs with the answers of scikit-learn and SciPy, which the fold plugins must reproduce.

    python3 -m venv V && V/bin/pip install scikit-learn scipy && V/bin/python make_goldens.py

Each file names the versions that wrote it. Floats are written such that they read back exactly.
"""
import json
import math
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
from scipy import optimize, stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression

OUT = pathlib.Path(__file__).parent / "goldens"
VERSIONS = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}
warnings.filterwarnings("ignore")


def plain(value):
    """JSON has no NaN: null stands for it."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, (np.integer, int)) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, (np.floating, float)):
        return float(value) if math.isfinite(value) else None
    return value


def write(name, cases):
    text = json.dumps(plain({"versions": VERSIONS, "cases": cases}), separators=(",", ":"))
    (OUT / name).write_text(text.replace('{"name"', '\n{"name"') + "\n")


# ---- classification ----

def delong_variance(y, s):
    """Straight from the definition: the variance of the structural components, all pairs compared."""
    pos, neg = s[y == 1], s[y == 0]
    if len(pos) < 2 or len(neg) < 2:
        return math.nan
    wins = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    return wins.mean(axis=1).var(ddof=1) / len(pos) + wins.mean(axis=0).var(ddof=1) / len(neg)


def ece(y, s):
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], s)
    return math.fsum(abs(math.fsum(s[bins == b]) - y[bins == b].sum()) for b in range(10)) / len(y)


def lift(y, s, share):
    """Positives among the best `share` of the rows, against the prevalence; ties at the cut count in proportion."""
    if not y.any():
        return math.nan
    top = math.ceil(share * len(y))
    cut = np.sort(s)[::-1][top - 1]
    tied = s == cut
    found = y[s > cut].sum() + y[tied].sum() * (top - (s > cut).sum()) / tied.sum()
    return found / top / y.mean()


def recall_at_fpr(y, s, most):
    fpr, tpr, _ = metrics.roc_curve(y, s, drop_intermediate=False)
    return tpr[fpr <= most].max()


def wilson(k, n):
    if n == 0:
        return [None, None]
    ci = stats.binomtest(int(k), int(n)).proportion_ci(0.95, method="wilson")
    return [ci.low, ci.high]


def classification_case(name, y, s, threshold=0.5, beta=2, lift_share=0.1, max_fpr=0.05, costs=(1, 1)):
    y, s = np.asarray(y, dtype=int), np.asarray(s, dtype=float)
    p = (s >= threshold).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(y, p, labels=[0, 1]).ravel()
    both = 0 < y.sum() < len(y)
    values = {
        "tp": tp, "fp": fp, "tn": tn, "fn": fn, "n": len(y), "prevalence": y.mean(),
        "accuracy": metrics.accuracy_score(y, p),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, p),
        "precision": metrics.precision_score(y, p), "recall": metrics.recall_score(y, p),
        "f1": metrics.f1_score(y, p), "f_beta": metrics.fbeta_score(y, p, beta=beta),
        "mcc": metrics.matthews_corrcoef(y, p), "kappa": metrics.cohen_kappa_score(y, p),
        "roc_auc": metrics.roc_auc_score(y, s) if both else math.nan,
        "pr_auc": metrics.average_precision_score(y, s),
        "log_loss": metrics.log_loss(y, s, labels=[0, 1]),
        "brier": metrics.brier_score_loss(y, s, labels=[0, 1], pos_label=1),
        "ece": ece(y, s),
        "ks": stats.ks_2samp(s[y == 1], s[y == 0]).statistic if both else math.nan,
        "lift": lift(y, s, lift_share), "recall_at_fpr": recall_at_fpr(y, s, max_fpr) if both else math.nan,
        "expected_cost": (costs[0] * fp + costs[1] * fn) / len(y),
        "net_benefit": tp / len(y) - fp / len(y) * (threshold / (1 - threshold)),
    }
    intervals = {"prevalence": wilson(y.sum(), len(y)), "accuracy": wilson(tp + tn, len(y)),
                 "precision": wilson(tp, tp + fp), "recall": wilson(tp, tp + fn)}
    shares, means = calibration_curve(y, s, n_bins=10) if len(y) else ([], [])
    settings = {"threshold": threshold, "beta": beta, "lift_share": lift_share, "max_fpr": max_fpr,
                "cost_false_positive": costs[0], "cost_false_negative": costs[1]}
    return {"name": name, "settings": settings, "labels": y, "scores": s, "values": values, "intervals": intervals,
            "delong_variance": delong_variance(y, s), "calibration": {"share_positive": shares, "mean_score": means}}


def classification_cases():
    rng = np.random.default_rng(20131)
    cancer = load_breast_cancer()
    model = LogisticRegression(max_iter=5000).fit(cancer.data[:300] / cancer.data.std(axis=0), cancer.target[:300])
    real = model.predict_proba(cancer.data[300:] / cancer.data.std(axis=0))[:, 1]
    y = (rng.random(400) < 0.3).astype(int)
    noisy = 1 / (1 + np.exp(-(rng.normal(size=400) + 1.2 * y - 1)))
    yield classification_case("breast cancer, logistic regression", cancer.target[300:], real)
    yield classification_case("noisy", y, noisy)
    yield classification_case("noisy, another threshold", y, noisy, 0.2)
    yield classification_case("noisy, other settings", y, noisy, 0.35, 0.5, 0.27, 0.2, (3.5, 12))
    yield classification_case("many ties", y, np.round(noisy, 1))
    yield classification_case("many ties, a cut through them", y, np.round(noisy, 1), 0.3, 1, 0.33, 0.1)
    yield classification_case("as extreme as doubles go", y[:300], np.tile([0, 5e-324, 1e-300, 1 - 2**-53, 1, 0.5], 50))
    yield classification_case("rare positives", (np.arange(500) % 97 == 0).astype(int), rng.random(500))
    yield classification_case("perfect", [0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.6, 0.7, 0.9])
    yield classification_case("perfectly wrong", [1, 1, 1, 0, 0, 0], [0.1, 0.2, 0.3, 0.6, 0.7, 0.9])
    yield classification_case("constant scores", [0, 1, 0, 1, 1], [0.5] * 5)
    yield classification_case("constant scores below the threshold", [0, 1, 0, 1, 1], [0.25] * 5)
    yield classification_case("certain and right or wrong", [0, 1, 0, 1], [0.0, 1.0, 1.0, 0.0])
    yield classification_case("only negatives", [0] * 4, [0.1, 0.4, 0.6, 0.9])
    yield classification_case("only positives", [1] * 4, [0.1, 0.4, 0.6, 0.9])
    yield classification_case("one row", [1], [0.7])
    yield classification_case("two rows", [0, 1], [0.3, 0.7])


# ---- several classes ----

def averaged(y, p, average):
    values = metrics.precision_recall_fscore_support(y, p, average=average)[:3]
    return {f"{name}_{average}": value for name, value in zip(("precision", "recall", "f1"), values)}


def classes_case(name, y, scores, top_k=2, classes=None):
    """`classes` are what the labels are called; there is a column of scores for each."""
    y, scores = np.asarray(y, dtype=int), np.asarray(scores, dtype=float)
    scores = scores / scores.sum(axis=1, keepdims=True)
    every = np.arange(scores.shape[1])
    p = scores.argmax(axis=1)

    def area(multi_class, average):
        if len(np.unique(y)) < 2:
            return math.nan  # of one class against one, scikit-learn averages no pairs
        return metrics.roc_auc_score(y, scores, labels=every, multi_class=multi_class, average=average)

    values = {
        "n": len(y), "accuracy": metrics.accuracy_score(y, p),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, p),
        **averaged(y, p, "macro"), **averaged(y, p, "micro"), **averaged(y, p, "weighted"),
        "mcc": metrics.matthews_corrcoef(y, p), "kappa": metrics.cohen_kappa_score(y, p),
        "top_k_accuracy": metrics.top_k_accuracy_score(y, scores, k=top_k, labels=every),
        "roc_auc_ovr": area("ovr", "macro"), "roc_auc_ovr_weighted": area("ovr", "weighted"),
        "roc_auc_ovo": area("ovo", "macro"), "roc_auc_ovo_weighted": area("ovo", "weighted"),
        "log_loss": metrics.log_loss(y, scores, labels=every),
        "brier": metrics.brier_score_loss(y, scores, labels=every),
    }
    precision, recall, f1, support = metrics.precision_recall_fscore_support(y, p, labels=every)
    areas = [metrics.roc_auc_score(y == c, scores[:, c]) if 0 < (y == c).sum() < len(y) else math.nan for c in every]
    return {"name": name, "top_k": top_k, "classes": classes or [str(c) for c in every], "labels": y, "scores": scores,
            "values": values, "confusion": metrics.confusion_matrix(y, p, labels=every),
            "by_class": {"precision": precision, "recall": recall, "f1": f1, "support": support, "roc_auc": areas},
            "delong_variance": [delong_variance((y == c).astype(int), scores[:, c]) for c in every]}


def classes_cases():
    rng = np.random.default_rng(20133)
    iris, digits = load_iris(), load_digits()
    model = LogisticRegression(max_iter=5000).fit(iris.data[::2, :2], iris.target[::2])
    yield classes_case("iris, two of four columns, logistic regression", iris.target[1::2],
                       model.predict_proba(iris.data[1::2, :2]), classes=list(map(str, iris.target_names)))
    model = LogisticRegression(max_iter=5000).fit(digits.data[:600, ::3] / 16, digits.target[:600])
    yield classes_case("digits, every third pixel, logistic regression", digits.target[600:800],
                       model.predict_proba(digits.data[600:800, ::3] / 16), top_k=3)
    y = rng.choice(5, 500, p=[0.5, 0.3, 0.15, 0.03, 0.02])
    noisy = np.exp(rng.normal(size=(500, 5)) + 1.5 * (y[:, None] == np.arange(5)))
    yield classes_case("noisy and uneven", y, noisy)
    yield classes_case("noisy, only the first counts", y, noisy, top_k=1)
    yield classes_case("many ties", y, np.round(4 * noisy / noisy.max(axis=1, keepdims=True)) + 1)
    yield classes_case("many ties, only the first counts", y, np.round(4 * noisy / noisy.max(axis=1, keepdims=True)) + 1, top_k=1)
    yield classes_case("constant scores", [0, 1, 2, 1, 1, 0], np.ones((6, 3)))
    yield classes_case("certain and right", [0, 1, 2, 1], np.eye(3)[[0, 1, 2, 1]])
    yield classes_case("certain and wrong", [0, 1, 2, 1], np.eye(3)[[1, 2, 0, 0]])
    yield classes_case("as extreme as doubles go", [0, 1, 2, 2, 0, 1],
                       [[1, 5e-324, 0], [1 - 2**-53, 2**-53, 0], [0.5, 0.5, 5e-324], [1e-300, 0, 1], [0, 1, 0], [1 / 3, 1 / 3, 1 / 3]])
    yield classes_case("a class that no label has", [0, 1, 3, 1, 0, 3, 3], rng.dirichlet([1, 2, 1, 2], 7))
    yield classes_case("a class that no label has and nothing predicts", [0, 1, 3, 1, 0, 3, 3],
                       rng.dirichlet([1, 2, 1, 2], 7) * [1, 1, 0, 1])
    yield classes_case("a class that nothing predicts", [0, 1, 2, 2, 1, 0], rng.dirichlet([1, 1, 1], 6) * [1, 1, 0.01])
    yield classes_case("two of five classes", [4, 1, 1, 4, 4, 1, 1], rng.dirichlet(np.ones(5), 7))
    yield classes_case("one class only", [1] * 4, rng.dirichlet([1, 1, 1], 4))
    yield classes_case("one class only, and all predicted so", [1] * 4, rng.dirichlet([1, 1, 1], 4) * [0.1, 10, 0.1])
    yield classes_case("one row", [2], [[0.2, 0.5, 0.3]])


# ---- two models on the same rows ----

def delong_paired_variance(y, a, b):
    """All pairs compared, for both models: the variance of the differences of the structural components."""
    if min(y.sum(), (1 - y).sum()) < 2:
        return math.nan

    def wins(s):
        pos, neg = s[y == 1], s[y == 0]
        return (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])

    d = wins(a) - wins(b)
    return d.mean(axis=1).var(ddof=1) / d.shape[0] + d.mean(axis=0).var(ddof=1) / d.shape[1]


def tango(b, c, n):
    """The differences that Tango's score test does not reject, with the likelihood maximized by search."""
    z = stats.norm.ppf(0.975)

    def score(delta):
        low, high = max(0, -delta), (1 - delta) / 2

        def loss(q):
            with np.errstate(all="ignore"):
                cells = ((b, q + delta), (c, q), (n - b - c, 1 - 2 * q - delta))
                return -sum(k * math.log(max(p, 1e-300)) for k, p in cells if k)

        q = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-14}).x
        return (b - c - n * delta) / math.sqrt(n * (2 * q + delta * (1 - delta)))

    at = (b - c) / n
    ends = []
    for sign, outside in ((1, -1), (-1, 1)):
        inside, edge = at - sign * 1e-9, outside * (1 - 1e-12)
        ends.append(outside if at == outside else optimize.brentq(lambda d: score(d) - sign * z, edge, inside, xtol=1e-13))
    return ends


def mcnemar_case(name, b, c, n):
    """`b` rows only the candidate has right, `c` only the other; few of them ask the binomial distribution too."""
    interval = tango(b, c, n)
    exact = stats.binomtest(b, b + c) if b + c else None
    if exact and b + c < 25:
        ci = exact.proportion_ci(0.95, method="exact")
        share = (b + c) / n
        interval = [min(interval[0], (2 * ci.low - 1) * share), max(interval[1], (2 * ci.high - 1) * share)]
    p = stats.chi2.sf((b - c) ** 2 / (b + c), 1) if b + c >= 25 else exact.pvalue if exact else 1
    return {"name": name, "b": b, "c": c, "n": n, "interval": interval, "p": p}


def paired_case(name, y, a, b, threshold=0.5):
    y, a, b = np.asarray(y, dtype=int), np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    one, other = (classification_case("", y, s, threshold)["values"] for s in (a, b))
    values = {k: one[k] - other[k] for k in one if k not in ("tp", "fp", "tn", "fn", "n", "prevalence")}
    right_a, right_b = ((s >= threshold) == (y == 1) for s in (a, b))
    return {"name": name, "threshold": threshold, "labels": y, "candidate": a, "reference": b, "values": values,
            "discordant": [(right_a & ~right_b).sum(), (right_b & ~right_a).sum()],
            "delong_variance": delong_paired_variance(y, a, b)}


def paired_cases():
    rng = np.random.default_rng(20134)
    y = (rng.random(300) < 0.3).astype(int)
    signal = rng.normal(size=300) + 1.2 * y
    a, b = (1 / (1 + np.exp(-(signal + 0.5 * rng.normal(size=300) - 0.8))) for _ in range(2))
    yield paired_case("alike", y, a, b)
    yield paired_case("another threshold", y, a, b, 0.3)
    yield paired_case("many ties", y, np.round(a, 1), np.round(b, 1))
    yield paired_case("ties on one side", y, np.round(a, 1), b)
    yield paired_case("a better one", y, 1 / (1 + np.exp(-(3 * y - 1.5 + rng.normal(size=300)))), b)
    yield paired_case("the same model", y, a, a)
    yield paired_case("turned around", y, a, 1 - a)
    yield paired_case("one is constant", y, a, np.full(300, 0.5))
    yield paired_case("one positive", [0, 0, 1, 0], [0.1, 0.7, 0.8, 0.3], [0.2, 0.1, 0.4, 0.6])
    yield paired_case("only negatives", [0] * 4, [0.1, 0.4, 0.6, 0.9], [0.2, 0.1, 0.4, 0.6])


def mcnemar_cases():
    # Approval of the prime minister, Agresti, Categorical Data Analysis: 86 turned to, 150 away, of 1600.
    yield mcnemar_case("approval", 86, 150, 1600)
    # Bentur et al. 2009, as analysed by Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014).
    yield mcnemar_case("airways", 1, 7, 21)
    for b, c, n in ((0, 0, 50), (1, 0, 10), (0, 9, 40), (12, 12, 100), (13, 12, 100), (24, 0, 24), (5, 20, 1000),
                    (0, 30, 90), (300, 200, 10000), (12, 2, 5000)):
        yield mcnemar_case(f"{b} and {c} of {n}", b, c, n)


# ---- drift ----

def deciles(reference):
    """The smallest values that j/10 of the rows do not exceed, by integer ranks."""
    ordered, n = np.sort(reference), len(reference)
    return np.unique([ordered[-(-n * j // 10) - 1] for j in range(1, 10)])


def quantile_by_rank(reference, numerator, denominator):
    ordered, n = np.sort(reference), len(reference)
    return ordered[-(-n * numerator // denominator) - 1]


def psi(a, b):
    p = (a + 0.5) / (a.sum() + 0.5 * len(a))
    q = (b + 0.5) / (b.sum() + 0.5 * len(b))
    return math.fsum((q - p) * np.log(q / p))


def numeric_case(name, reference, current):
    reference, current = np.asarray(reference, float), np.asarray(current, float)
    edges = deciles(reference)
    a = np.bincount(np.searchsorted(edges, reference), minlength=len(edges) + 1)
    b = np.bincount(np.searchsorted(edges, current), minlength=len(edges) + 1)
    index = psi(a, b)
    law = 1 / len(reference) + 1 / len(current)
    low, high = quantile_by_rank(reference, 1, 1000), quantile_by_rank(reference, 999, 1000)
    scale = 2.0 ** -math.frexp(max(abs(low), abs(high)))[1]  # so that no square overflows
    clipped = np.clip(reference, low, high) * scale
    unit = clipped.std()
    moved = stats.wasserstein_distance(clipped, np.clip(current, low, high) * scale)
    ks = stats.ks_2samp(reference, current)
    return {"name": name, "reference": reference, "current": current, "ks": ks.statistic, "ks_p": ks.pvalue,
            "psi": index, "psi_p": stats.chi2.sf(index / law, len(edges)), "js_distance": jensenshannon(a, b, base=2),
            "wasserstein": moved / unit if unit > 0 else 0.0}


def pooled(table):
    """Categories too rare for the chi-squared law, counted together from the rarest up."""
    cells = sorted((tuple(column) for column in table.T), key=lambda c: -sum(c))
    least = table.sum(axis=1).min() / table.sum()
    rest = np.zeros(2, int)
    while cells and (least * sum(cells[-1]) < 5 or (rest.sum() > 0 and least * rest.sum() < 5)):
        rest = rest + np.array(cells.pop())
    return np.array(cells + ([tuple(rest)] if rest.sum() else [])).T


def categorical_case(name, reference, current):
    names = sorted(set(reference) | set(current))
    table = np.array([[side.count(n) for n in names] for side in (reference, current)])
    cells = pooled(table)
    chi = stats.chi2_contingency(cells, correction=False)
    even = cells / cells.sum(axis=1, keepdims=True)  # both samples brought to equal size
    v = math.sqrt(stats.chi2_contingency(even, correction=False).statistic / even.sum())
    shares = table / table.sum(axis=1, keepdims=True)
    return {"name": name, "categories": names, "reference": table[0], "current": table[1], "chi_squared": chi.statistic,
            "chi_squared_p": chi.pvalue, "degrees": chi.dof, "cramers_v": v,
            "l_infinity": np.abs(shares[0] - shares[1]).max(), "js_distance": jensenshannon(table[0], table[1], base=2)}


def drift_cases():
    rng = np.random.default_rng(20132)
    wine, cancer = load_wine().data, load_breast_cancer().data
    yield numeric_case("breast cancer, mean radius, halves", cancer[::2, 0], cancer[1::2, 0])
    yield numeric_case("wine, alcohol, by class", wine[:59, 0], wine[59:, 0])
    yield numeric_case("wine, proline, with ties", np.round(wine[:100, 12], -2), np.round(wine[100:, 12], -2))
    yield numeric_case("normal, shifted by 0.5", np.round(rng.normal(size=700), 6), np.round(rng.normal(0.5, 1, 600), 6))
    yield numeric_case("equal", np.arange(50.0), np.arange(50.0))
    yield numeric_case("apart", np.arange(60.0), np.arange(100.0, 150.0))
    yield numeric_case("mostly zero", np.r_[np.zeros(95), np.arange(1, 6)], np.r_[np.zeros(60), np.arange(1, 21)])
    yield numeric_case("negative, zero and large", [-1e300, -2.5, -0.0, 0.0, 1e-310, 3, 1e300], [-2.5, 0.0, 5, 7, 1e300])
    letters = "abcdefgh"
    yield categorical_case("balanced", list("aaaabbbccd" * 20), list("aaabbbcccd" * 20))
    yield categorical_case("rare ones pooled", [letters[int(k)] for k in rng.integers(0, 8, 300) ** 3 // 64],
                           [letters[int(k)] for k in rng.integers(0, 8, 200) ** 2 // 9])
    yield categorical_case("new and vanished", list("ab" * 50), list("bc" * 40))


def kolmogorov_cases():
    """P(D >= d): two samples by size, and one sample (rows_b 0) over every regime of the law."""
    for a, b in [(5, 7), (30, 1000), (500, 500), (500, 700), (1000, 1000), (9999, 10000), (10000, 500)]:
        for effect in (0.6, 1.0, 1.5, 2.2, 3.5):
            step = math.lcm(a, b)
            d = min(1.0, round(effect * math.sqrt((a + b) / (a * b)) * step) / step)
            x = np.repeat([0.0, 1.0], [a - round(a * d), round(a * d)])
            p = stats.ks_2samp(x, np.zeros(b), method="exact")
            yield {"name": f"{a} and {b}", "rows_a": a, "rows_b": b, "d": p.statistic, "p": p.pvalue}
    for n in (5, 30, 140, 141, 500, 4900, 100000, 150000, 900000, 2000000):
        for nd2 in (0.05, 0.2, 0.5, 1, 2.1, 2.3, 4.5, 17, 100):
            d = math.sqrt(nd2 / n)
            if d < 1 and (n != 900000 or nd2 in (1, 2.3)):  # the sum of a million terms is slow
                yield {"name": f"one sample of {n}", "rows_a": n, "rows_b": 0, "d": d, "p": stats.kstwo.sf(d, n)}


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    write("classification.json", list(classification_cases()))
    write("classes.json", list(classes_cases()))
    write("paired.json", list(paired_cases()))
    write("mcnemar.json", list(mcnemar_cases()))
    cases = list(drift_cases())
    write("drift_numeric.json", [c for c in cases if "ks" in c])
    write("drift_categorical.json", [c for c in cases if "chi_squared" in c])
    write("kolmogorov.json", list(kolmogorov_cases()))
