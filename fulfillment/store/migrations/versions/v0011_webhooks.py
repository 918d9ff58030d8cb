"""Webhooks with their health, parked subjects, and how far the outbox has been cleared."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"

_DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Step forward. No version before this one wrote a webhook, so the table is made anew."""
    op.drop_table("webhook")
    op.create_table(
        "outbox_floor",
        sa.Column("floor_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("floor_id = 1", name=op.f("ck_outbox_floor_one_floor")),
        sa.CheckConstraint("position >= 0", name=op.f("ck_outbox_floor_position_at_least_0")),
        sa.CheckConstraint("xid >= 0", name=op.f("ck_outbox_floor_xid_at_least_0")),
        sa.PrimaryKeyConstraint("floor_id", name=op.f("pk_outbox_floor")),
    )
    op.create_table(
        "webhook",
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event_types", _DOCUMENT, nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("delivered_xid", sa.BigInteger(), nullable=False),
        sa.Column("delivered_position", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_webhook_attempts_at_least_0")),
        sa.CheckConstraint("delivered_position >= 0", name=op.f("ck_webhook_delivered_position_at_least_0")),
        sa.CheckConstraint("delivered_xid >= 0", name=op.f("ck_webhook_delivered_xid_at_least_0")),
        sa.CheckConstraint("secret <> ''", name=op.f("ck_webhook_secret_not_empty")),
        sa.CheckConstraint("url <> ''", name=op.f("ck_webhook_url_not_empty")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_webhook_version_at_least_1")),
        sa.CheckConstraint("webhook_id <> ''", name=op.f("ck_webhook_webhook_id_not_empty")),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "parked_subject",
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("first_xid", sa.BigInteger(), nullable=False),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_parked_subject_attempts_at_least_0")),
        sa.CheckConstraint("first_position >= 0", name=op.f("ck_parked_subject_first_position_at_least_0")),
        sa.CheckConstraint("first_xid >= 0", name=op.f("ck_parked_subject_first_xid_at_least_0")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.webhook_id"], name=op.f("fk_parked_subject_webhook_id")
        ),
        sa.PrimaryKeyConstraint("webhook_id", "subject", name=op.f("pk_parked_subject")),
    )


def downgrade() -> None:
    """Step back."""
    op.drop_table("parked_subject")
    op.drop_table("webhook")
    op.drop_table("outbox_floor")
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
