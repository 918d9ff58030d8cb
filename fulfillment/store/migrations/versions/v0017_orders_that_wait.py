"""Orders that wait for units, found without reading all that nodes work on."""

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"

_INDEX = "ix_orders_waiting_placed_at"


def upgrade() -> None:
    """Step forward. An order of which a part has begun may wait for the rest."""
    # In words: SQLite adds a constraint to a table with the column only, which Alembic does not say.
    op.execute(
        "ALTER TABLE orders ADD COLUMN waits BOOLEAN DEFAULT false NOT NULL"
        " CONSTRAINT ck_orders_waits_while_open CHECK (NOT waits OR state IN ('back_ordered', 'in_progress'))"
    )
    op.execute(
        "UPDATE orders SET waits = true WHERE state IN ('back_ordered', 'in_progress') AND EXISTS"
        " (SELECT 1 FROM order_line l"
        " WHERE l.order_id = orders.order_id AND l.allocated + l.cancelled < l.qty)"
    )
    op.create_index(
        _INDEX,
        "orders",
        ["placed_at", "order_id"],
        unique=False,
        sqlite_where=sa.text("waits = 1"),
        postgresql_where=sa.text("waits"),
    )


def downgrade() -> None:
    """Step back."""
    op.drop_index(_INDEX, "orders")
    op.drop_column("orders", "waits")
