"""Post entries: the only statements that change a balance.

A call takes any number of entries and makes a fixed number of statements: make rows, lock rows, look for
duplicates, read buffers, change balances, add entries. Rows are taken in (node, SKU) order over the whole
call, so that two callers cannot deadlock, and what the call moves on one row is added up before the row is
changed once. Under the lock each entry goes through the domain's `apply`; the database then does its own sum,
guarded by ``available + change >= floor`` and by its CHECK constraints, and both must agree.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Integer, and_, literal_column, select, update

from fulfillment.domain.errors import invariant
from fulfillment.domain.stock import Balance, Border, Entry, StockState
from fulfillment.store.buffers import floors_of
from fulfillment.store.posting import EntryGroup, Movement, Position, Posted, Posting
from fulfillment.store.rowset import Rows, insert_missing, insert_rows, rows_of
from fulfillment.store.schema.catalogue import sku
from fulfillment.store.schema.network import node
from fulfillment.store.schema.stock import stock, stock_entry
from fulfillment.store.transaction import racing_for_keys

_STATES = [state.value for state in StockState]
_CHANGE = {name: Column(f"{name}_change", Integer) for name in [*_STATES, "version"]}
_FLOOR = Column("floor", Integer)


def post(connection: Connection, groups: Sequence[EntryGroup]) -> Posted:
    """Post groups of entries, in the order given, within the caller's transaction.

    Returns
    -------
    Posted
        A refused group leaves no trace and does not fail the others: `InsufficientStock` names each position
        that lacks units, `NotFound` a position that has no stock row, `Conflict` an entry id that stands for
        another movement.
    """
    entries = [entry for group in groups for entry in group.entries]
    positions = sorted({(entry.node_id, entry.sku_id) for entry in entries})
    _make_rows(connection, entries)
    before = lock_balances(connection, positions)
    known = known_movements(connection, [entry.entry_id for entry in entries])
    channels = {group.sells_on for group in groups if group.sells_on is not None}
    floors = floors_of(connection, positions, channels)
    posting = Posting(before, known, floors)
    posted = posting.take_all(groups)
    if posting.accepted:
        _change_balances(connection, posting)
        _add_entries(connection, posting.accepted)
    return posted


def _make_rows(connection: Connection, entries: Iterable[Entry]) -> None:
    """Make the rows that units from outside may arrive on; a node or SKU that does not exist makes none."""
    arriving = sorted({(e.node_id, e.sku_id) for e in entries if isinstance(e.source, Border)})
    if not arriving:
        return
    given = rows_of(connection, rows_by_position(arriving))
    empty = [literal_column("0", Integer).label(name) for name in _CHANGE]
    rows = (
        select(given.c.node_id, given.c.sku_id, *empty)
        .select_from(given)
        .join(node, node.c.node_id == given.c.node_id)
        .join(sku, sku.c.sku_id == given.c.sku_id)
        .order_by(given.c.node_id, given.c.sku_id)
    )
    insert_missing(connection, stock, ["node_id", "sku_id", *_CHANGE], rows)


def lock_balances(connection: Connection, positions: Sequence[Position]) -> dict[Position, Balance]:
    """Lock the rows in (node, SKU) order and read them. SQLite's one writer holds every lock already.

    A caller who locks before it posts must give every position that it will post to: a row that is locked
    later may stand earlier in the order.
    """
    given = rows_of(connection, rows_by_position(positions))
    rows = connection.execute(
        select(stock)
        .select_from(given)
        .join(stock, and_(stock.c.node_id == given.c.node_id, stock.c.sku_id == given.c.sku_id))
        .order_by(stock.c.node_id, stock.c.sku_id)
        # Not FOR UPDATE: it would also wait for every transaction whose entries refer to the row.
        .with_for_update(of=stock, key_share=True)
    )
    return {
        (row.node_id, row.sku_id): Balance(
            available=row.available,
            reserved=row.reserved,
            committed=row.committed,
            unavailable=row.unavailable,
            version=row.version,
        )
        for row in rows
    }


def known_movements(connection: Connection, entry_ids: Sequence[str]) -> dict[str, Movement]:
    """Return what each entry moved, of those that are in the ledger."""
    given = rows_of(connection, {stock_entry.c.entry_id: entry_ids})
    e = stock_entry.c
    rows = connection.execute(
        select(e.entry_id, e.node_id, e.sku_id, e.source, e.target, e.qty, e.reason).join_from(
            given, stock_entry, e.entry_id == given.c.entry_id
        )
    )
    return {entry_id: tuple(movement) for entry_id, *movement in rows}


def _change_balances(connection: Connection, posting: Posting) -> None:
    changed = sorted({(entry.node_id, entry.sku_id) for entry, _ in posting.accepted})
    steps = [(posting.before[position], posting.after[position]) for position in changed]
    rows: dict[Column[Any], Sequence[object]] = dict(rows_by_position(changed))
    for name, change in _CHANGE.items():
        rows[change] = [getattr(after, name) - getattr(before, name) for before, after in steps]
    rows[_FLOOR] = [posting.lowest_floor.get(position, 0) for position in changed]
    given = rows_of(connection, rows)
    statement = (
        update(stock)
        .where(stock.c.node_id == given.c.node_id, stock.c.sku_id == given.c.sku_id)
        .where(stock.c.available + given.c.available_change >= given.c.floor)
        .values({name: stock.c[name] + given.c[change.name] for name, change in _CHANGE.items()})
        .returning(*stock.c)
    )
    in_database = {(row.node_id, row.sku_id): row[2:] for row in connection.execute(statement)}
    for position in changed:
        after = posting.after[position]
        expected = tuple(getattr(after, name) for name in _CHANGE)
        invariant(
            in_database.get(position) == expected,
            "a balance in the database differs from what its entries make of it",
            position=position,
            expected=expected,
            found=in_database.get(position),
        )


def _add_entries(connection: Connection, accepted: Sequence[tuple[Entry, Balance]]) -> None:
    e = stock_entry.c
    copied = ("entry_id", "node_id", "sku_id", "source", "target", "qty", "reason", "reference", "actor",
              "occurred_at", "recorded_at")  # fmt: skip
    rows: dict[Column[Any], Sequence[object]] = {
        e[name]: [getattr(entry, name) for entry, _ in accepted] for name in copied
    }
    rows[e.stock_version] = [after.version for _, after in accepted]
    for name in _STATES:
        rows[e[f"{name}_after"]] = [getattr(after, name) for _, after in accepted]
    # The same entry id, on another row, at the same moment: a fresh attempt sees it as posted before.
    with racing_for_keys():
        insert_rows(connection, stock_entry, rows)


def rows_by_position(positions: Sequence[Position]) -> Rows:
    """Return positions as the key columns of ``stock``."""
    return {
        stock.c.node_id: [node_id for node_id, _ in positions],
        stock.c.sku_id: [sku_id for _, sku_id in positions],
    }
