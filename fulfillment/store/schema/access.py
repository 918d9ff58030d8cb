"""Who may call. Only a digest of a key is kept."""

from sqlalchemy import (
    Column,
    Table,
    UniqueConstraint,
)

from fulfillment.store.schema.base import (
    Document,
    Text,
    UtcDateTime,
    metadata,
    not_empty,
)

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_digest", Text, nullable=False),
    Column("scopes", Document, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("secret_digest"),
    not_empty("key_id"),
    not_empty("name"),
    not_empty("secret_digest"),
)
