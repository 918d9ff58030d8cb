"""Supply: units on their way to a node."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, select, update

from fulfillment.domain.availability import Supply
from fulfillment.store.rowset import insert_rows, rows_of
from fulfillment.store.schema.stock import supply
from fulfillment.store.transaction import racing_for_keys


def known_supply(connection: Connection, supply_ids: Sequence[str]) -> dict[str, int]:
    """Return the units of each supply that is in the ledger."""
    given = rows_of(connection, {supply.c.supply_id: supply_ids})
    rows = connection.execute(
        select(supply.c.supply_id, supply.c.qty).join_from(
            given, supply, supply.c.supply_id == given.c.supply_id
        )
    )
    return {supply_id: qty for supply_id, qty in rows}


def add_purchases(
    connection: Connection, due: Sequence[Supply], reference: str, recorded_at: datetime
) -> None:
    """Add supply that was bought and is due."""
    s = supply.c
    with racing_for_keys():
        insert_rows(
            connection,
            supply,
            {
                s.supply_id: [each.supply_id for each in due],
                s.node_id: [each.node_id for each in due],
                s.sku_id: [each.sku_id for each in due],
                s.kind: ["purchase"] * len(due),
                s.state: ["due"] * len(due),
                s.due_on: [each.due_on for each in due],
                s.qty: [each.qty for each in due],
                s.promised: [0] * len(due),
                s.reference: [reference] * len(due),
                s.recorded_at: [recorded_at] * len(due),
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSupply:
    """A supply as the ledger has it; ``kind`` and ``state`` are words of the table."""

    supply_id: str
    node_id: str
    sku_id: str
    kind: str
    state: str
    due_on: date
    qty: int
    promised: int
    reference: str


def lock_supply(connection: Connection, supply_id: str) -> StoredSupply | None:
    """Lock a supply and read it; None when it is unknown."""
    row = connection.execute(
        select(supply).where(supply.c.supply_id == supply_id).with_for_update(of=supply)
    ).one_or_none()
    return None if row is None else _stored(row)


def read_supply(
    connection: Connection,
    *,
    node_id: str | None = None,
    sku_id: str | None = None,
    after: str = "",
    limit: int = 100,
) -> list[StoredSupply]:
    """List what is due, at a node and of a SKU where one is named, by id after `after`."""
    s = supply.c
    rows = select(supply).where(s.state == "due", s.supply_id > after)
    if node_id is not None:
        rows = rows.where(s.node_id == node_id)
    if sku_id is not None:
        rows = rows.where(s.sku_id == sku_id)
    return [_stored(row) for row in connection.execute(rows.order_by(s.supply_id).limit(limit))]


def add_supply(connection: Connection, added: StoredSupply, recorded_at: datetime) -> None:
    """Add a supply."""
    s = supply.c
    names = StoredSupply.__dataclass_fields__
    with racing_for_keys():
        insert_rows(
            connection,
            supply,
            {**{s[name]: [getattr(added, name)] for name in names}, s.recorded_at: [recorded_at]},
        )


def write_supply(connection: Connection, changed: StoredSupply) -> None:
    """Write a locked supply as it is now."""
    connection.execute(
        update(supply)
        .where(supply.c.supply_id == changed.supply_id)
        .values(
            state=changed.state,
            due_on=changed.due_on,
            qty=changed.qty,
            promised=changed.promised,
            reference=changed.reference,
        )
    )


def _stored(row: Row[tuple[object, ...]]) -> StoredSupply:
    return StoredSupply(**{name: getattr(row, name) for name in StoredSupply.__dataclass_fields__})
