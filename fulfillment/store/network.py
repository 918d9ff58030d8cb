"""Write the network and the catalogue: new versions of what has changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, func, literal, select

from fulfillment.store.changes import Changed, note_change
from fulfillment.store.columns import NodeColumns, PostalCodeColumns, RateColumns, SkuColumns, StockColumns
from fulfillment.store.rowset import Rows, insert_missing, insert_rows, rows_of
from fulfillment.store.schema.base import UtcDateTime
from fulfillment.store.schema.catalogue import sku, sku_version
from fulfillment.store.schema.network import (
    EVERY_DAY,
    calendar,
    capacity,
    node,
    node_version,
    postal_code,
    rate,
    rate_card,
)
from fulfillment.store.schema.stock import ALL_CHANNELS, buffer
from fulfillment.store.transaction import racing_for_keys
from fulfillment.store.versions import add_versions, current_rows, given_columns

RATE_COLUMNS = (
    "carrier",
    "service",
    "method",
    "zone",
    "max_km",
    "max_weight_g",
    "cost_micros",
    "transit_days",
)


def put_nodes(connection: Connection, nodes: NodeColumns, recorded_at: datetime) -> int:
    """Add the nodes, their calendars and capacities where they differ from the current ones.

    Returns
    -------
    int
        New versions.
    """
    make_known(connection, node, node.c.node_id, nodes.node_id, recorded_at)
    return (
        add_versions(connection, node_version, _columns_of(node_version, nodes), recorded_at)
        + add_versions(connection, calendar, _columns_of(calendar, nodes), recorded_at)
        + add_versions(
            connection,
            capacity,
            {
                capacity.c.node_id: nodes.node_id,
                capacity.c.slot: [EVERY_DAY] * len(nodes.node_id),
                capacity.c.unit: ["parcels"] * len(nodes.node_id),
                capacity.c.qty: nodes.capacity_parcels,
            },
            recorded_at,
        )
    )


def put_skus(connection: Connection, skus: SkuColumns, recorded_at: datetime) -> int:
    """Add the SKUs that differ from the current ones; return how many new versions."""
    make_known(connection, sku, sku.c.sku_id, skus.sku_id, recorded_at)
    return add_versions(connection, sku_version, _columns_of(sku_version, skus), recorded_at)


def put_postal_codes(connection: Connection, places: PostalCodeColumns, recorded_at: datetime) -> int:
    """Add the postal codes that differ from the current ones; return how many new versions."""
    return add_versions(connection, postal_code, _columns_of(postal_code, places), recorded_at)


def put_rates(connection: Connection, rates: RateColumns, recorded_at: datetime) -> int:
    """Add a new price list when any step differs from the current list; return 1 then, else 0."""
    steps = list(zip(*(getattr(rates, name) for name in RATE_COLUMNS), strict=True))
    version = current_rate_version(connection)
    if version and read_rates(connection, version) == steps:
        return 0
    with racing_for_keys():
        insert_rows(
            connection,
            rate_card,
            {rate_card.c.version: [version + 1], rate_card.c.recorded_at: [recorded_at]},
        )
    rows: dict[Column[Any], Sequence[object]] = {rate.c[name]: getattr(rates, name) for name in RATE_COLUMNS}
    rows[rate.c.version] = [version + 1] * len(steps)
    rows[rate.c.position] = list(range(len(steps)))
    insert_rows(connection, rate, rows)
    note_change(connection, Changed.REFERENCE)
    return 1


def current_rate_version(connection: Connection) -> int:
    """Return the version of the current price list, 0 when there is none."""
    version: int | None = connection.execute(select(func.max(rate_card.c.version))).scalar_one()
    return version or 0


def read_rates(connection: Connection, version: int) -> list[tuple[object, ...]]:
    """List the steps of a price list as tuples in the order of `RATE_COLUMNS`."""
    columns = [rate.c[name] for name in RATE_COLUMNS]
    rows = connection.execute(select(*columns).where(rate.c.version == version).order_by(rate.c.position))
    return [tuple(row) for row in rows]


def put_safety_stock(connection: Connection, positions: StockColumns, recorded_at: datetime) -> int:
    """Add the safety stocks that differ from the current ones; return how many new versions.

    No row means 0, so a position that never had a safety stock gets none.
    """
    had = {
        (node_id, sku_id)
        for node_id, sku_id, channel in connection.execute(
            current_rows(buffer, buffer.c.node_id, buffer.c.sku_id, buffer.c.channel)
        )
        if channel == ALL_CHANNELS
    }
    given = zip(positions.node_id, positions.sku_id, positions.safety_stock, strict=True)
    kept = [(n, s, qty) for n, s, qty in given if qty or (n, s) in had]
    rows: Rows = {
        buffer.c.node_id: [node_id for node_id, _, _ in kept],
        buffer.c.sku_id: [sku_id for _, sku_id, _ in kept],
        buffer.c.channel: [ALL_CHANNELS] * len(kept),
        buffer.c.qty: [qty for _, _, qty in kept],
    }
    return add_versions(connection, buffer, rows, recorded_at)


def _columns_of(table: Table, columns: object) -> Rows:
    """Pair a versioned table's columns with the fields of the same names."""
    return {column: getattr(columns, column.name) for column in given_columns(table)}


def make_known(
    connection: Connection, table: Table, key: Column[str], ids: Sequence[str], recorded_at: datetime
) -> None:
    """Add the identities that are missing, of nodes or of SKUs; others may refer to them from then on."""
    given = rows_of(connection, {key: sorted(ids)})
    rows = select(given.c[key.name], literal(recorded_at, UtcDateTime)).order_by(given.c[key.name])
    insert_missing(connection, table, [key.name, "recorded_at"], rows)
