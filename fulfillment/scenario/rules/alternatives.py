"""Rules for alternatives: further ways to serve a whole order."""

import numpy as np

from fulfillment.scenario import limits
from fulfillment.scenario.cells import is_blank, read_choice, read_ids, read_numbers, to_ints
from fulfillment.scenario.keys import find_positions, flag_repeated
from fulfillment.scenario.rules.orders import read_pickup_nodes
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import METHODS, NO_INDEX, Alternatives, Bools, Nodes, Orders


def read_alternatives(sheet: Sheet, orders_sheet: Sheet, orders: Orders, nodes: Nodes) -> Alternatives:
    """Read alternatives and report what is wrong with them; they come back sorted by order and number."""
    order = find_positions(sheet, "order_id", read_ids(sheet, "order_id"), orders.order_id, "orders")
    numbers = read_numbers(sheet, "alternative", least=0, most=limits.NUMBERS, decimals=0)
    number = to_ints(numbers, 0)
    flag_repeated(
        sheet,
        "alternative",
        [order, number],
        "the order has an alternative of this number already",
        (order != NO_INDEX) & ~np.isnan(numbers),
        "Give one of the rows {} and {} another number, or drop it.",
    )
    words = read_choice(sheet, "method", METHODS)
    method = np.array([METHODS.index(word) if word in METHODS else NO_INDEX for word in words], np.int64)
    is_pickup = method == METHODS.index("PICK_UP")
    is_delivery = (method != NO_INDEX) & ~is_pickup
    pickup_node = read_pickup_nodes(
        sheet, nodes, is_pickup, is_delivery, "a PICK_UP alternative", "nothing can be collected there"
    )
    sheet.flag(
        "method",
        is_delivery & np.append(_are_without_place(orders_sheet, orders), False)[order],
        "the order names no postal code to deliver to",
        "Write the order's postal_code, or drop the alternative.",
    )
    by_order = np.lexsort((number, order))
    return Alternatives(
        order=order[by_order],
        number=number[by_order],
        method=method[by_order],
        pickup_node=pickup_node[by_order],
    )


def _are_without_place(sheet: Sheet, orders: Orders) -> Bools:
    """Mark the orders of PICK_UP that leave their postal code blank; of others it was asked for."""
    collected = np.array([method == "PICK_UP" for method in orders.method], np.bool_)
    return collected & is_blank(read_ids(sheet, "postal_code", optional=True)) & sheet.has("postal_code")
