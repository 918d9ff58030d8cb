"""Live networks, views and requests from a retailer's day written by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fulfillment.domain.buffers import BufferRule
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import Decision, OnShort, OrderRequest
from fulfillment.domain.policy import Policy
from fulfillment.live.decide import Decider
from fulfillment.live.network import LiveNetwork
from fulfillment.live.stock_view import StockView
from fulfillment.scenario.tables import NO_INDEX, Scenario

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
"""When the orders of `tests.planning.days` are placed."""


def live(scenario: Scenario, policy: Policy | None = None, rules: Any = (), closed_on: Any = None) -> Decider:
    """The network and stock of a scenario, its safety stocks as rules beside others."""
    stock = scenario.stock
    network = LiveNetwork(
        scenario.nodes,
        scenario.skus,
        scenario.postal_codes,
        scenario.rates,
        policy or Policy.default(),
        scenario.kits,
        closed_on,
    )
    node_ids = [scenario.nodes.node_id[n] for n in stock.node.tolist()]
    sku_ids = [scenario.skus.sku_id[s] for s in stock.sku.tolist()]
    safety = [
        (node_id, sku_id, "", units)
        for node_id, sku_id, units in zip(node_ids, sku_ids, stock.safety_stock.tolist(), strict=True)
        if units
    ]
    view = StockView(network, [BufferRule(*rule) for rule in (*safety, *rules)])
    view.load(node_ids, sku_ids, stock.available.tolist(), [1] * len(stock))
    return Decider(network, view)


def requests(scenario: Scenario, on_short: OnShort = OnShort.PARTIAL) -> list[OrderRequest]:
    """The orders of a scenario in the sequence in which they were placed, all at nine."""
    orders, lines = scenario.orders, scenario.order_lines
    of_order: dict[int, list[Line]] = {}
    for order, number, sku, qty in zip(
        lines.order.tolist(), lines.line_no.tolist(), lines.sku.tolist(), lines.qty.tolist(), strict=True
    ):
        of_order.setdefault(order, []).append(Line(number, scenario.skus.sku_id[sku], qty))
    promises = orders.promise_by.astype("datetime64[us]").tolist()
    found = []
    for o, order_id in enumerate(orders.order_id):
        pickup = int(orders.pickup_node[o])
        method = Method(orders.method[o])
        found.append(
            OrderRequest(
                order_id=order_id,
                channel=orders.channel[o],
                method=method,
                lines=tuple(of_order[o]),
                placed_at=NINE,
                customer_id="C1",
                postal_code=scenario.postal_codes.postal_code[int(orders.postal[o])],
                pickup_node_id=None if pickup == NO_INDEX else scenario.nodes.node_id[pickup],
                promise_by=None if promises[o] is None else promises[o].replace(tzinfo=UTC),
                on_short=on_short,
            )
        )
    return found


def contents(decision: Decision) -> list[tuple[str, Mapping[tuple[int, str], int], str]]:
    """Node, units by (line, SKU), and service of each parcel, sorted."""
    return sorted(
        (
            (
                parcel.node_id,
                {(line.line_no, line.sku_id): line.qty for line in parcel.lines},
                parcel.service,
            )
            for parcel in decision.parcels
        ),
        key=repr,
    )
