"""Particulars of nodes that a test sets one by one."""

from sqlalchemy import Engine

from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.network import EVERY_DAY, capacity
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import NOON


def set_capacity(ledger: Engine, node_id: str, parcels: int | None, version: int = 1) -> None:
    """Add a version of how many parcels a day a node may send."""
    values = (node_id, EVERY_DAY, "parcels", version, parcels, NOON)
    rows = {column: [value] for column, value in zip(capacity.c, values, strict=True)}
    run_in_transaction(ledger, lambda connection: insert_rows(connection, capacity, rows))
