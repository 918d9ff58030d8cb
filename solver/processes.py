"""Worker processes on this machine, each a seat of `remote_shards`."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process

from solver.shards import WorkersLost


class LocalProcesses:
    """One process a seat, with one thread that computes, so that as many work as were asked for.

    They are started afresh, not forked: a fork copies locks that other threads hold. They take no notice of
    Ctrl-C, which a terminal sends to all processes: theirs is to finish the shard, ours to say what happens.
    """

    lost: tuple[type[Exception], ...] = (BrokenExecutor,)

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError("there must be at least one worker")
        self.seats = workers

    def hire(self, seat: int) -> Executor:
        """Start a process.

        Raises
        ------
        WorkersLost
            When the machine refuses another process.
        """
        executor = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin_work)
        try:
            with _interrupts_held_back():  # what a process is started with, it inherits
                executor.submit(os.getpid)
        except OSError as refusal:
            raise WorkersLost(f"worker {seat} could not be started: {refusal}") from refusal
        return executor

    def dismiss(self, executor: Executor) -> None:
        """End a process once it has answered what it is busy with."""
        executor.shutdown(wait=True, cancel_futures=True)

    def watch(self) -> None:
        """Do nothing: the end of a process breaks its futures."""


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_work() -> None:
    """Prepare a worker: end with the parent, however that ends. A pool alone waits for ever after a kill."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is None:
        raise RuntimeError("a worker needs a parent process")
    sentinel = parent.sentinel

    def end_with_parent() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=end_with_parent, name="end with parent", daemon=True).start()
