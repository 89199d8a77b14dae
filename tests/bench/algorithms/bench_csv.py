# SPDX-License-Identifier: Apache-2.0
"""The CSV reader against pandas.read_csv (default C engine) on the same bytes, one core: speed and equality of every
value. PyArrow's reader, on one thread, is shown beside and has no bound. A part of bench_folds.py."""
import io
import json
import statistics
import subprocess

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from cpu_time import cpu


def tables(rows):
    """Name and frame: numbers as people export them, numbers in full, and texts, codes and gaps."""
    rng = np.random.default_rng(20264)
    numbers = {f"x{i}": np.round(rng.normal(0, 10.0 ** (i % 5), rows), 6) for i in range(7)}
    numbers |= {f"n{i}": rng.integers(-10 ** (3 * i + 2), 10 ** (3 * i + 2), rows) for i in range(3)}
    yield "numbers", pd.DataFrame(numbers)
    yield "full precision", pd.DataFrame({f"x{i}": rng.normal(0, 10.0 ** (i % 5), rows) for i in range(10)})
    words = np.array(["", "yes", "no, never", 'say "so"', "Zürich", "two\nlines", "a text of more than sixteen bytes"])
    mixed = {"id": np.arange(rows), "city": words[rng.integers(1, 7, rows)], "note": words[rng.integers(0, 4, rows)],
             "code": np.char.add("k", rng.integers(0, 100_000, rows).astype(str)),
             "ok": np.where(rng.random(rows) < 0.5, "true", "false"),
             "gaps": np.where(rng.random(rows) < 0.2, np.nan, np.round(rng.normal(size=rows), 4)),
             "x": np.round(rng.lognormal(3, 1, rows), 2), "y": rng.normal(size=rows),
             "n": rng.integers(0, 1000, rows), "m": rng.integers(-(10 ** 12), 10 ** 12, rows)}
    yield "mixed", pd.DataFrame(mixed)


def differing(folder, types, wanted):
    """How many cells differ in bits, in being null, or in their text."""
    wrong = 0
    for name, kind in types.items():
        read = lambda what, kind: np.fromfile(folder / f"{name}.{what}", kind)
        valid, column = read("valid", np.uint8).astype(bool), wanted[name]
        wrong += int((valid == column.isna().to_numpy()).sum())
        if kind in ("f64", "i64"):
            own, peer = read("values", np.uint64)[valid], column.to_numpy()[valid]
            wrong += int((own != peer.astype(np.float64 if kind == "f64" else np.int64).view(np.uint64)).sum())
        elif kind == "bool":
            bits = np.unpackbits(read("values", np.uint8), bitorder="little")[:len(valid)].astype(bool)
            wrong += int((bits[valid] != column.to_numpy()[valid].astype(bool)).sum())
        else:
            text, offsets = (folder / f"{name}.values").read_bytes(), read("offsets", np.int32)
            own = [text[a:b] for a, b in zip(offsets[:-1], offsets[1:])]
            wrong += sum(o != w.encode() for o, w, v in zip(own, column, valid) if v)
    return wrong


def csv(bench):
    for what, frame in tables(bench.given.rows):
        folder = bench.data / what.replace(" ", "_")
        folder.mkdir(exist_ok=True)
        path = folder / "rows.csv"
        frame.to_csv(path, index=False)
        data = path.read_bytes()
        own, peer = {"memory": [], "file": []}, {"memory": [], "file": []}
        arrow, exact = [], []
        for _ in range(bench.given.repeat):
            command = [str(bench.given.csv_driver.resolve()), str(path), "1", str(folder)]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            peer["memory"].append(cpu(lambda: pd.read_csv(io.BytesIO(data)))[1])
            peer["file"].append(cpu(lambda: pd.read_csv(path))[1])
            exact.append(cpu(lambda: pd.read_csv(io.BytesIO(data), float_precision="round_trip"))[1])
            arrow.append(cpu(lambda: pa.csv.read_csv(pa.BufferReader(data),
                                                     read_options=pa.csv.ReadOptions(use_threads=False),
                                                     parse_options=pa.csv.ParseOptions(newlines_in_values=True)))[1])
            for way in own:
                own[way] += answer[way]
        megabytes = len(data) / 1e6
        bench.ratio(f"csv: {what}, {megabytes:.0f} MB, from memory", peer["memory"], own["memory"], 5)
        bench.ratio(f"csv: {what}, from a file", peer["file"], own["file"], 5)
        mine = statistics.median(own["memory"])
        print(f"{'  beside: pandas with float_precision=round_trip; PyArrow, one thread':<72} "
              f"{statistics.median(exact) / mine:.1f} x; {statistics.median(arrow) / mine:.1f} x; own {megabytes / 1e3 / mine:.2f} GB/s")
        # Of cells that pandas by default calls missing only the empty one is ours.
        wanted = pd.read_csv(io.BytesIO(data), float_precision="round_trip", keep_default_na=False, na_values=[""])
        wrong = differing(folder, answer["types"], wanted)
        bench.line(f"csv: {what}, cells that differ from pandas round_trip", wrong, "0", wrong == 0)
