"""Supply: units on their way to a node."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

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
