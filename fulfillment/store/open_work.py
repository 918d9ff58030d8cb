"""Work that may still be routed better: fulfillment orders whose window before release is not over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, select, update

from fulfillment.domain.lines import Line
from fulfillment.domain.transitions import (
    FULFILLMENT_ORDERS,
    PARCELS,
    FulfillmentOrderState,
    OrderState,
    ParcelState,
    Verb,
)
from fulfillment.store.claims import KITS_OF
from fulfillment.store.recipes import recipes_of, units_of_lines
from fulfillment.store.rowset import rows_of
from fulfillment.store.schema.orders import fulfillment_order, fulfillment_order_line, orders, parcel

IMPROVABLE = (OrderState.ALLOCATED.value, OrderState.BACK_ORDERED.value)
"""States of an order no node works on yet. One on hold keeps its work as it is."""


@dataclass(frozen=True, slots=True)
class OpenParcel:
    """A parcel as it was planned."""

    parcel_id: str
    slot_on: date
    arrives_at: datetime
    cost_micros: int


@dataclass(frozen=True, slots=True)
class OpenWork:
    """One node's part of an order, before its release.

    Attributes
    ----------
    units : mapping
        Units of stock that it claims, by SKU: components where a line is of a kit, by the recipe that the
        decision knew.
    """

    fulfillment_order_id: str
    node_id: str
    release_at: datetime
    version: int
    lines: tuple[Line, ...]
    parcels: tuple[OpenParcel, ...]
    units: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order of whose work nothing has begun."""

    order_id: str
    channel: str
    method: str
    postal_code: str | None
    pickup_node_id: str | None
    priority: int
    work: tuple[OpenWork, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The units that its work covers, by line number."""
        units: dict[tuple[int, str], int] = {}
        for work in self.work:
            for line in work.lines:
                units[line.line_no, line.sku_id] = units.get((line.line_no, line.sku_id), 0) + line.qty
        return tuple(Line(line_no, sku_id, qty) for (line_no, sku_id), qty in sorted(units.items()))

    @property
    def cost_micros(self) -> int:
        """What its parcels were planned to cost."""
        return sum(parcel.cost_micros for work in self.work for parcel in work.parcels)

    @property
    def arrives_at(self) -> datetime:
        """When the last of its parcels arrives, as the customer was told."""
        return max(parcel.arrives_at for work in self.work for parcel in work.parcels)

    @property
    def release_at(self) -> datetime:
        """When the first of its nodes may begin."""
        return min(work.release_at for work in self.work)


def read_open_orders(connection: Connection, release_after: datetime, limit: int) -> list[OpenOrder]:
    """Read orders all of whose work is open until after `release_after`, those placed first first.

    An order with a parcel of which no plan told date and cost is left out: nothing can be compared with it.
    """
    f, o = fulfillment_order.c, orders.c
    begun = fulfillment_order.alias("begun")
    has_begun = (
        select(begun.c.fulfillment_order_id)
        .where(begun.c.order_id == o.order_id)
        .where(begun.c.state != FulfillmentOrderState.CANCELLED.value)
        .where((begun.c.state != FulfillmentOrderState.OPEN.value) | (begun.c.release_at <= release_after))
        .exists()
    )
    is_open = select(f.order_id).where(
        f.state == FulfillmentOrderState.OPEN.value, f.release_at > release_after
    )
    rows = connection.execute(
        select(o.order_id, o.channel, o.method, o.postal_code, o.pickup_node_id, o.priority)
        .where(o.order_id.in_(is_open), o.state.in_(IMPROVABLE), ~has_begun)
        .order_by(o.placed_at, o.order_id)
        .limit(limit)
    ).all()
    work = _open_work(connection, [row.order_id for row in rows])
    return [OpenOrder(*row, tuple(work[row.order_id])) for row in rows if work.get(row.order_id)]


def lock_open_work(connection: Connection, fulfillment_order_ids: Sequence[str]) -> dict[str, int]:
    """Lock open work in the order of its ids; return the version of each that is open still."""
    f = fulfillment_order.c
    given = rows_of(connection, {f.fulfillment_order_id: sorted(fulfillment_order_ids)})
    rows = connection.execute(
        select(f.fulfillment_order_id, f.state, f.version)
        .join_from(given, fulfillment_order, f.fulfillment_order_id == given.c.fulfillment_order_id)
        .order_by(f.fulfillment_order_id)
        .with_for_update(of=fulfillment_order, key_share=True)
    )
    return {row.fulfillment_order_id: row.version for row in rows if row.state == FulfillmentOrderState.OPEN}


def cancel_open_work(connection: Connection, work: Sequence[OpenWork]) -> None:
    """Cancel locked open work and its parcels; its units and capacity are given back by the caller."""
    f, p = fulfillment_order.c, parcel.c
    given = rows_of(connection, {f.fulfillment_order_id: [each.fulfillment_order_id for each in work]})
    connection.execute(
        update(fulfillment_order)
        .where(f.fulfillment_order_id == given.c.fulfillment_order_id)
        .values(
            state=FULFILLMENT_ORDERS.moves[Verb.CANCEL][FulfillmentOrderState.OPEN].value,
            version=f.version + 1,
        )
    )
    parcels = rows_of(connection, {p.parcel_id: [its.parcel_id for each in work for its in each.parcels]})
    connection.execute(
        update(parcel)
        .where(p.parcel_id == parcels.c.parcel_id)
        .values(state=PARCELS.moves[Verb.CANCEL][ParcelState.PLANNED].value, version=p.version + 1)
    )


def _open_work(connection: Connection, order_ids: Sequence[str]) -> dict[str, list[OpenWork]]:
    f, line, p = fulfillment_order.c, fulfillment_order_line.c, parcel.c
    given = rows_of(connection, {f.order_id: list(order_ids)})
    heads = connection.execute(
        select(
            f.order_id, f.fulfillment_order_id, f.node_id, f.release_at, f.version, KITS_OF.label("kits_of")
        )
        .join_from(given, fulfillment_order, f.order_id == given.c.order_id)
        .where(f.state == FulfillmentOrderState.OPEN.value)
        .order_by(f.order_id, f.fulfillment_order_id)
    ).all()
    ids = rows_of(connection, {f.fulfillment_order_id: [head.fulfillment_order_id for head in heads]})
    lines: dict[str, list[Line]] = {}
    for fulfillment_order_id, line_no, sku_id, qty in connection.execute(
        select(line.fulfillment_order_id, line.line_no, line.sku_id, line.qty)
        .join_from(ids, fulfillment_order_line, line.fulfillment_order_id == ids.c.fulfillment_order_id)
        .order_by(line.fulfillment_order_id, line.line_no)
    ):
        lines.setdefault(fulfillment_order_id, []).append(Line(line_no, sku_id, qty))
    parcels: dict[str, list[Row[str, str, date | None, datetime | None, int | None]]] = {}
    for row in connection.execute(
        select(p.fulfillment_order_id, p.parcel_id, p.slot_on, p.arrives_at, p.cost_micros)
        .join_from(ids, parcel, p.fulfillment_order_id == ids.c.fulfillment_order_id)
        .where(p.state == ParcelState.PLANNED.value)
        .order_by(p.fulfillment_order_id, p.parcel_id)
    ):
        parcels.setdefault(row.fulfillment_order_id, []).append(row)
    recipes = recipes_of(connection, sorted({line.sku_id for its in lines.values() for line in its}))
    found: dict[str, list[OpenWork]] = {}
    untold = set[str]()
    for head in heads:
        told = [
            OpenParcel(row.parcel_id, row.slot_on, row.arrives_at, row.cost_micros)
            for row in parcels.get(head.fulfillment_order_id, ())
            if row.slot_on is not None and row.arrives_at is not None and row.cost_micros is not None
        ]
        if not told or len(told) < len(parcels[head.fulfillment_order_id]):
            untold.add(head.order_id)
        found.setdefault(head.order_id, []).append(
            OpenWork(
                head.fulfillment_order_id,
                head.node_id,
                head.release_at,
                head.version,
                tuple(lines.get(head.fulfillment_order_id, ())),
                tuple(told),
                units_of_lines(lines.get(head.fulfillment_order_id, ()), head.kits_of, recipes),
            )
        )
    return {order_id: work for order_id, work in found.items() if order_id not in untold}
