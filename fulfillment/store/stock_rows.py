"""The statements that read and write balances and entries, each over any number of rows.

What calls them keeps one order: make the rows that units may arrive on, lock all rows, decide, change them,
add the entries. Rows are taken in (node, SKU) order over the whole call, and none is made once one is
locked, so that two callers cannot deadlock.
"""

from collections.abc import Mapping, Sequence
from operator import sub
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    FromClause,
    Integer,
    Select,
    Update,
    and_,
    literal_column,
    select,
    update,
)

from fulfillment.domain.errors import invariant
from fulfillment.domain.stock import StockState
from fulfillment.store.posting import Movement, Position
from fulfillment.store.rowset import (
    Rows,
    TableRows,
    execute_over,
    insert_missing,
    insert_rows,
    rows_of,
)
from fulfillment.store.schema.catalogue import sku
from fulfillment.store.schema.network import node
from fulfillment.store.schema.stock import stock, stock_entry
from fulfillment.store.transaction import racing_for_keys

Counts = tuple[int, int, int, int, int]
"""Available, reserved, committed, unavailable units of a row, and its version."""

STATES = [state.value for state in StockState]
_CHANGE = {name: Column(f"{name}_change", Integer) for name in [*STATES, "version"]}
_AFTER = {name: Column(f"{name}_after", Integer) for name in _CHANGE}
_FLOOR = Column("floor", Integer)


def make_rows(connection: Connection, positions: Sequence[Position]) -> None:
    """Make the rows that units from outside may arrive on; a node or SKU that does not exist makes none."""
    missing = _missing(connection, positions) if positions else []
    if not missing:  # as nearly always: looking is far cheaper than a row that is made in vain
        return
    given = rows_of(connection, rows_by_position(missing))
    empty = [literal_column("0", Integer).label(name) for name in _CHANGE]
    rows = (
        select(given.c.node_id, given.c.sku_id, *empty)
        .select_from(given)
        .join(node, node.c.node_id == given.c.node_id)
        .join(sku, sku.c.sku_id == given.c.sku_id)
        .order_by(given.c.node_id, given.c.sku_id)
    )
    insert_missing(connection, stock, ["node_id", "sku_id", *_CHANGE], rows)


def _missing(connection: Connection, positions: Sequence[Position]) -> list[Position]:
    rows = execute_over(connection, _absent, rows_by_position(positions)).all()
    return sorted((node_id, sku_id) for node_id, sku_id in rows)


def _absent(given: FromClause) -> Select[*tuple[Any, ...]]:
    is_there = (
        select(stock.c.version)
        .where(stock.c.node_id == given.c.node_id, stock.c.sku_id == given.c.sku_id)
        .exists()
    )
    return select(given.c.node_id, given.c.sku_id).where(~is_there)


def lock_rows(connection: Connection, positions: Sequence[Position]) -> dict[Position, Counts]:
    """Lock the rows in (node, SKU) order and read them. SQLite's one writer holds every lock already."""
    # All at once: asked for one by one, a row costs three times as much.
    rows = execute_over(connection, _locking, rows_by_position(positions)).all()
    return {
        (node_id, sku_id): (available, reserved, committed, unavailable, version)
        for node_id, sku_id, available, reserved, committed, unavailable, version in rows
    }


def _locking(given: FromClause) -> Select[*tuple[Any, ...]]:
    return (
        select(stock)
        .select_from(given)
        .join(stock, and_(stock.c.node_id == given.c.node_id, stock.c.sku_id == given.c.sku_id))
        .order_by(stock.c.node_id, stock.c.sku_id)
        # Not FOR UPDATE: it would also wait for every transaction whose entries refer to the row.
        .with_for_update(of=stock, key_share=True)
    )


def known_movements(connection: Connection, entry_ids: Sequence[str]) -> dict[str, Movement]:
    """Return what each entry moved, of those that are in the ledger."""
    rows = execute_over(connection, _moved, {stock_entry.c.entry_id: entry_ids}).all()
    return {entry_id: tuple(movement) for entry_id, *movement in rows}


def _moved(given: FromClause) -> Select[*tuple[Any, ...]]:
    e = stock_entry.c
    return select(e.entry_id, e.node_id, e.sku_id, e.source, e.target, e.qty, e.reason).join_from(
        given, stock_entry, e.entry_id == given.c.entry_id
    )


def change_rows(
    connection: Connection,
    before: Mapping[Position, Counts],
    after: Mapping[Position, Counts],
    floors: Mapping[Position, int],
) -> None:
    """Change locked rows from what they were to what their entries make of them.

    The database does its own sum, guarded by ``available + change >= floor`` and by its CHECK constraints; a
    row changes only where that sum is the one given, and every row must.

    Parameters
    ----------
    after : mapping
        The rows that change; each stands in `before`.
    floors : mapping
        Units that must stay available, where that is more than 0.
    """
    changed = list(after)
    rows: dict[Column[Any], Sequence[object]] = dict(rows_by_position(changed))
    were = list(zip(*[before[position] for position in changed], strict=True))
    are = list(zip(*[after[position] for position in changed], strict=True))
    for name, old, new in zip(_CHANGE, were, are, strict=True):
        rows[_CHANGE[name]] = list(map(sub, new, old))
        rows[_AFTER[name]] = new
    rows[_FLOOR] = [floors.get(position, 0) for position in changed]
    if execute_over(connection, _changing, rows).rowcount != len(changed):
        _tell_difference(lock_rows(connection, changed), after)


def _tell_difference(in_database: Mapping[Position, Counts], after: Mapping[Position, Counts]) -> None:
    wrong = [position for position, counts in after.items() if in_database.get(position) != counts]
    invariant(
        False,
        "a balance in the database cannot become what its entries make of it",
        position=wrong[:1],
        expected=[after[position] for position in wrong[:1]],
        found=[in_database.get(position) for position in wrong[:1]],
    )


def _changing(given: FromClause) -> Update:
    sums = {name: stock.c[name] + given.c[_CHANGE[name].name] for name in _CHANGE}
    return (
        update(stock)
        .where(stock.c.node_id == given.c.node_id, stock.c.sku_id == given.c.sku_id)
        .where(sums["available"] >= given.c.floor)
        .where(*(sums[name] == given.c[_AFTER[name].name] for name in _CHANGE))
        .values(sums)
    )


def add_entries(connection: Connection, rows: Rows) -> None:
    """Add entries whose movements are in the balances; `rows` has every column but the generated ones."""
    given = _same_taken_out(rows)
    # The same entry id, on another row, at the same moment: a fresh attempt sees it as posted before.
    with racing_for_keys():
        insert_rows(connection, stock_entry, given.rows, given.same)


_OFTEN_SAME = [
    [stock_entry.c[name] for name in names]
    for names in (("source", "target", "reason"), ("actor", "occurred_at", "recorded_at"))
]
"""What most calls move in one way, and by one hand at one moment. Together, so that few statements differ."""


def _same_taken_out(rows: Rows) -> TableRows:
    """Let what is the same for all entries travel once."""
    same: dict[Column[Any], object] = {}
    for columns in _OFTEN_SAME:
        firsts = [rows[column][0] for column in columns]
        if all(
            rows[column].count(first) == len(rows[column])
            for column, first in zip(columns, firsts, strict=True)
        ):
            same |= zip(columns, firsts, strict=True)
    return TableRows({column: values for column, values in rows.items() if column not in same}, same)


def rows_by_position(positions: Sequence[Position]) -> Rows:
    """Return positions as the key columns of ``stock``."""
    return {
        stock.c.node_id: [node_id for node_id, _ in positions],
        stock.c.sku_id: [sku_id for _, sku_id in positions],
    }
