"""Units that a channel must leave alone."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, func, select

from fulfillment.store.rowset import rows_of
from fulfillment.store.schema.stock import ALL_CHANNELS, buffer


def floors_of(
    connection: Connection, positions: Sequence[tuple[str, str]], channel: str
) -> dict[tuple[str, str], int]:
    """Add up the current safety stock and the channel's buffer of each (node_id, sku_id); absent is 0."""
    b = buffer.c
    given = rows_of(
        connection,
        {b.node_id: [node_id for node_id, _ in positions], b.sku_id: [sku_id for _, sku_id in positions]},
    )
    newer = buffer.alias("newer")
    is_current = ~(
        select(newer.c.version)
        .where(newer.c.node_id == b.node_id, newer.c.sku_id == b.sku_id)
        .where(newer.c.channel == b.channel, newer.c.version > b.version)
        .exists()
    )
    rows = connection.execute(
        select(b.node_id, b.sku_id, func.sum(b.qty))
        .select_from(given)
        .join(buffer, and_(b.node_id == given.c.node_id, b.sku_id == given.c.sku_id))
        .where(b.channel.in_({ALL_CHANNELS, channel}), is_current)
        .group_by(b.node_id, b.sku_id)
    )
    return {(node_id, sku_id): qty for node_id, sku_id, qty in rows}
