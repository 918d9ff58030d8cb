"""Orders that wait to be placed: a bounded queue that gives them out in groups."""

import queue
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
    """Takes orders from any number of threads and gives groups of them to one.

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
        self._queue: queue.Queue[WaitingOrder | None] = queue.Queue(orders_max + 1)  # and the None
        self._again: deque[WaitingOrder] = deque()  # goes before the queue; of the one thread alone
        self._door = threading.Lock()
        self._is_open = True
        self._has_ended = False
        self._expected = 1  # orders of the next group

    def __len__(self) -> int:
        return self._queue.qsize()

    def put(self, placement: Placement) -> Future[Answer]:
        """Hand in an order.

        Raises
        ------
        Busy
            When too many wait, or no more are taken.
        """
        waiting = WaitingOrder(placement, Future())
        waiting.answer.set_running_or_notify_cancel()  # accepted is accepted: nobody can cancel it any more
        with self._door:  # so nobody comes in behind the None that ends the queue
            if not self._is_open:
                raise Busy("the service is stopping")
            if self._queue.qsize() >= self._orders_max:
                raise Busy("too many orders wait", queue_orders_max=self._orders_max)
            self._queue.put_nowait(waiting)
        return waiting.answer

    def close(self) -> None:
        """Take no more orders; those that are in are given out still."""
        with self._door:
            if self._is_open:
                self._is_open = False
                self._queue.put_nowait(None)

    def put_back(self, waiting: WaitingOrder) -> None:
        """Let an order be one of the next group."""
        self._again.append(waiting)

    def next_group(self) -> list[WaitingOrder]:
        """Wait for an order and take with it what else waits, up to the bounds; empty at the end."""
        group: list[WaitingOrder] = []
        identities: set[tuple[str, object]] = set()
        put_off: list[WaitingOrder] = []
        until: float | None = None
        for _ in range(self._group_max):
            if len(group) >= self._expected:
                until = 0.0  # whoever is there comes along; nobody is waited for
            waiting = self._again.popleft() if self._again else self._from_queue(until)
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

    def _from_queue(self, until: float | None) -> WaitingOrder | None:
        """Take the next order, waiting no longer than `until`; None when there is none, or will be none."""
        if self._has_ended:
            return None
        try:
            if until is None:
                waiting = self._queue.get()
            elif (seconds := until - time.monotonic()) > 0:
                waiting = self._queue.get(timeout=seconds)
            else:
                waiting = self._queue.get_nowait()
        except queue.Empty:
            return None
        self._has_ended = waiting is None
        return waiting
