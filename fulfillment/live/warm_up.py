"""Compile what decides, before the first customer waits for it.

numba compiles a kernel at its first call and keeps the result on disk. A process that calls it here, on a
network that it makes up, has it in memory when the first order comes; only the first process after an
installation compiles, for most of a minute.
"""

import time
from datetime import UTC, datetime

from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import OrderRequest
from fulfillment.domain.policy import Policy
from fulfillment.live.decide import Decider
from fulfillment.live.network import LiveNetwork
from fulfillment.live.promise import PromiseRequest, promise
from fulfillment.live.stock_view import StockView
from fulfillment.scenario.generate import GeneratorParams, generate

_SIZE = GeneratorParams(orders=1, stores=2, warehouses=1, vendors=1, skus=4, postal_codes=4)
_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def compile_decisions() -> float:
    """Decide an order of a made-up customer, and promise it; returns the seconds it took."""
    began = time.monotonic()
    day = generate(_SIZE, seed=0)
    network = LiveNetwork(day.nodes, day.skus, day.postal_codes, day.rates, Policy.default())
    view = StockView(network)
    view.load(
        [day.nodes.node_id[node] for node in day.stock.node.tolist()],
        [day.skus.sku_id[sku] for sku in day.stock.sku.tolist()],
        day.stock.available.tolist(),
        [1] * len(day.stock),
    )
    request = OrderRequest(
        order_id="warm-up",
        channel="web",
        method=Method.SHIPPING,
        lines=tuple(Line(number, sku_id, 1) for number, sku_id in enumerate(day.skus.sku_id[:2], start=1)),
        placed_at=_AT,
        customer_id="nobody",
        postal_code=day.postal_codes.postal_code[0],
    )
    decider = Decider(network, view)
    decider.decide([request], _AT)
    promise(decider, PromiseRequest(channel="web", lines=request.lines, postal_code=request.postal_code), _AT)
    return time.monotonic() - began
