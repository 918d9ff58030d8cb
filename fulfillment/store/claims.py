"""Which orders were given units of a position, and taking units from their work.

A fulfillment order claims the units of its lines from the decision until they leave the node. A line of a kit
claims the kit's components, by the recipe that the decision knew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, FromClause, Integer, and_, case, delete, func, select, update

from fulfillment.domain.lost_units import LossCause
from fulfillment.domain.placing import Slot
from fulfillment.domain.transitions import FulfillmentOrderState, OrderState, ParcelState
from fulfillment.store.capacity import give_back_capacity
from fulfillment.store.orders import write_lines_changed
from fulfillment.store.posting import Position
from fulfillment.store.recipes import all_recipes, recipes_with, units_of
from fulfillment.store.rowset import insert_rows, rows_of
from fulfillment.store.schema.orders import (
    fulfillment_order,
    fulfillment_order_line,
    order_line,
    orders,
    parcel,
    parcel_line,
    reroute,
)

CLAIMING = tuple(
    state.value
    for state in (
        FulfillmentOrderState.OPEN,
        FulfillmentOrderState.RELEASED,
        FulfillmentOrderState.ACCEPTED,
        FulfillmentOrderState.PICKED,
        FulfillmentOrderState.PACKED,
        FulfillmentOrderState.READY,
        FulfillmentOrderState.EXPIRED,
    )
)
"""States in which the units of a fulfillment order stand in its node."""

KITS_OF = func.coalesce(fulfillment_order.c.recipes_at, fulfillment_order.c.recorded_at)
"""The moment whose recipes say what the kits of a fulfillment order are made of."""

_USES_CAPACITY = (ParcelState.PLANNED.value, ParcelState.PACKED.value)
_LOST = Column("lost", Integer)

LineKey = tuple[str, int]
"""A fulfillment order and one of its line numbers."""


@dataclass(frozen=True, slots=True)
class WorkClaim:
    """A line of a fulfillment order whose units stand in its node.

    Attributes
    ----------
    units : mapping
        Units of each SKU in one product of the line: itself, or a kit's components.
    """

    fulfillment_order_id: str
    line_no: int
    order_id: str
    order_state: OrderState
    priority: int
    node_id: str
    sku_id: str
    qty: int
    picked: int
    claimed_at: datetime
    units: Mapping[str, int]

    @property
    def key(self) -> LineKey:
        """What names it."""
        return (self.fulfillment_order_id, self.line_no)


@dataclass(frozen=True, slots=True)
class Reroute:
    """Units that a line of an order lost and that need another node; `claim` is as it was before."""

    reroute_id: str
    claim: WorkClaim
    qty: int
    cause: LossCause
    reference: str


def find_claims(connection: Connection, positions: Sequence[Position]) -> list[WorkClaim]:
    """List the lines that claim units at any of `positions`."""
    recipes = recipes_with(connection, sorted({sku_id for _, sku_id in positions}))
    wanted = set(positions)
    for node_id, sku_id in positions:
        wanted |= {
            (node_id, kit_id)
            for kit_id, versions in recipes.items()
            if any(sku_id in units for _, units in versions)
        }
    f, line = fulfillment_order.c, fulfillment_order_line.c
    ordered = sorted(wanted)
    given = rows_of(
        connection,
        {f.node_id: [node_id for node_id, _ in ordered], line.sku_id: [sku_id for _, sku_id in ordered]},
    )
    rows = connection.execute(
        select(
            f.fulfillment_order_id,
            line.line_no,
            f.order_id,
            orders.c.state,
            orders.c.priority,
            f.node_id,
            line.sku_id,
            line.qty,
            line.picked,
            f.recorded_at,
            KITS_OF.label("kits_of"),
        )
        .select_from(given)
        .join(fulfillment_order, f.node_id == given.c.node_id)
        .join(
            fulfillment_order_line,
            and_(line.fulfillment_order_id == f.fulfillment_order_id, line.sku_id == given.c.sku_id),
        )
        .join(orders, orders.c.order_id == f.order_id)
        .where(f.state.in_(CLAIMING))
        .order_by(f.fulfillment_order_id, line.line_no)
    )
    claims = [
        WorkClaim(
            row.fulfillment_order_id,
            row.line_no,
            row.order_id,
            OrderState(row.state),
            row.priority,
            row.node_id,
            row.sku_id,
            row.qty,
            row.picked,
            row.recorded_at,
            units_of(row.sku_id, row.kits_of, recipes),
        )
        for row in rows
    ]
    # A SKU that was a kit on another day is claimed itself, or the other way round.
    asked = set(positions)
    return [claim for claim in claims if any((claim.node_id, sku_id) in asked for sku_id in claim.units)]


def take_from_work(
    connection: Connection,
    lost: Sequence[Reroute],
    states: Mapping[str, OrderState],
    recorded_at: datetime,
) -> None:
    """Take lost products from the lines, parcels and orders that had them, and note who needs another node.

    The orders are locked. A line that has nothing left goes, and so does the work of a parcel or a
    fulfillment order without a line; parcels that go give their capacity back.

    Parameters
    ----------
    states : mapping
        The state that each order has afterwards.
    """
    by_line: dict[LineKey, int] = {}
    by_order_line: dict[tuple[str, int], int] = {}
    for each in lost:
        by_line[each.claim.key] = by_line.get(each.claim.key, 0) + each.qty
        name = (each.claim.order_id, each.claim.line_no)
        by_order_line[name] = by_order_line.get(name, 0) + each.qty
    _shrink_parcels(connection, by_line)
    _shrink_lines(connection, by_line)
    _shrink_orders(connection, by_order_line, states)
    _add_reroutes(connection, lost, recorded_at)


def _shrink_parcels(connection: Connection, by_line: Mapping[LineKey, int]) -> None:
    p, line = parcel.c, parcel_line.c
    given = _given_lines(connection, by_line)
    rows = connection.execute(
        select(line.parcel_id, line.fulfillment_order_id, line.line_no, line.qty)
        .join_from(
            given,
            parcel_line,
            and_(line.fulfillment_order_id == given.c.fulfillment_order_id, line.line_no == given.c.line_no),
        )
        .join(parcel, p.parcel_id == line.parcel_id)
        .where(p.state != ParcelState.CANCELLED.value)
        .order_by(line.fulfillment_order_id, line.line_no, line.parcel_id.desc())
    ).all()
    left = dict(by_line)
    shrunk: list[tuple[str, int, int]] = []
    for parcel_id, fulfillment_order_id, line_no, qty in rows:
        key = (fulfillment_order_id, line_no)
        if gone := min(left[key], qty):
            left[key] -= gone
            shrunk.append((parcel_id, line_no, gone))
    taken = rows_of(
        connection,
        {
            line.parcel_id: [parcel_id for parcel_id, _, _ in shrunk],
            line.line_no: [line_no for _, line_no, _ in shrunk],
            _LOST: [gone for _, _, gone in shrunk],
        },
    )
    is_taken = and_(line.parcel_id == taken.c.parcel_id, line.line_no == taken.c.line_no)
    # A row of no units cannot stand, so the empty ones go first.
    emptied = select(taken.c.parcel_id).where(is_taken, line.qty <= taken.c.lost).exists()
    connection.execute(delete(parcel_line).where(emptied))
    connection.execute(update(parcel_line).where(is_taken).values(qty=line.qty - taken.c.lost))
    _cancel_empty_parcels(connection, sorted({parcel_id for parcel_id, _, _ in shrunk}))


def _cancel_empty_parcels(connection: Connection, parcel_ids: Sequence[str]) -> None:
    p = parcel.c
    given = rows_of(connection, {p.parcel_id: parcel_ids})
    has_line = select(parcel_line.c.parcel_id).where(parcel_line.c.parcel_id == p.parcel_id).exists()
    gone = connection.execute(
        select(p.parcel_id, p.node_id, p.slot_on, p.state)
        .join_from(given, parcel, p.parcel_id == given.c.parcel_id)
        .where(~has_line)
    ).all()
    slots: dict[Slot, int] = {}
    for row in gone:
        if row.slot_on is not None and row.state in _USES_CAPACITY:
            slot = (row.node_id, row.slot_on)
            slots[slot] = slots.get(slot, 0) + 1
    cancelled = rows_of(connection, {p.parcel_id: [row.parcel_id for row in gone]})
    connection.execute(
        update(parcel)
        .where(p.parcel_id == cancelled.c.parcel_id)
        .values(state=ParcelState.CANCELLED.value, version=p.version + 1)
    )
    give_back_capacity(connection, slots)


def _shrink_lines(connection: Connection, by_line: Mapping[LineKey, int]) -> None:
    f, line = fulfillment_order.c, fulfillment_order_line.c
    given = _given_lines(connection, by_line)
    is_given = and_(
        line.fulfillment_order_id == given.c.fulfillment_order_id, line.line_no == given.c.line_no
    )
    emptied = select(given.c.line_no).where(is_given, line.qty <= given.c.lost).exists()
    of_line = parcel_line.c
    in_emptied = (
        select(line.line_no)
        .where(
            of_line.fulfillment_order_id == line.fulfillment_order_id,
            of_line.line_no == line.line_no,
            emptied.correlate(fulfillment_order_line),
        )
        .exists()
    )
    connection.execute(delete(parcel_line).where(in_emptied))  # of parcels that were cancelled before
    connection.execute(delete(fulfillment_order_line).where(emptied))
    left = line.qty - given.c.lost
    connection.execute(
        update(fulfillment_order_line)
        .where(is_given)
        .values(qty=left, picked=case((line.picked > left, left), else_=line.picked))
    )
    ids = rows_of(connection, {f.fulfillment_order_id: sorted({key for key, _ in by_line})})
    has_line = select(line.line_no).where(line.fulfillment_order_id == f.fulfillment_order_id).exists()
    connection.execute(
        update(fulfillment_order)
        .where(f.fulfillment_order_id == ids.c.fulfillment_order_id)
        .values(
            state=case((has_line, f.state), else_=FulfillmentOrderState.CANCELLED.value),
            version=f.version + 1,
        )
    )


def _shrink_orders(
    connection: Connection,
    by_order_line: Mapping[tuple[str, int], int],
    states: Mapping[str, OrderState],
) -> None:
    line = order_line.c
    given = rows_of(
        connection,
        {
            line.order_id: [order_id for order_id, _ in by_order_line],
            line.line_no: [line_no for _, line_no in by_order_line],
            _LOST: list(by_order_line.values()),
        },
    )
    connection.execute(
        update(order_line)
        .where(line.order_id == given.c.order_id, line.line_no == given.c.line_no)
        .values(allocated=line.allocated - given.c.lost)
    )
    write_lines_changed(connection, states)


def _add_reroutes(connection: Connection, lost: Sequence[Reroute], recorded_at: datetime) -> None:
    r = reroute.c
    insert_rows(
        connection,
        reroute,
        {
            r.reroute_id: [each.reroute_id for each in lost],
            r.order_id: [each.claim.order_id for each in lost],
            r.line_no: [each.claim.line_no for each in lost],
            r.sku_id: [each.claim.sku_id for each in lost],
            r.qty: [each.qty for each in lost],
            r.fulfillment_order_id: [each.claim.fulfillment_order_id for each in lost],
            r.node_id: [each.claim.node_id for each in lost],
            r.cause: [each.cause.value for each in lost],
            r.reference: [each.reference for each in lost],
            r.recorded_at: [recorded_at] * len(lost),
        },
    )


def settle_reroutes(connection: Connection, order_ids: Sequence[str], settled_at: datetime) -> int:
    """Note that orders were decided again; return how many of their losses no decision had seen before."""
    r = reroute.c
    given = rows_of(connection, {r.order_id: sorted(order_ids)})
    return connection.execute(
        update(reroute)
        .where(r.order_id == given.c.order_id, r.settled_at.is_(None))
        .values(settled_at=settled_at)
    ).rowcount


def _given_lines(connection: Connection, by_line: Mapping[LineKey, int]) -> FromClause:
    line = fulfillment_order_line.c
    return rows_of(
        connection,
        {
            line.fulfillment_order_id: [key for key, _ in by_line],
            line.line_no: [line_no for _, line_no in by_line],
            _LOST: list(by_line.values()),
        },
    )


def committed_by_claims(connection: Connection) -> dict[Position, int]:
    """Add up what all fulfillment orders claim, by position, kits by their components."""
    f, line = fulfillment_order.c, fulfillment_order_line.c
    rows = connection.execute(
        select(f.node_id, line.sku_id, KITS_OF, func.sum(line.qty))
        .join_from(
            fulfillment_order,
            fulfillment_order_line,
            line.fulfillment_order_id == f.fulfillment_order_id,
        )
        .where(f.state.in_(CLAIMING))
        .group_by(f.node_id, line.sku_id, KITS_OF)
    ).all()
    recipes = all_recipes(connection)
    claimed: dict[Position, int] = {}
    for node_id, line_sku_id, at, qty in rows:
        for sku_id, each in units_of(line_sku_id, at, recipes).items():
            claimed[node_id, sku_id] = claimed.get((node_id, sku_id), 0) + each * qty
    return claimed
