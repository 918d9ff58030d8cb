"""The statements that read and write balances and entries, each over any number of rows.

What calls them keeps one order: make the rows that units may arrive on, lock all rows, decide, change them,
add the entries. Rows are taken in (node, SKU) order over the whole call, and none is made once one is
locked, so that two callers cannot deadlock.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, FromClause, Integer, Select, and_, literal_column, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from fulfillment.domain.errors import invariant
from fulfillment.domain.stock import StockState
from fulfillment.store.posting import Movement, Position
from fulfillment.store.rowset import Inserts, Rows, execute_over, insert_missing, insert_rows, rows_of
from fulfillment.store.schema.catalogue import sku
from fulfillment.store.schema.network import node
from fulfillment.store.schema.stock import stock, stock_entry
from fulfillment.store.transaction import racing_for_keys

Counts = tuple[int, int, int, int, int]
"""Available, reserved, committed, unavailable units of a row, and its version."""

STATES = [state.value for state in StockState]
_CHANGE = {name: Column(f"{name}_change", Integer) for name in [*STATES, "version"]}
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
    given = rows_of(connection, rows_by_position(positions))
    is_there = (
        select(stock.c.version)
        .where(stock.c.node_id == given.c.node_id, stock.c.sku_id == given.c.sku_id)
        .exists()
    )
    rows = connection.execute(select(given.c.node_id, given.c.sku_id).where(~is_there))
    return sorted((node_id, sku_id) for node_id, sku_id in rows)


def lock_rows(connection: Connection, positions: Sequence[Position]) -> dict[Position, Counts]:
    """Lock the rows in (node, SKU) order and read them. SQLite's one writer holds every lock already."""
    rows = execute_over(connection, _locking, rows_by_position(sorted(positions))).all()
    return {(row[0], row[1]): (row[2], row[3], row[4], row[5], row[6]) for row in rows}


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
    rows = execute_over(connection, _moved, {stock_entry.c.entry_id: entry_ids})
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

    The database does its own sum, guarded by ``available + change >= floor`` and by its CHECK constraints,
    and both must agree.

    Parameters
    ----------
    after : mapping
        The rows that change; each stands in `before`.
    floors : mapping
        Units that must stay available, where that is more than 0.
    """
    changed = sorted(after)
    rows: dict[Column[Any], Sequence[object]] = dict(rows_by_position(changed))
    steps = [
        [new - old for new, old in zip(after[position], before[position], strict=True)]
        for position in changed
    ]
    for change, column in zip(_CHANGE.values(), zip(*steps, strict=True), strict=True):
        rows[change] = column
    rows[_FLOOR] = [floors.get(position, 0) for position in changed]
    changed_rows = execute_over(connection, _changing, rows).all()
    in_database = {(row[0], row[1]): tuple(row[2:]) for row in changed_rows}
    if in_database != after:
        wrong = next(position for position in changed if in_database.get(position) != after[position])
        invariant(
            False,
            "a balance in the database differs from what its entries make of it",
            position=wrong,
            expected=after[wrong],
            found=in_database.get(wrong),
        )


def _changing(given: FromClause) -> ReturningUpdate[Any]:
    return (
        update(stock)
        .where(stock.c.node_id == given.c.node_id, stock.c.sku_id == given.c.sku_id)
        .where(stock.c.available + given.c.available_change >= given.c.floor)
        .values({name: stock.c[name] + given.c[change.name] for name, change in _CHANGE.items()})
        .returning(*stock.c)
    )


def add_entries(connection: Connection, rows: Rows, inserts: Inserts | None = None) -> None:
    """Add entries whose movements are in the balances; `rows` has every column but the generated ones.

    inserts : what they wait in for other rows, to be written `racing_for_keys`; None to write them here.
    """
    if inserts is not None:
        inserts.add(stock_entry, rows)
        return
    # The same entry id, on another row, at the same moment: a fresh attempt sees it as posted before.
    with racing_for_keys():
        insert_rows(connection, stock_entry, rows)


def rows_by_position(positions: Sequence[Position]) -> Rows:
    """Return positions as the key columns of ``stock``."""
    return {
        stock.c.node_id: [node_id for node_id, _ in positions],
        stock.c.sku_id: [sku_id for _, sku_id in positions],
    }
