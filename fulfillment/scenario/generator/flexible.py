"""Customers of a generated retailer who leave the choice: collect here or there, or have it shipped."""

import numpy as np

from fulfillment.scenario.generator.demand import PICK_UP, SHIPPING, choose_stores
from fulfillment.scenario.generator.params import GeneratorParams
from fulfillment.scenario.generator.places import Places
from fulfillment.scenario.tables import METHODS, NO_INDEX, Alternatives, Orders


def make_alternatives(
    params: GeneratorParams, places: Places, orders: Orders, rng: np.random.Generator
) -> Alternatives:
    """Let a share of the orders be collected at one or two stores of the customer's area instead.

    What was to be collected may be shipped too. Who lives where no store is has no choice.
    """
    is_flexible = rng.random(len(orders)) < params.flexible_orders
    metro = places.postal_metro[orders.postal]
    one, other = (choose_stores(places, metro, rng) for _ in range(2))
    two = rng.random(len(orders)) < 0.5
    ways = [
        (METHODS.index(PICK_UP), one, (one != orders.pickup_node)),
        (METHODS.index(PICK_UP), other, (other != one) & (other != orders.pickup_node) & two),
        (METHODS.index(SHIPPING), np.full(len(orders), NO_INDEX), orders.pickup_node != NO_INDEX),
    ]
    columns = [
        np.column_stack((at, np.full(len(at), number), np.full(len(at), method), store[at]))
        for number, (method, store, is_offered) in enumerate(ways, start=1)
        for at in [np.flatnonzero(is_flexible & is_offered & (one != NO_INDEX))]
    ]
    rows = np.concatenate(columns)
    order, number, method, pickup_node = rows[np.lexsort((rows[:, 1], rows[:, 0]))].T.copy()
    return Alternatives(order, number, method, pickup_node)
