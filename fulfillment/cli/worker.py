"""`fulfillment worker`: what goes on beside the service: deliveries, better plans, releases, expiry, tidying.

Any number of workers may run on one ledger; none is needed for an order to be placed or stock to be right.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING

from fulfillment.cli.database import Database, settings_for
from fulfillment.cli.jobs import Job, every, run_jobs
from fulfillment.cli.output import AsJson, Output, open_output

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fulfillment.clock import Clock
    from fulfillment.ids import IdSource
    from fulfillment.live.back_orders import BackOrders
    from fulfillment.live.feed import Feed
    from fulfillment.live.reroutes import Reroutes
    from fulfillment.settings import Settings

RELEASE_SECONDS = 1.0
SWEEP_SECONDS = 5.0
FORGET_SECONDS = 3_600.0
REROUTE_SECONDS = 1.0
FILL_SECONDS = 5.0


def worker(database: Database = None, as_json: AsJson = False) -> None:
    """Deliver events, re-route, fill, improve and release orders, end holds, forget; until told to stop."""
    with open_output(as_json) as out:
        from fulfillment.clock import SystemClock
        from fulfillment.ids import TimeOrderedIds
        from fulfillment.store.ledger import open_ledger

        settings = settings_for(database)
        clock = SystemClock()
        with open_ledger(settings.database_url) as ledger, _stopped_by_signals() as stop:
            jobs = make_jobs(ledger, settings, clock, TimeOrderedIds(clock), out)
            out.line(f"working: {', '.join(job.name for job in jobs)}; stop with Ctrl-C")
            run_jobs(jobs, stop)
        out.line("stopped; what was begun is finished")
        out.result({"stopped": True})


def make_jobs(
    ledger: "Engine", settings: "Settings", clock: "Clock", ids: "IdSource", out: Output
) -> list[Job]:
    """List what a worker does."""
    from fulfillment.services.forget_events import forget_events
    from fulfillment.services.forget_keys import forget_keys
    from fulfillment.services.release_due import release_due
    from fulfillment.services.sweep_holds import sweep_holds

    kept, window = timedelta(days=settings.events_keep_days), float(settings.window_seconds)
    feed = _feed_when_needed(ledger, clock)
    return [
        Job("deliver events", lambda stop: _deliver(stop, ledger, settings, clock, ids, out)),
        every(RELEASE_SECONDS, "release work", lambda: release_due(ledger, clock=clock, ids=ids), out.line),
        every(SWEEP_SECONDS, "end holds", lambda: sweep_holds(ledger, clock=clock), out.line),
        every(REROUTE_SECONDS, "re-route lost units", _reroutes(feed, ledger, clock, ids, out), out.line),
        every(FILL_SECONDS, "fill back-orders", _fills(feed, ledger, clock, ids, out), out.line),
        every(window, "improve open orders", _windows(feed, ledger, clock, ids, out), out.line),
        every(FORGET_SECONDS, "forget events", lambda: forget_events(ledger, kept, clock=clock), out.line),
        every(FORGET_SECONDS, "forget keys", lambda: forget_keys(ledger, clock=clock), out.line),
    ]


def _feed_when_needed(ledger: "Engine", clock: "Clock") -> "Callable[[], Feed]":
    """Read the network and the stock when a job first asks for them."""
    lock = threading.Lock()
    feeds: list[Feed] = []

    def feed() -> "Feed":
        from fulfillment.live.feed import Feed
        from fulfillment.live.load import load_live

        with lock:
            if not feeds:
                feeds.append(Feed(ledger, load_live(ledger, clock), clock))
            return feeds[0]

    return feed


def _reroutes(
    feed: "Callable[[], Feed]", ledger: "Engine", clock: "Clock", ids: "IdSource", out: Output
) -> Callable[[], None]:
    """Give orders that lost units at a node those of others."""
    rounds: list[Reroutes] = []

    def route() -> None:
        from fulfillment.live.reroutes import Reroutes

        if not rounds:
            rounds.append(Reroutes(ledger, feed(), clock=clock, ids=ids))
        done = rounds[0].route_some()
        if done.routed or done.waiting:
            out.line(
                f"re-route lost units: {done.routed:,} orders got some elsewhere, "
                f"{done.waiting:,} wait for stock"
            )

    return route


def _fills(
    feed: "Callable[[], Feed]", ledger: "Engine", clock: "Clock", ids: "IdSource", out: Output
) -> Callable[[], None]:
    """Give orders that wait for stock what has come."""
    rounds: list[BackOrders] = []

    def fill() -> None:
        from fulfillment.live.back_orders import BackOrders

        if not rounds:
            rounds.append(BackOrders(ledger, feed(), clock=clock, ids=ids))
        done = rounds[0].fill_some()
        if done.filled:
            out.line(f"fill back-orders: {done.filled:,} of {done.looked_at:,} got units")

    return fill


def _windows(
    feed: "Callable[[], Feed]", ledger: "Engine", clock: "Clock", ids: "IdSource", out: Output
) -> Callable[[], None]:
    """Plan open orders again."""

    def improve() -> None:
        from fulfillment.live.windows import improve_open_orders

        done = improve_open_orders(ledger, feed(), clock=clock, ids=ids)
        if done.swapped:
            out.line(
                f"improve open orders: {done.swapped:,} of {done.orders:,} have better plans now, "
                f"for {done.saved_micros // 10_000:,} cents less"
            )

    return improve


def _deliver(
    stop: threading.Event,
    ledger: "Engine",
    settings: "Settings",
    clock: "Clock",
    ids: "IdSource",
    out: Output,
) -> None:
    from fulfillment.connectors.webhooks.deliver import Courier, deliver_until
    from fulfillment.connectors.webhooks.sender import Sender
    from fulfillment.domain.events import source_of

    courier = Courier(
        engine=ledger,
        sender=Sender(source_of(settings.retailer), settings.webhook_hosts, clock=clock),
        clock=clock,
        ids=ids,
        on_failure=lambda busy: out.line(f"deliver events: {busy}"),
    )

    asyncio.run(deliver_until(stop, courier))


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Give the event that Ctrl-C and SIGTERM set; the second of them ends the process at once."""
    stop = threading.Event()
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for each in before:
        signal.signal(each, ask)
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
