"""What placing orders needs: capacity in use by day, terms of an order, the dates and cost of a parcel."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"

_ON_SHORT = "ck_orders_on_short_known"
_OF_PARCELS: dict[str, sa.types.TypeEngine[Any]] = {
    "departs_at": sa.DateTime(timezone=True),
    "arrives_at": sa.DateTime(timezone=True),
    "slot_on": sa.Date(),
    "cost_micros": sa.BigInteger(),
}


def upgrade() -> None:
    """Step forward. Orders that are there were loaded to wait for stock."""
    op.create_table(
        "capacity_use",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("slot_on", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_capacity_use_used_at_least_0")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_capacity_use_node_id")),
        sa.PrimaryKeyConstraint("node_id", "slot_on", name=op.f("pk_capacity_use")),
    )
    # In words: SQLite adds a constraint to a table with the column only, which Alembic does not say.
    op.execute(
        "ALTER TABLE orders ADD COLUMN on_short TEXT DEFAULT 'backorder' NOT NULL"
        f" CONSTRAINT {_ON_SHORT} CHECK (on_short IN ('reject', 'partial', 'backorder'))"
    )
    op.add_column("orders", sa.Column("hold_id", sa.Text(), nullable=True))
    for name, its_type in _OF_PARCELS.items():
        op.add_column("parcel", sa.Column(name, its_type, nullable=True))


def downgrade() -> None:
    """Step back."""
    for name in reversed(_OF_PARCELS):
        op.drop_column("parcel", name)
    op.drop_column("orders", "hold_id")
    op.drop_column("orders", "on_short")
    op.drop_table("capacity_use")
