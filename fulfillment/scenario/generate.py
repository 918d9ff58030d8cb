"""Make up a retailer's day: for the demo, for benchmarks and for tests."""

import numpy as np

from fulfillment.domain.errors import InvalidRequest
from fulfillment.scenario.generator.catalogue import make_skus
from fulfillment.scenario.generator.demand import make_order_lines, make_orders
from fulfillment.scenario.generator.flexible import make_alternatives
from fulfillment.scenario.generator.kits import (
    ask_for_kits,
    choose_kits,
    leave_out_kits,
    take_apart,
    wrap_kits,
)
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
    # A stream that is added last leaves those before it as they were.
    streams = np.random.default_rng(seed).spawn(8)
    for_places, for_skus, for_orders, for_lines, for_ranges, for_stock, for_kits, for_choices = streams
    places = make_places(params, for_places)
    kits = choose_kits(params, for_kits)
    order_lines = ask_for_kits(params, make_order_lines(params, for_lines), kits, for_kits)
    taken = take_apart(order_lines, kits, params.skus)
    demand = np.bincount(taken.sku, taken.qty, params.skus).astype(np.float64)
    ranges = leave_out_kits(make_ranges(params, demand, for_ranges), kits)
    orders = make_orders(params, places, ranges, taken, for_orders)
    return Scenario(
        nodes=places.nodes,
        skus=wrap_kits(make_skus(params.skus, for_skus), kits),
        stock=make_stock(params, ranges, demand, for_stock),
        orders=orders,
        order_lines=order_lines,
        postal_codes=places.postal_codes,
        rates=make_rates(),
        kits=kits,
        alternatives=make_alternatives(params, places, orders, for_choices),
    )
