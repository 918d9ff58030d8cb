"""Keep several processes at work: start them, replace one that dies, stop them all.

Uvicorn's own supervisor lets its workers share one listening socket, and whoever wakes first accepts all that
waits: of 32 connections made at once, one worker of two got 28. Here each worker listens by itself on the
same port (SO_REUSEPORT) and the kernel spreads the connections.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from fulfillment.domain.errors import InvalidRequest

LOOK_SECONDS = 0.5
STARTUP_FAILURE = 3
"""What uvicorn ends with when the application did not start."""
_log = logging.getLogger(__name__)
_spawn = multiprocessing.get_context("spawn")


def supervise(work: Callable[[], None], workers: int, *, stop_seconds_max: float) -> None:
    """Run `work` in so many processes until SIGTERM or SIGINT.

    Parameters
    ----------
    work : callable
        Can be pickled; ends in good order on SIGTERM.
    stop_seconds_max : float
        How long a process may take to end before it is killed.

    Raises
    ------
    InvalidRequest
        When a process could not start, which would fail again however often it is tried.
    KeyboardInterrupt
        After an orderly stop, when SIGINT asked for it.
    """
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    processes = [_start(work) for _ in range(workers)]
    try:
        while not asked:
            wait([process.sentinel for process in processes], timeout=LOOK_SECONDS)
            if not asked:
                processes = [_replaced(process, work) for process in processes]
    finally:
        _stop(processes, stop_seconds_max)
        for number, handler in before.items():
            signal.signal(number, handler)
    if signal.SIGINT in asked:
        raise KeyboardInterrupt


def _start(work: Callable[[], None]) -> SpawnProcess:
    process = _spawn.Process(target=_work, args=(work,), name="fulfillment-worker")
    process.start()
    return process


def _replaced(process: SpawnProcess, work: Callable[[], None]) -> SpawnProcess:
    if process.exitcode is None:
        return process
    if process.exitcode == STARTUP_FAILURE:
        raise InvalidRequest(
            "a process of the service did not start", remedy="its log says why", key="workers"
        )
    _log.warning("worker_died pid=%s exitcode=%s", process.pid, process.exitcode)
    return _start(work)


def _stop(processes: list[SpawnProcess], seconds: float) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(seconds)
        if process.exitcode is None:
            _log.error("worker_killed pid=%s after %s s", process.pid, seconds)
            process.kill()
            process.join()


def _work(work: Callable[[], None]) -> None:
    # Ctrl-C reaches every process of the terminal; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_supervisor, daemon=True).start()
    work()


def _end_with_the_supervisor() -> None:
    """End in good order when the supervisor was killed: nobody else could stop this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        with suppress(ProcessLookupError):
            os.kill(os.getpid(), signal.SIGTERM)
