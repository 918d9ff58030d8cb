"""Read the ledger's history: balances now and then, and the proof that entries and balances agree."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    Table,
    and_,
    case,
    func,
    select,
    tuple_,
)

from fulfillment.domain.errors import FulfillmentError
from fulfillment.domain.stock import EMPTY, Balance, Border, Entry, EntryReason, Place, StockState, apply
from fulfillment.store.posting import Position
from fulfillment.store.rowset import rows_of
from fulfillment.store.schema.catalogue import kit_component
from fulfillment.store.schema.stock import stock, stock_entry
from fulfillment.store.stock_rows import rows_by_position

_PLACES: dict[str, Place] = {place.value: place for kind in (StockState, Border) for place in kind}
_FIT_FOR_SALE = [state.value for state in StockState if state is not StockState.UNAVAILABLE]
_AUDIT_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A position whose balance, entries and running balances do not tell one story."""

    node_id: str
    sku_id: str
    message: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit read, and what it found wrong."""

    positions: int
    entries: int
    disagreements: tuple[Disagreement, ...]


def balances(connection: Connection) -> dict[Position, Balance]:
    """Read every balance."""
    return {(row.node_id, row.sku_id): _balance(*row[2:]) for row in connection.execute(select(stock))}


def balances_of_skus(connection: Connection, sku_ids: Collection[str]) -> dict[Position, Balance]:
    """Read every balance of SKUs, and of the components of those that are kits or once were."""
    rows = connection.execute(select(stock).where(stock.c.sku_id.in_(_with_components(connection, sku_ids))))
    return {(row.node_id, row.sku_id): _balance(*row[2:]) for row in rows}


def positions_of_skus(connection: Connection, sku_ids: Collection[str]) -> list[Position]:
    """List the positions that `balances_of_skus` reads."""
    rows = connection.execute(
        select(stock.c.node_id, stock.c.sku_id).where(
            stock.c.sku_id.in_(_with_components(connection, sku_ids))
        )
    )
    return [(node_id, sku_id) for node_id, sku_id in rows]


def _with_components(connection: Connection, sku_ids: Collection[str]) -> CompoundSelect[str]:
    given = rows_of(connection, {stock.c.sku_id: sorted(sku_ids)})
    component = kit_component.c
    parts = select(component.sku_id).join_from(given, kit_component, component.kit_sku_id == given.c.sku_id)
    return select(given.c.sku_id).union(parts)


@dataclass(frozen=True, slots=True)
class BalanceFilter:
    """Which balances to read: of a node or a SKU where one is named, after a position, at most so many."""

    node_id: str | None = None
    sku_id: str | None = None
    after: Position | None = None
    limit: int | None = None

    def narrow(self, rows: Select[*tuple[Any, ...]], table: Table) -> Select[*tuple[Any, ...]]:
        """Select these of `rows` of a table with node and SKU, in (node, SKU) order."""
        if self.node_id is not None:
            rows = rows.where(table.c.node_id == self.node_id)
        if self.sku_id is not None:
            rows = rows.where(table.c.sku_id == self.sku_id)
        if self.after is not None:
            rows = rows.where(tuple_(table.c.node_id, table.c.sku_id) > tuple_(*self.after))
        return rows.order_by(table.c.node_id, table.c.sku_id).limit(self.limit)


EVERY_BALANCE = BalanceFilter()


def some_balances(connection: Connection, wanted: BalanceFilter) -> dict[Position, Balance]:
    """Read balances as they are now."""
    rows = connection.execute(wanted.narrow(select(stock), stock))
    return {(row.node_id, row.sku_id): _balance(*row[2:]) for row in rows}


def balances_as_of(
    connection: Connection, moment: datetime, wanted: BalanceFilter = EVERY_BALANCE
) -> dict[Position, Balance]:
    """Tell balances as the ledger knew them at a past moment, from what the entries recorded.

    Returns
    -------
    dict
        Balance by position, for those that had any entry by then.
    """
    e = stock_entry.c
    last = wanted.narrow(
        select(e.node_id, e.sku_id, func.max(e.stock_version).label("stock_version"))
        .where(e.recorded_at <= moment)
        .group_by(e.node_id, e.sku_id),
        stock_entry,
    ).subquery("last")
    rows = connection.execute(
        select(e.node_id, e.sku_id, *_after())
        .join_from(
            last,
            stock_entry,
            and_(
                e.node_id == last.c.node_id,
                e.sku_id == last.c.sku_id,
                e.stock_version == last.c.stock_version,
            ),
        )
        .order_by(e.node_id, e.sku_id)
    )
    return {(row.node_id, row.sku_id): _balance(*row[2:]) for row in rows}


def balances_at(connection: Connection, positions: Sequence[Position]) -> dict[Position, Balance]:
    """Read the balances of some positions, without a lock."""
    given = rows_of(connection, rows_by_position(positions))
    rows = connection.execute(
        select(stock).join_from(
            given, stock, and_(stock.c.node_id == given.c.node_id, stock.c.sku_id == given.c.sku_id)
        )
    )
    return {(row.node_id, row.sku_id): _balance(*row[2:]) for row in rows}


def skus_on_hand(connection: Connection, node_id: str) -> list[str]:
    """Name the SKUs of which a node has any unit fit for sale."""
    s = stock.c
    rows = select(s.sku_id).where(s.node_id == node_id, s.available + s.reserved + s.committed > 0)
    return list(connection.scalars(rows.order_by(s.sku_id)))


def changes_since(
    connection: Connection, positions: Sequence[Position], moment: datetime
) -> dict[Position, tuple[int, int]]:
    """Add up what happened at some positions after a moment, whenever it was recorded.

    Returns
    -------
    dict
        By position: by how much the units fit for sale (available, reserved, committed) grew, and the
        unavailable ones. A position where nothing happened is absent.
    """
    e = stock_entry.c
    given = rows_of(connection, rows_by_position(positions))

    def growth(places: Sequence[str]) -> ColumnElement[int]:
        return func.sum(
            case((e.target.in_(places), e.qty), else_=0) - case((e.source.in_(places), e.qty), else_=0)
        )

    rows = connection.execute(
        select(e.node_id, e.sku_id, growth(_FIT_FOR_SALE), growth([StockState.UNAVAILABLE.value]))
        .join_from(given, stock_entry, and_(e.node_id == given.c.node_id, e.sku_id == given.c.sku_id))
        .where(e.occurred_at > moment)
        .group_by(e.node_id, e.sku_id)
    )
    return {(node_id, sku_id): (int(fit), int(aside)) for node_id, sku_id, fit, aside in rows}


def history(
    connection: Connection, position: Position, *, after_version: int = 0, limit: int | None = None
) -> list[Entry]:
    """List the entries of a position in the order they were applied; the n-th one made its version n."""
    e = stock_entry.c
    rows = connection.execute(
        select(stock_entry)
        .where(e.node_id == position[0], e.sku_id == position[1], e.stock_version > after_version)
        .order_by(e.stock_version)
        .limit(limit)
    )
    return [_entry(row) for row in rows]


def audit(connection: Connection) -> Audit:
    """Replay every entry through the domain's `apply` and compare all that the ledger claims.

    Proves, for each position: the entries apply one after another without a gap; the balance kept beside each
    entry is the one they make; the stock row equals the last. Reads in one pass and keeps one position in
    memory.
    """
    found: list[Disagreement] = []
    count = 0
    current = balances(connection)
    positions = len(current)
    for position, rows in _entries_by_position(connection):
        count += len(rows)
        claimed = current.pop(position, None)
        if (message := _disagreement(rows, claimed)) is not None:
            found.append(Disagreement(*position, message))
    found.extend(
        Disagreement(*position, f"{claimed} has no entry")
        for position, claimed in current.items()
        if claimed != EMPTY
    )
    return Audit(positions, count, tuple(found))


def _disagreement(rows: Sequence[Row[tuple[object, ...]]], claimed: Balance | None) -> str | None:
    balance = EMPTY
    for row in rows:
        try:
            balance = apply(balance, _entry(row))
        except FulfillmentError as error:
            return f"entry {row.entry_id} cannot follow: {error}"
        kept = _balance(row.available_after, row.reserved_after, row.committed_after, row.unavailable_after,
                        row.stock_version)  # fmt: skip
        if balance != kept:
            return f"entry {row.entry_id} makes {balance}, it keeps {kept}"
    return None if balance == claimed else f"the entries make {balance}, the stock row says {claimed}"


def _entries_by_position(
    connection: Connection,
) -> Iterator[tuple[Position, list[Row[tuple[object, ...]]]]]:
    e = stock_entry.c
    rows = connection.execution_options(yield_per=_AUDIT_BATCH).execute(
        select(stock_entry).order_by(e.node_id, e.sku_id, e.stock_version)
    )
    for (node_id, sku_id), group in groupby(rows, key=lambda row: (row.node_id, row.sku_id)):
        yield (node_id, sku_id), list(group)


def _after() -> list[Column[int]]:
    e = stock_entry.c
    return [e.available_after, e.reserved_after, e.committed_after, e.unavailable_after, e.stock_version]


def _balance(available: int, reserved: int, committed: int, unavailable: int, version: int) -> Balance:
    return Balance(
        available=available,
        reserved=reserved,
        committed=committed,
        unavailable=unavailable,
        version=version,
    )


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(
        entry_id=row.entry_id,
        node_id=row.node_id,
        sku_id=row.sku_id,
        source=_PLACES[row.source],
        target=_PLACES[row.target],
        qty=row.qty,
        reason=EntryReason(row.reason),
        reference=row.reference,
        actor=row.actor,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
    )
