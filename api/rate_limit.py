"""Middleware: how much one client may ask for, told in every answer by the RateLimit fields.

The fields are those of draft-ietf-httpapi-ratelimit-headers: ``RateLimit-Policy`` names the quota and its
window, ``RateLimit`` what is left of it and for how long. Each process counts for itself, so that no request
waits for another process: with N workers a client has up to N times the quota.
"""

import math
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import Caller
from api.errors import RateLimited, problem_response

POLICY = "client"
WINDOW_SECONDS = 60


class LimitRate:
    """Refuse what is over a client's quota; stands inside `Authenticate`, which knows the client.

    Parameters
    ----------
    requests_per_minute : int
        The quota of one client; 0 is no limit, and no fields.
    """

    def __init__(
        self, app: ASGIApp, *, requests_per_minute: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._quota = requests_per_minute
        self._monotonic = monotonic
        # By client: when his window ends, and what he asked for in it. Clients are keys' names, so few.
        self._windows: dict[str, tuple[float, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        caller: Caller | None = scope.get("caller")
        if not self._quota or caller is None:
            await self._app(scope, receive, send)
            return
        asked, seconds = self._count(caller.client_id)
        left = max(0, self._quota - asked)
        fields = [
            (b"ratelimit-policy", f'"{POLICY}";q={self._quota};w={WINDOW_SECONDS}'.encode()),
            (b"ratelimit", f'"{POLICY}";r={left};t={seconds}'.encode()),
        ]

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].extend(fields)
            await send(message)

        if asked <= self._quota:
            await self._app(scope, receive, telling)
            return
        refusal = RateLimited(
            f"{caller.client_id} has asked {self._quota} times in a minute; come back in {seconds} s",
            retry_after_seconds=seconds,
            quota=self._quota,
        )
        await problem_response(refusal)(scope, receive, telling)

    def _count(self, client_id: str) -> tuple[int, int]:
        """Count one request; return how many there were in this window, and how long it lasts, in seconds."""
        now = self._monotonic()
        ends, asked = self._windows.get(client_id, (0.0, 0))
        if now >= ends:
            ends, asked = now + WINDOW_SECONDS, 0
        self._windows[client_id] = ends, asked + 1
        return asked + 1, math.ceil(ends - now)
