#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the public structs to sdk/abi/layout.txt, where every field stands with its offsets and its type.

  layout_gate.py INCLUDE_FOLDER LAYOUT_FILE            0 equal, 1 appended to (record it), 2 changed (never do that)
  layout_gate.py INCLUDE_FOLDER LAYOUT_FILE --record   writes down what was appended; refuses changes
  layout_gate.py --self-test INCLUDE_FOLDER LAYOUT_FILE  broken copies of the header must each be found
  layout_gate.py --released INCLUDE_FOLDER LAYOUT_FILE   an older header, whose structs must all be beginnings of these

The layouts are clang's own, for three machines, so that nobody keeps a table by hand. A struct that begins with
struct_size may grow at its end; all others, the order, offsets, types and signatures, and the constants are for ever.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TARGETS = ["x86_64-linux-gnu", "aarch64-linux-gnu", "i386-linux-gnu"]
HEADER = "assay/abi.h"


def headers(include):
    """The contract, and each of its optional extensions."""
    folder = os.path.join(include, "assay", "ext")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [HEADER] + ["assay/ext/" + name for name in names]


def clang(include, arguments):
    # Freestanding: the widths of the other machines, without their C libraries.
    command = ["clang", "-ffreestanding", "-std=c11", "-I", include, "-x", "c"]
    command += [word for header in headers(include) for word in ("-include", header)] + arguments
    done = subprocess.run(command + ["/dev/null"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("the header does not compile:\n" + done.stderr)
    return done.stdout


def dump(include, target):
    """{struct: (size, [(offset, name, type)])} in the order of the header."""
    text = clang(include, ["-target", target, "-Xclang", "-fdump-record-layouts-complete", "-fsyntax-only"])
    structs = {}
    for block in text.split("*** Dumping AST Record Layout")[1:]:
        lines = block.strip("\n").split("\n")
        name = lines[0].split("|")[1].strip().removeprefix("struct ")
        if not name.startswith(("assay_", "Arrow")):
            continue
        fields, size = [], None
        for line in lines[1:]:
            offset, _, rest = line.partition("|")
            if found := re.match(r"\s*\[sizeof=(\d+)", rest):
                size = int(found.group(1))
            elif offset.strip() and re.match(r"   \S", rest):  # members of members stand deeper
                kind, _, field = rest.strip().rpartition(" ")
                fields.append((int(offset), field, kind.removeprefix("struct ")))
        structs[name] = (size, fields)
    return structs


def constants(include):
    text = clang(include, ["-dM", "-E"])
    found = re.findall(r"^#define (ASSAY_(?:OK|(?:E|LOG|CAP|HOST|SCORER|COMPONENT)_\w+)) (.+)$", text, re.M)
    return [f"const {name} {value}" for name, value in sorted(found)]


def describe(include):
    """[(head, [line])]: the constants, then one block a struct."""
    machines = [dump(include, target) for target in TARGETS]
    blocks = [("constants", constants(include))]
    for name in machines[0]:
        parts = [machine[name] for machine in machines]
        offsets = zip(*([field[0] for field in fields] for _, fields in parts))
        growing = parts[0][1][0][1] == "struct_size"
        head = f"struct {name} " + ("grows at its end" if growing else "is frozen")
        blocks.append((head, ["  {:>3} {:>3} {:>3} {}: {}".format(*at, field, kind)
                              for at, (_, field, kind) in zip(offsets, parts[0][1])]))
        if not growing:
            blocks[-1][1].append("  sizes " + " ".join(str(size) for size, _ in parts))
    return blocks


def write(blocks):
    title = "# offset on 64-bit x86, 64-bit arm, 32-bit x86; field: type. Made by tests/unit/sdk/layout_gate.py --record."
    return "\n".join([title] + [line for head, lines in blocks for line in [head] + lines]) + "\n"


def read(path):
    blocks = []
    for line in open(path).read().split("\n")[1:]:
        if line.startswith(("  ", "const ")):
            blocks[-1][1].append(line)
        elif line:
            blocks.append((line, []))
    return blocks


def compare(golden, now):
    """What was changed, and what was appended."""
    changed, appended = [], []
    current = dict(now)
    for head, old in golden:
        if head not in current:
            changed.append(f"{head}: it is gone, or no longer so")
            continue
        new = current[head]
        if head == "constants":
            changed += [f"{line}: it is gone or has another value" for line in old if line not in new]
            appended += [line for line in new if line not in old]
            continue
        for i, line in enumerate(old):
            if i >= len(new) or new[i] != line:
                there = new[i].strip() if i < len(new) else "nothing"
                changed.append(f"{head}: was '{line.strip()}', is {there}")
                break
        else:
            extra = new[len(old):]
            (changed if "frozen" in head else appended).extend(f"{head}: {line.strip()}" for line in extra)
    known = dict(golden)
    appended += [head for head, _ in now if head not in known]
    # Constants of another value are appended as well as gone; one report is enough.
    return changed, [] if changed else appended


def self_test(include, layout):
    golden = read(layout)
    # what is done to the header; what the gate must see
    cases = {
        "swapped fields": (r"(  uint64_t call_id;[^\n]*\n)(  uint64_t seed;[^\n]*\n)", r"\2\1", "changed"),
        "a field that hides in padding": ("uint64_t size; /\\* of the whole", "uint32_t size; /* of the whole", "changed"),
        "another sign": ("int64_t row_count;", "uint64_t row_count;", "changed"),
        "another signature": (r"\(\*finish\)\(const struct assay_writer\*,", "(*finish)(struct assay_writer*,", "changed"),
        "a field removed from the end": (r"  void \(\*metric\)[^\n]*\n", "", "changed"),
        "a frozen struct that grows": (r"(  uint64_t size;\n)(\} assay_str;)", r"\1  uint64_t more;\n\2", "changed"),
        "another status number": ("ASSAY_E_IO 7", "ASSAY_E_IO 70", "changed"),
        "another capability id": ('"assay.drift/1"', '"assay.drift/2"', "changed"),
        "a field appended": (r"(\n\} assay_host;)", r"\n  uint64_t more;\1", "appended"),
        "a status number appended": (r"(#define ASSAY_E_CRASHED 13[^\n]*\n)", r"\1#define ASSAY_E_NEW 14\n", "appended"),
        "a comment": (r"/\* may be NULL \*/", "/* often NULL */", "equal"),
        "another signature in an extension": (r"uint64_t stream, uint64_t first", "uint32_t stream, uint64_t first", "changed"),
        "another id of an extension": (r'(#define \w+ )"assay.host.rng/1"', r'\1"assay.host.rng/2"', "changed"),
        "a field appended to an extension": (r"(\n\} assay_rng_v1;)", r"\n  uint64_t more;\1", "appended"),
    }
    failures = 0
    for what, (pattern, replacement, expected) in cases.items():
        header = "assay/ext/rng.h" if "extension" in what else HEADER
        text, count = re.subn(pattern, replacement, open(os.path.join(include, header)).read(), count=1)
        assert count == 1, f"{what}: the header no longer holds {pattern}"
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(os.path.join(include, "assay"), os.path.join(folder, "assay"))
            with open(os.path.join(folder, header), "w") as out:
                out.write(text)
            changed, appended = compare(golden, describe(folder))
        seen = "changed" if changed else "appended" if appended else "equal"
        print(f"{'ok    ' if seen == expected else 'FAILED'}  {what}: {seen}")
        failures += seen != expected
    return 1 if failures else 0


def main(arguments):
    if arguments[0] == "--self-test":
        return self_test(*arguments[1:])
    if arguments[0] == "--released":
        changed, _ = compare(describe(arguments[1]), read(arguments[2]))
        print("\n".join(changed))
        return 1 if changed else 0
    include, layout = arguments[:2]
    now = describe(include)
    changed, appended = compare(read(layout) if os.path.exists(layout) else [], now)
    for line in changed:
        print("changed:", line)
    for line in appended:
        print("appended:", line)
    if changed:
        print("Every plugin that was built before breaks. Append instead, or make a new vtable with the next number.")
        return 2
    if "--record" in arguments:
        with open(layout, "w") as out:
            out.write(write(now))
        return 0
    if appended:
        print(f"Record it: {sys.argv[0]} {include} {layout} --record; raise ASSAY_ABI_MINOR if it was released.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
