"""Prove that what the books reserve and commit is what holds hold and what nodes were given to do."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from fulfillment.domain.transitions import HoldState
from fulfillment.store.claims import committed_by_claims
from fulfillment.store.entries import Disagreement
from fulfillment.store.posting import Position
from fulfillment.store.schema.orders import hold, hold_line
from fulfillment.store.schema.stock import stock


def audit_claims(connection: Connection) -> list[Disagreement]:
    """Compare two counts of every balance with those who claim its units."""
    s = stock.c
    rows = connection.execute(
        select(s.node_id, s.sku_id, s.reserved, s.committed).where((s.reserved > 0) | (s.committed > 0))
    ).all()
    reserved = {(row.node_id, row.sku_id): row.reserved for row in rows if row.reserved}
    committed = {(row.node_id, row.sku_id): row.committed for row in rows if row.committed}
    return [
        *_differences(reserved, _held(connection), "reserved", "active holds hold"),
        *_differences(committed, committed_by_claims(connection), "committed", "nodes were given"),
    ]


def _held(connection: Connection) -> dict[Position, int]:
    line = hold_line.c
    rows = connection.execute(
        select(line.node_id, line.sku_id, func.sum(line.qty))
        .join_from(hold, hold_line, hold.c.hold_id == line.hold_id)
        .where(hold.c.state == HoldState.ACTIVE.value)
        .group_by(line.node_id, line.sku_id)
    )
    return {(node_id, sku_id): int(qty) for node_id, sku_id, qty in rows}


def _differences(
    books: Mapping[Position, int], claimed: Mapping[Position, int], state: str, by_whom: str
) -> list[Disagreement]:
    return [
        Disagreement(
            *position,
            f"{books.get(position, 0)} units are {state}, {by_whom} {claimed.get(position, 0)}",
        )
        for position in sorted({*books, *claimed})
        if books.get(position, 0) != claimed.get(position, 0)
    ]
