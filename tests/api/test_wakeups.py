"""Results of other threads reach the loop: each to whoever waits for it, and many at once."""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from api.wakeups import Wakeups


def finish(futures: list[Future[int]]) -> threading.Thread:
    """Let another thread finish them: the odd ones fail."""

    def work() -> None:
        for number, future in enumerate(futures):
            if number % 2:
                future.set_exception(LookupError(number))
            else:
                future.set_result(number)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_each_result_and_each_error_comes_to_whoever_waits_for_it() -> None:
    async def story() -> list[int | BaseException]:
        wakeups: Wakeups[int] = Wakeups()
        futures: list[Future[int]] = [Future() for _ in range(1_000)]
        futures[0].set_result(0)  # one that is done already
        waiting = asyncio.gather(wakeups.results_of(futures[:500]), wakeups.results_of(futures[500:]))
        thread = finish([Future(), *futures[1:]])
        first, second = await asyncio.wait_for(waiting, 30)
        thread.join()
        return [*first, *second]

    for number, outcome in enumerate(asyncio.run(story())):
        assert outcome.args == (number,) if isinstance(outcome, LookupError) else outcome == number


def test_who_went_away_keeps_nobody_waiting() -> None:
    async def story() -> int:
        wakeups: Wakeups[int] = Wakeups()
        gone, stays = Future[int](), Future[int]()
        task = asyncio.create_task(wakeups.result_of(gone))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        thread = finish([gone])
        thread.join()
        stays.set_result(7)
        return await asyncio.wait_for(wakeups.result_of(stays), 30)

    assert asyncio.run(story()) == 7


def test_a_group_wakes_the_loop_once() -> None:
    async def story() -> int:
        wakeups: Wakeups[int] = Wakeups()
        loop, woken = asyncio.get_running_loop(), [0]
        honest = loop.call_soon_threadsafe

        def counted(*args: object) -> asyncio.Handle:
            woken[0] += 1
            return honest(*args)  # type: ignore[arg-type]

        loop.call_soon_threadsafe = counted  # type: ignore[assignment, method-assign]
        futures: list[Future[int]] = [Future() for _ in range(64)]
        waiting = wakeups.results_of(futures)
        task = asyncio.create_task(waiting)
        await asyncio.sleep(0)
        finish(futures).join()  # the loop stands still meanwhile
        await asyncio.wait_for(task, 30)
        return woken[0]

    assert asyncio.run(story()) == 1
