"""SKUs and kits."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Step forward."""
    op.create_table(
        "sku",
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sku_id <> ''", name=op.f("ck_sku_sku_id_not_empty")),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_sku")),
    )
    op.create_table(
        "kit",
        sa.Column("kit_sku_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_kit_version_at_least_1")),
        sa.ForeignKeyConstraint(["kit_sku_id"], ["sku.sku_id"], name=op.f("fk_kit_kit_sku_id")),
        sa.PrimaryKeyConstraint("kit_sku_id", "version", name=op.f("pk_kit")),
    )
    op.create_table(
        "sku_version",
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("gtin", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.Column("weight_g", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price_micros >= 0", name=op.f("ck_sku_version_price_micros_at_least_0")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_sku_version_version_at_least_1")),
        sa.CheckConstraint("weight_g >= 1", name=op.f("ck_sku_version_weight_g_at_least_1")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_sku_version_sku_id")),
        sa.PrimaryKeyConstraint("sku_id", "version", name=op.f("pk_sku_version")),
    )
    op.create_table(
        "kit_component",
        sa.Column("kit_sku_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.CheckConstraint("qty >= 1", name=op.f("ck_kit_component_qty_at_least_1")),
        sa.CheckConstraint("sku_id <> kit_sku_id", name=op.f("ck_kit_component_no_kit_in_itself")),
        sa.ForeignKeyConstraint(
            ["kit_sku_id", "version"],
            ["kit.kit_sku_id", "kit.version"],
            name=op.f("fk_kit_component_kit_sku_id_version"),
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_kit_component_sku_id")),
        sa.PrimaryKeyConstraint("kit_sku_id", "version", "sku_id", name=op.f("pk_kit_component")),
    )


def downgrade() -> None:
    """Step back."""
    op.drop_table("kit_component")
    op.drop_table("sku_version")
    op.drop_table("kit")
    op.drop_table("sku")
