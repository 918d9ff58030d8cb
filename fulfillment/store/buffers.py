"""Rules of units to keep back; `fulfillment/domain/buffers.py` says which one speaks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, FromClause, Select, and_, select, tuple_

from fulfillment.domain.buffers import ANY_SKU, BufferRule, Buffers, RuleKey, scopes_of
from fulfillment.store.changes import Changed, note_change
from fulfillment.store.rowset import execute_over, insert_rows, rows_of
from fulfillment.store.schema.stock import ALL_CHANNELS, buffer
from fulfillment.store.transaction import racing_for_keys

_COLUMNS = (buffer.c.node_id, buffer.c.sku_id, buffer.c.channel, buffer.c.qty)
_newer = buffer.alias("newer")
_is_current = ~(
    select(_newer.c.version)
    .where(_newer.c.node_id == buffer.c.node_id, _newer.c.sku_id == buffer.c.sku_id)
    .where(_newer.c.channel == buffer.c.channel, _newer.c.version > buffer.c.version)
    .exists()
)


def read_buffers(connection: Connection, channels: Iterable[str] | None = None) -> Buffers:
    """Read every rule in force, or the safety stocks and those of `channels`."""
    rows = select(*_COLUMNS).where(_is_current, buffer.c.qty.is_not(None))
    if channels is not None:
        rows = rows.where(buffer.c.channel.in_({ALL_CHANNELS, *channels}))
    return _buffers(connection, rows)


def read_rules(connection: Connection) -> list[BufferRule]:
    """Read every rule in force, one by one."""
    rows = connection.execute(select(*_COLUMNS).where(_is_current, buffer.c.qty.is_not(None)))
    return [BufferRule(*row) for row in rows]


def rules_of_skus(connection: Connection, sku_ids: Collection[str]) -> list[BufferRule]:
    """Read the rules in force that may speak for some SKUs, at any node and in any channel."""
    given = rows_of(connection, {buffer.c.sku_id: sorted({ANY_SKU, *sku_ids})})
    rows = connection.execute(
        select(*_COLUMNS)
        .join_from(given, buffer, buffer.c.sku_id == given.c.sku_id)
        .where(_is_current, buffer.c.qty.is_not(None))
    )
    return [BufferRule(*row) for row in rows]


def buffers_at(
    connection: Connection, positions: Sequence[tuple[str, str]], channels: Iterable[str]
) -> Buffers:
    """Read the rules that may speak for some (node_id, sku_id) and some channels."""
    scopes = list({scope for position in positions for scope in scopes_of(*position)})
    rows = execute_over(
        connection,
        _speaking,
        {
            buffer.c.node_id: [node_id for node_id, _ in scopes],
            buffer.c.sku_id: [sku_id for _, sku_id in scopes],
        },
    ).all()
    wanted = {ALL_CHANNELS, *channels}
    rules = (BufferRule(*row) for row in rows)
    return Buffers(rule for rule in rules if rule.channel in wanted)


def _speaking(given: FromClause) -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .select_from(given)
        .join(buffer, and_(buffer.c.node_id == given.c.node_id, buffer.c.sku_id == given.c.sku_id))
        .where(_is_current)
    )


def floors_of(
    connection: Connection, positions: Sequence[tuple[str, str]], channels: Iterable[str]
) -> dict[str, Mapping[tuple[str, str], int]]:
    """Tell, by channel, the units that must stay available at each (node_id, sku_id)."""
    wanted = sorted(set(channels))
    if not wanted:
        return {}
    buffers = buffers_at(connection, positions, wanted)
    return {
        channel: {position: buffers.floor(*position, channel) for position in positions} for channel in wanted
    }


def current_rules(connection: Connection, keys: Sequence[RuleKey]) -> dict[RuleKey, tuple[int, int | None]]:
    """Return the version and the units of the current rule of each key that ever had one."""
    b = buffer.c
    given = rows_of(
        connection,
        {
            b.node_id: [node_id for node_id, _, _ in keys],
            b.sku_id: [sku_id for _, sku_id, _ in keys],
            b.channel: [channel for _, _, channel in keys],
        },
    )
    rows = connection.execute(
        select(*_COLUMNS, b.version)
        .select_from(given)
        .join(
            buffer,
            and_(b.node_id == given.c.node_id, b.sku_id == given.c.sku_id, b.channel == given.c.channel),
        )
        .where(_is_current)
    )
    return {(row.node_id, row.sku_id, row.channel): (row.version, row.qty) for row in rows}


def page_of_rules(connection: Connection, after: RuleKey | None, limit: int) -> list[BufferRule]:
    """List rules in force by node, SKU and channel, those after `after`."""
    b = buffer.c
    rows = select(*_COLUMNS).where(_is_current, b.qty.is_not(None))
    if after is not None:
        rows = rows.where(tuple_(b.node_id, b.sku_id, b.channel) > tuple_(*after))
    ordered = rows.order_by(b.node_id, b.sku_id, b.channel).limit(limit)
    return [BufferRule(*row) for row in connection.execute(ordered)]


def put_rules(connection: Connection, rules: Sequence[BufferRule], recorded_at: datetime) -> list[BufferRule]:
    """Add a version of each rule that differs from the current one, and return those."""
    current = current_rules(connection, [rule.key for rule in rules])
    unknown: tuple[int, int | None] = (0, None)
    changed = [rule for rule in rules if current.get(rule.key, unknown)[1] != rule.qty]
    b = buffer.c
    with racing_for_keys():
        insert_rows(
            connection,
            buffer,
            {
                b.node_id: [rule.node_id for rule in changed],
                b.sku_id: [rule.sku_id for rule in changed],
                b.channel: [rule.channel for rule in changed],
                b.version: [current.get(rule.key, unknown)[0] + 1 for rule in changed],
                b.qty: [rule.qty for rule in changed],
                b.recorded_at: [recorded_at] * len(changed),
            },
        )
    if changed:
        note_change(connection, Changed.BUFFERS)
    return changed


def _buffers(connection: Connection, rows: Select[*tuple[Any, ...]]) -> Buffers:
    return Buffers(BufferRule(*row) for row in connection.execute(rows))
