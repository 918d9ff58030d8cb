"""The columns of every file of a scenario: what must be there, and what a file is called."""

from typing import Final

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "nodes": (
        "node_id",
        "kind",
        "name",
        "lat",
        "lon",
        "timezone",
        "opening_hours",
        "ships",
        "pickup",
        "same_day_radius_km",
        "cutoff_local",
        "processing_hours",
        "handling_cents_per_unit",
        "handling_cents_per_parcel",
        "capacity_parcels",
        "commission_pct",
    ),
    "skus": ("sku_id", "gtin", "name", "price_cents", "weight_g"),
    "postal_codes": ("postal_code", "lat", "lon", "population"),
    "rates": (
        "carrier",
        "service",
        "method",
        "zone",
        "max_km",
        "max_weight_g",
        "cost_cents",
        "transit_days",
    ),
    "stock": ("node_id", "sku_id", "available", "safety_stock", "incoming", "incoming_on"),
    "orders": (
        "order_id",
        "placed_at",
        "channel",
        "postal_code",
        "method",
        "service",
        "pickup_node_id",
        "promise_by",
        "priority",
        "customer_id",
    ),
    "order_lines": ("order_id", "line_no", "sku_id", "qty"),
    "kits": ("kit_sku_id", "component_sku_id", "qty"),
    "alternatives": ("order_id", "alternative", "method", "pickup_node_id"),
}

# Tables that a folder may lack; one without rows says as much as none.
OPTIONAL: Final = frozenset({"kits", "alternatives"})
