"""Holds whose time is over: found when somebody needs their units, and ended by entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from fulfillment.domain.transitions import HOLDS, HoldState, Verb
from fulfillment.store.posting import Position
from fulfillment.store.rowset import rows_of
from fulfillment.store.schema.orders import hold, hold_line
from fulfillment.store.schema.stock import stock


@dataclass(frozen=True, slots=True)
class ExpiredHold:
    """A locked hold that has expired, and what it still reserves."""

    hold_id: str
    units: tuple[tuple[str, str, int], ...]  # node_id, sku_id, qty


def lock_expired_holds(
    connection: Connection, positions: Sequence[Position], now: datetime
) -> list[ExpiredHold]:
    """Lock the holds that have expired by `now` and reserve units at any of `positions`, ordered by id."""
    given = rows_of(
        connection,
        {
            stock.c.node_id: [node_id for node_id, _ in positions],
            stock.c.sku_id: [sku_id for _, sku_id in positions],
        },
    )
    line = hold_line.c
    touching = select(line.hold_id).join_from(
        given, hold_line, and_(line.node_id == given.c.node_id, line.sku_id == given.c.sku_id)
    )
    ids = connection.execute(
        select(hold.c.hold_id)
        .where(hold.c.state == HoldState.ACTIVE.value, hold.c.expires_at <= now, hold.c.hold_id.in_(touching))
        .order_by(hold.c.hold_id)
        .with_for_update(of=hold, key_share=True)
    ).scalars()
    units: dict[str, list[tuple[str, str, int]]] = {hold_id: [] for hold_id in ids}
    locked = rows_of(connection, {hold.c.hold_id: list(units)})
    for row in connection.execute(
        select(hold_line)
        .join_from(locked, hold_line, line.hold_id == locked.c.hold_id)
        .order_by(line.hold_id, line.node_id, line.sku_id)
    ):
        units[row.hold_id].append((row.node_id, row.sku_id, row.qty))
    return [ExpiredHold(hold_id, tuple(its)) for hold_id, its in units.items()]


def expire_holds(connection: Connection, hold_ids: Sequence[str]) -> None:
    """Write the end of locked holds whose units were released by entries."""
    given = rows_of(connection, {hold.c.hold_id: hold_ids})
    connection.execute(
        update(hold)
        .where(hold.c.hold_id == given.c.hold_id)
        .values(
            state=HOLDS.moves[Verb.EXPIRE][HoldState.ACTIVE].value,
            version=hold.c.version + 1,
        )
    )
