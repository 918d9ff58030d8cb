"""The work that becomes due, found without reading the rest."""

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"

_INDEX = "ix_fulfillment_order_open_release_at"


def upgrade() -> None:
    """Step forward."""
    op.create_index(
        _INDEX,
        "fulfillment_order",
        ["release_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    """Step back."""
    op.drop_index(_INDEX, "fulfillment_order")
