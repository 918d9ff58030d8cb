"""Policies, plans with the prices that prove them, and the decision on each order."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    Table,
    UniqueConstraint,
)

from fulfillment.store.schema.base import (
    Document,
    Text,
    UtcDateTime,
    at_least,
    metadata,
    not_empty,
    one_of,
    refers,
    version_column,
)
from fulfillment.store.schema.catalogue import sku
from fulfillment.store.schema.network import node

PLAN_STATES = ("committing", "committed")

# The current policy is the one with the highest version.
policy = Table(
    "policy",
    metadata,
    version_column(),
    Column("digest", Text, nullable=False),
    Column("body_toml", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    at_least("version", 1),
    not_empty("digest"),
    not_empty("actor"),
)

plan = Table(
    "plan",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("total_cents", BigInteger, nullable=False),
    Column("lower_bound_cents", BigInteger),  # NULL: nothing was proved
    Column("manifest", Document, nullable=False),  # inputs, versions, seed, timings
    Column("recorded_at", UtcDateTime, nullable=False),
    not_empty("plan_id"),
    one_of("state", PLAN_STATES),
    at_least("total_cents", 0),
    CheckConstraint("lower_bound_cents <= total_cents", name="bound_below_total"),
)

plan_stock_price = Table(
    "plan_stock_price",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("sku_id", Text, primary_key=True),
    Column("price_micros", BigInteger, nullable=False),
    refers(["plan_id"], plan),
    refers(["node_id"], node),
    refers(["sku_id"], sku),
    at_least("price_micros", 0),
)

plan_capacity_price = Table(
    "plan_capacity_price",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("price_micros", BigInteger, nullable=False),
    refers(["plan_id"], plan),
    refers(["node_id"], node),
    at_least("price_micros", 0),
)

# It names the order without a foreign key: decisions outlive orders that were erased.
decision = Table(
    "decision",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("plan_id", Text),  # NULL: decided alone
    Column("policy_digest", Text, nullable=False),
    Column("cost_cents", BigInteger),  # NULL: the plan gave no cost by order
    Column("units_left", Integer, nullable=False),  # units of the order that the decision gives no node
    Column("decided_at", UtcDateTime, nullable=False),
    refers(["plan_id"], plan),
    # A plan decides an order once, however often it is committed.
    UniqueConstraint("order_id", "plan_id"),
    not_empty("decision_id"),
    not_empty("order_id"),
    at_least("units_left", 0),
)
