"""A kit is a recipe and has no stock: whoever reports units of one is told what to report."""

from collections.abc import Mapping

from fulfillment.domain.errors import InvalidRequest


def kit_has_no_stock(kit_sku_id: str, components: Mapping[str, int]) -> InvalidRequest:
    """Make the refusal of units reported of a kit."""
    return InvalidRequest(
        f"{kit_sku_id} is a kit and has no stock of its own",
        remedy="report the units of its components",
        key="sku_id",
        value=kit_sku_id,
        components=dict(components),
    )
