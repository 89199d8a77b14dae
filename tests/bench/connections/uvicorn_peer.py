# SPDX-License-Identifier: Apache-2.0
"""A server to compare with: uvicorn, which MLflow and most Python registries stand behind. Prints its port first."""
import socket

import uvicorn

ANSWERS = {"/healthz": b"ok", "/large": b"x" * (16 << 20)}


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.disconnect":
        return
    body = ANSWERS.get(scope["path"], b"read")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
uvicorn.run(app, fd=listener.fileno(), log_level="critical")
