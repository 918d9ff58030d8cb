"""What leaves and what comes back: the outbox, webhooks, and the answers given to client ids."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, UniqueConstraint

from fulfillment.store.schema.base import (
    Document,
    Sequence64,
    UtcDateTime,
    at_least,
    metadata,
    not_empty,
    one_of,
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
    Column("answer", Document),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    not_empty("key"),
    one_of("state", KEY_STATES),
    Index("ix_idempotency_key_expires_at", "expires_at"),
)

webhook = Table(
    "webhook",
    metadata,
    Column("webhook_id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("event_types", Document, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("delivered_position", BigInteger, nullable=False),  # of the outbox
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    not_empty("webhook_id"),
    not_empty("url"),
    not_empty("secret"),
    at_least("delivered_position", 0),
    at_least("version", 1),
)
