# SPDX-License-Identifier: Apache-2.0
"""Makes the storage benchmark's data, once: trained weights, tables in edited versions, a tree of small files.
Seeds are fixed; MANIFEST.json beside the data says how each file came about."""

import argparse
import functools
import json
import pathlib
import sysconfig
import time

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

import transformer

SEED = 20_240_229


class Size:
    """What --quick changes."""

    def __init__(self, quick):
        self.shape = transformer.Shape(192, 3, 6, 64) if quick else transformer.Shape(640, 6, 10, 64)
        self.steps = 50 if quick else 400  # a multiple of 10: big files take a checkpoint every tenth
        self.batch = 4
        self.tuned = (3, 6, 9) if quick else (30, 60, 90)
        self.rows = 60_000 if quick else 2_150_000
        self.files = 500 if quick else 10_000


def text_below(*folders, pattern):
    """The bytes of all matching files, in the order of their paths."""
    found = sorted({path for folder in folders for path in pathlib.Path(folder).rglob(pattern) if path.is_file()})
    parts = [
        path.read_bytes() for path in found if "site-packages" not in path.parts and "dist-packages" not in path.parts
    ]
    return np.frombuffer(b"\n".join(parts), np.uint8)


def program_text():
    return text_below(sysconfig.get_path("stdlib"), pattern="*.py")


def legal_text():
    return text_below("/usr/share/common-licenses", "/usr/share/doc", pattern="[A-Zc]*[A-Zt0-9]")


def as_bf16(weights):
    return {name: value.astype(ml_dtypes.bfloat16) for name, value in weights.items()}


def as_fp32(weights):
    return {name: value.astype(np.float32) for name, value in weights.items()}


class Weights:
    """Trains and saves; `notes` collects what was done."""

    def __init__(self, folder, size):
        self.folder, self.size, self.notes = folder, size, {}
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, name, weights, how):
        path = self.folder / f"{name}.safetensors"
        save_file(weights, path, metadata={"format": "pt"})
        self.notes[path.name] = how

    def pretrain(self):
        """Every tenth of the training in fp32, ten in all; every second is saved."""
        size, tenth = self.size, self.size.steps // 10
        rate = lambda step: 1e-3 * min(1, step / (tenth / 2)) * (0.55 + 0.45 * np.cos(np.pi * step / size.steps))
        start = transformer.initial_weights(size.shape, SEED)
        stages = []
        for step, weights, loss in transformer.train(
            start,
            size.shape,
            program_text(),
            steps=size.steps,
            rate=rate,
            batch=size.batch,
            seed=SEED + 1,
            keep=range(tenth, size.steps + 1, tenth),
        ):
            stages.append(weights)
            print(f"  step {step}: {loss:.3f} nats a byte", flush=True)
            if len(stages) % 2 == 0:
                self.save(f"fp32-{step:03}", weights, f"fp32 after {step} steps on Python's sources, loss {loss:.3f}")
        self.parameters = sum(value.size for value in start.values())
        return stages

    def tune(self, base, name, keep, trained=None, what=""):
        """The bf16 base trained on in fp32 on the other corpus at a rate of 1e-5, saved in bf16."""
        size, last = self.size, None
        for step, weights, loss in transformer.train(
            as_fp32(base),
            size.shape,
            legal_text(),
            steps=max(keep),
            rate=lambda step: 1e-5,
            batch=size.batch,
            seed=SEED + 2,
            keep=keep,
            trained=trained,
        ):
            last = last or weights
            self.save(
                name.format(step=step),
                as_bf16(weights),
                f"bf16: the base after {step} steps at 1e-5 on licence texts{what}, loss {loss:.3f}",
            )
        return last

    def make(self):
        stages = self.pretrain()
        base = as_bf16(stages[-1])
        self.save("bf16-base", base, f"bf16 of the last fp32 checkpoint, {self.parameters / 1e6:.1f} M parameters")
        tuned = self.tune(base, "bf16-ft{step:02}", self.size.tuned)
        last_layer = f"transformer.h.{self.size.shape.layers - 1}."
        upper = [name for name in base if name.startswith((last_layer, "transformer.ln_f"))]
        self.tune(base, "bf16-frozen", self.size.tuned[-1:], upper, "; all but the last layer frozen")
        self.scale(stages, {name: tuned[name] - value for name, value in as_fp32(base).items()})

    def scale(self, stages, update):
        """Ten checkpoints in one file under names of their own, and the same with the fine-tune's update added to
        each in fp32. The third file holds both."""
        big, big_tuned = {}, {}
        for i, stage in enumerate(stages):
            for name, value in stage.items():
                big[f"part.{i}.{name}"] = value.astype(ml_dtypes.bfloat16)
                start = big[f"part.{i}.{name}"].astype(np.float32)
                big_tuned[f"part.{i}.{name}"] = (start + update[name]).astype(ml_dtypes.bfloat16)
        self.save("big-base", big, "bf16: the ten checkpoints of the pre-training side by side")
        self.save(
            "big-ft",
            big_tuned,
            f"bf16: big-base with the fp32 update of {self.size.tuned[0]} fine-tuning steps added to each part",
        )
        both = {
            f"{side}.{name}": value for side, part in (("a", big), ("b", big_tuned)) for name, value in part.items()
        }
        self.save("huge", both, "bf16: big-base and big-ft in one file, for the peak of memory")


CITIES = [
    first + second
    for first in "Ash Bel Cor Dun Els Fen Glen Har Ips Ket Lin Mar Nor Oak Pen Ros".split()
    for second in "bury ford ham ley mouth ton wick worth".split()
]
STATES = ["paid", "shipped", "delivered", "returned", "cancelled"]


def table_rows(first, count, seed):
    """Orders as a shop would export them: `count` rows from number `first` on."""
    random = np.random.default_rng(seed)
    seconds = 1_700_000_000 + first * 7 + np.cumsum(random.integers(1, 14, count))
    stamps = np.datetime_as_string(seconds.astype("datetime64[s]"))
    columns = (
        stamps,
        random.zipf(1.3, count) % 500_000,
        random.integers(0, len(CITIES), count),
        random.integers(0, 9000, count),
        random.geometric(0.5, count),
        random.lognormal(3, 1, count),
        random.normal(0, 1, count),
        random.choice(len(STATES), count, p=[0.2, 0.2, 0.5, 0.06, 0.04]),
    )
    return [
        f"{first + i},{stamp},{customer},{CITIES[city]},P{product:05},{quantity},{price:.2f},{score:.4f},{STATES[state]}\n"
        for i, (stamp, customer, city, product, quantity, price, score, state) in enumerate(
            zip(*(column.tolist() for column in columns))
        )
    ]


def rewrite(row, column, value):
    cells = row[:-1].split(",")
    cells[column] = value
    return ",".join(cells) + "\n"


def make_tables(folder, size):
    """Four versions, each an edit of the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    random, notes = np.random.default_rng(SEED + 3), {}
    rows = table_rows(0, size.rows, SEED + 4)

    def save(name, how):
        (folder / name).write_text("order,time,customer,city,product,quantity,price,score,state\n" + "".join(rows))
        notes[name] = how

    save("v1.csv", f"{len(rows)} made-up orders")
    rows += table_rows(len(rows), size.rows // 10, SEED + 5)
    save("v2.csv", "v1 with 10 % appended")
    for row in random.choice(len(rows), min(2000, len(rows) // 20), replace=False):
        rows[row] = rewrite(rows[row], 6, f"{random.lognormal(3, 1):.2f}")
    save("v3.csv", "v2 with the price of 2,000 scattered rows changed (of 5 % in --quick)")
    start = len(rows) // 3
    for row in range(start, start + len(rows) // 20):
        rows[row] = rewrite(rows[row], 7, f"{random.normal():.4f}")
    rows += table_rows(len(rows), size.rows // 20, SEED + 6)
    save("v4.csv", "v3 with one column of 5 % of the rows, together, changed and 5 % appended")
    return notes


def json_text(random, length):
    record = lambda: {
        "id": int(random.integers(1 << 40)),
        "name": CITIES[random.integers(len(CITIES))],
        "score": round(float(random.normal()), 6),
        "tags": [STATES[i] for i in random.integers(0, 5, 3)],
    }
    return json.dumps([record() for _ in range(max(1, length // 110))], indent=1).encode()


def make_tree(folder, size):
    """Sizes are log-uniform from 0.2 to 20 KiB; a third each of source, prose and JSON, a hundred a folder."""
    random = np.random.default_rng(SEED + 7)
    sources, prose = program_text(), legal_text()
    for i in range(size.files):
        length = int(204.8 * 100 ** random.random())
        kind = ("py", "txt", "json")[i % 3]
        text = sources if kind == "py" else prose
        start = int(random.integers(0, len(text) - length))
        content = json_text(random, length) if kind == "json" else text[start : start + length].tobytes()
        path = folder / f"{i // 100:03}" / f"{i:05}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {"tree": f"{size.files} files of 0.2 to 20 KiB: slices of Python's sources and of licence texts, and JSON"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="small data, for a smoke test")
    options = parser.parse_args()
    size, start, notes = Size(options.quick), time.monotonic(), {}
    weights = Weights(options.folder / "models", size)
    for what, make in (
        ("weights", lambda: (weights.make(), weights.notes)[1]),
        ("tables", functools.partial(make_tables, options.folder / "tables", size)),
        ("small files", functools.partial(make_tree, options.folder / "tree", size)),
    ):
        print(f"making {what}", flush=True)
        notes.update(make())
    for name, how in notes.items():
        print(f"  {name}: {how}")
    print(f"  made in {time.monotonic() - start:.0f} s")
    (options.folder / "MANIFEST.json").write_text(json.dumps(notes, indent=1) + "\n")


if __name__ == "__main__":
    main()
