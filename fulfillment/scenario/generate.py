"""Make up a retailer's day: for the demo, for benchmarks and for tests."""

import numpy as np

from fulfillment.domain.errors import InvalidRequest
from fulfillment.scenario.generator.catalogue import make_skus
from fulfillment.scenario.generator.demand import make_order_lines, make_orders
from fulfillment.scenario.generator.params import GeneratorParams
from fulfillment.scenario.generator.places import make_places
from fulfillment.scenario.generator.price_lists import make_rates
from fulfillment.scenario.generator.ranges import make_ranges
from fulfillment.scenario.generator.supply import make_stock
from fulfillment.scenario.tables import Scenario

__all__ = ["GeneratorParams", "generate"]


def generate(params: GeneratorParams, seed: int) -> Scenario:
    """Make a day of orders for a retailer in the United States.

    Metropolitan areas are facts; everything else is made up: sites and postal codes scattered around them,
    products, prices, orders and stock.

    Parameters
    ----------
    params : GeneratorParams
        Sizes and severities.
    seed : int
        Not negative. Same parameters and seed, same scenario; each part draws from a stream of its own, so
        that another catalogue does not move the stores.

    Returns
    -------
    Scenario
        Valid by the rules of `validate_scenario`.

    Raises
    ------
    InvalidRequest
        When the seed is negative.
    """
    if seed < 0:
        raise InvalidRequest(f"seed is {seed}", remedy="it may be 0 or more", key="seed", value=seed)
    streams = np.random.default_rng(seed).spawn(6)
    for_places, for_skus, for_orders, for_lines, for_ranges, for_stock = streams
    places = make_places(params, for_places)
    order_lines = make_order_lines(params, for_lines)
    demand = np.bincount(order_lines.sku, order_lines.qty, params.skus).astype(np.float64)
    ranges = make_ranges(params, demand, for_ranges)
    return Scenario(
        nodes=places.nodes,
        skus=make_skus(params.skus, for_skus),
        stock=make_stock(params, ranges, demand, for_stock),
        orders=make_orders(params, places, ranges, order_lines, for_orders),
        order_lines=order_lines,
        postal_codes=places.postal_codes,
        rates=make_rates(),
    )
