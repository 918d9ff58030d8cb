"""What a plan's allocations mean for an order: units by line and by position, and the work of each node."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.fulfillment_orders import FulfillmentOrder
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.parcels import Parcel
from fulfillment.ids import IdSource
from fulfillment.store.fulfillment_orders import NodeWork
from fulfillment.store.orders import LockedOrder


@dataclass(frozen=True, slots=True)
class Allocation:
    """Units of one order line that travel in one parcel; `parcel_id` is unique within the plan."""

    order_id: str
    line_no: int
    sku_id: str
    node_id: str
    parcel_id: str
    carrier: str
    service: str
    qty: int


def by_order(allocations: Iterable[Allocation]) -> dict[str, list[Allocation]]:
    """Gather a plan's allocations by order.

    Raises
    ------
    InvalidRequest
        When a parcel belongs to two orders, nodes, carriers or services.
    """
    orders: dict[str, list[Allocation]] = {}
    parcels: dict[str, tuple[str, ...]] = {}
    for each in allocations:
        orders.setdefault(each.order_id, []).append(each)
        parcel = (each.order_id, each.node_id, each.carrier, each.service)
        if parcels.setdefault(each.parcel_id, parcel) != parcel:
            raise InvalidRequest(
                f"parcel {each.parcel_id} is both {parcels[each.parcel_id]} and {parcel}",
                remedy="give each parcel one order, node, carrier and service",
                key="parcel_id",
                value=each.parcel_id,
            )
    return orders


def units_by_line(allocations: Iterable[Allocation]) -> dict[tuple[int, str], int]:
    """Add up the units of each (line_no, sku_id)."""
    units: dict[tuple[int, str], int] = {}
    for each in allocations:
        units[each.line_no, each.sku_id] = units.get((each.line_no, each.sku_id), 0) + each.qty
    return units


def units_by_position(allocations: Iterable[Allocation]) -> dict[tuple[str, str], int]:
    """Add up the units taken from each (node_id, sku_id); two lines of one SKU draw on one row."""
    units: dict[tuple[str, str], int] = {}
    for each in allocations:
        units[each.node_id, each.sku_id] = units.get((each.node_id, each.sku_id), 0) + each.qty
    return units


def node_work(
    order: LockedOrder,
    allocations: Sequence[Allocation],
    decision_id: str,
    release_at: datetime,
    ids: IdSource,
) -> list[NodeWork]:
    """Make a fulfillment order for each node that serves the order, with the parcels it sends."""
    work = []
    ordered = sorted(allocations, key=lambda each: (each.node_id, each.parcel_id, each.line_no))
    for node_id, of_node in groupby(ordered, key=lambda each: each.node_id):
        its_allocations = list(of_node)
        fulfillment_order = FulfillmentOrder(
            fulfillment_order_id=ids.new_id(),
            order_id=order.order_id,
            node_id=node_id,
            method=Method(order.method),
            lines=_lines(its_allocations),
            release_at=release_at,
        )
        parcels = [
            _parcel(fulfillment_order.fulfillment_order_id, list(of_parcel), ids)
            for _, of_parcel in groupby(its_allocations, key=lambda each: each.parcel_id)
        ]
        work.append(NodeWork(fulfillment_order, decision_id, parcels))
    return work


def _parcel(fulfillment_order_id: str, allocations: Sequence[Allocation], ids: IdSource) -> Parcel:
    return Parcel(
        parcel_id=ids.new_id(),
        fulfillment_order_id=fulfillment_order_id,
        carrier=allocations[0].carrier,
        service=allocations[0].service,
        lines=_lines(allocations),
    )


def _lines(allocations: Iterable[Allocation]) -> tuple[Line, ...]:
    return tuple(Line(line_no, sku_id, qty) for (line_no, sku_id), qty in units_by_line(allocations).items())
