"""Rules for stock positions."""

from fulfillment.scenario import limits
from fulfillment.scenario.cells import read_ids, read_whole
from fulfillment.scenario.keys import find_positions, flag_repeated
from fulfillment.scenario.moments import read_dates
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import NO_INDEX, Nodes, Skus, Stock


def read_stock(sheet: Sheet, nodes: Nodes, skus: Skus) -> Stock:
    """Read positions and report what is wrong with them; blank incoming counts as none."""
    node = find_positions(sheet, "node_id", read_ids(sheet, "node_id"), nodes.node_id, "nodes")
    sku = find_positions(sheet, "sku_id", read_ids(sheet, "sku_id"), skus.sku_id, "skus")
    flag_repeated(
        sheet,
        "sku_id",
        [node, sku],
        "the node has a position for this SKU already",
        (node != NO_INDEX) & (sku != NO_INDEX),
    )
    return Stock(
        node=node,
        sku=sku,
        available=read_whole(sheet, "available", least=0, most=limits.UNITS),
        safety_stock=read_whole(sheet, "safety_stock", least=0, most=limits.UNITS),
        incoming=read_whole(sheet, "incoming", least=0, most=limits.UNITS, blank=0),
        incoming_on=read_dates(sheet, "incoming_on"),
    )
