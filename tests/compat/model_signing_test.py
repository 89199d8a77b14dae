# SPDX-License-Identifier: Apache-2.0
"""The model_signing program verifies what assay signed, over the files that assay pulled; and assay verifies what
model_signing signed, before and after it was pushed. Both refuse what was altered."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

assay = sys.argv[1]
folder = pathlib.Path(tempfile.mkdtemp())
model_signing = pathlib.Path(sys.executable).parent / "model_signing"
environment = {**os.environ, "ASSAY_DATA": str(folder / "data"), "HOME": str(folder), "ASSAY_CACHE_DIR": str(folder / "cache")}


def run(expected, *command):
    done = subprocess.run([str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == expected, f"{command} exited {done.returncode}, not {expected}:\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def key(name, curve):
    run(0, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", f"{name}.key")
    run(0, "openssl", "pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")


def theirs(expected, verb, directory, *more):
    return run(expected, model_signing, verb, "key", directory, *more)


source = folder / "source"
for path, text in {"a/b": "1", "a.b": "2", "a-b": "3", "README.md": "# Model", "é.txt": "x", ".gitattributes": "*.bin lfs"}.items():
    (source / path).parent.mkdir(parents=True, exist_ok=True)
    (source / path).write_text(text)

server = subprocess.Popen([assay, "serve", "--data", folder / "data", "--listen", "127.0.0.1:0"], cwd=folder, env=environment,
                          stdout=subprocess.PIPE, stderr=open(folder / "server.log", "w"), text=True)
try:
    assert "http://" in server.stdout.readline()
    run(0, assay, "push", "model", "churn", source)
    for name, curve in {"p256": "P-256", "p384": "P-384", "p521": "P-521"}.items():
        key(name, curve)
        # Ours, by them: from a file over the pulled directory, beside it and inside of it.
        run(10, assay, "verify", "churn@1", "--key", f"{name}.pub")
        run(0, assay, "sign", "churn@1", "--key", f"{name}.key")
        run(0, assay, "verify", "churn@1", "--key", f"{name}.pub")
        run(0, assay, "sign", "churn@1", "--key", f"{name}.key", "--output", f"{name}.sig")
        out = folder / f"out-{name}"
        run(0, assay, "pull", "churn@1", out)
        theirs(0, "verify", out, "--signature", f"{name}.sig", "--public_key", f"{name}.pub")
        (out / "model.sig").write_bytes((folder / f"{name}.sig").read_bytes())
        theirs(0, "verify", out, "--signature", out / "model.sig", "--public_key", f"{name}.pub")
        # Theirs, by us: of the directory as it was before anybody pushed it.
        theirs(0, "sign", source, "--signature", f"{name}.theirs", "--private_key", f"{name}.key")
        run(0, assay, "verify", "churn@1", "--key", f"{name}.pub", "--signature", f"{name}.theirs")
        # Both refuse an altered file.
        (out / "a" / "b").write_text("altered")
        theirs(1, "verify", out, "--signature", f"{name}.sig", "--public_key", f"{name}.pub")
        run(0, assay, "push", "model", f"altered-{name}", out)
        said = run(40, assay, "verify", f"altered-{name}@1", "--key", f"{name}.pub", "--signature", f"{name}.theirs")
        assert "a/b is sha256:" in said, said
    run(10, assay, "verify", "churn@1", "--key", "p384.pub", "--signature", "p256.theirs")
    # A directory that was published with their signature inside.
    theirs(0, "sign", source, "--signature", source / "model.sig", "--private_key", "p256.key")
    run(0, assay, "push", "model", "shipped", source)
    run(0, assay, "verify", "shipped@1", "--key", "p256.pub", "--signature", source / "model.sig")
    kept = json.loads(run(0, assay, "show", "churn@1", "--json"))
    assert len(kept["files"]) == 6, kept
finally:
    server.send_signal(signal.SIGTERM)
    server.wait()
print("signatures verify both ways")
