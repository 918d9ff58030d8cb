"""Write orders as they are placed: with their lines, the decision on them and the work that it makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table

from fulfillment.domain.lines import Line
from fulfillment.domain.placing import Decision, OnShort, OrderRequest, PlannedParcel
from fulfillment.domain.transitions import FulfillmentOrderState, OrderState, ParcelState
from fulfillment.store.rowset import Inserts, TableRows, insert_all
from fulfillment.store.schema.orders import (
    fulfillment_order,
    fulfillment_order_line,
    order_line,
    orders,
    parcel,
    parcel_line,
)
from fulfillment.store.schema.planning import decision as decision_table

MICROS_PER_CENT = 10_000


@dataclass(frozen=True, slots=True)
class PlacedWork:
    """One node's part of an order; each parcel stands with its id."""

    fulfillment_order_id: str
    node_id: str
    lines: Sequence[Line]
    parcels: Sequence[tuple[str, PlannedParcel]]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about an order, and the work that it makes."""

    decision_id: str
    decision: Decision
    policy_digest: str
    release_at: datetime
    work: Sequence[PlacedWork]

    @property
    def cost_cents(self) -> int:
        """Return transport and handling, rounded half up."""
        return (self.decision.cost_micros + MICROS_PER_CENT // 2) // MICROS_PER_CENT

    @property
    def units_left(self) -> int:
        """Count the units of the order that got no node."""
        return sum(each.qty for each in self.decision.unfilled)


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order as it begins in the ledger.

    Attributes
    ----------
    digest : str
        Of the request.
    decided : Decided or None
        None while it waits for its review.
    """

    request: OrderRequest
    digest: str
    state: OrderState
    decided: Decided | None


def add_placed_orders(inserts: Inserts, placed: Sequence[PlacedOrder], now: datetime) -> None:
    """Add orders with all that their decisions say; their units are committed by entries of the caller.

    A twin of an order's own id, under another key and from another process, may be there by the time they are
    written: whoever writes them does so `racing_for_keys`.
    """
    decided = [(each.request, each.decided) for each in placed if each.decided is not None]
    for table, rows in (_order_rows(placed, now) | _decided_rows(decided, now)).items():
        inserts.add(table, rows)


def add_decided(
    connection: Connection, decided: Sequence[tuple[OrderRequest, Decided]], now: datetime
) -> None:
    """Add decisions on orders that are in the ledger, and the work that they make."""
    insert_all(connection, _decided_rows(decided, now))


def allocated_by_line(decided: Decided | None) -> dict[int, int]:
    """Add up the units of each line that got a node."""
    units: dict[int, int] = {}
    for work in decided.work if decided else ():
        for line in work.lines:
            units[line.line_no] = units.get(line.line_no, 0) + line.qty
    return units


def cancelled_by_line(request: OrderRequest, decided: Decided | None) -> dict[int, int]:
    """Add up the units of each line that an order goes without, because it takes what there is."""
    units: dict[int, int] = {}
    if decided is not None and request.on_short is OnShort.PARTIAL:
        for each in decided.decision.unfilled:
            units[each.line_no] = units.get(each.line_no, 0) + each.qty
    return units


def _order_rows(placed: Sequence[PlacedOrder], now: datetime) -> dict[Table, TableRows]:
    o, line = orders.c, order_line.c
    requests = [each.request for each in placed]
    lines = [
        (each.order_id, its, allocated.get(its.line_no, 0), cancelled.get(its.line_no, 0))
        for each, allocated, cancelled in (
            (each.request, allocated_by_line(each.decided), cancelled_by_line(each.request, each.decided))
            for each in placed
        )
        for its in each.lines
    ]
    return {
        orders: TableRows(
            {
                o.order_id: [each.order_id for each in requests],
                o.state: [each.state.value for each in placed],
                o.review: [None if each.review is None else each.review.value for each in requests],
                o.placed_at: [each.placed_at for each in requests],
                o.channel: [each.channel for each in requests],
                o.postal_code: [each.postal_code for each in requests],
                o.method: [each.method.value for each in requests],
                o.service: [each.service for each in requests],
                o.pickup_node_id: [each.pickup_node_id for each in requests],
                o.promise_by: [each.promise_by for each in requests],
                o.priority: [each.priority for each in requests],
                o.customer_id: [each.customer_id for each in requests],
                o.content_digest: [each.digest for each in placed],
                o.on_short: [each.on_short.value for each in requests],
                o.hold_id: [each.hold_id for each in requests],
                o.waits: [each.state is OrderState.BACK_ORDERED for each in placed],
            },
            {o.recorded_at: now, o.version: 1},
        ),
        order_line: TableRows(
            {
                line.order_id: [order_id for order_id, _, _, _ in lines],
                line.line_no: [its.line_no for _, its, _, _ in lines],
                line.sku_id: [its.sku_id for _, its, _, _ in lines],
                line.qty: [its.qty for _, its, _, _ in lines],
                line.allocated: [allocated for _, _, allocated, _ in lines],
                line.cancelled: [cancelled for _, _, _, cancelled in lines],
            },
            {},
        ),
    }


def _decided_rows(decided: Sequence[tuple[OrderRequest, Decided]], now: datetime) -> dict[Table, TableRows]:
    d = decision_table.c
    work = [(request, each, its_work) for request, each in decided for its_work in each.work]
    return {
        decision_table: TableRows(
            {
                d.decision_id: [each.decision_id for _, each in decided],
                d.order_id: [request.order_id for request, _ in decided],
                d.policy_digest: [each.policy_digest for _, each in decided],
                d.cost_cents: [each.cost_cents for _, each in decided],
                d.units_left: [each.units_left for _, each in decided],
            },
            {d.decided_at: now},
        ),
        **_fulfillment_order_rows(work, now),
        **_parcel_rows([its_work for _, _, its_work in work], now),
    }


def _fulfillment_order_rows(
    work: Sequence[tuple[OrderRequest, Decided, PlacedWork]], now: datetime
) -> dict[Table, TableRows]:
    f, line = fulfillment_order.c, fulfillment_order_line.c
    lines = [(request, its, each) for request, _, its in work for each in its.lines]
    return {
        fulfillment_order: TableRows(
            {
                f.fulfillment_order_id: [its.fulfillment_order_id for _, _, its in work],
                f.order_id: [request.order_id for request, _, _ in work],
                f.node_id: [its.node_id for _, _, its in work],
                f.decision_id: [each.decision_id for _, each, _ in work],
                f.method: [request.method.value for request, _, _ in work],
                f.release_at: [each.release_at for _, each, _ in work],
                f.recipes_at: [each.decision.recipes_at for _, each, _ in work],
            },
            {f.state: FulfillmentOrderState.OPEN.value, f.recorded_at: now, f.version: 1},
        ),
        fulfillment_order_line: TableRows(
            {
                line.fulfillment_order_id: [its.fulfillment_order_id for _, its, _ in lines],
                line.order_id: [request.order_id for request, _, _ in lines],
                line.line_no: [each.line_no for _, _, each in lines],
                line.sku_id: [each.sku_id for _, _, each in lines],
                line.qty: [each.qty for _, _, each in lines],
            },
            {line.picked: 0},
        ),
    }


def _parcel_rows(work: Sequence[PlacedWork], now: datetime) -> dict[Table, TableRows]:
    p, line = parcel.c, parcel_line.c
    parcels = [(its, parcel_id, each) for its in work for parcel_id, each in its.parcels]
    lines = [(its, parcel_id, its_line) for its, parcel_id, each in parcels for its_line in each.lines]
    return {
        parcel: TableRows(
            {
                p.parcel_id: [parcel_id for _, parcel_id, _ in parcels],
                p.fulfillment_order_id: [its.fulfillment_order_id for its, _, _ in parcels],
                p.node_id: [each.node_id for _, _, each in parcels],
                p.carrier: [each.carrier for _, _, each in parcels],
                p.service: [each.service for _, _, each in parcels],
                p.departs_at: [each.departs_at for _, _, each in parcels],
                p.arrives_at: [each.arrives_at for _, _, each in parcels],
                p.slot_on: [each.slot_on for _, _, each in parcels],
                p.cost_micros: [each.cost_micros for _, _, each in parcels],
            },
            {p.state: ParcelState.PLANNED.value, p.recorded_at: now, p.version: 1},
        ),
        parcel_line: TableRows(
            {
                line.parcel_id: [parcel_id for _, parcel_id, _ in lines],
                line.fulfillment_order_id: [its.fulfillment_order_id for its, _, _ in lines],
                line.line_no: [each.line_no for _, _, each in lines],
                line.qty: [each.qty for _, _, each in lines],
            },
            {},
        ),
    }
