"""Holds know their customer, buffers may speak for any node or SKU, lost units wait to be routed anew."""

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"

_ACTIVE = sa.text("state = 'active'")
_WAITING = sa.text("settled_at IS NULL")
_BUFFER_COLUMNS = "node_id, sku_id, channel, version, qty, recorded_at"


def upgrade() -> None:
    """Step forward."""
    op.add_column("hold", sa.Column("customer_id", sa.Text(), nullable=True))
    op.create_index(
        "ix_hold_active_customer_id",
        "hold",
        ["customer_id"],
        unique=False,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    _make_buffer_anew(is_wildcard_known=True)
    op.create_table(
        "reroute",
        sa.Column("reroute_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("cause IN ('till', 'count', 'not_found')", name=op.f("ck_reroute_cause_known")),
        sa.CheckConstraint("qty >= 1", name=op.f("ck_reroute_qty_at_least_1")),
        sa.CheckConstraint("reroute_id <> ''", name=op.f("ck_reroute_reroute_id_not_empty")),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"],
            ["fulfillment_order.fulfillment_order_id"],
            name=op.f("fk_reroute_fulfillment_order_id"),
        ),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_reroute_node_id")),
        sa.ForeignKeyConstraint(
            ["order_id", "line_no"],
            ["order_line.order_id", "order_line.line_no"],
            name=op.f("fk_reroute_order_id_line_no"),
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_reroute_sku_id")),
        sa.PrimaryKeyConstraint("reroute_id", name=op.f("pk_reroute")),
    )
    op.create_index(
        "ix_reroute_waiting_order_id",
        "reroute",
        ["order_id"],
        unique=False,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Step back."""
    op.drop_table("reroute")
    _make_buffer_anew(is_wildcard_known=False)
    op.drop_index("ix_hold_active_customer_id", "hold")
    op.drop_column("hold", "customer_id")


def _make_buffer_anew(*, is_wildcard_known: bool) -> None:
    """Make the table with or without references to nodes and SKUs; SQLite can drop none from a table."""
    op.execute(f"CREATE TABLE buffer_before AS SELECT {_BUFFER_COLUMNS} FROM buffer")
    op.drop_table("buffer")
    references = [
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_buffer_node_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_buffer_sku_id")),
    ]
    op.create_table(
        "buffer",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("qty", sa.Integer(), nullable=is_wildcard_known),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("qty >= 0", name=op.f("ck_buffer_qty_at_least_0")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_buffer_version_at_least_1")),
        *([] if is_wildcard_known else references),
        sa.PrimaryKeyConstraint("node_id", "sku_id", "channel", "version", name=op.f("pk_buffer")),
    )
    # Without wildcards a rule for any node or SKU cannot be told, and a withdrawn one is one of 0 units.
    told = "" if is_wildcard_known else " WHERE node_id <> '' AND sku_id <> ''"
    qty = "qty" if is_wildcard_known else "coalesce(qty, 0)"
    op.execute(
        f"INSERT INTO buffer ({_BUFFER_COLUMNS})"
        f" SELECT {_BUFFER_COLUMNS.replace('qty', qty)} FROM buffer_before{told}"
    )
    op.execute("DROP TABLE buffer_before")
