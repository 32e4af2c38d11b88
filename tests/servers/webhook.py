"""An incoming webhook over HTTP, as Slack's: it keeps what is posted, and can be down, slow or refusing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Webhook:
    """`texts` are the messages accepted; `status` is the answer to the next ones, `delay` how long it takes."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/services/secret-of-the-webhook"
        self.texts: list[str] = []
        self.asked = 0
        self.status, self.delay = 200, 0.0


@contextmanager
def webhook() -> Iterator[Webhook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.asked += 1
            time.sleep(receiver.delay)
            if receiver.status == 200:
                assert list(body) == ["text"]
                receiver.texts.append(body["text"])
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Webhook(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
