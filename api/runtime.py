"""What one process of the service holds: made when it starts, closed when it stops.

A part that runs beside the requests (a view, a committer, a feed) is a context manager that `open_runtime`
enters; they are left in the opposite order, so what is accepted is finished before what it needs is closed.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from api.auth import KeyRing
from fulfillment.clock import Clock, SystemClock
from fulfillment.ids import IdSource, TimeOrderedIds
from fulfillment.settings import Settings
from fulfillment.store.ledger import open_ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The parts of a running process, reachable from every route as `Service`."""

    settings: Settings
    engine: Engine
    clock: Clock
    ids: IdSource
    keys: KeyRing


@contextmanager
def open_runtime(
    settings: Settings, *, clock: Clock | None = None, ids: IdSource | None = None
) -> Iterator[Runtime]:
    """Open the ledger and start what runs beside the requests.

    Raises
    ------
    InvalidRequest
        When the database cannot be used, is unsafe, or needs migrations.
    """
    clock = clock or SystemClock()
    with ExitStack() as parts:
        engine = parts.enter_context(open_ledger(settings.database_url))
        yield Runtime(
            settings=settings,
            engine=engine,
            clock=clock,
            ids=ids or TimeOrderedIds(clock),
            keys=KeyRing(engine, clock, settings.key_cache_seconds),
        )


async def _runtime_of(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


Service = Annotated[Runtime, Depends(_runtime_of)]
