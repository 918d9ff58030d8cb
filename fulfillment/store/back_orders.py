"""Orders that wait for units which no node's work covers: for stock, or for a node instead of another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, func, select, tuple_

from fulfillment.domain.lines import Line
from fulfillment.store.orders import UNITS_WAITING
from fulfillment.store.rowset import rows_of
from fulfillment.store.schema.orders import order_line, orders, reroute

PlaceInLine = tuple[datetime, str]
"""When an order was placed, and its id: who was first is served first."""

_Orders = Select[str, datetime, str, str, str | None, str | None, datetime | None, str]
_Order = Row[str, datetime, str, str, str | None, str | None, datetime | None, str]


@dataclass(frozen=True, slots=True)
class BackOrder:
    """An order, and the units that it waits for."""

    order_id: str
    placed_at: datetime
    channel: str
    method: str
    postal_code: str | None
    pickup_node_id: str | None
    promise_by: datetime | None
    customer_id: str
    lines: tuple[Line, ...]

    @property
    def place_in_line(self) -> PlaceInLine:
        """Where it stands among all that wait."""
        return (self.placed_at, self.order_id)


def read_back_orders(connection: Connection, after: PlaceInLine | None, limit: int) -> list[BackOrder]:
    """Read the next orders that wait, those placed first first."""
    o = orders.c
    waiting = _orders().where(o.waits)
    if after is not None:
        waiting = waiting.where(tuple_(o.placed_at, o.order_id) > tuple_(*after))
    rows = connection.execute(waiting.order_by(o.placed_at, o.order_id).limit(limit)).all()
    return _with_lines(connection, rows)


def read_unrouted(connection: Connection, limit: int) -> list[BackOrder]:
    """Read orders that lost units and were not decided since, those that lost first first."""
    o, r = orders.c, reroute.c
    lost = (
        select(r.order_id, func.min(r.recorded_at).label("lost_at"))
        .where(r.settled_at.is_(None))
        .group_by(r.order_id)
        .subquery("lost")
    )
    rows = connection.execute(
        _orders()
        .join_from(lost, orders, o.order_id == lost.c.order_id)
        .where(o.waits)
        .order_by(lost.c.lost_at, o.order_id)
        .limit(limit)
    ).all()
    return _with_lines(connection, rows)


def _orders() -> _Orders:
    o = orders.c
    return select(
        o.order_id,
        o.placed_at,
        o.channel,
        o.method,
        o.postal_code,
        o.pickup_node_id,
        o.promise_by,
        o.customer_id,
    )


def _with_lines(connection: Connection, rows: Sequence[_Order]) -> list[BackOrder]:
    line = order_line.c
    given = rows_of(connection, {line.order_id: [row.order_id for row in rows]})
    lines: dict[str, list[Line]] = {}
    for order_id, line_no, sku_id, qty in connection.execute(
        select(line.order_id, line.line_no, line.sku_id, UNITS_WAITING)
        .join_from(given, order_line, line.order_id == given.c.order_id)
        .where(UNITS_WAITING > 0)
        .order_by(line.order_id, line.line_no)
    ):
        lines.setdefault(order_id, []).append(Line(line_no, sku_id, qty))
    return [BackOrder(*row, tuple(lines[row.order_id])) for row in rows if row.order_id in lines]
