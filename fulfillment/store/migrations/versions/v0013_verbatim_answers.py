"""Answers to client ids come back letter by letter, so that a repeated request gets the very same bytes."""

from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"


def upgrade() -> None:
    """Step forward. SQLite keeps documents as text already."""
    _store_as("json")


def downgrade() -> None:
    """Step back."""
    _store_as("jsonb")


def _store_as(its_type: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"ALTER TABLE idempotency_key ALTER COLUMN answer TYPE {its_type} USING answer::{its_type}"
        )
