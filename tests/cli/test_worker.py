"""`fulfillment worker` as a process: it stops when asked, and losing it loses nothing."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update

from fulfillment.cli.output import Output
from fulfillment.cli.worker import make_jobs
from fulfillment.settings import Settings
from fulfillment.store.engine import open_engine
from fulfillment.store.schema.messaging import webhook
from tests.live.waiting import AV, BV, World
from tests.support.databases import KINDS, ledger_database
from tests.support.ledgers import NOON
from tests.support.receiver import Receiver, receiver
from tests.support.webhooks import subscribe, tell, webhook_now

PROJECT = Path(__file__).parents[2]
WORKER = ["-c", "from fulfillment.cli import main; main()", "worker", "--db"]
FORGETFUL = ["-m", "tests.support.forgetful_worker"]
WAIT_SECONDS_MAX = 240.0
SUBJECTS = 4


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ledger_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def ledger(database: str) -> Iterator[Engine]:
    engine = open_engine(database)
    yield engine
    engine.dispose()


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process of ours, which does not outlive the test."""
    running = subprocess.Popen(
        [sys.executable, *arguments], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.kill()
        running.communicate(timeout=WAIT_SECONDS_MAX)


def wait_until(is_so: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not is_so():
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def let_leases_end(ledger: Engine) -> None:
    """As if the time of a lease had passed; a test of leases themselves needs no process."""
    with ledger.begin() as connection:
        is_leased = webhook.c.leased_until.is_not(None)
        connection.execute(update(webhook).where(is_leased).values(leased_until=NOON))


def blocks_at(count: int) -> tuple[Callable[[dict[str, Any]], int], threading.Event, threading.Event]:
    """A reply that takes `count` events and then makes everybody wait; says when, and until when."""
    blocked, go_on = threading.Event(), threading.Event()
    taken, lock = 0, threading.Lock()

    def reply(_: dict[str, Any]) -> int:
        nonlocal taken
        with lock:
            taken += 1
            waits = taken > count
        if waits and not go_on.is_set():
            blocked.set()
            go_on.wait(WAIT_SECONDS_MAX)
            return 503  # whoever waited is dead
        return 204

    return reply, blocked, go_on


def kill_in_the_middle(
    ledger: Engine, endpoint: Receiver, worker: list[str], events: list[tuple[str, str]]
) -> None:
    """Tell events, let a worker deliver some, and kill -9 it while requests are on their way."""
    tell(ledger, *events)
    endpoint.reply, blocked, go_on = blocks_at(len(endpoint.taken) + len(events) // 3)
    with process(*worker) as running:
        wait_until(blocked.is_set, running)
        running.send_signal(signal.SIGKILL)
        running.wait(WAIT_SECONDS_MAX)
    go_on.set()
    endpoint.reply = lambda _: 204
    let_leases_end(ledger)


def test_a_worker_that_is_killed_loses_no_event(database: str, ledger: Engine) -> None:
    """Again and again; the last one may finish. Each subject's events come in order, some of them twice."""
    with receiver() as endpoint:
        subscribe(ledger, endpoint.url)
        told: list[tuple[str, str]] = []
        for life in range(2):
            events = [(f"e{life}-{n}", f"O{n % SUBJECTS}") for n in range(24)]
            kill_in_the_middle(ledger, endpoint, [*WORKER, database], events)
            told += events
        assert len(set(endpoint.ids())) < len(told)
        with process(*WORKER, database) as running:
            wait_until(lambda: len(set(endpoint.ids())) == len(told), running)
        for subject in range(SUBJECTS):
            its = [event_id for event_id, of in told if of == f"O{subject}"]
            assert list(dict.fromkeys(endpoint.ids(f"O{subject}"))) == its


def test_a_worker_that_writes_before_it_sends_is_seen_to_lose_events(database: str, ledger: Engine) -> None:
    """The broken twin of the test above."""
    events = [(f"e{n}", f"O{n % SUBJECTS}") for n in range(24)]
    with receiver() as endpoint:
        subscribe(ledger, endpoint.url)
        kill_in_the_middle(ledger, endpoint, [*FORGETFUL, database], events)
        tell(ledger, ("last", "O0"))
        with process(*WORKER, database) as running:
            wait_until(lambda: "last" in endpoint.ids(), running)
            assert webhook_now(ledger).attempts == 0
        assert len(set(endpoint.ids())) < len(events)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_stop_finishes_what_it_began(
    database: str, ledger: Engine, number: signal.Signals
) -> None:
    if ledger.dialect.name == "postgresql" and number is signal.SIGINT:
        pytest.skip("the signals differ in nothing that a database sees")
    with receiver() as endpoint:
        subscribe(ledger, endpoint.url)
        tell(ledger, *((f"e{n}", "O1") for n in range(5)))
        endpoint.reply, blocked, go_on = blocks_at(2)
        with process(*WORKER, database) as running:
            wait_until(blocked.is_set, running)
            endpoint.reply = lambda _: 204
            running.send_signal(number)
            time.sleep(0.2)
            go_on.set()
            said, _ = running.communicate(timeout=WAIT_SECONDS_MAX)
        assert (running.returncode, "what was begun is finished" in said) == (0, True), said
        assert endpoint.ids() == ["e0", "e1"]
        with ledger.connect() as connection:
            row = connection.execute(webhook.select()).one()
        assert (row.lease, row.attempts) == (None, 1)
        assert str(webhook_now(ledger).delivered) == endpoint.taken[-1]["cursor"]


class Heard(Output):
    """Hears what a worker says, and tells it to stop when that has some words in it."""

    def __init__(self, words: str) -> None:
        super().__init__(as_json=False, stdout=sys.stdout, stderr=sys.stderr)
        self.stop = threading.Event()
        self._words = words

    def line(self, text: str = "") -> None:
        if self._words in text:
            self.stop.set()


def do_until(world: World, words: str) -> None:
    """Let a worker do the job that says so until it has."""
    out = Heard(words)
    (job,) = [
        job
        for job in make_jobs(world.ledger, Settings(), world.clock, world.ids, out)
        if words.startswith(job.name)
    ]
    too_long = threading.Timer(WAIT_SECONDS_MAX, out.stop.set)
    too_long.start()
    job.run(out.stop)
    too_long.cancel()


def test_a_worker_routes_what_was_lost_and_fills_what_waits(ledger: Engine) -> None:
    world = World(ledger, {AV: 2, BV: 1})
    world.place("O1", 2)
    world.release()
    world.sell(AV, 1)
    do_until(world, "re-route lost units: 1 orders")
    world.place("O2", 1)
    world.receive(BV, 1)
    do_until(world, "fill back-orders: 1 of 1")
    assert world.allocated() == {"O1": ("in_progress", 2), "O2": ("allocated", 1)}
