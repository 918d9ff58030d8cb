"""Units of an order's lines that its customer was told he will not get."""

from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"

_LOST = """
coalesce((SELECT sum(r.qty) FROM reroute r WHERE r.order_id = order_line.order_id
  AND r.line_no = order_line.line_no AND r.settled_at IS NULL), 0)
"""
_OF_ORDER = "SELECT order_id FROM orders WHERE"


def upgrade() -> None:
    """Step forward.

    An order that takes what there is was short of what it has not, and has not lost since.
    """
    # In words: SQLite adds a constraint to a table with the column only, which Alembic does not say.
    op.execute(
        "ALTER TABLE order_line ADD COLUMN cancelled INTEGER DEFAULT 0 NOT NULL"
        " CONSTRAINT ck_order_line_cancelled_at_least_0 CHECK (cancelled >= 0)"
        " CONSTRAINT ck_order_line_cancelled_is_not_allocated CHECK (allocated + cancelled <= qty)"
    )
    op.execute(f"UPDATE order_line SET cancelled = qty WHERE order_id IN ({_OF_ORDER} state = 'cancelled')")
    op.execute(
        f"UPDATE order_line SET cancelled = qty - allocated - {_LOST}"
        f" WHERE allocated + {_LOST} < qty AND order_id IN ({_OF_ORDER} on_short = 'partial'"
        " AND state IN ('allocated', 'back_ordered', 'in_progress', 'completed'))"
    )


def downgrade() -> None:
    """Step back."""
    op.drop_column("order_line", "cancelled")
