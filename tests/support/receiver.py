"""A receiver of webhooks: a real HTTP server on the loopback that keeps what it got and answers as told."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = int | tuple[int, Mapping[str, str]]


@dataclass
class Receiver:
    """What was received, in the order in which it came; `reply` takes a document and says what to answer."""

    url: str = ""
    reply: Callable[[dict[str, Any]], Reply] = lambda _: 204
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    at_once_max: int = 0
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ids(self, subject: str | None = None) -> list[str]:
        """The ids of the events that were answered with success."""
        return [each["id"] for each in self.taken if subject in (None, each["subject"])]

    def take(self, headers: dict[str, str], body: bytes, client: tuple[str, int]) -> Reply:
        document = json.loads(body)
        with self._lock:
            self._at_once += 1
            self.at_once_max = max(self.at_once_max, self._at_once)
            self.connections.add(client)
            self.requests.append((headers, body))
        reply = self.reply(document)
        with self._lock:
            self._at_once -= 1
            if 200 <= (reply if isinstance(reply, int) else reply[0]) < 300:
                self.taken.append(document)
        return reply


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver on a free port."""
    receiving = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            reply = receiving.take({k.lower(): v for k, v in self.headers.items()}, body, self.client_address)
            status, headers = (reply, {}) if isinstance(reply, int) else reply
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", "2")
            self.end_headers()
            if status != 204:
                self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            pass  # a client that was killed

    server = Server(("127.0.0.1", 0), Handler)
    receiving.url = f"http://127.0.0.1:{server.server_port}/in"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiving
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
