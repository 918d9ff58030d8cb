"""Rules for order lines."""

import numpy as np

from fulfillment.scenario import limits
from fulfillment.scenario.cells import read_ids, read_numbers, read_whole, to_ints
from fulfillment.scenario.keys import find_positions, flag_repeated
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import NO_INDEX, OrderLines, Orders, Skus


def read_order_lines(sheet: Sheet, orders: Orders, skus: Skus) -> OrderLines:
    """Read lines and report what is wrong with them; they come back sorted by order."""
    order = find_positions(sheet, "order_id", read_ids(sheet, "order_id"), orders.order_id, "orders")
    sku = find_positions(sheet, "sku_id", read_ids(sheet, "sku_id"), skus.sku_id, "skus")
    line_no = read_numbers(sheet, "line_no", least=0, most=limits.NUMBERS, decimals=0)
    qty = read_whole(sheet, "qty", least=1, most=limits.ORDERED_UNITS)
    flag_repeated(
        sheet,
        "line_no",
        [order, to_ints(line_no, 0)],
        "the order has a line of this number already",
        (order != NO_INDEX) & ~np.isnan(line_no),
    )
    by_order = np.argsort(order, kind="stable")
    return OrderLines(
        order=order[by_order],
        line_no=to_ints(line_no, 0)[by_order],
        sku=sku[by_order],
        qty=qty[by_order],
    )
