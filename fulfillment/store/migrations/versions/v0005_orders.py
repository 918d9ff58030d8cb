"""Holds, orders and the work they make."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Step forward."""
    op.create_table(
        "hold",
        sa.Column("hold_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("hold_id <> ''", name=op.f("ck_hold_hold_id_not_empty")),
        sa.CheckConstraint(
            "state IN ('active', 'released', 'expired', 'converted')", name=op.f("ck_hold_state_known")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_hold_version_at_least_1")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_hold")),
    )
    op.create_index(
        "ix_hold_active_expires_at",
        "hold",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "hold_line",
        sa.Column("hold_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.CheckConstraint("qty >= 1", name=op.f("ck_hold_line_qty_at_least_1")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.hold_id"], name=op.f("fk_hold_line_hold_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_hold_line_node_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_hold_line_sku_id")),
        sa.PrimaryKeyConstraint("hold_id", "node_id", "sku_id", name=op.f("pk_hold_line")),
    )
    op.create_index("ix_hold_line_node_id_sku_id", "hold_line", ["node_id", "sku_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("review", sa.Text(), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("pickup_node_id", sa.Text(), nullable=True),
        sa.Column("promise_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(method = 'PICK_UP') = (pickup_node_id IS NOT NULL)",
            name=op.f("ck_orders_pickup_names_its_node"),
        ),
        sa.CheckConstraint(
            "method = 'PICK_UP' OR postal_code IS NOT NULL",
            name=op.f("ck_orders_delivery_names_its_place"),
        ),
        sa.CheckConstraint(
            "(state = 'on_hold') = (review IS NOT NULL)", name=op.f("ck_orders_on_hold_for_a_review")
        ),
        sa.CheckConstraint("review IN ('payment', 'fraud')", name=op.f("ck_orders_review_known")),
        sa.CheckConstraint(
            "method IN ('SHIPPING', 'PICK_UP', 'LOCAL', 'RETAIL')", name=op.f("ck_orders_method_known")
        ),
        sa.CheckConstraint("order_id <> ''", name=op.f("ck_orders_order_id_not_empty")),
        sa.CheckConstraint(
            "state IN ('on_hold', 'open', 'back_ordered', 'allocated', 'in_progress', "
            "'completed', 'cancelled')",
            name=op.f("ck_orders_state_known"),
        ),
        sa.CheckConstraint("priority >= 1", name=op.f("ck_orders_priority_at_least_1")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_orders_version_at_least_1")),
        sa.ForeignKeyConstraint(["pickup_node_id"], ["node.node_id"], name=op.f("fk_orders_pickup_node_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_customer_id", "orders", ["customer_id"], unique=False)
    op.create_index(
        "ix_orders_undecided_placed_at",
        "orders",
        ["placed_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('open', 'back_ordered')"),
        postgresql_where=sa.text("state IN ('open', 'back_ordered')"),
    )
    op.create_table(
        "fulfillment_order",
        sa.Column("fulfillment_order_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "fulfillment_order_id <> ''", name=op.f("ck_fulfillment_order_fulfillment_order_id_not_empty")
        ),
        sa.CheckConstraint(
            "method IN ('SHIPPING', 'PICK_UP', 'LOCAL', 'RETAIL')",
            name=op.f("ck_fulfillment_order_method_known"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'released', 'accepted', 'rejected', 'picked', 'packed', "
            "'shipped', 'delivered', 'ready', 'collected', 'expired', 'cancelled')",
            name=op.f("ck_fulfillment_order_state_known"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_fulfillment_order_version_at_least_1")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.decision_id"], name=op.f("fk_fulfillment_order_decision_id")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_fulfillment_order_node_id")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order_id"], name=op.f("fk_fulfillment_order_order_id")
        ),
        sa.PrimaryKeyConstraint("fulfillment_order_id", name=op.f("pk_fulfillment_order")),
    )
    op.create_index(
        "ix_fulfillment_order_node_id_state", "fulfillment_order", ["node_id", "state"], unique=False
    )
    op.create_index("ix_fulfillment_order_order_id", "fulfillment_order", ["order_id"], unique=False)
    op.create_table(
        "order_line",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.CheckConstraint("allocated <= qty", name=op.f("ck_order_line_allocated_within_qty")),
        sa.CheckConstraint("allocated >= 0", name=op.f("ck_order_line_allocated_at_least_0")),
        sa.CheckConstraint("line_no >= 0", name=op.f("ck_order_line_line_no_at_least_0")),
        sa.CheckConstraint("qty >= 1", name=op.f("ck_order_line_qty_at_least_1")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name=op.f("fk_order_line_order_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_order_line_sku_id")),
        sa.PrimaryKeyConstraint("order_id", "line_no", name=op.f("pk_order_line")),
    )
    op.create_table(
        "transfer",
        sa.Column("transfer_id", sa.Text(), nullable=False),
        sa.Column("from_node_id", sa.Text(), nullable=False),
        sa.Column("to_node_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('requested', 'shipped', 'received', 'lost', 'cancelled')",
            name=op.f("ck_transfer_state_known"),
        ),
        sa.CheckConstraint("transfer_id <> ''", name=op.f("ck_transfer_transfer_id_not_empty")),
        sa.CheckConstraint("from_node_id <> to_node_id", name=op.f("ck_transfer_goes_somewhere")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_transfer_version_at_least_1")),
        sa.ForeignKeyConstraint(["from_node_id"], ["node.node_id"], name=op.f("fk_transfer_from_node_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name=op.f("fk_transfer_order_id")),
        sa.ForeignKeyConstraint(["to_node_id"], ["node.node_id"], name=op.f("fk_transfer_to_node_id")),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_transfer")),
    )
    op.create_index("ix_transfer_order_id", "transfer", ["order_id"], unique=False)
    op.create_table(
        "fulfillment_order_line",
        sa.Column("fulfillment_order_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.Column("picked", sa.Integer(), nullable=False),
        sa.CheckConstraint("picked <= qty", name=op.f("ck_fulfillment_order_line_picked_within_qty")),
        sa.CheckConstraint("picked >= 0", name=op.f("ck_fulfillment_order_line_picked_at_least_0")),
        sa.CheckConstraint("qty >= 1", name=op.f("ck_fulfillment_order_line_qty_at_least_1")),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"],
            ["fulfillment_order.fulfillment_order_id"],
            name=op.f("fk_fulfillment_order_line_fulfillment_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id", "line_no"],
            ["order_line.order_id", "order_line.line_no"],
            name=op.f("fk_fulfillment_order_line_order_id_line_no"),
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_fulfillment_order_line_sku_id")),
        sa.PrimaryKeyConstraint("fulfillment_order_id", "line_no", name=op.f("pk_fulfillment_order_line")),
    )
    op.create_table(
        "parcel",
        sa.Column("parcel_id", sa.Text(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("carrier <> ''", name=op.f("ck_parcel_carrier_not_empty")),
        sa.CheckConstraint("parcel_id <> ''", name=op.f("ck_parcel_parcel_id_not_empty")),
        sa.CheckConstraint("service <> ''", name=op.f("ck_parcel_service_not_empty")),
        sa.CheckConstraint(
            "state IN ('planned', 'packed', 'shipped', 'arrived', 'delivered', 'collected', "
            "'lost', 'cancelled')",
            name=op.f("ck_parcel_state_known"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_parcel_version_at_least_1")),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"],
            ["fulfillment_order.fulfillment_order_id"],
            name=op.f("fk_parcel_fulfillment_order_id"),
        ),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_parcel_node_id")),
        sa.PrimaryKeyConstraint("parcel_id", name=op.f("pk_parcel")),
    )
    op.create_index("ix_parcel_fulfillment_order_id", "parcel", ["fulfillment_order_id"], unique=False)
    op.create_index("ix_parcel_node_id_state", "parcel", ["node_id", "state"], unique=False)
    op.create_table(
        "transfer_line",
        sa.Column("transfer_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.CheckConstraint("qty >= 1", name=op.f("ck_transfer_line_qty_at_least_1")),
        sa.CheckConstraint("received <= qty", name=op.f("ck_transfer_line_received_within_qty")),
        sa.CheckConstraint("received >= 0", name=op.f("ck_transfer_line_received_at_least_0")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_transfer_line_sku_id")),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfer.transfer_id"], name=op.f("fk_transfer_line_transfer_id")
        ),
        sa.PrimaryKeyConstraint("transfer_id", "sku_id", name=op.f("pk_transfer_line")),
    )
    op.create_table(
        "parcel_line",
        sa.Column("parcel_id", sa.Text(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.CheckConstraint("qty >= 1", name=op.f("ck_parcel_line_qty_at_least_1")),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id", "line_no"],
            ["fulfillment_order_line.fulfillment_order_id", "fulfillment_order_line.line_no"],
            name=op.f("fk_parcel_line_fulfillment_order_id_line_no"),
        ),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.parcel_id"], name=op.f("fk_parcel_line_parcel_id")),
        sa.PrimaryKeyConstraint("parcel_id", "line_no", name=op.f("pk_parcel_line")),
    )


def downgrade() -> None:
    """Step back."""
    op.drop_table("parcel_line")
    op.drop_table("transfer_line")
    op.drop_table("parcel")
    op.drop_table("fulfillment_order_line")
    op.drop_table("transfer")
    op.drop_table("order_line")
    op.drop_table("fulfillment_order")
    op.drop_table("orders")
    op.drop_table("hold_line")
    op.drop_table("hold")
