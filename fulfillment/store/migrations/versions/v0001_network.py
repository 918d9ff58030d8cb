"""Nodes, calendars, capacities, postal codes and rates."""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Step forward."""
    op.create_table(
        "node",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("node_id <> ''", name=op.f("ck_node_node_id_not_empty")),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_node")),
    )
    op.create_table(
        "postal_code",
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lat", sa.Float(precision=53), nullable=False),
        sa.Column("lon", sa.Float(precision=53), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("postal_code <> ''", name=op.f("ck_postal_code_postal_code_not_empty")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90", name=op.f("ck_postal_code_lat_in_degrees")),
        sa.CheckConstraint("lon BETWEEN -180 AND 180", name=op.f("ck_postal_code_lon_in_degrees")),
        sa.CheckConstraint("population >= 0", name=op.f("ck_postal_code_population_at_least_0")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_postal_code_version_at_least_1")),
        sa.PrimaryKeyConstraint("postal_code", "version", name=op.f("pk_postal_code")),
    )
    op.create_table(
        "rate_card",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_rate_card_version_at_least_1")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rate_card")),
    )
    op.create_table(
        "calendar",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opening_hours", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_calendar_version_at_least_1")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_calendar_node_id")),
        sa.PrimaryKeyConstraint("node_id", "version", name=op.f("pk_calendar")),
    )
    op.create_table(
        "capacity",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("qty", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("slot <> ''", name=op.f("ck_capacity_slot_not_empty")),
        sa.CheckConstraint("unit IN ('parcels', 'units', 'minutes')", name=op.f("ck_capacity_unit_known")),
        sa.CheckConstraint("qty >= 0", name=op.f("ck_capacity_qty_at_least_0")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_capacity_version_at_least_1")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_capacity_node_id")),
        sa.PrimaryKeyConstraint("node_id", "slot", "unit", "version", name=op.f("pk_capacity")),
    )
    op.create_table(
        "node_version",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lat", sa.Float(precision=53), nullable=False),
        sa.Column("lon", sa.Float(precision=53), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("ships", sa.Boolean(), nullable=False),
        sa.Column("pickup", sa.Boolean(), nullable=False),
        sa.Column("same_day_radius_km", sa.Float(precision=53), nullable=False),
        sa.Column("cutoff_local", sa.Text(), nullable=False),
        sa.Column("processing_minutes", sa.Integer(), nullable=False),
        sa.Column("handling_micros_per_unit", sa.BigInteger(), nullable=False),
        sa.Column("handling_micros_per_parcel", sa.BigInteger(), nullable=False),
        sa.Column("commission_bp", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('warehouse', 'store', 'vendor')", name=op.f("ck_node_version_kind_known")
        ),
        sa.CheckConstraint("commission_bp >= 0", name=op.f("ck_node_version_commission_bp_at_least_0")),
        sa.CheckConstraint(
            "handling_micros_per_parcel >= 0",
            name=op.f("ck_node_version_handling_micros_per_parcel_at_least_0"),
        ),
        sa.CheckConstraint(
            "handling_micros_per_unit >= 0", name=op.f("ck_node_version_handling_micros_per_unit_at_least_0")
        ),
        sa.CheckConstraint("lat BETWEEN -90 AND 90", name=op.f("ck_node_version_lat_in_degrees")),
        sa.CheckConstraint("length(cutoff_local) = 5", name=op.f("ck_node_version_cutoff_local_is_hh_mm")),
        sa.CheckConstraint("lon BETWEEN -180 AND 180", name=op.f("ck_node_version_lon_in_degrees")),
        sa.CheckConstraint(
            "processing_minutes >= 0", name=op.f("ck_node_version_processing_minutes_at_least_0")
        ),
        sa.CheckConstraint(
            "same_day_radius_km >= 0", name=op.f("ck_node_version_same_day_radius_km_at_least_0")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_node_version_version_at_least_1")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_node_version_node_id")),
        sa.PrimaryKeyConstraint("node_id", "version", name=op.f("pk_node_version")),
    )
    op.create_table(
        "rate",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("zone", sa.Integer(), nullable=False),
        sa.Column("max_km", sa.Float(precision=53), nullable=False),
        sa.Column("max_weight_g", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("transit_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("carrier <> ''", name=op.f("ck_rate_carrier_not_empty")),
        sa.CheckConstraint("method IN ('SHIPPING', 'PICK_UP', 'LOCAL')", name=op.f("ck_rate_method_known")),
        sa.CheckConstraint("service <> ''", name=op.f("ck_rate_service_not_empty")),
        sa.CheckConstraint("cost_micros >= 0", name=op.f("ck_rate_cost_micros_at_least_0")),
        sa.CheckConstraint("max_km >= 0", name=op.f("ck_rate_max_km_at_least_0")),
        sa.CheckConstraint("max_weight_g >= 1", name=op.f("ck_rate_max_weight_g_at_least_1")),
        sa.CheckConstraint("position >= 0", name=op.f("ck_rate_position_at_least_0")),
        sa.CheckConstraint("transit_days >= 0", name=op.f("ck_rate_transit_days_at_least_0")),
        sa.ForeignKeyConstraint(["version"], ["rate_card.version"], name=op.f("fk_rate_version")),
        sa.PrimaryKeyConstraint("version", "position", name=op.f("pk_rate")),
        sa.UniqueConstraint(
            "version", "carrier", "service", "method", "zone", "max_weight_g", name="uq_rate_step"
        ),
    )
    op.create_table(
        "calendar_closed_date",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id", "version"],
            ["calendar.node_id", "calendar.version"],
            name=op.f("fk_calendar_closed_date_node_id_version"),
        ),
        sa.PrimaryKeyConstraint("node_id", "version", "closed_on", name=op.f("pk_calendar_closed_date")),
    )


def downgrade() -> None:
    """Step back."""
    op.drop_table("calendar_closed_date")
    op.drop_table("rate")
    op.drop_table("node_version")
    op.drop_table("capacity")
    op.drop_table("calendar")
    op.drop_table("rate_card")
    op.drop_table("postal_code")
    op.drop_table("node")
