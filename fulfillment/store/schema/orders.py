"""Holds and orders, and the work that orders make: fulfillment orders, parcels, transfers.

States are the domain's (`fulfillment/domain/transitions.py`); the tables here only know which words exist.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Table,
    text,
)

from fulfillment.domain.kinds import Method
from fulfillment.domain.lost_units import LossCause
from fulfillment.domain.orders import Review
from fulfillment.domain.placing import OnShort
from fulfillment.domain.transitions import (
    FulfillmentOrderState,
    HoldState,
    OrderState,
    ParcelState,
    TransferState,
)
from fulfillment.store.schema.base import (
    Text,
    UtcDateTime,
    at_least,
    metadata,
    not_empty,
    one_of,
    refers,
    refers_at_once,
)
from fulfillment.store.schema.catalogue import sku
from fulfillment.store.schema.network import node
from fulfillment.store.schema.planning import decision

hold = Table(
    "hold",
    metadata,
    Column("hold_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("customer_id", Text),  # opaque; NULL: nobody has said who he is
    not_empty("hold_id"),
    one_of("state", HoldState),
    at_least("version", 1),
    # Few holds are active, and only those expire.
    Index(
        "ix_hold_active_expires_at",
        "expires_at",
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
    # A cart begun in one channel is found in another by its customer.
    Index(
        "ix_hold_active_customer_id",
        "customer_id",
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
)

hold_line = Table(
    "hold_line",
    metadata,
    Column("hold_id", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("sku_id", Text, primary_key=True),
    Column("qty", Integer, nullable=False),
    refers(["hold_id"], hold),
    refers(["node_id"], node),
    refers(["sku_id"], sku),
    at_least("qty", 1),
    Index("ix_hold_line_node_id_sku_id", "node_id", "sku_id"),
)

# ORDER is a word of SQL itself, hence the plural.
orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("review", Text),  # what it waits for while on hold
    Column("placed_at", UtcDateTime, nullable=False),
    Column("channel", Text, nullable=False),
    # An address is a fact about the order, whether or not we know the place: it refers to no row.
    Column("postal_code", Text),  # NULL: collected by somebody who named none
    Column("method", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("pickup_node_id", Text),
    Column("promise_by", UtcDateTime),  # NULL: no deadline
    Column("priority", Integer, nullable=False),  # 1 is highest
    Column("customer_id", Text, nullable=False),  # opaque
    Column("content_digest", Text, nullable=False),  # of the order as it was placed, with its lines
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("on_short", Text, nullable=False, server_default=OnShort.BACKORDER.value),
    Column("hold_id", Text),  # whose units it takes over once its review is cleared
    # Whether a line of it waits for stock or for another node, be it that nodes have begun or not.
    Column("waits", Boolean, nullable=False, server_default=text("false")),
    refers(["pickup_node_id"], node, ["node_id"]),
    not_empty("order_id"),
    one_of("state", OrderState),
    one_of("review", Review),
    CheckConstraint("(state = 'on_hold') = (review IS NOT NULL)", name="on_hold_for_a_review"),
    one_of("method", Method),
    one_of("on_short", OnShort),
    CheckConstraint("(method = 'PICK_UP') = (pickup_node_id IS NOT NULL)", name="pickup_names_its_node"),
    CheckConstraint("method = 'PICK_UP' OR postal_code IS NOT NULL", name="delivery_names_its_place"),
    CheckConstraint("NOT waits OR state IN ('back_ordered', 'in_progress')", name="waits_while_open"),
    at_least("priority", 1),
    at_least("version", 1),
    # Those that wait are few among those that nodes work on.
    Index(
        "ix_orders_waiting_placed_at",
        "placed_at",
        "order_id",
        sqlite_where=text("waits = 1"),
        postgresql_where=text("waits"),
    ),
    # Planning asks for the orders that wait for a decision; nearly all orders do not.
    Index(
        "ix_orders_undecided_placed_at",
        "placed_at",
        sqlite_where=text("state IN ('open', 'back_ordered')"),
        postgresql_where=text("state IN ('open', 'back_ordered')"),
    ),
    Index("ix_orders_customer_id", "customer_id"),
)

order_line = Table(
    "order_line",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("sku_id", Text, nullable=False),
    Column("qty", Integer, nullable=False),
    Column("allocated", Integer, nullable=False),  # units that a node's work covers
    # Units that its customer was told he will not get; what is neither allocated nor cancelled waits.
    Column("cancelled", Integer, nullable=False, server_default=text("0")),
    refers_at_once(["order_id"], orders),
    refers_at_once(["sku_id"], sku),
    at_least("line_no", 0),
    at_least("qty", 1),
    at_least("allocated", 0),
    # The last word against allocating an order twice.
    CheckConstraint("allocated <= qty", name="allocated_within_qty"),
    at_least("cancelled", 0),
    CheckConstraint("allocated + cancelled <= qty", name="cancelled_is_not_allocated"),
)

fulfillment_order = Table(
    "fulfillment_order",
    metadata,
    Column("fulfillment_order_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("release_at", UtcDateTime, nullable=False),  # until then the decision may be improved
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("recipes_at", UtcDateTime),  # of which moment its kits are; NULL: of `recorded_at`
    refers_at_once(["order_id"], orders),
    refers_at_once(["node_id"], node),
    refers_at_once(["decision_id"], decision),
    not_empty("fulfillment_order_id"),
    one_of("method", Method),
    one_of("state", FulfillmentOrderState),
    at_least("version", 1),
    Index("ix_fulfillment_order_order_id", "order_id"),
    Index("ix_fulfillment_order_node_id_state", "node_id", "state"),
    # What becomes due: nearly all work has begun or is done.
    Index(
        "ix_fulfillment_order_open_release_at",
        "release_at",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

fulfillment_order_line = Table(
    "fulfillment_order_line",
    metadata,
    Column("fulfillment_order_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("sku_id", Text, nullable=False),
    Column("qty", Integer, nullable=False),
    Column("picked", Integer, nullable=False),
    refers_at_once(["fulfillment_order_id"], fulfillment_order),
    refers_at_once(["order_id", "line_no"], order_line),
    refers_at_once(["sku_id"], sku),
    at_least("qty", 1),
    at_least("picked", 0),
    CheckConstraint("picked <= qty", name="picked_within_qty"),
)

parcel = Table(
    "parcel",
    metadata,
    Column("parcel_id", Text, primary_key=True),
    Column("fulfillment_order_id", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("carrier", Text, nullable=False),  # 'none' when the customer collects it from the node's own stock
    Column("service", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tracking_number", Text),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    # As it was planned; NULL where the plan told none.
    Column("departs_at", UtcDateTime),
    Column("arrives_at", UtcDateTime),
    Column("slot_on", Date),  # the day of the node's capacity that it uses
    Column("cost_micros", BigInteger),
    refers_at_once(["fulfillment_order_id"], fulfillment_order),
    refers_at_once(["node_id"], node),
    not_empty("parcel_id"),
    not_empty("carrier"),
    not_empty("service"),
    one_of("state", ParcelState),
    at_least("version", 1),
    Index("ix_parcel_fulfillment_order_id", "fulfillment_order_id"),
)

# What placed orders use of a node's capacity, in parcels: the row that whoever takes some has to lock.
capacity_use = Table(
    "capacity_use",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("slot_on", Date, primary_key=True),  # node-local day of departure, or of readiness for pickup
    Column("used", Integer, nullable=False),
    refers(["node_id"], node),
    at_least("used", 0),
)

parcel_line = Table(
    "parcel_line",
    metadata,
    Column("parcel_id", Text, primary_key=True),
    Column("fulfillment_order_id", Text, nullable=False),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("qty", Integer, nullable=False),
    refers_at_once(["parcel_id"], parcel),
    refers_at_once(["fulfillment_order_id", "line_no"], fulfillment_order_line),
    at_least("qty", 1),
)

transfer = Table(
    "transfer",
    metadata,
    Column("transfer_id", Text, primary_key=True),
    Column("from_node_id", Text, nullable=False),
    Column("to_node_id", Text, nullable=False),
    Column("order_id", Text),  # the order it was made for; NULL: to replenish
    Column("state", Text, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    refers(["from_node_id"], node, ["node_id"]),
    refers(["to_node_id"], node, ["node_id"]),
    refers(["order_id"], orders),
    not_empty("transfer_id"),
    one_of("state", TransferState),
    at_least("version", 1),
    CheckConstraint("from_node_id <> to_node_id", name="goes_somewhere"),
    Index("ix_transfer_order_id", "order_id"),
)

transfer_line = Table(
    "transfer_line",
    metadata,
    Column("transfer_id", Text, primary_key=True),
    Column("sku_id", Text, primary_key=True),
    Column("qty", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    refers(["transfer_id"], transfer),
    refers(["sku_id"], sku),
    at_least("qty", 1),
    at_least("received", 0),
    CheckConstraint("received <= qty", name="received_within_qty"),
)

# Units that an order was promised at a node and lost there: sold at the till, missing in a count, not found.
# Its line's `allocated` is lower by them already, so that they wait for another node.
reroute = Table(
    "reroute",
    metadata,
    Column("reroute_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("sku_id", Text, nullable=False),
    Column("qty", Integer, nullable=False),
    Column("fulfillment_order_id", Text, nullable=False),
    Column("node_id", Text, nullable=False),  # that could not give them
    Column("cause", Text, nullable=False),
    Column("reference", Text, nullable=False),  # the receipt, the count, the pick
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),  # NULL: waits for a decision
    refers(["order_id", "line_no"], order_line),
    refers(["fulfillment_order_id"], fulfillment_order),
    refers(["node_id"], node),
    refers(["sku_id"], sku),
    not_empty("reroute_id"),
    at_least("qty", 1),
    one_of("cause", LossCause),
    Index(
        "ix_reroute_waiting_order_id",
        "order_id",
        sqlite_where=text("settled_at IS NULL"),
        postgresql_where=text("settled_at IS NULL"),
    ),
)
