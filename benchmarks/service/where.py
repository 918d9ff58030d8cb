"""Where the service's time goes: CPU of each part, and what its threads wait for, under real load.

usage: python -m benchmarks.service.where [--db postgresql|sqlite] [--size 1565] [--scenario orders-spread]
                                          [--clients 32] [--seconds 10]

The service runs in this process, the client in another one. A sampler looks at every thread once a
millisecond: the CPU that a thread has used since the last look goes to the innermost frame of ours on its
stack, so what SQLAlchemy or the driver does stands with the statement that asked for it. The sampler itself
costs some of a core, so shares are to be believed and rates are not.
"""

import argparse
import collections
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from benchmarks.service import load
from benchmarks.service.__main__ import database_cpu, run_process
from benchmarks.service.databases import open_database
from benchmarks.service.figures import as_table
from benchmarks.service.retailer import SIZES, import_retailer, make_retailer
from benchmarks.service.scenarios import SCENARIOS
from fulfillment.settings import Settings
from tests.support.service import RunningService, running_service

SAMPLE_SECONDS = 0.001
ROOT = Path(__file__).resolve().parents[2]
OURS = ("api/", "fulfillment/", "solver/")
ROWS_SHOWN = 30

PARTS = {
    "fulfillment/live/feed.py": "following the ledger",
    "fulfillment/store/feed.py": "following the ledger",
    "fulfillment/store/rowset.py:execute_kept": "statements: the driver, and what it sends and reads",
    "fulfillment/store/transaction.py": "transactions: BEGIN, COMMIT, connections",
    "fulfillment/live/committer.py": "the queue, groups, telling who waits",
    "fulfillment/live/order_queue.py": "the queue, groups, telling who waits",
    "fulfillment/live/": "deciding",
    "fulfillment/network/": "deciding",
    "solver/": "deciding",
    "fulfillment/store/": "rows: as columns, as text, read back",
    "fulfillment/domain/": "entries, balances, orders, answers, events, ids",
    "fulfillment/services/": "entries, balances, orders, answers, events, ids",
    "fulfillment/": "entries, balances, orders, answers, events, ids",
    "api/": "HTTP: bodies, keys, answers, log",
    "": "HTTP: sockets, the event loop, threads",
}
"""What a place belongs to: the first that its path begins with."""


class Sampler(threading.Thread):
    """Adds up CPU and waiting by thread and place."""

    def __init__(self) -> None:
        super().__init__(name="sampler", daemon=True)
        self.cpu: collections.Counter[tuple[str, str]] = collections.Counter()
        self.waited: collections.Counter[tuple[str, str]] = collections.Counter()
        self._used: dict[int, float] = {}
        self._must_end = threading.Event()

    def run(self) -> None:
        last = time.perf_counter()
        while not self._must_end.wait(SAMPLE_SECONDS):
            now = time.perf_counter()
            self._look(now - last)
            last = now

    def stop(self) -> None:
        """End and wait for the end."""
        self._must_end.set()
        self.join()

    def _look(self, passed: float) -> None:
        frames = sys._current_frames()
        for thread in threading.enumerate():
            frame = frames.get(thread.ident or 0)
            if thread is self or frame is None or thread.ident is None:
                continue
            used = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            spent = used - self._used.get(thread.ident, used)
            self._used[thread.ident] = used
            where = (_kind(thread.name), _place(frame))
            self.cpu[where] += spent
            self.waited[where] += max(0.0, passed - spent)


def _kind(name: str) -> str:
    """Name a thread by what it is, not by its number."""
    return name.split("-")[0].split("_")[0].split(" ")[0]


def _part(thread: str, place: str) -> str:
    if thread == "ledger":  # the thread of the feed, whatever it calls
        return PARTS["fulfillment/live/feed.py"]
    return next(part for begin, part in PARTS.items() if place.startswith(begin))


def _place(frame: FrameType | None) -> str:
    """Find the innermost frame of ours, the place itself left out."""
    innermost = "outside"
    if frame is not None:
        innermost = f"({Path(frame.f_code.co_filename).name})"
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(str(ROOT)) and name[len(str(ROOT)) + 1 :].startswith(OURS):
            return f"{name[len(str(ROOT)) + 1 :]}:{frame.f_code.co_name}"
        frame = frame.f_back
    return innermost


@contextmanager
def sampling() -> Iterator[Sampler]:
    """Sample while the block runs."""
    # The sampler must get the interpreter when it asks, or it would see threads only where they give it up
    # by themselves: in a statement, which would then be told to have used what the lines before it did.
    before = sys.getswitchinterval()
    sys.setswitchinterval(SAMPLE_SECONDS / 10)
    sampler = Sampler()
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.stop()
        sys.setswitchinterval(before)


def measure(given: argparse.Namespace, service: RunningService, spec: load.Spec, scratch: Path) -> str:
    """Load the service and lay out where its time went."""
    written = load.write_spec(spec, scratch / "load.json")
    with sampling() as sampler:
        figures = run_process("benchmarks.service.load", written, spec.warm_up_seconds + spec.seconds)
    done = max(1, int(str(figures["acknowledged"])))
    total = sum(sampler.cpu.values())
    rows = [
        (
            f"{thread}  {place}",
            f"{1000 * cpu / done:.3f}",
            f"{cpu / total:.1%}",
            f"{1000 * sampler.waited[thread, place] / done:.3f}",
        )
        for (thread, place), cpu in sampler.cpu.most_common(ROWS_SHOWN)
    ]
    headings = ("thread, place", "CPU ms a unit", "share", "waited ms a unit")
    by_thread: collections.Counter[str] = collections.Counter()
    for (thread, _), cpu in sampler.cpu.items():
        by_thread[thread] += cpu
    by_part: collections.Counter[str] = collections.Counter()
    for (thread, place), cpu in sampler.cpu.items():
        by_part[_part(thread, place)] += cpu
    parts = [
        (name, f"{1000 * cpu / done:.3f}", f"{cpu / total:.1%}", "") for name, cpu in by_part.most_common()
    ]
    threads = [
        (name, f"{1000 * cpu / done:.3f}", f"{cpu / total:.1%}", "") for name, cpu in by_thread.items()
    ]
    return (
        f"{given.scenario}: {done} {SCENARIOS[given.scenario].work}, latency {figures['latency_ms']}\n"
        + as_table(("part", *headings[1:]), parts)
        + "\n"
        + as_table(headings, threads)
        + "\n"
        + as_table(headings, rows)
    )


def main(arguments: list[str]) -> int:
    """Measure one scenario and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.where")
    parser.add_argument("--db", default="postgresql", choices=("postgresql", "sqlite"))
    parser.add_argument("--size", choices=SIZES, default="1565")
    parser.add_argument("--scenario", choices=SCENARIOS, default="orders-spread")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--warm-up", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-where-") as folder, open_database(given.db) as database:
        scratch = Path(folder)
        facts = make_retailer(given.size, given.seed, scratch / "day").write(scratch / "facts.json")
        import_retailer(scratch / "day", database.url)
        with running_service(Settings(database_url=database.url)) as service:
            host, _, port = service.url.removeprefix("http://").partition(":")
            spec = load.Spec(
                scenario=given.scenario,
                facts=str(facts),
                host=host,
                port=int(port),
                key=service.key(),
                run=given.scenario,
                seed=given.seed,
                clients=given.clients,
                warm_up_seconds=given.warm_up,
                seconds=given.seconds,
            )
            before = database_cpu(database)
            table = measure(given, service, spec, scratch)
            sys.stdout.write(table + f"database: {database_cpu(database) - before:.2f} CPU seconds in all\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
