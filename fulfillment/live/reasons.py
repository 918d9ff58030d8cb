"""Why units of an order got no node, on what is left after the order took what it could."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from fulfillment.domain.lines import Line
from fulfillment.domain.placing import UnfilledUnits, WhyUnfilled
from fulfillment.live.group import Basket, GroupProblem, Wanted
from solver.problem import NO_LANE, NO_TARIFF, UNLIMITED_PARCELS

Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


def unknown_units(basket: Basket) -> tuple[UnfilledUnits, ...]:
    """Name the lines of SKUs that nobody knows."""
    return tuple(_unfilled(line, line.qty, WhyUnfilled.UNKNOWN_SKU) for line in basket.unknown)


def unfilled_units(
    o: int, missing: Sequence[int], group: GroupProblem, stock_left: Int64s, node_left: Int64s
) -> tuple[UnfilledUnits, ...]:
    """Give a reason for the items that each line of the o-th order misses; those of the last numbers first.

    stock_left, node_left : int64[h] units, int64[n] parcels that are left.
    """
    return unfilled_lines(
        group.orders[o].basket, missing, lambda at: _reason(o, at, group, stock_left, node_left)
    )


def unfilled_lines(
    basket: Basket, missing: Sequence[int], reason_of: Callable[[int], WhyUnfilled]
) -> tuple[UnfilledUnits, ...]:
    """Name the units of the items that each line of a basket misses, those of the last numbers first.

    reason_of : told for the number of a line of the basket.
    """
    found = list[UnfilledUnits]()
    for at, ((item, _, lines), items) in enumerate(zip(basket.lines, missing, strict=True)):
        if items:
            found += _from_the_last(lines, items * item.units, reason_of(at))
    return tuple(found)


def whole_order_units(wanted: Wanted, short: Sequence[UnfilledUnits]) -> tuple[UnfilledUnits, ...]:
    """Name what lacks of an order that leaves complete or not at all.

    Where it is the customer who wants it so, that is what could not be had. Where it is the policy, the order
    is written down all the same, and so all its units are unfilled.
    """
    if wanted.is_rejected_short:
        return tuple(short)
    lacking: dict[int, int] = {}
    for units in short:
        lacking[units.line_no] = lacking.get(units.line_no, 0) + units.qty
    rest = [
        _unfilled(line, qty, WhyUnfilled.SHIP_COMPLETE)
        for _, _, lines in wanted.basket.lines
        for line in lines
        if (qty := line.qty - lacking.get(line.line_no, 0))
    ]
    return (*short, *rest)


def why_unfilled(
    node: Int32s,
    band_row: Int16s,
    slack: Int16s,
    node_class: Int32s,
    tariff_of: Int32s,
    node_left: Int64s,
    *,
    is_cut: bool,
) -> WhyUnfilled:
    """Give the reason for an item that could not be had although these nodes have some of it left.

    band_row, node_left : [n], the lanes to where it should go, and parcels that are left.
    slack, node_class, tariff_of : int16[k], how late parcels may be; whose departure class is which, and what
    is offered then.   is_cut : whether the parcels of the order are limited.
    """
    if len(node) == 0:
        return WhyUnfilled.NO_STOCK
    band = band_row[node]
    node, band = node[band != NO_LANE], band[band != NO_LANE]
    if len(node) == 0:
        return WhyUnfilled.OUT_OF_REACH
    slack = slack[node_class[node]]
    in_time = (slack >= 0) & (tariff_of[band, slack] != NO_TARIFF)
    if not in_time.any():
        return WhyUnfilled.TOO_LATE
    if not (node_left[node[in_time]] > 0).any():
        return WhyUnfilled.NO_CAPACITY
    # Of a kit or a pack the components are there, but lines of the order share them.
    return WhyUnfilled.PARCEL_LIMIT if is_cut else WhyUnfilled.NO_STOCK


def _reason(o: int, at: int, group: GroupProblem, stock_left: Int64s, node_left: Int64s) -> WhyUnfilled:
    p = group.arrays
    sku = p.line_sku[p.order_ptr[o] + at]
    begin, end = int(p.sku_ptr[sku]), int(p.sku_ptr[sku + 1])
    return why_unfilled(
        p.pos_node[begin:end][_items_left(group, begin, end, stock_left) > 0],
        p.lane_band[p.order_destination[o]],
        p.transit_slack[p.order_promise_class[o]],
        p.node_departure_class,
        p.tariff_of,
        node_left,
        is_cut=bool(p.order_parcels_max[o] < UNLIMITED_PARCELS),
    )


def _items_left(group: GroupProblem, begin: int, end: int, stock_left: Int64s) -> Int64s:
    n_stock = len(stock_left)
    if end <= n_stock:
        return stock_left[begin:end]
    p = group.arrays
    return np.array(
        [
            min(stock_left[p.recipe_pos[r]] // p.recipe_qty[r] for r in range(*_recipe(group, pos - n_stock)))
            for pos in range(begin, end)
        ],
        np.int64,
    )


def _recipe(group: GroupProblem, i: int) -> tuple[int, int]:
    return int(group.arrays.recipe_ptr[i]), int(group.arrays.recipe_ptr[i + 1])


def _from_the_last(lines: Sequence[Line], units: int, reason: WhyUnfilled) -> list[UnfilledUnits]:
    found = list[UnfilledUnits]()
    for line in reversed(lines):
        some = min(units, line.qty)
        if some:
            found.append(_unfilled(line, some, reason))
        units -= some
    return found[::-1]


def _unfilled(line: Line, qty: int, reason: WhyUnfilled) -> UnfilledUnits:
    return UnfilledUnits(line.line_no, line.sku_id, qty, reason)
