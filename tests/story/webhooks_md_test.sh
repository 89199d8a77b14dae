#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A receiver in Python is sent a version's event, and both snippets of registry/docs/webhooks.md believe it, and nothing
# that was changed on the way.
. "$(dirname "$0")/lib.sh"
work=$STORY_DIR/webhooks
rm -rf "$work"
mkdir -p "$work"
python3 - registry/docs/webhooks.md "$work" <<'PY'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
for language, name in (("python", "verify.py"), ("sh", "verify.sh")):
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)
    if len(blocks) != 1:
        sys.exit(f"webhooks.md has {len(blocks)} blocks of {language}, not one")
    open(f"{sys.argv[2]}/{name}", "w", encoding="utf-8").write(blocks[0])
PY
start_registry "$work/registry" --webhook-allow 127.0.0.1

cat >"$work/receive.py" <<'PY'
import http.server, sys

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        for name in ("id", "timestamp", "signature"):
            open(name, "w").write(self.headers["webhook-" + name])
        open("body", "wb").write(body)
        self.send_response(204)
        self.end_headers()

server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.handle_request()
PY
cd "$work"
mkfifo port
python3 receive.py >port 2>receive.log &
receiver_pid=$!
read -r receiver_port <port
assay webhook create --url "http://127.0.0.1:$receiver_port/" >hook.secret
echo weights >weights.bin
assay push model churn weights.bin
wait $receiver_pid
test "$(jq -r .type body)" = io.assay.version.published
test "$(jq -r .id body)" = "$(cat id)"

cat >check.py <<'PY'
import time
from verify import verify

def headers():
    return {f"webhook-{name}": open(name).read() for name in ("id", "timestamp", "signature")}

def refused(**changed):
    given = headers() | changed.pop("headers", {})
    try:
        verify(changed.get("secret", secret), given, changed.get("body", body))
    except ValueError:
        return True
    return False

secret, body = open("hook.secret").read(), open("body", "rb").read()
verify(secret, headers(), body)
assert refused(body=body + b" ")
assert refused(headers={"webhook-id": "another"})
assert refused(headers={"webhook-timestamp": str(int(time.time()) - 3600)})
assert refused(headers={"webhook-signature": "v1,AAAA"})
assert refused(secret="whsec_" + "A" * 43 + "=")
PY
python3 check.py
id=$(cat id) timestamp=$(cat timestamp) signature=$(cat signature)
. ./verify.sh
printf ' ' >>body
if (. ./verify.sh); then echo "verify.sh believed a changed body" >&2; exit 1; fi
echo "both snippets of webhooks.md believe what was sent, and nothing else"
