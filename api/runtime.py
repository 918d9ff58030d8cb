"""What one process of the service holds: made when it starts, closed when it stops.

A part that runs beside the requests (a view, a committer, a feed) is a context manager that `open_runtime`
enters; they are left in the opposite order, so what is accepted is finished before what it needs is closed.
"""

import functools
import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Annotated

import structlog
from anyio import CapacityLimiter
from fastapi import Depends, Request
from sqlalchemy import Engine

from api.auth import KeyRing
from api.errors import problem_of
from api.metrics import Metrics
from api.wakeups import Wakeups
from fulfillment.clock import Clock, SystemClock
from fulfillment.ids import IdSource, TimeOrderedIds
from fulfillment.live.committer import Committer
from fulfillment.live.feed import Feed
from fulfillment.live.load import load_live
from fulfillment.live.order_changes import OrderChanges
from fulfillment.live.warm_up import compile_decisions
from fulfillment.settings import Settings
from fulfillment.store.clock_skew import require_close_clocks
from fulfillment.store.idempotency import Answer
from fulfillment.store.ledger import open_ledger, why_unreachable

GARBAGE_AFTER_OBJECTS = 50_000

log = structlog.get_logger(__name__)

BULK_TOGETHER_MAX = 2
"""More do not go faster: they wait for each other's rows, and the database's caches for all. One works
here while the other works there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The parts of a running process, reachable from every route as `Service`.

    Attributes
    ----------
    bulk : CapacityLimiter
        How many requests post entries in bulk at once; the others wait without a thread or a connection.
    checks : mapping
        By name, what must hold for the process to be ready: returns an empty text, or what is wrong.
    gauges, counts : mapping
        By name, what /metrics tells of a part: its present value, or a total that only grows.
    """

    settings: Settings
    engine: Engine
    clock: Clock
    ids: IdSource
    keys: KeyRing
    metrics: Metrics
    feed: Feed
    bulk: CapacityLimiter
    committer: Committer
    wakeups: Wakeups[Answer]
    changes: OrderChanges
    checks: Mapping[str, Callable[[], str]]
    gauges: Mapping[str, Callable[[], float]]
    counts: Mapping[str, Callable[[], float]]

    def tell_metrics(self) -> None:
        """Let /metrics know how the parts are."""
        self.metrics.tell(
            {name: read() for name, read in self.gauges.items()},
            {name: read() for name, read in self.counts.items()},
        )


@contextmanager
def open_runtime(
    settings: Settings, metrics: Metrics, *, clock: Clock | None = None, ids: IdSource | None = None
) -> Iterator[Runtime]:
    """Open the ledger and start what runs beside the requests; called where the event loop runs.

    Raises
    ------
    InvalidRequest
        When the database cannot be used, is unsafe, or needs migrations.
    """
    with ExitStack() as parts:
        engine = parts.enter_context(open_ledger(settings.database_url))
        if clock is None:
            clock = SystemClock()
            require_close_clocks(engine, clock)
        ids = ids or TimeOrderedIds(clock)
        # Not ready before: the first order after an installation would wait for the compiler.
        log.info("decisions.compiled", seconds=round(compile_decisions(), 1))
        feed = parts.enter_context(Feed(engine, load_live(engine, clock), clock))
        committer = parts.enter_context(
            Committer(engine, feed.decider, problem=problem_of, clock=clock, ids=ids, renew=feed.renew)
        )
        counts = committer.counts
        parts.enter_context(_garbage_is_looked_for_seldom())
        yield Runtime(
            settings=settings,
            engine=engine,
            clock=clock,
            ids=ids,
            keys=KeyRing(engine, clock, settings.key_cache_seconds),
            metrics=metrics,
            feed=feed,
            bulk=CapacityLimiter(BULK_TOGETHER_MAX),
            committer=committer,
            wakeups=Wakeups(),
            changes=OrderChanges(
                engine, feed.decider, problem=problem_of, clock=clock, ids=ids, renew=feed.renew
            ),
            checks={
                "ledger": functools.partial(why_unreachable, engine),
                "view": lambda: feed.why_stale,
                "committer": lambda: "" if committer.is_alive else "the committer ended",
            },
            gauges={
                "orders_waiting": lambda: float(committer.waiting),
                "view_lag_seconds": lambda: feed.lag_seconds,
            },
            counts={
                "order_groups": lambda: float(counts.groups),
                "orders_answered": lambda: float(counts.orders),
                "orders_too_late": lambda: float(counts.too_late),
                "order_groups_cut": lambda: float(counts.cut),
            },
        )


@contextmanager
def _garbage_is_looked_for_seldom() -> Iterator[None]:
    """Keep the garbage collector from what it would look through in vain.

    The libraries and the network are hundreds of thousands of objects that live until the stop. A full
    collection walks through all of them, every few hundred requests, and somebody's request waits for it: a
    third of the time of entries in bulk. And a group of orders makes thousands of objects, with no circles,
    that live as long as it does: by default they are looked through after every 700.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _runtime_of(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


Service = Annotated[Runtime, Depends(_runtime_of)]
