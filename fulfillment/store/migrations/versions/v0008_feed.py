"""The transaction that wrote an entry or an event, so that readers of the feed miss none."""

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"

_OWN_TRANSACTION = {"sqlite": "0", "postgresql": "((pg_current_xact_id())::text)::bigint"}
_FEEDS = ("stock_entry", "outbox")


def upgrade() -> None:
    """Step forward. Rows that are there count as written by this step: all of them have ended."""
    own_transaction = sa.text(_OWN_TRANSACTION[op.get_bind().dialect.name])
    for table in _FEEDS:
        op.add_column(
            table, sa.Column("xid", sa.BigInteger(), server_default=own_transaction, nullable=False)
        )
        op.create_index(f"ix_{table}_xid_position", table, ["xid", "position"], unique=False)
    op.drop_index("ix_outbox_subject", "outbox")
    op.create_index("ix_outbox_subject_xid", "outbox", ["subject", "xid"], unique=False)


def downgrade() -> None:
    """Step back."""
    op.drop_index("ix_outbox_subject_xid", "outbox")
    op.create_index("ix_outbox_subject", "outbox", ["subject"], unique=False)
    for table in _FEEDS:
        op.drop_index(f"ix_{table}_xid_position", table)
        op.drop_column(table, "xid")
