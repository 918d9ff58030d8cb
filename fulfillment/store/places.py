"""Which nodes and SKUs the ledger knows."""

from collections.abc import Iterable

from sqlalchemy import Column, Connection, select

from fulfillment.store.rowset import rows_of
from fulfillment.store.schema.catalogue import sku
from fulfillment.store.schema.network import node


def unknown_nodes(connection: Connection, node_ids: Iterable[str]) -> list[str]:
    """Return those of `node_ids` that no node has."""
    return _unknown(connection, node.c.node_id, node_ids)


def unknown_skus(connection: Connection, sku_ids: Iterable[str]) -> list[str]:
    """Return those of `sku_ids` that no SKU has."""
    return _unknown(connection, sku.c.sku_id, sku_ids)


def _unknown(connection: Connection, key: Column[str], ids: Iterable[str]) -> list[str]:
    wanted = set(ids)
    given = rows_of(connection, {key: sorted(wanted)})
    known = connection.scalars(select(key).join_from(given, key.table, key == given.c[key.name]))
    return sorted(wanted.difference(known))
