"""Many clients race for the last units of one SKU over HTTP, and now and then two send one order at once."""

import random
import time
from dataclasses import dataclass, field

from fulfillment.store.engine import open_engine
from fulfillment.store.entries import balances
from fulfillment.store.transaction import read_snapshot
from tests.support.judge import judge
from tests.support.shoppers import Habits, Shoppers
from tests.support.worlds import World, open_world

SECONDS_MAX = 60
ATTEMPTS_PER_SECOND_MIN = 50


@dataclass(frozen=True, slots=True)
class Race:
    """How many race for what.

    Attributes
    ----------
    attempts : int
        Different orders, of one unit each.
    twin_share : float
        Of the requests, those that ask for an order that another client waits for at this moment.
    """

    database: str
    workers: int
    units: int
    attempts: int
    clients: int = 32
    twin_share: float = 0.1
    seed: int = 1
    twin: str = ""


@dataclass
class Finish:
    """What became of it."""

    sold: int
    refused: int
    repeated: int
    left: int
    statuses: dict[int, int]
    codes: dict[str, int]
    seconds: float
    faults: list[str] = field(default_factory=list)


def run_race(race: Race) -> Finish:
    """Let all attempts be made and answered, then judge."""
    with open_world(
        race.database, workers=race.workers, seed=race.seed, twin=race.twin, scarce=race.units
    ) as world:
        sku_id = world.facts.sku_ids[0]

        def one_unit(_: random.Random) -> dict[str, int]:
            return {sku_id: 1}

        habits = Habits(
            one_unit, race.clients, race.attempts, repeated_share=0.02, twin_share=race.twin_share
        )
        shoppers = Shoppers(world.server.target, world.facts, habits, run="race", seed=race.seed)
        began = time.monotonic()
        shoppers.start()
        told = shoppers.wait(SECONDS_MAX + race.attempts / ATTEMPTS_PER_SECOND_MIN)
        seconds = round(time.monotonic() - began, 1)
        faults = [*told.wrong, *_faults(world, shoppers)]
        return Finish(
            sold=len(told.acknowledged),
            refused=len(told.refused),
            repeated=told.repeated,
            left=_left(world, sku_id),
            statuses=dict(told.statuses),
            codes=dict(told.codes),
            seconds=seconds,
            faults=faults,
        )


def _faults(world: World, shoppers: Shoppers) -> list[str]:
    engine = open_engine(world.url)
    try:
        return judge(engine, shoppers.told.acknowledged.values(), shoppers.told.refused.values()).faults
    finally:
        engine.dispose()


def _left(world: World, sku_id: str) -> int:
    """Count the units that nobody has bought."""
    engine = open_engine(world.url)
    try:
        found = read_snapshot(engine, balances)
    finally:
        engine.dispose()
    return sum(balance.available for (_, sku), balance in found.items() if sku == sku_id)
