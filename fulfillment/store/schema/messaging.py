"""What leaves and what comes back: the outbox, webhooks, and the answers given to client ids."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from fulfillment.store.schema.base import (
    Document,
    Sequence64,
    Text,
    UtcDateTime,
    Verbatim,
    at_least,
    metadata,
    not_empty,
    one_of,
    refers,
    xid_column,
)

KEY_STATES = ("running", "done")

# Written in the transaction of what it tells; delivered at least once.
outbox = Table(
    "outbox",
    metadata,
    Column("position", Sequence64, primary_key=True),  # grows, but not in the order of commits
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", Document, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    xid_column(),
    UniqueConstraint("event_id"),
    not_empty("event_id"),
    not_empty("type"),
    Index("ix_outbox_subject_xid", "subject", "xid"),
    Index("ix_outbox_xid_position", "xid", "position"),
)

# The key and its answer commit together with the effect.
idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("status", Integer),
    Column("answer", Verbatim),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    not_empty("key"),
    one_of("state", KEY_STATES),
    Index("ix_idempotency_key_expires_at", "expires_at"),
)

# All that the outbox had up to here has been deleted; a cursor before it cannot be followed any more.
outbox_floor = Table(
    "outbox_floor",
    metadata,
    Column("floor_id", Integer, primary_key=True, autoincrement=False),  # 1: there is one floor
    Column("xid", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    CheckConstraint("floor_id = 1", name="one_floor"),
    at_least("xid", 0),
    at_least("position", 0),
)

# Who is told. Every event up to (delivered_xid, delivered_position) has been, but for parked subjects.
webhook = Table(
    "webhook",
    metadata,
    Column("webhook_id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("previous_secret", Text),  # signs too until previous_secret_until
    Column("previous_secret_until", UtcDateTime),
    Column("event_types", Document, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("delivered_xid", BigInteger, nullable=False),
    Column("delivered_position", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),  # that failed in a row
    Column("failing_since", UtcDateTime),
    Column("next_attempt_at", UtcDateTime),
    Column("last_error", Text),
    Column("lease", Text),  # who delivers to it now
    Column("leased_until", UtcDateTime),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    not_empty("webhook_id"),
    not_empty("url"),
    not_empty("secret"),
    at_least("delivered_xid", 0),
    at_least("delivered_position", 0),
    at_least("attempts", 0),
    at_least("version", 1),
)

# A subject whose event an endpoint refused while it took others: its events wait, in their order.
parked_subject = Table(
    "parked_subject",
    metadata,
    Column("webhook_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("first_xid", BigInteger, nullable=False),  # of the event to be tried next
    Column("first_position", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failing_since", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("last_error", Text, nullable=False),
    refers(["webhook_id"], webhook),
    at_least("first_xid", 0),
    at_least("first_position", 0),
    at_least("attempts", 0),
)
