"""Workforces that lose workers when a test wants it."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path

from solver.processes import LocalProcesses
from solver.shard_worker import Ask


class Watched(Executor):
    """An executor that tells of each ask, after it was handed on."""

    def __init__(self, inner: Executor, on_ask: Callable[[Ask], None]) -> None:
        self.inner = inner
        self._on_ask = on_ask

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future = self.inner.submit(fn, *args, **kwargs)
        self._on_ask(*args)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.inner.shutdown(wait, cancel_futures=cancel_futures)


class KilledProcesses(LocalProcesses):
    """Real processes, of which the one that gets ask number `kill_at` is killed while it is busy with it."""

    def __init__(self, workers: int, kill_at: int) -> None:
        super().__init__(workers)
        self.asks: list[Ask] = []
        self.pids: list[int] = []
        self._kill_at = kill_at

    def hire(self, seat: int) -> Executor:
        executor = super().hire(seat)
        pid = executor.submit(os.getpid).result(timeout=60)
        self.pids.append(pid)

        def on_ask(ask: Ask) -> None:
            self.asks.append(ask)
            if len(self.asks) == self._kill_at:
                os.kill(pid, signal.SIGKILL)

        return Watched(executor, on_ask)


class BreakingThreads:
    """Seats in this process: fast, and they break at the asks that a test names, counted from 1."""

    lost: tuple[type[Exception], ...] = (BrokenExecutor,)

    def __init__(self, seats: int, breaks: Callable[[int], bool] = lambda ask: False) -> None:
        self.seats = seats
        self.asked: list[Ask] = []
        self.hired = self.dismissed = 0
        self._breaks = breaks

    def hire(self, seat: int) -> Executor:
        self.hired += 1
        return _Breaking(self)

    def dismiss(self, executor: Executor) -> None:
        self.dismissed += 1
        executor.shutdown()

    def watch(self) -> None:
        """A thread always answers, though it may have to compile first."""

    def is_to_break(self, ask: Ask) -> bool:
        self.asked.append(ask)
        return self._breaks(len(self.asked))


class _Breaking(Executor):
    def __init__(self, workforce: BreakingThreads) -> None:
        self._workforce = workforce
        self._threads = ThreadPoolExecutor(1)
        self._is_broken = False

    def submit(self, fn, /, *args, **kwargs) -> Future:
        if self._is_broken:
            raise BrokenExecutor("it broke before")
        if not self._workforce.is_to_break(*args):
            return self._threads.submit(fn, *args, **kwargs)
        self._is_broken = True
        future: Future = Future()
        future.set_exception(BrokenExecutor("it breaks now"))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait, cancel_futures=cancel_futures)


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie, which only waits for its parent to take note."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pids: list[int], seconds: float) -> list[int]:
    """Wait for processes to end; returns those that did not."""
    until = time.monotonic() + seconds
    while (left := [pid for pid in pids if is_running(pid)]) and time.monotonic() < until:
        time.sleep(0.05)
    return left
