"""Orders that wait for stock: units of them that no node's work covers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, tuple_

from fulfillment.domain.lines import Line
from fulfillment.domain.transitions import OrderState
from fulfillment.store.orders import UNITS_WAITING
from fulfillment.store.rowset import rows_of
from fulfillment.store.schema.orders import order_line, orders

PlaceInLine = tuple[datetime, str]
"""When an order was placed, and its id: who was first is served first."""


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
    """Read the next orders that wait for stock, those placed first first."""
    o, line = orders.c, order_line.c
    waiting = select(
        o.order_id,
        o.placed_at,
        o.channel,
        o.method,
        o.postal_code,
        o.pickup_node_id,
        o.promise_by,
        o.customer_id,
    ).where(o.state == OrderState.BACK_ORDERED.value)
    if after is not None:
        waiting = waiting.where(tuple_(o.placed_at, o.order_id) > tuple_(*after))
    rows = connection.execute(waiting.order_by(o.placed_at, o.order_id).limit(limit)).all()
    given = rows_of(connection, {line.order_id: [row.order_id for row in rows]})
    lines: dict[str, list[Line]] = {}
    for order_id, line_no, sku_id, qty in connection.execute(
        select(line.order_id, line.line_no, line.sku_id, UNITS_WAITING)
        .join_from(given, order_line, line.order_id == given.c.order_id)
        .where(UNITS_WAITING > 0)
        .order_by(line.order_id, line.line_no)
    ):
        lines.setdefault(order_id, []).append(Line(line_no, sku_id, qty))
    return [BackOrder(*row, tuple(lines.get(row.order_id, ()))) for row in rows]
