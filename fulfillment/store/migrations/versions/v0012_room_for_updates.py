"""Room on the pages of stock: a changed balance stays on its page, and no index learns of it."""

from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"


def upgrade() -> None:
    """Step forward; rows that are there already move as they change."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE stock SET (fillfactor = 70)")


def downgrade() -> None:
    """Step back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE stock RESET (fillfactor)")
