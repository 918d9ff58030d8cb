"""Kill the service, or its database, at random moments under load, again and again, and judge what is left.

kill -9 takes a process away between any two instructions; it does not take away what the operating system has
buffered. So it proves the order of commit and answer, the log's replay, the pool's recovery and what clients
are told; it cannot prove that fsync reaches the disk. That rests on settings, which the service refuses to
start without (`fulfillment/store/safety.py`) and every round asserts again.
"""

import os
import random
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.service import server as service
from benchmarks.service.cpu import tree_of
from fulfillment.store.engine import open_engine
from fulfillment.store.transaction import read_snapshot
from tests.support.judge import Verdict, count_improved, judge
from tests.support.shoppers import Habits, Shoppers, some_of
from tests.support.worlds import World, kill_postgresql, open_world, restart_postgresql

SETTLE_SECONDS_MAX = 240
"""How long the last order may wait for its answer once nothing is killed any more."""
IMPROVE_SECONDS_MAX = 30


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is killed, how often, under which load.

    Attributes
    ----------
    victims : tuple of str
        What each round kills, in turn: ``service`` (all its processes), ``worker`` (one of several),
        ``database`` (the PostgreSQL server with all its processes), ``planner`` (what plans open orders
        again beside the service).
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

    @property
    def has_planner(self) -> bool:
        """Whether open orders are planned again all the while."""
        return "planner" in self.victims


@dataclass
class Outcome:
    """Figures of a campaign."""

    kills: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    refused: int = 0
    repeated: int = 0
    lost: int = 0
    unasked: int = 0
    improved: int = 0
    faults: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    seconds_to_recover: list[float] = field(default_factory=list)
    seconds: float = 0.0


def run_campaign(campaign: Campaign) -> Outcome:
    """Kill, restart and judge, round after round."""
    draw = random.Random(campaign.seed)
    outcome = Outcome()
    began = time.monotonic()
    with ExitStack() as stack:
        world = stack.enter_context(
            open_world(campaign.database, workers=campaign.workers, seed=campaign.seed, twin=campaign.twin)
        )
        habits = Habits(some_of(world.facts), campaign.clients, twin_share=0.05)
        shoppers = Shoppers(world.server.target, world.facts, habits, run="crash", seed=campaign.seed)
        shoppers.start()
        if campaign.has_planner:
            world.start_planner()
        for number in range(campaign.rounds):
            victim = campaign.victims[number % len(campaign.victims)]
            time.sleep(draw.uniform(*campaign.seconds_between))
            _wait_for_more(shoppers)
            if victim == "planner":
                _wait_for_improvements(world, outcome.improved)
            _kill_and_recover(world, victim, draw, outcome)
            _take(outcome, _judge(world, shoppers), f"round {number}, {victim} killed")
        _wait_for_more(shoppers)
        told = shoppers.finish(SETTLE_SECONDS_MAX)
        verdict = _judge(world, shoppers)
        _take(outcome, verdict, "at the end")
        # Every client has its answer by now, so nobody's order may stand there unasked.
        if verdict.unasked:
            outcome.faults.append(f"{verdict.unasked} orders that no client was told of")
        if campaign.has_planner and not verdict.improved:
            outcome.faults.append("nothing was planned again, so kills of the planner prove nothing")
        outcome.faults.extend(told.wrong)
        outcome.acknowledged, outcome.refused = len(told.acknowledged), len(told.refused)
        outcome.repeated = told.repeated
        outcome.statuses, outcome.codes = dict(told.statuses), dict(told.codes)
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def _take(outcome: Outcome, verdict: Verdict, when: str) -> None:
    outcome.lost = max(outcome.lost, verdict.lost)
    outcome.unasked = max(outcome.unasked, verdict.unasked)
    outcome.improved = verdict.improved
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


def _wait_for_improvements(world: World, before: int) -> None:
    """Wait until the planner swaps, as long as it may: once the shelves are bare nothing gets better."""
    engine = open_engine(world.url)
    deadline = time.monotonic() + IMPROVE_SECONDS_MAX
    try:
        while read_snapshot(engine, count_improved) <= before and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        engine.dispose()


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
    elif victim == "planner":
        world.stop_planner()
        world.start_planner()
    else:
        raise ValueError(f"nobody knows how to kill {victim}")
    outcome.seconds_to_recover.append(round(time.monotonic() - began, 2))


def _is_python(pid: int) -> bool:
    try:
        return "multiprocessing.spawn" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False
