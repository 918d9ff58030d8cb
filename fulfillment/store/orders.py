"""Orders and their lines: add them, find what is known of them, lock them, and write what was decided."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Select, and_, select, update

from fulfillment.domain.transitions import OrderState
from fulfillment.store.columns import OrderColumns, OrderLineColumns
from fulfillment.store.rowset import execute_over, insert_rows, rows_of
from fulfillment.store.schema.orders import order_line, orders
from fulfillment.store.transaction import racing_for_keys

_ASKED = ("order_id", "placed_at", "channel", "postal_code", "method", "service", "pickup_node_id",
          "promise_by", "priority", "customer_id")  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of a locked order."""

    sku_id: str
    qty: int
    allocated: int
    cancelled: int

    @property
    def waiting(self) -> int:
        """Units that no node's work covers and that its customer is to get."""
        return self.qty - self.allocated - self.cancelled


@dataclass(frozen=True, slots=True)
class LockedOrder:
    """An order whose row this transaction holds."""

    order_id: str
    state: OrderState
    channel: str
    method: str
    lines: Mapping[int, OpenLine]

    @property
    def waiting(self) -> int:
        """Units that all its lines wait for."""
        return sum(line.waiting for line in self.lines.values())


UNITS_WAITING = order_line.c.qty - order_line.c.allocated - order_line.c.cancelled
"""Of a line, as `OpenLine.waiting`."""
_MAY_WAIT = (OrderState.BACK_ORDERED.value, OrderState.IN_PROGRESS.value)


def content_digests(placed: OrderColumns, lines: OrderLineColumns) -> list[str]:
    """Digest what each order asks for, so that it is known again and told from another of its name."""
    of_order: dict[str, list[tuple[int, str, int]]] = {order_id: [] for order_id in placed.order_id}
    for order_id, line_no, sku_id, qty in zip(
        lines.order_id, lines.line_no, lines.sku_id, lines.qty, strict=True
    ):
        of_order[order_id].append((line_no, sku_id, qty))
    asked = zip(*(getattr(placed, name) for name in _ASKED), strict=True)
    return [
        hashlib.sha256(
            json.dumps([values, sorted(of_order[order_id])], default=datetime.isoformat).encode()
        ).hexdigest()
        for order_id, values in zip(placed.order_id, asked, strict=True)
    ]


def known_digests(connection: Connection, order_ids: Sequence[str]) -> dict[str, str]:
    """Return the content digest of each order that is in the ledger."""
    rows = execute_over(connection, _digests, {orders.c.order_id: order_ids})
    return {order_id: digest for order_id, digest in rows}


def _digests(given: FromClause) -> Select[str, str]:
    return select(orders.c.order_id, orders.c.content_digest).join_from(
        given, orders, orders.c.order_id == given.c.order_id
    )


def add_orders(
    connection: Connection,
    placed: OrderColumns,
    lines: OrderLineColumns,
    digests: Sequence[str],
    recorded_at: datetime,
) -> None:
    """Add open orders with their lines."""
    count = len(placed.order_id)
    rows: dict[Column[Any], Sequence[object]] = {orders.c[name]: getattr(placed, name) for name in _ASKED}
    rows[orders.c.state] = [OrderState.OPEN.value] * count
    rows[orders.c.content_digest] = digests
    rows[orders.c.recorded_at] = [recorded_at] * count
    rows[orders.c.version] = [1] * count
    with racing_for_keys():
        insert_rows(connection, orders, rows)
    insert_rows(
        connection,
        order_line,
        {
            order_line.c.order_id: lines.order_id,
            order_line.c.line_no: lines.line_no,
            order_line.c.sku_id: lines.sku_id,
            order_line.c.qty: lines.qty,
            order_line.c.allocated: [0] * len(lines.order_id),
            order_line.c.cancelled: [0] * len(lines.order_id),
        },
    )


def lock_orders(connection: Connection, order_ids: Iterable[str]) -> dict[str, LockedOrder]:
    """Lock orders in the order of their ids, and read them with their lines; unknown ids are absent."""
    given = rows_of(connection, {orders.c.order_id: sorted(set(order_ids))})
    locked = connection.execute(
        select(orders.c.order_id, orders.c.state, orders.c.channel, orders.c.method)
        .join_from(given, orders, orders.c.order_id == given.c.order_id)
        .order_by(orders.c.order_id)
        .with_for_update(of=orders, key_share=True)
    ).all()
    # Read after the locks: what a transaction before us allocated is seen.
    lines: dict[str, dict[int, OpenLine]] = {row.order_id: {} for row in locked}
    for row in connection.execute(
        select(order_line).join_from(given, order_line, order_line.c.order_id == given.c.order_id)
    ):
        lines[row.order_id][row.line_no] = OpenLine(row.sku_id, row.qty, row.allocated, row.cancelled)
    return {
        row.order_id: LockedOrder(
            row.order_id, OrderState(row.state), row.channel, row.method, lines[row.order_id]
        )
        for row in locked
    }


def waits_in(state: ColumnElement[str]) -> ColumnElement[bool]:
    """Say whether an order waits that is in `state` from now on; for an update of it after its lines."""
    line = order_line.c
    has_waiting = select(line.line_no).where(line.order_id == orders.c.order_id, UNITS_WAITING > 0).exists()
    return and_(state.in_(_MAY_WAIT), has_waiting)


def write_states(connection: Connection, states: Mapping[str, OrderState]) -> None:
    """Give locked orders their new states; what their lines wait for stays as it is."""
    if not states:
        return
    given = _given_states(connection, states)
    connection.execute(
        update(orders)
        .where(orders.c.order_id == given.c.order_id)
        .values(state=given.c.state, version=orders.c.version + 1)
    )


def write_allocated(
    connection: Connection,
    states: Mapping[str, OrderState],
    units: Mapping[tuple[str, int], int],
) -> None:
    """Give locked orders their new states, and allocate `units` more of lines, by (order_id, line_no)."""
    added = rows_of(
        connection,
        {
            order_line.c.order_id: [order_id for order_id, _ in units],
            order_line.c.line_no: [line_no for _, line_no in units],
            order_line.c.allocated: list(units.values()),
        },
    )
    connection.execute(
        update(order_line)
        .where(and_(order_line.c.order_id == added.c.order_id, order_line.c.line_no == added.c.line_no))
        .values(allocated=order_line.c.allocated + added.c.allocated)
    )
    write_lines_changed(connection, states)


def write_lines_changed(connection: Connection, states: Mapping[str, OrderState]) -> None:
    """Give locked orders, whose lines have just been written, their new states."""
    given = _given_states(connection, states)
    connection.execute(
        update(orders)
        .where(orders.c.order_id == given.c.order_id)
        .values(state=given.c.state, waits=waits_in(given.c.state), version=orders.c.version + 1)
    )


def _given_states(connection: Connection, states: Mapping[str, OrderState]) -> FromClause:
    return rows_of(
        connection,
        {orders.c.order_id: list(states), orders.c.state: [state.value for state in states.values()]},
    )
