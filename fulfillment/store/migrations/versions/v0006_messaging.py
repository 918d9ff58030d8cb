"""Outbox, idempotency keys and webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"

_DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Step forward."""
    op.create_table(
        "idempotency_key",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", _DOCUMENT, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("key <> ''", name=op.f("ck_idempotency_key_key_not_empty")),
        sa.CheckConstraint("state IN ('running', 'done')", name=op.f("ck_idempotency_key_state_known")),
        sa.PrimaryKeyConstraint("client_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index("ix_idempotency_key_expires_at", "idempotency_key", ["expires_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("position", _SEQUENCE, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", _DOCUMENT, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("event_id <> ''", name=op.f("ck_outbox_event_id_not_empty")),
        sa.CheckConstraint("type <> ''", name=op.f("ck_outbox_type_not_empty")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index("ix_outbox_subject", "outbox", ["subject"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("event_types", _DOCUMENT, nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("delivered_position", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("secret <> ''", name=op.f("ck_webhook_secret_not_empty")),
        sa.CheckConstraint("url <> ''", name=op.f("ck_webhook_url_not_empty")),
        sa.CheckConstraint("webhook_id <> ''", name=op.f("ck_webhook_webhook_id_not_empty")),
        sa.CheckConstraint("delivered_position >= 0", name=op.f("ck_webhook_delivered_position_at_least_0")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_webhook_version_at_least_1")),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhook")),
    )


def downgrade() -> None:
    """Step back."""
    op.drop_table("webhook")
    op.drop_table("outbox")
    op.drop_table("idempotency_key")
