"""Middleware: every request is named, timed, counted and logged, once."""

import re
import time
from itertools import count

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs import RequestLog, request_id
from api.metrics import Metrics

REQUEST_ID = b"x-request-id"
_SAFE = re.compile(rb"[\w.:\-]{1,100}")
NO_ANSWER = 499  # the client left before there was one
UNKNOWN_ROUTE = "unknown"


class Observe:
    """Watch requests.

    Parameters
    ----------
    prefix : str
        Begins every request id that this process makes.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, log: RequestLog, prefix: str) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log
        self._prefix = prefix
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        name = self._name(scope)
        # Left as it is: every request has a context of its own, and the server's log of a defect comes last.
        request_id.set(name)
        status = NO_ANSWER

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((REQUEST_ID, name.encode()))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._tell(scope, status, time.perf_counter() - began)

    def _name(self, scope: Scope) -> str:
        """Take the caller's request id when it is harmless, else make one."""
        for name, value in scope["headers"]:
            if name == REQUEST_ID and _SAFE.fullmatch(value):
                given: str = value.decode()
                return given
        return f"{self._prefix}-{next(self._numbers)}"

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        path = UNKNOWN_ROUTE if route is None else route.path
        code = scope.get("problem_code")
        self._metrics.request(scope["method"], path, status, seconds)
        if code is not None:
            self._metrics.problem(code)
        caller = scope.get("caller")
        self._log(
            status,
            method=scope["method"],
            route=path,
            duration_ms=round(seconds * 1000, 3),
            client=None if caller is None else caller.client_id,
            code=code,
        )
