"""Who calls: API keys as bearer tokens, and the scopes that operations ask for.

A key is looked up in the ledger and trusted for a few seconds (`Settings.key_cache_seconds`), so a busy
client costs no query a request. `Authenticate` refuses a request without a valid key before its body is read.
"""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import Forbidden, Unauthorized, problem_response
from fulfillment.clock import Clock
from fulfillment.domain.access import Scope as KeyScope
from fulfillment.domain.errors import Busy
from fulfillment.services.api_keys import digest_of
from fulfillment.store.keys import StoredKey, find_key
from fulfillment.store.transaction import read_snapshot

KEYS_CACHED_MAX = 10_000
PROTECTED = "/v1/"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Attributes
    ----------
    client_id : str
        The name of the key. Request ids of two clients never meet, and the ledger names it as the actor.
    """

    client_id: str
    scopes: frozenset[KeyScope]


class KeyRing:
    """The keys that were asked for lately.

    Parameters
    ----------
    seconds : int
        How long a key is trusted, and an unknown one refused, without another look.
    """

    def __init__(
        self, engine: Engine, clock: Clock, seconds: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._seconds = seconds
        self._monotonic = monotonic
        self._found: dict[str, tuple[StoredKey | None, Caller | None, float]] = {}

    async def caller_of(self, secret: str) -> Caller | None:
        """Return who has this key, None when it is unknown, expired or revoked."""
        digest = digest_of(secret)
        known = self._found.get(digest)
        if known is None or known[2] <= self._monotonic():
            known = await self._look_up(digest)
        key, caller, _ = known
        return caller if key is not None and key.is_valid(self._clock.now()) else None

    async def _look_up(self, digest: str) -> tuple[StoredKey | None, Caller | None, float]:
        key = await run_in_threadpool(
            read_snapshot, self._engine, lambda connection: find_key(connection, digest)
        )
        caller = None if key is None else Caller(key.name, key.scopes)
        if len(self._found) >= KEYS_CACHED_MAX:
            self._found.clear()
        known = self._found[digest] = key, caller, self._monotonic() + self._seconds
        return known


class Authenticate:
    """Middleware: finds the caller of every request below ``/v1``, or answers 401."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PROTECTED):
            await self._app(scope, receive, send)
            return
        secret = _bearer(scope["headers"])
        keys: KeyRing = scope["app"].state.runtime.keys
        try:
            caller = await keys.caller_of(secret) if secret else None
        except Busy as error:
            await problem_response(error)(scope, receive, send)
            return
        if caller is None:
            why = "the API key is not valid" if secret else "there is no API key"
            refusal = Unauthorized(
                f"{why}; send Authorization: Bearer KEY, made by `fulfillment keys create`"
            )
            await problem_response(refusal)(scope, receive, send)
            return
        scope["caller"] = caller
        await self._app(scope, receive, send)


def _bearer(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"authorization":
            kind, _, secret = value.decode("latin-1").partition(" ")
            return secret.strip() if kind.lower() == "bearer" else ""
    return ""


class Requires:
    """Dependency, made by `requires`: the caller, who must have `scope`; the specification reads it."""

    def __init__(self, scope: KeyScope) -> None:
        self.scope = scope

    async def __call__(self, request: Request) -> Caller:
        """Return the caller.

        Raises
        ------
        Forbidden
            When its key lacks the scope.
        """
        caller: Caller = request.scope["caller"]
        if self.scope not in caller.scopes:
            raise Forbidden(f"the API key lacks the scope {self.scope}", scope=self.scope)
        return caller


@functools.cache
def requires(scope: str) -> Requires:
    """Return the dependency that asks for `scope`; the aliases below are shorter."""
    return Requires(KeyScope(scope))


Reader = Annotated[Caller, Depends(requires("read"))]
Orderer = Annotated[Caller, Depends(requires("orders"))]
Stockkeeper = Annotated[Caller, Depends(requires("inventory"))]
StoreHand = Annotated[Caller, Depends(requires("stores"))]
Admin = Annotated[Caller, Depends(requires("admin"))]
