"""Nodes and what decisions about them depend on.

A node's identity is one row of ``node``, which others refer to. Everything that can change is versioned: a
change is a new row with the next version, rows are never overwritten, and **the current row of a key is the
one with its highest version** (`fulfillment/store/versions.py`). What was current at a past moment is the
highest version recorded by then.

Amounts that only planning reads are kept in micros, millionths of the currency's major unit, exactly as the
planner counts, so that a plan from the ledger equals a plan from the folder it was loaded from.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    Integer,
    Table,
    UniqueConstraint,
)

from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.store.schema.base import (
    Text,
    UtcDateTime,
    at_least,
    metadata,
    not_empty,
    one_of,
    refers,
    version_column,
)

RATED_METHODS = (Method.SHIPPING, Method.PICK_UP, Method.LOCAL)
CAPACITY_UNITS = ("parcels", "units", "minutes")
EVERY_DAY = "day"

node = Table(
    "node",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("recorded_at", UtcDateTime, nullable=False),
    not_empty("node_id"),
)

node_version = Table(
    "node_version",
    metadata,
    Column("node_id", Text, primary_key=True),
    version_column(),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("lat", Float(53), nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("timezone", Text, nullable=False),
    Column("ships", Boolean, nullable=False),
    Column("pickup", Boolean, nullable=False),
    Column("same_day_radius_km", Float(53), nullable=False),
    Column("cutoff_local", Text, nullable=False),  # HH:MM on the node's own clock
    Column("processing_minutes", Integer, nullable=False),
    Column("handling_micros_per_unit", BigInteger, nullable=False),
    Column("handling_micros_per_parcel", BigInteger, nullable=False),
    Column("commission_bp", Integer, nullable=False),  # hundredths of a percent of the goods' price
    Column("recorded_at", UtcDateTime, nullable=False),
    refers(["node_id"], node),
    one_of("kind", NodeKind),
    at_least("version", 1),
    at_least("processing_minutes", 0),
    at_least("handling_micros_per_unit", 0),
    at_least("handling_micros_per_parcel", 0),
    at_least("commission_bp", 0),
    at_least("same_day_radius_km", 0),
    CheckConstraint("lat BETWEEN -90 AND 90", name="lat_in_degrees"),
    CheckConstraint("lon BETWEEN -180 AND 180", name="lon_in_degrees"),
    CheckConstraint("length(cutoff_local) = 5", name="cutoff_local_is_hh_mm"),
)

calendar = Table(
    "calendar",
    metadata,
    Column("node_id", Text, primary_key=True),
    version_column(),
    Column("opening_hours", Text, nullable=False),  # empty: always open
    Column("recorded_at", UtcDateTime, nullable=False),
    refers(["node_id"], node),
    at_least("version", 1),
)

calendar_closed_date = Table(
    "calendar_closed_date",
    metadata,
    Column("node_id", Text, primary_key=True),
    version_column(),
    Column("closed_on", Date, primary_key=True),
    Column("reason", Text, nullable=False),
    refers(["node_id", "version"], calendar),
)

capacity = Table(
    "capacity",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("slot", Text, primary_key=True),  # EVERY_DAY, or a slot of departure
    Column("unit", Text, primary_key=True),
    version_column(),
    Column("qty", Integer),  # NULL: unlimited
    Column("recorded_at", UtcDateTime, nullable=False),
    refers(["node_id"], node),
    not_empty("slot"),
    one_of("unit", CAPACITY_UNITS),
    at_least("version", 1),
    at_least("qty", 0),
)

postal_code = Table(
    "postal_code",
    metadata,
    Column("postal_code", Text, primary_key=True),
    version_column(),
    Column("lat", Float(53), nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("population", Integer, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    not_empty("postal_code"),
    at_least("version", 1),
    at_least("population", 0),
    CheckConstraint("lat BETWEEN -90 AND 90", name="lat_in_degrees"),
    CheckConstraint("lon BETWEEN -180 AND 180", name="lon_in_degrees"),
)

# Price lists change as a whole: a step that is left out of the next version is gone.
rate_card = Table(
    "rate_card",
    metadata,
    version_column(),
    Column("recorded_at", UtcDateTime, nullable=False),
    at_least("version", 1),
)

rate = Table(
    "rate",
    metadata,
    version_column(),
    Column("position", Integer, primary_key=True, autoincrement=False),  # order in the list
    Column("carrier", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("zone", Integer, nullable=False),
    Column("max_km", Float(53), nullable=False),
    Column("max_weight_g", BigInteger, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("transit_days", Integer, nullable=False),
    refers(["version"], rate_card),
    UniqueConstraint("version", "carrier", "service", "method", "zone", "max_weight_g", name="uq_rate_step"),
    one_of("method", RATED_METHODS),
    not_empty("carrier"),
    not_empty("service"),
    at_least("position", 0),
    at_least("max_km", 0),
    at_least("max_weight_g", 1),
    at_least("cost_micros", 0),
    at_least("transit_days", 0),
)

# A row a kind of change; a running process compares them with what it has read.
change_count = Table(
    "change_count",
    metadata,
    Column("what", Text, primary_key=True),
    Column("changes", BigInteger, nullable=False),
    not_empty("what"),
    at_least("changes", 1),
)
