# SPDX-License-Identifier: Apache-2.0
"""Makes results.md and results.json of what was measured, and says which bounds were met."""
import json
import pathlib
import sys


def time_text(microseconds):
    return f"{microseconds / 1000:.2f} ms" if microseconds >= 1000 else f"{microseconds:.1f} µs"


def size_text(size):
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def main():
    ours = json.loads(pathlib.Path(sys.argv[1]).read_text())
    python = json.loads(pathlib.Path(sys.argv[2]).read_text())
    folder = pathlib.Path(sys.argv[3])
    sizes = {each["bytes"]: dict(each["ways"], **{"Python multiprocessing": python[str(each["bytes"])]})
             for each in ours["sizes"]}
    p50 = {size: {way: result["p50_us"] for way, result in ways.items()} for size, ways in sizes.items()}
    ratio = p50[64 << 20]["worker, table in shared memory"] / p50[64 << 20]["in-process, table in shared memory"]
    judged = [
        ("overhead of an in-process call", ours["boundary"]["overhead_p50_ns"], 100, "ns"),
        ("an isolated call, 64 KiB, one copy", p50[64 << 10]["worker, one copy"], 20, "µs"),
        ("an isolated call, 64 KiB, scores back", p50[64 << 10]["worker, one copy, scores back"], 20, "µs"),
        ("64 MiB in a worker, in times of reading them in-process", ratio, 1.5, "×"),
    ]
    lines = ["| p50 | " + " | ".join(size_text(size) for size in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    for way in next(iter(sizes.values())):
        lines.append(f"| {way} | " + " | ".join(time_text(p50[size][way]) for size in sizes) + " |")
    lines.append("")
    for name, result in ours["opening"].items():
        lines.append(f"- opening a plugin in {name}: {time_text(result['p50_us'])} (best {time_text(result['best_us'])})")
    boundary = ours["boundary"]
    lines.append(f"- a whole in-process call {boundary['whole_call_ns']:.0f} ns, of it the plugin's function alone "
                 f"{boundary['function_alone_ns']:.0f} ns")
    lines.append("")
    for what, figure, bound, unit in judged:
        lines.append(f"- {what}: {figure:.2f} {unit}, bound {bound} {unit}: {'met' if figure <= bound else 'MISSED'}")
    text = "\n".join(lines) + "\n"
    (folder / "results.md").write_text(text)
    (folder / "results.json").write_text(json.dumps({"ours": ours, "python": python}, indent=1))
    print(text)


main()
