"""Time the running decision and promises, on the stock view of a scenario.

usage: python -m benchmarks.live SCENARIO_DIR

Orders of the day are decided in groups of 1, 8 and 64, from the request to the parcels in the retailer's
words, and nothing is committed, so that every group finds the same stock. Baskets of the same orders are
promised over all methods. Times are processor time of the one thread that works; a first round, which finds
the lanes of each postal code, is told apart.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from fulfillment.domain.buffers import EVERY_CHANNEL, BufferRule
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import OrderRequest
from fulfillment.domain.policy import Policy
from fulfillment.live.decide import Decider
from fulfillment.live.network import LiveNetwork
from fulfillment.live.promise import PromiseRequest, promise
from fulfillment.live.stock_view import StockView
from fulfillment.scenario.read import read_scenario
from fulfillment.scenario.tables import NO_INDEX, Scenario

GROUPS = (1, 8, 64)
ORDERS_MAX = 2_048
PROMISES_MAX = 512
Work = TypeVar("Work")
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LiveTimes:
    """Microseconds of processor time, warm unless said."""

    what: str
    count: int
    cold_mean_us: float  # an order or a basket, when its lanes are not known yet
    mean_us: float  # an order or a basket
    median_call_us: float  # a group, or a basket
    p99_call_us: float


def a_decider(scenario: Scenario) -> Decider:
    """Make the network and the view of a scenario."""
    stock = scenario.stock
    network = LiveNetwork(
        scenario.nodes,
        scenario.skus,
        scenario.postal_codes,
        scenario.rates,
        Policy.default(),
        scenario.kits,
    )
    node_ids = [scenario.nodes.node_id[n] for n in stock.node.tolist()]
    sku_ids = [scenario.skus.sku_id[s] for s in stock.sku.tolist()]
    safety = zip(node_ids, sku_ids, stock.safety_stock.tolist(), strict=True)
    view = StockView(network, [BufferRule(n, s, EVERY_CHANNEL, qty) for n, s, qty in safety if qty])
    view.load(node_ids, sku_ids, stock.available.tolist(), [1] * len(stock))
    return Decider(network, view)


def requests(scenario: Scenario, most: int) -> list[OrderRequest]:
    """Take orders of the day, evenly, as if they all came in now."""
    orders, lines = scenario.orders, scenario.order_lines
    wanted = np.unique(np.linspace(0, len(orders) - 1, min(most, len(orders))).astype(int)).tolist()
    of_order: dict[int, list[Line]] = {o: [] for o in wanted}
    columns = lines.order.tolist(), lines.line_no.tolist(), lines.sku.tolist(), lines.qty.tolist()
    for order, number, sku, qty in zip(*columns, strict=True):
        if order in of_order:
            of_order[order].append(Line(number, scenario.skus.sku_id[sku], qty))
    codes, node_id = scenario.postal_codes.postal_code, scenario.nodes.node_id
    postal, pickup = orders.postal.tolist(), orders.pickup_node.tolist()
    return [
        OrderRequest(
            order_id=orders.order_id[o],
            channel=orders.channel[o],
            method=Method(orders.method[o]),
            lines=tuple(of_order[o]),
            placed_at=NOW,
            customer_id="C",
            postal_code=None if postal[o] == NO_INDEX else codes[postal[o]],
            pickup_node_id=None if pickup[o] == NO_INDEX else node_id[pickup[o]],
        )
        for o in wanted
    ]


def time_live(
    scenario: Scenario, orders_max: int = ORDERS_MAX, baskets_max: int = PROMISES_MAX
) -> list[LiveTimes]:
    """Time decisions in groups, and promises."""
    found = requests(scenario, orders_max)
    baskets = [
        PromiseRequest(channel=each.channel, lines=each.lines, postal_code=each.postal_code)
        for each in found[:baskets_max]
        if each.postal_code is not None
    ]
    a_decider(scenario).decide(found[:1], NOW)  # compiles, or loads what was compiled before
    times = []
    for size in GROUPS:
        decider = a_decider(scenario)
        groups = [found[first : first + size] for first in range(0, len(found), size)]
        times.append(_timed(f"decide, groups of {size}", len(found), groups, decider))
    decider = a_decider(scenario)
    rounds = [_round(baskets, lambda basket: promise(decider, basket, NOW)) for _ in range(2)]
    return [*times, _times("promise", len(baskets), *rounds)]


def _timed(what: str, count: int, groups: Sequence[Sequence[OrderRequest]], decider: Decider) -> LiveTimes:
    rounds = [_round(groups, lambda group: decider.decide(group, NOW)) for _ in range(2)]
    return _times(what, count, *rounds)


def _round(work: Sequence[Work], do: Callable[[Work], object]) -> np.ndarray:
    nanos = np.empty(len(work), np.int64)
    for at, each in enumerate(work):
        begin = time.thread_time_ns()
        do(each)
        nanos[at] = time.thread_time_ns() - begin
    return nanos


def _times(what: str, count: int, cold: np.ndarray, warm: np.ndarray) -> LiveTimes:
    return LiveTimes(
        what=what,
        count=count,
        cold_mean_us=float(cold.sum()) / count / 1000,
        mean_us=float(warm.sum()) / count / 1000,
        median_call_us=float(np.median(warm)) / 1000,
        p99_call_us=float(np.quantile(warm, 0.99)) / 1000,
    )


def main(arguments: Sequence[str]) -> None:
    """Time a scenario's folder and write the figures as JSON."""
    times = time_live(read_scenario(Path(arguments[0])))
    sys.stdout.write(json.dumps([asdict(each) for each in times], indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
