"""Orders that wait to be placed: a bounded queue that gives them out in groups."""

import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

from fulfillment.domain.errors import Busy
from fulfillment.domain.placing import OrderRequest
from fulfillment.services.place_orders import Placement
from fulfillment.store.idempotency import Answer, KeyName


@dataclass(slots=True)
class WaitingOrder:
    """An order whose client waits for the answer; `decisions` counts those that came too late."""

    placement: Placement
    answer: Future[Answer]
    decisions: int = 0

    @property
    def name(self) -> KeyName:
        """What its client's key is found by."""
        return self.placement.key.name

    @property
    def request(self) -> OrderRequest:
        """What the client asks for."""
        return self.placement.request

    def identities(self) -> set[tuple[str, object]]:
        """Name what no other order of its group may share: the second must see what became of the first."""
        ids: set[tuple[str, object]] = {("key", self.name), ("order", self.request.order_id)}
        return ids if self.request.hold_id is None else ids | {("hold", self.request.hold_id)}


class OrderQueue:
    """Takes orders from any number of threads and gives groups of them to a few.

    Parameters
    ----------
    orders_max : int
        Orders that may wait; one more is `Busy`.
    group_max : int
        Orders of a group.
    linger_seconds : float
        How long the first order of a group waits for as many others as the group before had. The clients who
        were answered together ask again together, only not at one moment; a single client never waits.
    """

    def __init__(self, *, orders_max: int, group_max: int, linger_seconds: float) -> None:
        self._orders_max = orders_max
        self._group_max = group_max
        self._linger_seconds = linger_seconds
        self._new: deque[WaitingOrder] = deque()
        self._again: deque[WaitingOrder] = deque()  # goes before the new ones
        self._changed = threading.Condition()
        self._collecting = threading.Lock()  # two who collect at once would make two small groups
        self._is_open = True
        self._expected = 1  # orders of the next group

    def __len__(self) -> int:
        return len(self._new)

    def put(self, placement: Placement) -> Future[Answer]:
        """Hand in an order.

        Raises
        ------
        Busy
            When too many wait, or no more are taken.
        """
        waiting = WaitingOrder(placement, Future())
        waiting.answer.set_running_or_notify_cancel()  # accepted is accepted: nobody can cancel it any more
        with self._changed:
            if not self._is_open:
                raise Busy("the service is stopping")
            if len(self._new) >= self._orders_max:
                raise Busy("too many orders wait", queue_orders_max=self._orders_max)
            self._new.append(waiting)
            self._changed.notify()
        return waiting.answer

    def close(self) -> None:
        """Take no more orders; those that are in are given out still."""
        with self._changed:
            self._is_open = False
            self._changed.notify()

    def put_back(self, waiting: WaitingOrder) -> None:
        """Let an order be one of the next group."""
        with self._changed:
            self._again.append(waiting)
            self._changed.notify()

    def next_group(self) -> list[WaitingOrder]:
        """Wait for an order and take with it what else waits, up to the bounds; empty at the end."""
        group: list[WaitingOrder] = []
        identities: set[tuple[str, object]] = set()
        put_off: list[WaitingOrder] = []
        until: float | None = None
        with self._collecting, self._changed:
            for _ in range(self._group_max):
                if len(group) >= self._expected:
                    until = 0.0  # whoever is there comes along; nobody is waited for
                waiting = self._next(until)
                if waiting is None:
                    break
                if until is None:
                    until = time.monotonic() + self._linger_seconds
                if identities.isdisjoint(its := waiting.identities()):
                    identities |= its
                    group.append(waiting)
                else:
                    put_off.append(waiting)
            self._again.extendleft(reversed(put_off))
            self._expected = len(group)
        return group

    def refuse_all(self, error: Exception) -> None:
        """Close, and tell `error` to everybody who waits."""
        self.close()
        while group := self.next_group():
            for waiting in group:
                waiting.answer.set_exception(error)

    def _next(self, until: float | None) -> WaitingOrder | None:
        """Take the next order, waiting no longer than `until`; None when there is none, or will be none."""
        while not self._again and not self._new:
            seconds = None if until is None else until - time.monotonic()
            if not self._is_open or (seconds is not None and seconds <= 0):
                return None
            self._changed.wait(seconds)
        return (self._again or self._new).popleft()
