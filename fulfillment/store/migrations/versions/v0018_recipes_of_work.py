"""The moment whose recipes say what the kits of a fulfillment order are made of."""

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"


def upgrade() -> None:
    """Step forward. Work that is there was given by the recipes of its own moment."""
    op.add_column("fulfillment_order", sa.Column("recipes_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Step back."""
    op.drop_column("fulfillment_order", "recipes_at")
