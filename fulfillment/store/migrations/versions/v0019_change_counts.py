"""How often reference data and buffers have changed."""

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"


def upgrade() -> None:
    """Step forward. Nothing counted yet is as good as any other count."""
    op.create_table(
        "change_count",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("what <> ''", name=op.f("ck_change_count_what_not_empty")),
        sa.CheckConstraint("changes >= 1", name=op.f("ck_change_count_changes_at_least_1")),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_change_count")),
    )


def downgrade() -> None:
    """Step back."""
    op.drop_table("change_count")
