"""What a locked order asks for and the work that nodes have on it; writing that either has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, literal, select, update

from fulfillment.domain.errors import NotFound
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.orders import Review
from fulfillment.domain.placing import OnShort, OrderRequest, Position, Slot
from fulfillment.domain.transitions import FulfillmentOrderState, OrderState, ParcelState
from fulfillment.store.claims import KITS_OF
from fulfillment.store.orders import waits_in
from fulfillment.store.recipes import all_recipes, units_of
from fulfillment.store.schema.orders import (
    fulfillment_order,
    fulfillment_order_line,
    order_line,
    orders,
    parcel,
)

_USES_CAPACITY = (ParcelState.PLANNED, ParcelState.PACKED)


@dataclass(frozen=True, slots=True)
class OrderAsked:
    """A locked order.

    Attributes
    ----------
    request : OrderRequest
        What it asked for.
    cancelled : mapping
        Units of its lines that its customer was told he will not get.
    """

    state: OrderState
    request: OrderRequest
    cancelled: Mapping[int, int]

    @property
    def still_asked(self) -> OrderRequest:
        """What it asks for now; for an order that has not ended."""
        if not self.cancelled:
            return self.request
        left = [
            replace(line, qty=line.qty - self.cancelled.get(line.line_no, 0))
            for line in self.request.lines
            if line.qty > self.cancelled.get(line.line_no, 0)
        ]
        return replace(self.request, lines=tuple(left))


@dataclass(frozen=True, slots=True)
class WorkInHand:
    """A fulfillment order whose order is locked.

    Attributes
    ----------
    units : dict
        Units of stock that it claims, by SKU: components where a line is of a kit.
    parcels : dict
        The state of each of its parcels, by id.
    slots : dict
        Parcels that use capacity, by slot.
    """

    fulfillment_order_id: str
    node_id: str
    state: FulfillmentOrderState
    release_at: datetime
    units: dict[str, int] = field(default_factory=dict)
    parcels: dict[str, ParcelState] = field(default_factory=dict)
    slots: dict[Slot, int] = field(default_factory=dict)


def lock_order(connection: Connection, order_id: str) -> OrderAsked:
    """Lock an order and read what it asks for.

    Raises
    ------
    NotFound
        When there is no such order.
    """
    row = connection.execute(
        select(orders).where(orders.c.order_id == order_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no order {order_id}", kind="order", id=order_id)
    line = order_line.c
    lines = connection.execute(
        select(line.line_no, line.sku_id, line.qty, line.cancelled)
        .where(line.order_id == order_id)
        .order_by(line.line_no)
    ).all()
    request = OrderRequest(
        order_id=order_id,
        channel=row.channel,
        method=Method(row.method),
        lines=tuple(Line(each.line_no, each.sku_id, each.qty) for each in lines),
        placed_at=row.placed_at,
        customer_id=row.customer_id,
        service=row.service,
        postal_code=row.postal_code,
        pickup_node_id=row.pickup_node_id,
        promise_by=row.promise_by,
        priority=row.priority,
        on_short=OnShort(row.on_short),
        review=None if row.review is None else Review(row.review),
        hold_id=row.hold_id,
    )
    cancelled = {each.line_no: each.cancelled for each in lines if each.cancelled}
    return OrderAsked(OrderState(row.state), request, cancelled)


def read_work(connection: Connection, order_id: str) -> list[WorkInHand]:
    """Read all fulfillment orders of a locked order, by id."""
    f, line, p = fulfillment_order.c, fulfillment_order_line.c, parcel.c
    recipes = all_recipes(connection)
    heads = connection.execute(
        select(f.fulfillment_order_id, f.node_id, f.state, f.release_at, KITS_OF.label("kits_of"))
        .where(f.order_id == order_id)
        .order_by(f.fulfillment_order_id)
    ).all()
    given_on = {row.fulfillment_order_id: row.kits_of for row in heads}
    work = {
        row.fulfillment_order_id: WorkInHand(
            row.fulfillment_order_id, row.node_id, FulfillmentOrderState(row.state), row.release_at
        )
        for row in heads
    }
    for its_id, sku_id, qty in connection.execute(
        select(line.fulfillment_order_id, line.sku_id, line.qty).where(line.order_id == order_id)
    ):
        units = work[its_id].units
        for part, each in units_of(sku_id, given_on[its_id], recipes).items():
            units[part] = units.get(part, 0) + each * qty
    for row in connection.execute(
        select(p.fulfillment_order_id, p.parcel_id, p.node_id, p.state, p.slot_on).where(
            p.fulfillment_order_id.in_(list(work))
        )
    ):
        its = work[row.fulfillment_order_id]
        its.parcels[row.parcel_id] = ParcelState(row.state)
        if row.slot_on is not None and row.state in _USES_CAPACITY:
            slot = (row.node_id, row.slot_on)
            its.slots[slot] = its.slots.get(slot, 0) + 1
    return list(work.values())


def units_in_hand(work: Sequence[WorkInHand]) -> dict[Position, int]:
    """Add up what fulfillment orders claim, by (node_id, sku_id)."""
    units: dict[Position, int] = {}
    for each in work:
        for sku_id, qty in each.units.items():
            units[each.node_id, sku_id] = units.get((each.node_id, sku_id), 0) + qty
    return units


def slots_in_hand(work: Sequence[WorkInHand]) -> dict[Slot, int]:
    """Add up the parcels of fulfillment orders that use capacity, by slot."""
    slots: dict[Slot, int] = {}
    for each in work:
        for slot, parcels in each.slots.items():
            slots[slot] = slots.get(slot, 0) + parcels
    return slots


def write_cancelled(
    connection: Connection, order_id: str, work: Sequence[WorkInHand], parcel_ids: Sequence[str]
) -> None:
    """Write that fulfillment orders and parcels are cancelled; no line of the order is allocated any more."""
    f, p = fulfillment_order.c, parcel.c
    connection.execute(
        update(fulfillment_order)
        .where(f.fulfillment_order_id.in_([each.fulfillment_order_id for each in work]))
        .values(state=FulfillmentOrderState.CANCELLED.value, version=f.version + 1)
    )
    connection.execute(
        update(parcel)
        .where(p.parcel_id.in_(parcel_ids))
        .values(state=ParcelState.CANCELLED.value, version=p.version + 1)
    )
    connection.execute(update(order_line).where(order_line.c.order_id == order_id).values(allocated=0))


def cancel_lines(connection: Connection, order_id: str) -> None:
    """Write that the customer gets nothing of a locked order, none of whose lines is allocated any more."""
    line = order_line.c
    connection.execute(update(order_line).where(line.order_id == order_id).values(cancelled=line.qty))


def write_order(
    connection: Connection,
    request: OrderRequest,
    state: OrderState,
    *,
    allocated: Mapping[int, int],
    cancelled: Mapping[int, int],
) -> None:
    """Write what a locked order asks for now, where it stands, and what became of its lines.

    Parameters
    ----------
    allocated : mapping
        Units that have a node, by line.
    cancelled : mapping
        Units by line that its customer is told now that he will not get.
    """
    o, line = orders.c, order_line.c
    for line_no, qty in allocated.items():
        connection.execute(
            update(order_line)
            .where(line.order_id == request.order_id, line.line_no == line_no)
            .values(allocated=qty)
        )
    for line_no, qty in cancelled.items():
        connection.execute(
            update(order_line)
            .where(line.order_id == request.order_id, line.line_no == line_no)
            .values(cancelled=line.cancelled + qty)
        )
    connection.execute(
        update(orders)
        .where(o.order_id == request.order_id)
        .values(
            state=state.value,
            waits=waits_in(literal(state.value)),
            review=None if request.review is None else request.review.value,
            method=request.method.value,
            service=request.service,
            postal_code=request.postal_code,
            pickup_node_id=request.pickup_node_id,
            promise_by=request.promise_by,
            version=o.version + 1,
        )
    )
