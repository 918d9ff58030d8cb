"""SKUs and kits. A kit is a recipe: it shares its components' stock and never has a balance of its own."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    Table,
)

from fulfillment.store.schema.base import (
    Text,
    UtcDateTime,
    at_least,
    metadata,
    not_empty,
    refers,
    version_column,
)

sku = Table(
    "sku",
    metadata,
    Column("sku_id", Text, primary_key=True),
    Column("recorded_at", UtcDateTime, nullable=False),
    not_empty("sku_id"),
)

sku_version = Table(
    "sku_version",
    metadata,
    Column("sku_id", Text, primary_key=True),
    version_column(),
    Column("gtin", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("price_micros", BigInteger, nullable=False),
    Column("weight_g", BigInteger, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    refers(["sku_id"], sku),
    at_least("version", 1),
    at_least("price_micros", 0),
    at_least("weight_g", 1),
)

# A version without components says that the SKU is a kit no more.
kit = Table(
    "kit",
    metadata,
    Column("kit_sku_id", Text, primary_key=True),
    version_column(),
    Column("recorded_at", UtcDateTime, nullable=False),
    refers(["kit_sku_id"], sku, ["sku_id"]),
    at_least("version", 1),
)

kit_component = Table(
    "kit_component",
    metadata,
    Column("kit_sku_id", Text, primary_key=True),
    version_column(),
    Column("sku_id", Text, primary_key=True),
    Column("qty", Integer, nullable=False),  # units in one kit
    refers(["kit_sku_id", "version"], kit),
    refers(["sku_id"], sku),
    at_least("qty", 1),
    CheckConstraint("sku_id <> kit_sku_id", name="no_kit_in_itself"),
)
