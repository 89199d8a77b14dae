#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The four cases of old and new host and plugin that sdk/ABI.md promises, with a next minor made up for the test.

  minors.py INCLUDE_FOLDER RELEASED_INCLUDE_FOLDER SCRATCH_FOLDER

A copy of the header gets a function appended to what hosts fill (assay_call), to what plugins fill (assay_plugin) and to
a table of functions (assay_trainer_v1). Host and plugin are built with both headers, the plugin also with that of the
first minor, and each host runs each plugin."""
import os
import re
import shutil
import subprocess
import sys

APPENDED = {
    "assay_call": "void (*note)(const struct assay_call*, int64_t);",
    "assay_plugin": "int64_t (*ping)(void* self);",
    "assay_trainer_v1": "int64_t (*rows_wanted)(void* self);",
}
ALONE = "note 0 rows 0 ping 0"
EXPECTED = {
    ("old", "first"): ALONE,
    ("old", "old"): ALONE,
    ("old", "new"): ALONE,  # the plugin does without, and writes no further than the host's structs
    ("new", "first"): ALONE,
    ("new", "old"): ALONE,  # the host uses no function past the plugin's struct_size
    ("new", "new"): "note 42 rows 43 ping 44",
}


def next_minor(include, folder):
    shutil.copytree(os.path.join(include, "assay"), os.path.join(folder, "assay"))
    path = os.path.join(folder, "assay", "abi.h")
    text = open(path).read()
    for name, field in APPENDED.items():
        text, count = re.subn(r"\n\} %s;" % name, "\n  %s\n} %s;" % (field, name), text)
        assert count == 1, f"the header has no {name} to append to"
    text, count = re.subn(r"(#define ASSAY_ABI_MINOR) \d+", r"\1 1", text)
    assert count == 1
    open(path, "w").write(text)


def build(scratch, source, include, name, *flags):
    out = os.path.join(scratch, name)
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", *flags, "-I", include,
                    os.path.join(os.path.dirname(__file__), source), "-o", out, "-ldl", "-lm"], check=True)
    return out


def main(include, released, scratch):
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    newer, first = os.path.join(scratch, "next"), os.path.join(scratch, "first")
    next_minor(include, newer)
    # The first minor's contract under today's helpers, which must do with it.
    shutil.copytree(os.path.join(include, "assay"), os.path.join(first, "assay"))
    for name in os.listdir(os.path.join(released, "assay")):
        shutil.copy(os.path.join(released, "assay", name), os.path.join(first, "assay", name))
    headers = {"first": first, "old": include, "new": newer}
    shared = ("-shared", "-fPIC", "-Wl,-z,defs")
    plugins = {age: build(scratch, "plugin.c", headers[age], f"{age}.so", *shared) for age in headers}
    hosts = {age: build(scratch, "host.c", headers[age], f"{age}_host") for age in ("old", "new")}
    failures = 0
    for (host, plugin), expected in EXPECTED.items():
        done = subprocess.run([hosts[host], plugins[plugin]], capture_output=True, text=True)
        seen = done.stdout.strip() + done.stderr.strip()
        good = done.returncode == 0 and seen == expected
        print(f"{'ok    ' if good else 'FAILED'}  {host} host, {plugin} plugin: {seen}")
        failures += not good
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
