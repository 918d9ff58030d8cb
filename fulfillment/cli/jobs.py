"""What a worker does beside the service, each job in a thread of its own until it is told to stop."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fulfillment.domain.errors import Busy

RETRY_SECONDS = 1.0
"""How long a job waits when the database is busy or away."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that goes on until `stop` is set, and then ends by itself, soon.

    Attributes
    ----------
    run : callable
        Takes the event that says stop. What it raises stops the worker.
    """

    name: str
    run: Callable[[threading.Event], None]


def every(seconds: float, name: str, work: Callable[[], object], told: Callable[[str], None]) -> Job:
    """Make a job of a piece of work that is done again and again.

    Parameters
    ----------
    seconds : float
        From the end of one to the beginning of the next.
    told : callable
        Told in a sentence when the database was busy; the work is tried again.
    """

    def run(stop: threading.Event) -> None:
        while not stop.is_set():
            pause = seconds
            try:
                work()
            except Busy as busy:
                told(f"{name}: {busy}")
                pause = RETRY_SECONDS
            stop.wait(pause)

    return Job(name, run)


def run_jobs(jobs: Sequence[Job], stop: threading.Event) -> None:
    """Run all jobs until `stop` is set or one fails; return when every one has ended.

    Raises
    ------
    BaseException
        What the first job that failed raised; the others were stopped.
    """
    failures: list[BaseException] = []

    def run(job: Job) -> None:
        try:
            job.run(stop)
        except BaseException as error:
            failures.append(error)
        finally:
            # A job ends when it is told to, or because it failed: either way the worker is over.
            stop.set()

    threads = [threading.Thread(target=run, args=(job,), name=job.name) for job in jobs]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
