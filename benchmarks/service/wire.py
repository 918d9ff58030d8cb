"""A small HTTP/1.1 caller: one keep-alive connection, one request at a time, as little work as can be.

Server, database and client share the processors, so whatever the client spends is missing elsewhere. The
parser is httptools', requests are ready-made bytes, and the next one leaves from the callback that saw the
last answer's end: no task, no future, no queue.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools

LOST = 0
"""Instead of a status: the connection went before the answer came."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, and as whom."""

    host: str
    port: int
    key: str

    def request(self, method: str, path: str, body: bytes = b"", key: str | None = None) -> bytes:
        """Make the bytes of a request; `key` is its idempotency key."""
        idempotency = f"Idempotency-Key: {key}\r\n" if key else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Type: application/json\r\n{idempotency}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, or `LOST`.

    Attributes
    ----------
    sent_at, seconds : float
        On the clock of `time.perf_counter`; from the request's first byte to the answer's last.
    """

    status: int
    body: bytes
    sent_at: float
    seconds: float


class Caller(asyncio.Protocol):
    """One client of a closed loop: it asks for the next request when the last one is answered.

    Parameters
    ----------
    next_request : callable
        Returns the bytes of a request, or None to hang up.
    on_answer : callable
        Takes each answer before the next request is asked for.
    """

    def __init__(self, next_request: Callable[[], bytes | None], on_answer: Callable[[Answer], None]) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._next_request = next_request
        self._on_answer = on_answer
        self._sent_at = 0.0
        self._is_waiting = False
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's by class.
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._is_waiting:
            self._answer(LOST)
        if not self.ended.done():
            self.ended.set_result(None)

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        self._answer(self._parser.get_status_code())
        if self._parser.should_keep_alive():
            self._send()
        else:
            self._transport.close()

    def _answer(self, status: int) -> None:
        self._is_waiting = False
        body, self._body = b"".join(self._body), []
        self._on_answer(Answer(status, body, self._sent_at, time.perf_counter() - self._sent_at))

    def _send(self) -> None:
        request = self._next_request()
        if request is None:
            self._transport.close()
            return
        self._is_waiting = True
        self._sent_at = time.perf_counter()
        self._transport.write(request)


async def keep_calling(
    target: Target,
    next_request: Callable[[], bytes | None],
    on_answer: Callable[[Answer], None],
    *,
    is_over: Callable[[], bool],
) -> None:
    """Call until `next_request` has no more, connecting anew whenever the server hangs up or is away."""
    loop = asyncio.get_running_loop()
    while not is_over():
        try:
            _, caller = await loop.create_connection(
                lambda: Caller(next_request, on_answer), target.host, target.port
            )
        except OSError:
            await asyncio.sleep(RECONNECT_SECONDS)
            continue
        await caller.ended
        if not is_over():
            await asyncio.sleep(RECONNECT_SECONDS)


RECONNECT_SECONDS = 0.05
