"""Policies, plans, prices and decisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"

_DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Step forward."""
    op.create_table(
        "plan",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("lower_bound_cents", sa.BigInteger(), nullable=True),
        sa.Column("manifest", _DOCUMENT, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("plan_id <> ''", name=op.f("ck_plan_plan_id_not_empty")),
        sa.CheckConstraint("state IN ('committing', 'committed')", name=op.f("ck_plan_state_known")),
        sa.CheckConstraint("lower_bound_cents <= total_cents", name=op.f("ck_plan_bound_below_total")),
        sa.CheckConstraint("total_cents >= 0", name=op.f("ck_plan_total_cents_at_least_0")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_plan")),
    )
    op.create_table(
        "policy",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body_toml", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_policy_actor_not_empty")),
        sa.CheckConstraint("digest <> ''", name=op.f("ck_policy_digest_not_empty")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_policy_version_at_least_1")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy")),
    )
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=True),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("cost_cents", sa.BigInteger(), nullable=True),
        sa.Column("units_left", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision_id <> ''", name=op.f("ck_decision_decision_id_not_empty")),
        sa.CheckConstraint("order_id <> ''", name=op.f("ck_decision_order_id_not_empty")),
        sa.CheckConstraint("units_left >= 0", name=op.f("ck_decision_units_left_at_least_0")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], name=op.f("fk_decision_plan_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decision")),
        sa.UniqueConstraint("order_id", "plan_id", name=op.f("uq_decision_order_id_plan_id")),
    )
    op.create_table(
        "plan_capacity_price",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price_micros >= 0", name=op.f("ck_plan_capacity_price_price_micros_at_least_0")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_plan_capacity_price_node_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], name=op.f("fk_plan_capacity_price_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "node_id", "slot", name=op.f("pk_plan_capacity_price")),
    )
    op.create_table(
        "plan_stock_price",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price_micros >= 0", name=op.f("ck_plan_stock_price_price_micros_at_least_0")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_plan_stock_price_node_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], name=op.f("fk_plan_stock_price_plan_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_plan_stock_price_sku_id")),
        sa.PrimaryKeyConstraint("plan_id", "node_id", "sku_id", name=op.f("pk_plan_stock_price")),
    )


def downgrade() -> None:
    """Step back."""
    op.drop_table("plan_stock_price")
    op.drop_table("plan_capacity_price")
    op.drop_table("decision")
    op.drop_table("policy")
    op.drop_table("plan")
