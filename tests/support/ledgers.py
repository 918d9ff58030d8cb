"""Small ledgers for tests: nodes, SKUs, units, entries."""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from fulfillment.domain.stock import Border, Entry, EntryReason, Place, StockState
from fulfillment.store.changes import Changed, note_change
from fulfillment.store.posting import EntryGroup, Position, Posted
from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.catalogue import sku
from fulfillment.store.schema.network import node
from fulfillment.store.schema.stock import buffer
from fulfillment.store.stock import post
from fulfillment.store.transaction import run_in_transaction

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
A, R, C, U = StockState.AVAILABLE, StockState.RESERVED, StockState.COMMITTED, StockState.UNAVAILABLE
_numbers = itertools.count()


def an_entry(
    position: Position,
    qty: int,
    reason: EntryReason = EntryReason.COMMIT,
    source: Place = A,
    target: Place = C,
    *,
    entry_id: str | None = None,
    at: datetime = NOON,
) -> Entry:
    """One movement at a position; a commitment to an order unless said."""
    return Entry(
        entry_id=entry_id or f"entry-{next(_numbers)}",
        node_id=position[0],
        sku_id=position[1],
        source=source,
        target=target,
        qty=qty,
        reason=reason,
        reference="test",
        actor="tester",
        occurred_at=at,
        recorded_at=at,
    )


def a_receipt(position: Position, qty: int, **more: object) -> Entry:
    """Units that arrive from a supplier."""
    return an_entry(position, qty, EntryReason.RECEIVE, Border.SUPPLIER, A, **more)  # type: ignore[arg-type]


def a_group(*entries: Entry, sells_on: str | None = None) -> EntryGroup:
    """Entries under a fresh group id."""
    return EntryGroup(f"group-{next(_numbers)}", entries, sells_on)


def post_all(ledger: Engine, *groups: EntryGroup) -> Posted:
    """Post groups in one transaction of their own."""
    return run_in_transaction(ledger, lambda connection: post(connection, groups))


def add_places(connection: Connection, node_ids: Iterable[str], sku_ids: Iterable[str]) -> None:
    """Make nodes and SKUs exist, without their particulars."""
    nodes, skus = list(node_ids), list(sku_ids)
    insert_rows(connection, node, {node.c.node_id: nodes, node.c.recorded_at: [NOON] * len(nodes)})
    insert_rows(connection, sku, {sku.c.sku_id: skus, sku.c.recorded_at: [NOON] * len(skus)})


def stock_up(ledger: Engine, units: dict[Position, int]) -> None:
    """Make the nodes and SKUs of `units` and receive that many at each position."""

    def story(connection: Connection) -> None:
        add_places(connection, sorted({n for n, _ in units}), sorted({s for _, s in units}))
        posted = post(connection, [a_group(a_receipt(position, qty)) for position, qty in units.items()])
        assert not posted.refused

    run_in_transaction(ledger, story)


def set_buffer(ledger: Engine, position: Position, qty: int, channel: str = "", version: int = 1) -> None:
    """Add a version of a position's buffer."""
    values = (*position, channel, version, qty, NOON)
    rows = {column: [value] for column, value in zip(buffer.c, values, strict=True)}

    def story(connection: Connection) -> None:
        insert_rows(connection, buffer, rows)
        note_change(connection, Changed.BUFFERS)

    run_in_transaction(ledger, story)
