"""A crowd buys what several nodes have, through committers that know each other by the ledger alone."""

import itertools
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import FulfillmentError
from fulfillment.domain.placing import OnShort
from fulfillment.live.committer import Committer
from fulfillment.live.feed import Feed
from fulfillment.live.load import load_live
from fulfillment.services.load_day import load_day
from fulfillment.services.place_orders import Placement
from fulfillment.store.claims_audit import audit_claims
from fulfillment.store.entries import audit, balances
from fulfillment.store.transaction import read_snapshot
from tests.support.days import NOON, a_day
from tests.support.placing import a_committer, a_placement

Lines = Sequence[tuple[str, int]]
CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Shelves:
    """So many units of so many SKUs at each of so many nodes, and the orders for them."""

    nodes: int
    skus: int
    units: int
    orders: Sequence[Lines]

    def most(self) -> int:
        """Units that are sold when everybody gets what there is."""
        demand: Counter[str] = Counter()
        for sku_id, qty in itertools.chain.from_iterable(self.orders):
            demand[sku_id] += qty
        return sum(min(qty, self.nodes * self.units) for qty in demand.values())


def scarce(orders: int = 650, *, nodes: int = 20, seed: int = 1) -> Shelves:
    """Ten SKUs of which every node has five units, and orders of 1 to 4 lines for half as many again."""
    shelves = Shelves(nodes, 10, 5, ())
    demand = shelves.nodes * shelves.skus * shelves.units * 3 // 2
    chance = random.Random(seed)
    wanted = [chance.sample(range(shelves.skus), chance.randint(1, 4)) for _ in range(orders)]
    lines = [[(f"S{sku}", 1) for sku in order] for order in wanted]
    # The rest of the demand goes to lines drawn at random.
    for _ in range(max(0, demand - sum(len(order) for order in lines))):
        order = chance.choice(lines)
        at = chance.randrange(len(order))
        order[at] = (order[at][0], order[at][1] + 1)
    return replace(shelves, orders=lines)


def uniform(orders: int = 4_000, *, nodes: int = 20, skus: int = 1_000, seed: int = 1) -> Shelves:
    """Plenty of everything."""
    chance = random.Random(seed)
    wanted = [chance.sample(range(skus), chance.randint(1, 4)) for _ in range(orders)]
    lines = [[(f"S{sku}", chance.randint(1, 3)) for sku in order] for order in wanted]
    return Shelves(nodes, skus, 50, lines)


@dataclass
class Sold:
    """What became of it; `errors` are what no client should see."""

    units: int = 0
    refused: list[Lines] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    left: Mapping[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def refused_without_cause(self) -> list[Lines]:
        """Orders that what is left could fill: units only ever went, so they could have been filled then."""
        return [lines for lines in self.refused if all(self.left.get(sku, 0) >= qty for sku, qty in lines)]


def sell(
    ledger: Engine,
    shelves: Shelves,
    *,
    on_short: OnShort = OnShort.REJECT,
    committers: int = 2,
    **limits: Any,
) -> Sold:
    """Let clients place all orders, each with the committer next in turn."""
    clock = ManualClock(NOON)
    stock = {
        (f"N{n:02}", f"S{sku}"): shelves.units for n in range(shelves.nodes) for sku in range(shelves.skus)
    }
    day = a_day(stock, {})
    near = [40.7 + n / 100 for n in range(shelves.nodes)]  # all within reach of the one postal code
    load_day(ledger, replace(day, nodes=replace(day.nodes, lat=near)), actor="import", clock=clock)
    sold = Sold()
    with ExitStack() as stack:
        theirs = [
            stack.enter_context(
                a_committer(ledger, Feed(ledger, load_live(ledger, clock), clock).decider, clock, **limits)
            )
            for _ in range(committers)
        ]

        def buy(number: int) -> None:
            asked = a_placement(f"O{number}", *shelves.orders[number], on_short=on_short)
            _buy(theirs[number % committers], asked, sold)

        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(buy, range(len(shelves.orders))))
    _look(ledger, sold)
    return sold


def _buy(committer: Committer, asked: Placement, sold: Sold) -> None:
    try:
        answer = committer.submit(asked).result(120)
    except FulfillmentError as error:
        sold.errors.append(f"{asked.request.order_id}: {error!r}")
        return
    if answer.status == 409:
        sold.refused.append([(line.sku_id, line.qty) for line in asked.request.lines])
    elif answer.status != 201:
        sold.errors.append(f"{asked.request.order_id}: {answer}")


def _look(ledger: Engine, sold: Sold) -> None:
    left: Counter[str] = Counter()
    for (_, sku_id), balance in read_snapshot(ledger, balances).items():
        left[sku_id] += balance.available
        sold.units += balance.committed
    sold.left = left
    sold.complaints = [str(each) for each in read_snapshot(ledger, audit).disagreements]
    sold.complaints += [str(each) for each in read_snapshot(ledger, audit_claims)]
