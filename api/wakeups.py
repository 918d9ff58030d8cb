"""Bring what other threads finish to the event loop, many results a wake-up.

`asyncio.wrap_future` wakes the loop for every future: a write to a socket, and a fight for the interpreter's
lock, an order. Orders are answered by the group, so the first answer wakes the loop and it finds the others.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Wakeups(Generic[Result]):
    """Lets coroutines of the running loop wait for futures of other threads."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._done: deque[tuple[Future[Result], asyncio.Future[Result]]] = deque()
        self._is_woken = False

    async def result_of(self, future: Future[Result]) -> Result:
        """Wait for a future; raise what it raises."""
        return await self._waiting_for(future)

    async def results_of(self, futures: Sequence[Future[Result]]) -> list[Result | BaseException]:
        """Wait for all of them; what one raises stands in its place."""
        waiting = [self._waiting_for(future) for future in futures]
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    def _waiting_for(self, future: Future[Result]) -> asyncio.Future[Result]:
        waiting: asyncio.Future[Result] = self._loop.create_future()
        future.add_done_callback(lambda done: self._tell(done, waiting))
        return waiting

    def _tell(self, done: Future[Result], waiting: asyncio.Future[Result]) -> None:
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
