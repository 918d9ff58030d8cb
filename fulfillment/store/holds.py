"""Holds: add, find, lock and change them; those whose time is over are found when somebody needs their units.

The entries that move a hold's units are posted first, by its service: a hold is written only when they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)

from fulfillment.domain.holds import HeldUnits, Hold
from fulfillment.domain.transitions import HOLDS, HoldState, Verb
from fulfillment.store.posting import Position
from fulfillment.store.rowset import execute_over, insert_rows, rows_of
from fulfillment.store.schema.orders import hold, hold_line
from fulfillment.store.schema.stock import stock
from fulfillment.store.transaction import racing_for_keys


@dataclass(frozen=True, slots=True)
class ExpiredHold:
    """A locked hold that has expired, and what it still reserves."""

    hold_id: str
    units: tuple[tuple[str, str, int], ...]  # node_id, sku_id, qty


def lock_expired_holds(
    connection: Connection, positions: Sequence[Position], now: datetime
) -> list[ExpiredHold]:
    """Lock the holds that have expired by `now` and reserve units at any of `positions`, ordered by id."""
    rows = {
        stock.c.node_id: [node_id for node_id, _ in positions],
        stock.c.sku_id: [sku_id for _, sku_id in positions],
    }
    ids = execute_over(connection, _touching, rows, now=now).scalars()
    return _expired_with_units(connection, ids)


def _touching(given: FromClause) -> Select[str]:
    line = hold_line.c
    touching = select(line.hold_id).join_from(
        given, hold_line, and_(line.node_id == given.c.node_id, line.sku_id == given.c.sku_id)
    )
    return (
        _expired(bindparam("now", type_=hold.c.expires_at.type))
        .where(hold.c.hold_id.in_(touching))
        .order_by(hold.c.hold_id)
        .with_for_update(of=hold, key_share=True)
    )


def lock_some_expired_holds(connection: Connection, limit: int, now: datetime) -> list[ExpiredHold]:
    """Lock holds that have expired by `now`, at most `limit`; those that somebody else has locked are left.

    They come ordered by id, and nobody is waited for, so this cannot take part in a deadlock.
    """
    ids = connection.execute(
        _expired(now)
        .order_by(hold.c.hold_id)
        .limit(limit)
        .with_for_update(of=hold, key_share=True, skip_locked=True)
    ).scalars()
    return _expired_with_units(connection, ids)


def _expired(now: datetime | ColumnElement[datetime]) -> Select[str]:
    return select(hold.c.hold_id).where(hold.c.state == HoldState.ACTIVE.value, hold.c.expires_at <= now)


def _expired_with_units(connection: Connection, ids: Iterable[str]) -> list[ExpiredHold]:
    line = hold_line.c
    units: dict[str, list[tuple[str, str, int]]] = {hold_id: [] for hold_id in ids}
    if not units:
        return []
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
    if not hold_ids:
        return
    given = rows_of(connection, {hold.c.hold_id: hold_ids})
    connection.execute(
        update(hold)
        .where(hold.c.hold_id == given.c.hold_id)
        .values(
            state=HOLDS.moves[Verb.EXPIRE][HoldState.ACTIVE].value,
            version=hold.c.version + 1,
        )
    )


def expired_units(connection: Connection, now: datetime) -> dict[Position, int]:
    """Add up what holds that have expired by `now` still reserve."""
    line = hold_line.c
    rows = connection.execute(
        select(line.node_id, line.sku_id, func.sum(line.qty))
        .join_from(hold, hold_line, hold.c.hold_id == line.hold_id)
        .where(hold.c.state == HoldState.ACTIVE.value, hold.c.expires_at <= now)
        .group_by(line.node_id, line.sku_id)
    )
    return {(node_id, sku_id): qty for node_id, sku_id, qty in rows}


def read_holds(connection: Connection, hold_ids: Sequence[str]) -> dict[str, Hold]:
    """Read holds by id; unknown ones are absent."""
    given = rows_of(connection, {hold.c.hold_id: sorted(set(hold_ids))})
    return _with_lines(connection, select(hold).join_from(given, hold, hold.c.hold_id == given.c.hold_id))


def lock_holds(connection: Connection, hold_ids: Sequence[str]) -> dict[str, Hold]:
    """Lock holds in the order of their ids and read them; unknown ones are absent."""
    given = rows_of(connection, {hold.c.hold_id: sorted(set(hold_ids))})
    return _with_lines(
        connection,
        select(hold)
        .join_from(given, hold, hold.c.hold_id == given.c.hold_id)
        .order_by(hold.c.hold_id)
        .with_for_update(of=hold, key_share=True),
    )


def lock_holds_at(connection: Connection, positions: Sequence[Position]) -> dict[str, Hold]:
    """Lock the active holds that reserve units at any of `positions`, in the order of their ids."""
    given = rows_of(
        connection,
        {
            hold_line.c.node_id: [node_id for node_id, _ in positions],
            hold_line.c.sku_id: [sku_id for _, sku_id in positions],
        },
    )
    line = hold_line.c
    touching = select(line.hold_id).join_from(
        given, hold_line, and_(line.node_id == given.c.node_id, line.sku_id == given.c.sku_id)
    )
    return _with_lines(
        connection,
        select(hold)
        .where(hold.c.state == HoldState.ACTIVE.value, hold.c.hold_id.in_(touching))
        .order_by(hold.c.hold_id)
        .with_for_update(of=hold, key_share=True),
    )


def opened_at(connection: Connection, hold_ids: Sequence[str]) -> dict[str, datetime]:
    """Tell when holds were opened."""
    given = rows_of(connection, {hold.c.hold_id: hold_ids})
    rows = connection.execute(
        select(hold.c.hold_id, hold.c.recorded_at).join_from(given, hold, hold.c.hold_id == given.c.hold_id)
    )
    return {hold_id: recorded_at for hold_id, recorded_at in rows}


def holds_of_customer(connection: Connection, customer_id: str, now: datetime) -> list[Hold]:
    """Find a customer's living holds, whatever channel began them; the one that ends last comes first."""
    found = _with_lines(
        connection,
        select(hold).where(
            hold.c.customer_id == customer_id,
            hold.c.state == HoldState.ACTIVE.value,
            hold.c.expires_at > now,
        ),
    )
    return sorted(found.values(), key=lambda each: (each.expires_at, each.hold_id), reverse=True)


def add_hold(connection: Connection, opened: Hold, recorded_at: datetime) -> None:
    """Add a hold whose units are reserved by entries."""
    h = hold.c
    with racing_for_keys():
        insert_rows(
            connection,
            hold,
            {
                h.hold_id: [opened.hold_id],
                h.state: [opened.state.value],
                h.channel: [opened.channel],
                h.expires_at: [opened.expires_at],
                h.recorded_at: [recorded_at],
                h.version: [opened.version],
                h.customer_id: [opened.customer_id],
            },
        )
    _add_lines(connection, opened)


def write_hold(connection: Connection, changed: Hold) -> None:
    """Write a locked hold as it is now, its lines included."""
    connection.execute(
        update(hold)
        .where(hold.c.hold_id == changed.hold_id)
        .values(
            state=changed.state.value,
            channel=changed.channel,
            expires_at=changed.expires_at,
            customer_id=changed.customer_id,
            version=changed.version,
        )
    )
    connection.execute(delete(hold_line).where(hold_line.c.hold_id == changed.hold_id))
    _add_lines(connection, changed)


def write_states(connection: Connection, holds: Sequence[Hold]) -> None:
    """Write the states of locked holds that have ended; what they held stays beside them."""
    if not holds:
        return
    given = rows_of(
        connection,
        {
            hold.c.hold_id: [each.hold_id for each in holds],
            hold.c.state: [each.state.value for each in holds],
            hold.c.version: [each.version for each in holds],
        },
    )
    connection.execute(
        update(hold)
        .where(hold.c.hold_id == given.c.hold_id)
        .values(state=given.c.state, version=given.c.version)
    )


def _add_lines(connection: Connection, held: Hold) -> None:
    line = hold_line.c
    insert_rows(
        connection,
        hold_line,
        {
            line.hold_id: [held.hold_id] * len(held.units),
            line.node_id: [each.node_id for each in held.units],
            line.sku_id: [each.sku_id for each in held.units],
            line.qty: [each.qty for each in held.units],
        },
    )


def _with_lines(connection: Connection, holds: Select[*tuple[Any, ...]]) -> dict[str, Hold]:
    found: Sequence[Row[*tuple[Any, ...]]] = connection.execute(holds).all()
    if not found:
        return {}
    # Read after the locks: what a transaction before us has changed is seen.
    units: dict[str, list[HeldUnits]] = {row.hold_id: [] for row in found}
    given = rows_of(connection, {hold_line.c.hold_id: list(units)})
    for line in connection.execute(
        select(hold_line)
        .join_from(given, hold_line, hold_line.c.hold_id == given.c.hold_id)
        .order_by(hold_line.c.hold_id, hold_line.c.node_id, hold_line.c.sku_id)
    ):
        units[line.hold_id].append(HeldUnits(line.node_id, line.sku_id, line.qty))
    return {
        row.hold_id: Hold(
            hold_id=row.hold_id,
            channel=row.channel,
            units=tuple(units[row.hold_id]),
            expires_at=row.expires_at,
            state=HoldState(row.state),
            customer_id=row.customer_id,
            version=row.version,
        )
        for row in found
    }
