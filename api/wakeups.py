"""Bring what other threads finish to the event loop, many results a wake-up.

`asyncio.wrap_future` wakes the loop for every future: a write to a socket, and a fight for the interpreter's
lock, an order. Orders are answered by the group, so the first answer wakes the loop and it finds the others.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Wakeups(Generic[Result]):
    """Lets coroutines of the running loop wait for futures of other threads."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._done: deque[tuple[Future[Any], asyncio.Future[Any]]] = deque()
        self._is_woken = False

    async def result_of(self, future: Future[Result]) -> Result:
        """Wait for a future; raise what it raises."""
        result: Result = await self._waiting_for(future)
        return result

    async def results_of(self, futures: Sequence[Future[Result]]) -> list[Result | BaseException]:
        """Wait for all of them; what one raises stands in its place."""
        if not futures:
            return []
        all_done: Future[None] = Future()
        numbers = itertools.count(1)  # a number each, whatever threads ask at once

        def note(_: Future[Result]) -> None:
            if next(numbers) == len(futures):
                all_done.set_result(None)

        for future in futures:
            future.add_done_callback(note)
        await self._waiting_for(all_done)  # one for the loop to wait for, not one an order
        return [future.exception() or future.result() for future in futures]

    def _waiting_for(self, future: Future[Any]) -> asyncio.Future[Any]:
        waiting: asyncio.Future[Any] = self._loop.create_future()
        future.add_done_callback(lambda done: self._tell(done, waiting))
        return waiting

    def _tell(self, done: Future[Any], waiting: asyncio.Future[Any]) -> None:
        """Note a result, in whatever thread; the loop is woken by the first that it has not come for yet."""
        self._done.append((done, waiting))
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        self._is_woken = False  # before it looks: what comes from now on wakes it again
        while self._done:
            done, waiting = self._done.popleft()
            if waiting.cancelled():  # its client has gone; the order is placed all the same
                continue
            error = done.exception()
            if error is None:
                waiting.set_result(done.result())
            else:
                waiting.set_exception(error)
