"""Fulfillment orders whose window before release is over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, select, update

from fulfillment.domain.transitions import FULFILLMENT_ORDERS, FulfillmentOrderState, OrderState, Verb
from fulfillment.store.rowset import rows_of
from fulfillment.store.schema.orders import fulfillment_order, orders


@dataclass(frozen=True, slots=True)
class DueWork:
    """A fulfillment order that its node may begin."""

    fulfillment_order_id: str
    order_id: str
    node_id: str
    method: str


def orders_with_due_work(
    connection: Connection, states: Iterable[OrderState], now: datetime, limit: int
) -> list[str]:
    """List orders in one of `states` whose work is due at `now`, those that wait longest first."""
    f = fulfillment_order.c
    rows = connection.execute(
        select(f.order_id)
        .join_from(fulfillment_order, orders, orders.c.order_id == f.order_id)
        .where(
            f.state == FulfillmentOrderState.OPEN.value,
            f.release_at <= now,
            orders.c.state.in_([state.value for state in states]),
        )
        .order_by(f.release_at)
        .limit(limit)
    )
    return list(dict.fromkeys(rows.scalars()))


def due_work(connection: Connection, order_ids: Sequence[str], now: datetime) -> list[DueWork]:
    """Read the work of locked orders that is due at `now`."""
    f = fulfillment_order.c
    rows = connection.execute(_due_of(connection, order_ids, now).order_by(f.order_id, f.node_id))
    return [DueWork(*row) for row in rows]


def write_released(connection: Connection, work: Sequence[DueWork]) -> None:
    """Release work of locked orders."""
    f = fulfillment_order.c
    given = rows_of(connection, {f.fulfillment_order_id: [each.fulfillment_order_id for each in work]})
    connection.execute(
        update(fulfillment_order)
        .where(f.fulfillment_order_id == given.c.fulfillment_order_id)
        .values(
            state=FULFILLMENT_ORDERS.moves[Verb.RELEASE][FulfillmentOrderState.OPEN].value,
            version=f.version + 1,
        )
    )


def _due_of(connection: Connection, order_ids: Sequence[str], now: datetime) -> Select[str, str, str, str]:
    f = fulfillment_order.c
    given = rows_of(connection, {f.order_id: order_ids})
    return (
        select(f.fulfillment_order_id, f.order_id, f.node_id, f.method)
        .join_from(given, fulfillment_order, f.order_id == given.c.order_id)
        .where(f.state == FulfillmentOrderState.OPEN.value, f.release_at <= now)
    )
