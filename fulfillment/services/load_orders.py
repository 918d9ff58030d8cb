"""Load orders that wait for a decision, with their lines."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.store.columns import OrderColumns, OrderLineColumns
from fulfillment.store.orders import add_orders, content_digests, known_digests
from fulfillment.store.transaction import run_in_transaction

ORDERS_PER_TRANSACTION = 5_000

Columns = TypeVar("Columns", OrderColumns, OrderLineColumns)


@dataclass(frozen=True, slots=True)
class OrdersLoaded:
    """Orders that were new, and those that the ledger knew."""

    added: int
    known: int


def order_conflicts(connection: Connection, orders: OrderColumns, lines: OrderLineColumns) -> list[str]:
    """Name every order that was loaded before with another content."""
    known = known_digests(connection, orders.order_id)
    digests = content_digests(orders, lines)
    return [
        f"order {order_id} was loaded with another content"
        for order_id, digest in zip(orders.order_id, digests, strict=True)
        if known.get(order_id, digest) != digest
    ]


def load_orders(
    engine: Engine,
    orders: OrderColumns,
    lines: OrderLineColumns,
    *,
    clock: Clock,
    on_progress: Callable[[int], None] = lambda _: None,
) -> OrdersLoaded:
    """Add the orders that the ledger does not know, `ORDERS_PER_TRANSACTION` at a time.

    An order commits together with its lines. After a crash, call it again: what is there is skipped.

    Parameters
    ----------
    on_progress : callable
        Takes how many orders more are done.
    """
    added = 0
    for some, their_lines in _in_groups(orders, lines):

        def story(
            connection: Connection, some: OrderColumns = some, their_lines: OrderLineColumns = their_lines
        ) -> int:
            return _add_unknown(connection, some, their_lines, clock)

        added += run_in_transaction(engine, story)
        on_progress(len(some.order_id))
    return OrdersLoaded(added, len(orders.order_id) - added)


def _add_unknown(connection: Connection, orders: OrderColumns, lines: OrderLineColumns, clock: Clock) -> int:
    known = known_digests(connection, orders.order_id)
    new = [order_id not in known for order_id in orders.order_id]
    unknown = _only(orders, new)
    their_lines = _only(lines, [order_id not in known for order_id in lines.order_id])
    add_orders(connection, unknown, their_lines, content_digests(unknown, their_lines), clock.now())
    return len(unknown.order_id)


def _in_groups(
    orders: OrderColumns, lines: OrderLineColumns
) -> Iterator[tuple[OrderColumns, OrderLineColumns]]:
    """Cut both tables between orders. Lines come sorted as the orders are, so a group's lines are a range."""
    first_line = 0
    for start in range(0, len(orders.order_id), ORDERS_PER_TRANSACTION):
        some = _cut(orders, start, start + ORDERS_PER_TRANSACTION)
        ids = set(some.order_id)
        end = first_line
        while end < len(lines.order_id) and lines.order_id[end] in ids:
            end += 1
        yield some, _cut(lines, first_line, end)
        first_line = end


def _cut(columns: Columns, start: int, end: int) -> Columns:
    return type(columns)(**{f.name: getattr(columns, f.name)[start:end] for f in fields(columns)})


def _only(columns: Columns, kept: Sequence[bool]) -> Columns:
    return type(columns)(
        **{
            f.name: [value for value, keep in zip(getattr(columns, f.name), kept, strict=True) if keep]
            for f in fields(columns)
        }
    )
