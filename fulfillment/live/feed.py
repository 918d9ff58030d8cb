"""Keep the view in step with the ledger: a thread that reads what others wrote.

Entries are read often and bring balances; now and then it asks whether the reference data or the buffers have
changed. What changes seldom or costs more to read is looked at less often: which holds are about to expire,
what capacity is in use, the prices of the last plan. Whoever is about to refuse something does not wait for
any of that: `renew` brings what was put a moment ago.
"""

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.buffers import BufferRule
from fulfillment.live.decide import Decider
from fulfillment.live.load import LiveWorld, expiring_units, load_live
from fulfillment.store.buffers import read_rules
from fulfillment.store.capacity import read_capacity_use
from fulfillment.store.changes import Changes, read_changes
from fulfillment.store.feed import PAGE_ROWS, FeedPage, entries_after
from fulfillment.store.live_reads import newest_plan, read_prices
from fulfillment.store.transaction import read_snapshot

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.05
"""How often entries are looked for: what another process wrote is seen about so late."""
RENEW_SECONDS = 0.25
"""How often it asks whether reference data or buffers have changed."""
LOOK_AROUND_SECONDS = 2.0
"""How often everything else is looked at; well below `load.EXPIRY_AHEAD`. And how long it waits after it has
read a network before it reads the next one by itself: a catalogue may come in hundreds of requests."""
RETRY_SECONDS = 1.0
"""How long to wait when the ledger could not be read."""

LAG_SECONDS_MAX = 10.0
"""A view that is further behind is not fit to answer from."""


class Feed:
    """Follows the ledger for a decider; as a context manager, in a thread of its own.

    Parameters
    ----------
    world : LiveWorld
        What `load_live` read; the decider decides on it until the reference data change.
    """

    def __init__(self, engine: Engine, world: LiveWorld, clock: Clock) -> None:
        self.decider = Decider(world.network, world.view)
        self._engine = engine
        self._clock = clock
        self._world = world
        self._in_step_at = clock.now()
        self._renew_at = 0.0  # monotonic
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger-feed", daemon=True)

    @property
    def in_step_at(self) -> datetime:
        """When the view last had everything that could be read (UTC)."""
        return self._in_step_at

    @property
    def lag_seconds(self) -> float:
        """How long ago that was."""
        return (self._clock.now() - self._in_step_at).total_seconds()

    @property
    def changes(self) -> Changes:
        """Which reference data and buffers the decider has."""
        return self._world.changes

    @property
    def why_stale(self) -> str:
        """Say what is wrong when the view is too far behind to answer from; '' while it is not."""
        if not self._thread.is_alive():
            return "nothing follows the ledger"
        lag = self.lag_seconds
        return f"the view is {lag:.0f} s behind the ledger" if lag > LAG_SECONDS_MAX else ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def catch_up(self, *, look_around: bool = False) -> int:
        """Read on to the end of the feed; look at everything else where asked for.

        Returns
        -------
        int
            Entries read.
        """
        with self._lock:
            now = self._clock.now()
            count = self._read_entries()
            if look_around:
                self._look_around(now)
            self._in_step_at = now
            return count

    def renew(self) -> None:
        """Take in reference data and buffers at once, if they have changed.

        Dear only then: a network of a thousand nodes takes about a second to read.
        """
        with self._lock:
            self._renew()

    def _run(self) -> None:
        looked_around_at = time.monotonic()
        while not self._stop.is_set():
            pause = POLL_SECONDS
            try:
                is_time = time.monotonic() - looked_around_at >= LOOK_AROUND_SECONDS
                self.catch_up(look_around=is_time)
                looked_around_at = time.monotonic() if is_time else looked_around_at
                if time.monotonic() >= self._renew_at:
                    self.renew()
            except Exception:
                # The view stays as it is and says its age; decisions on it are judged by the database.
                log.exception("feed.failed", in_step_at=self._in_step_at.isoformat())
                pause = RETRY_SECONDS
            self._stop.wait(pause)

    def _read_entries(self) -> int:
        count = 0
        while page := self._page():
            cursor = page.cursor
            self._world = replace(self._world, cursor=cursor)
            self._world.view.follow(page.node_id, page.sku_id, page.available, page.version, str(cursor))
            count += len(page)
            if len(page) < PAGE_ROWS:
                break
        return count

    def _page(self) -> FeedPage:
        cursor = self._world.cursor
        return read_snapshot(self._engine, lambda connection: entries_after(connection, cursor))

    def _look_around(self, now: datetime) -> None:
        self._renew()
        read_snapshot(self._engine, lambda connection: self._refresh(connection, now))

    def _renew(self) -> None:
        known = self._world.changes
        found, rules = read_snapshot(self._engine, lambda connection: _changes_since(connection, known))
        self._renew_at = time.monotonic() + RENEW_SECONDS
        if found.reference != known.reference:
            self._world = load_live(self._engine, self._clock)
            self.decider.replace(self._world.network, self._world.view)
            self._renew_at = time.monotonic() + LOOK_AROUND_SECONDS
            log.info("feed.network_replaced", nodes=len(self._world.network.nodes))
        elif rules is not None:
            self._world.view.replace_floors(rules)
            self._world = replace(self._world, changes=found)

    def _refresh(self, connection: Connection, now: datetime) -> None:
        world = self._world
        view = world.view
        view.replace_holds(expiring_units(connection, now), now)
        view.replace_capacity(read_capacity_use(connection, now.date() - timedelta(days=1)))
        plan_id = newest_plan(connection)
        if plan_id is not None and plan_id != world.plan_id:
            prices = read_prices(connection, plan_id)
            view.replace_prices(prices.stock, prices.nodes)
        self._world = replace(world, plan_id=plan_id)


def _changes_since(connection: Connection, known: Changes) -> tuple[Changes, list[BufferRule] | None]:
    """Read the changes, and the rules of buffers if these are others than were known."""
    found = read_changes(connection)
    return found, None if found.buffers == known.buffers else read_rules(connection)
