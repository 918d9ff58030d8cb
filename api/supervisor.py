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
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from types import FrameType

from fulfillment.domain.errors import InvalidRequest

LOOK_SECONDS = 0.5
STARTUP_FAILURE = 3
"""What uvicorn ends with when the application did not start."""
_log = logging.getLogger(__name__)
_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class _Worker:
    """A process at work, and whether it has said that it is ready."""

    process: SpawnProcess
    is_ready: Event


def supervise(
    work: Callable[[Callable[[], None]], None],
    workers: int,
    *,
    on_ready: Callable[[], None],
    stop_seconds_max: float,
) -> None:
    """Run `work` in so many processes until SIGTERM or SIGINT.

    Parameters
    ----------
    work : callable
        Can be pickled; ends in good order on SIGTERM. It is handed what it calls once it is ready.
    on_ready : callable
        Called once, when every process is ready.
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
    at_work = [_start(work) for _ in range(workers)]
    is_told = False
    try:
        while not asked:
            wait([worker.process.sentinel for worker in at_work], timeout=LOOK_SECONDS)
            if not asked:
                at_work = [_replaced(worker, work) for worker in at_work]
            if not is_told and all(worker.is_ready.is_set() for worker in at_work):
                is_told = True
                on_ready()
    finally:
        _stop([worker.process for worker in at_work], stop_seconds_max)
        for number, handler in before.items():
            signal.signal(number, handler)
    if signal.SIGINT in asked:
        raise KeyboardInterrupt


def _start(work: Callable[[Callable[[], None]], None]) -> _Worker:
    is_ready = _spawn.Event()
    process = _spawn.Process(target=_work, args=(work, is_ready), name="fulfillment-worker")
    process.start()
    return _Worker(process, is_ready)


def _replaced(worker: _Worker, work: Callable[[Callable[[], None]], None]) -> _Worker:
    process = worker.process
    if process.exitcode is None:
        return worker
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


def _work(work: Callable[[Callable[[], None]], None], is_ready: Event) -> None:
    # Ctrl-C reaches every process of the terminal; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_supervisor, daemon=True).start()
    work(is_ready.set)


def _end_with_the_supervisor() -> None:
    """End in good order when the supervisor was killed: nobody else could stop this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        with suppress(ProcessLookupError):
            os.kill(os.getpid(), signal.SIGTERM)
