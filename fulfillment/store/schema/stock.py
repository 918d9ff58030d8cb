"""Balances and the entries that made them, supply on its way, and the buffers kept back.

Only `fulfillment/store/stock_rows.py` writes ``stock`` and ``stock_entry``. A trigger refuses to change or
delete an entry on either database.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from fulfillment.domain.buffers import EVERY_CHANNEL
from fulfillment.domain.stock import Border, EntryReason, StockState
from fulfillment.store.schema.base import (
    Sequence64,
    Text,
    UtcDateTime,
    at_least,
    metadata,
    not_empty,
    one_of,
    refers,
    refers_at_once,
    version_column,
    xid_column,
)
from fulfillment.store.schema.catalogue import sku
from fulfillment.store.schema.network import node

PLACES = [place.value for kind in (StockState, Border) for place in kind]
SUPPLY_KINDS = ("purchase", "transfer")
SUPPLY_STATES = ("due", "received", "cancelled")
ALL_CHANNELS = EVERY_CHANNEL

stock = Table(
    "stock",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("sku_id", Text, primary_key=True),
    Column("available", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("committed", Integer, nullable=False),
    Column("unavailable", Integer, nullable=False),
    Column("version", Integer, nullable=False),  # entries applied so far
    refers(["node_id"], node),
    refers(["sku_id"], sku),
    at_least("available", 0),
    at_least("reserved", 0),
    at_least("committed", 0),
    at_least("unavailable", 0),
    at_least("version", 0),
    # Who holds a SKU: asked by SKU over all nodes.
    Index("ix_stock_sku_id", "sku_id"),
)

stock_entry = Table(
    "stock_entry",
    metadata,
    Column("position", Sequence64, primary_key=True),  # grows, but not in the order of commits
    Column("entry_id", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("sku_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("qty", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("stock_version", Integer, nullable=False),  # of the balance after this entry
    Column("available_after", Integer, nullable=False),
    Column("reserved_after", Integer, nullable=False),
    Column("committed_after", Integer, nullable=False),
    Column("unavailable_after", Integer, nullable=False),
    xid_column(),
    UniqueConstraint("entry_id"),
    # One line of history a position: two entries cannot both be its third.
    UniqueConstraint("node_id", "sku_id", "stock_version"),
    refers_at_once(["node_id", "sku_id"], stock),
    one_of("source", PLACES),
    one_of("target", PLACES),
    one_of("reason", EntryReason),
    CheckConstraint("source <> target", name="moves"),
    not_empty("entry_id"),
    not_empty("actor"),
    at_least("qty", 1),
    at_least("stock_version", 1),
    at_least("available_after", 0),
    at_least("reserved_after", 0),
    at_least("committed_after", 0),
    at_least("unavailable_after", 0),
    Index("ix_stock_entry_xid_position", "xid", "position"),
)

supply = Table(
    "supply",
    metadata,
    Column("supply_id", Text, primary_key=True),
    Column("node_id", Text, nullable=False),
    Column("sku_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("qty", Integer, nullable=False),
    Column("promised", Integer, nullable=False),
    Column("reference", Text, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    refers(["node_id"], node),
    refers(["sku_id"], sku),
    one_of("kind", SUPPLY_KINDS),
    one_of("state", SUPPLY_STATES),
    not_empty("supply_id"),
    at_least("qty", 1),
    at_least("promised", 0),
    CheckConstraint("promised <= qty", name="promised_within_qty"),
    Index("ix_supply_node_id_sku_id_due_on", "node_id", "sku_id", "due_on"),
)

# A rule may speak for any node or any SKU, so its key refers to no row; `fulfillment/domain/buffers.py` says
# which rule speaks. Safety stock is the rule of all channels; a channel's own comes on top of it.
buffer = Table(
    "buffer",
    metadata,
    Column("node_id", Text, primary_key=True),  # ANY_NODE, or one node
    Column("sku_id", Text, primary_key=True),  # ANY_SKU, or one SKU
    Column("channel", Text, primary_key=True),  # ALL_CHANNELS, or one channel
    version_column(),
    Column("qty", Integer),  # NULL: withdrawn, a more general rule speaks again
    Column("recorded_at", UtcDateTime, nullable=False),
    at_least("version", 1),
    at_least("qty", 0),
)
