"""Balances, their entries, supply and buffers."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_SQLITE_TRIGGER = """
CREATE TRIGGER stock_entry_refuses_{verb} BEFORE {verb} ON stock_entry
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE FUNCTION refuse_change_of_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'entries are never changed' USING ERRCODE = 'restrict_violation'; END $$
"""
_POSTGRESQL_TRIGGER = """
CREATE TRIGGER stock_entry_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_entry()
"""
_REFUSE_TO_CHANGE_ENTRIES = {
    "sqlite": [_SQLITE_TRIGGER.format(verb="UPDATE"), _SQLITE_TRIGGER.format(verb="DELETE")],
    "postgresql": [_POSTGRESQL_FUNCTION, _POSTGRESQL_TRIGGER],
}


def upgrade() -> None:
    """Step forward."""
    op.create_table(
        "buffer",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("qty >= 0", name=op.f("ck_buffer_qty_at_least_0")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_buffer_version_at_least_1")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_buffer_node_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_buffer_sku_id")),
        sa.PrimaryKeyConstraint("node_id", "sku_id", "channel", "version", name=op.f("pk_buffer")),
    )
    op.create_table(
        "stock",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("available", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("committed", sa.Integer(), nullable=False),
        sa.Column("unavailable", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("available >= 0", name=op.f("ck_stock_available_at_least_0")),
        sa.CheckConstraint("committed >= 0", name=op.f("ck_stock_committed_at_least_0")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_reserved_at_least_0")),
        sa.CheckConstraint("unavailable >= 0", name=op.f("ck_stock_unavailable_at_least_0")),
        sa.CheckConstraint("version >= 0", name=op.f("ck_stock_version_at_least_0")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_stock_node_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_stock_sku_id")),
        sa.PrimaryKeyConstraint("node_id", "sku_id", name=op.f("pk_stock")),
    )
    op.create_index("ix_stock_sku_id", "stock", ["sku_id"], unique=False)
    op.create_table(
        "supply",
        sa.Column("supply_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.Column("promised", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('purchase', 'transfer')", name=op.f("ck_supply_kind_known")),
        sa.CheckConstraint("state IN ('due', 'received', 'cancelled')", name=op.f("ck_supply_state_known")),
        sa.CheckConstraint("supply_id <> ''", name=op.f("ck_supply_supply_id_not_empty")),
        sa.CheckConstraint("promised <= qty", name=op.f("ck_supply_promised_within_qty")),
        sa.CheckConstraint("promised >= 0", name=op.f("ck_supply_promised_at_least_0")),
        sa.CheckConstraint("qty >= 1", name=op.f("ck_supply_qty_at_least_1")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_supply_node_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_supply_sku_id")),
        sa.PrimaryKeyConstraint("supply_id", name=op.f("pk_supply")),
    )
    op.create_index(
        "ix_supply_node_id_sku_id_due_on", "supply", ["node_id", "sku_id", "due_on"], unique=False
    )
    op.create_table(
        "stock_entry",
        sa.Column("position", _SEQUENCE, nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stock_version", sa.Integer(), nullable=False),
        sa.Column("available_after", sa.Integer(), nullable=False),
        sa.Column("reserved_after", sa.Integer(), nullable=False),
        sa.Column("committed_after", sa.Integer(), nullable=False),
        sa.Column("unavailable_after", sa.Integer(), nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_stock_entry_actor_not_empty")),
        sa.CheckConstraint("entry_id <> ''", name=op.f("ck_stock_entry_entry_id_not_empty")),
        sa.CheckConstraint(
            "reason IN ('receive', 'hold', 'release', 'expire', 'commit', 'uncommit', "
            "'ship', 'collect', 'sell', 'return', 'transfer_out', 'transfer_in', 'found', "
            "'count', 'not_found', 'set_aside', 'restore', 'write_off')",
            name=op.f("ck_stock_entry_reason_known"),
        ),
        sa.CheckConstraint(
            "source IN ('available', 'reserved', 'committed', 'unavailable', 'supplier', 'customer', 'loss')",
            name=op.f("ck_stock_entry_source_known"),
        ),
        sa.CheckConstraint(
            "target IN ('available', 'reserved', 'committed', 'unavailable', 'supplier', 'customer', 'loss')",
            name=op.f("ck_stock_entry_target_known"),
        ),
        sa.CheckConstraint("available_after >= 0", name=op.f("ck_stock_entry_available_after_at_least_0")),
        sa.CheckConstraint("committed_after >= 0", name=op.f("ck_stock_entry_committed_after_at_least_0")),
        sa.CheckConstraint("qty >= 1", name=op.f("ck_stock_entry_qty_at_least_1")),
        sa.CheckConstraint("reserved_after >= 0", name=op.f("ck_stock_entry_reserved_after_at_least_0")),
        sa.CheckConstraint("source <> target", name=op.f("ck_stock_entry_moves")),
        sa.CheckConstraint("stock_version >= 1", name=op.f("ck_stock_entry_stock_version_at_least_1")),
        sa.CheckConstraint(
            "unavailable_after >= 0", name=op.f("ck_stock_entry_unavailable_after_at_least_0")
        ),
        sa.ForeignKeyConstraint(
            ["node_id", "sku_id"],
            ["stock.node_id", "stock.sku_id"],
            name=op.f("fk_stock_entry_node_id_sku_id"),
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_stock_entry")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_stock_entry_entry_id")),
        sa.UniqueConstraint(
            "node_id", "sku_id", "stock_version", name=op.f("uq_stock_entry_node_id_sku_id_stock_version")
        ),
    )
    op.create_index("ix_stock_entry_reference", "stock_entry", ["reference"], unique=False)
    for statement in _REFUSE_TO_CHANGE_ENTRIES[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Step back."""
    op.drop_table("stock_entry")
    op.drop_table("supply")
    op.drop_table("stock")
    op.drop_table("buffer")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_entry")
