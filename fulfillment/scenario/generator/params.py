"""What a generated retailer is like."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from fulfillment.domain.errors import InvalidRequest

COUNTS: Final = {
    "orders": (1, 1_000_000),
    "stores": (0, 20_000),
    "warehouses": (0, 500),
    "vendors": (0, 500),
    "skus": (1, 200_000),
    "postal_codes": (1, 90_000),
}
SHARES: Final = (
    "scarcity",
    "hot_sku_share",
    "store_range",
    "tight_nodes",
    "kit_share",
    "kit_demand",
    "flexible_orders",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorParams:
    """Sizes and severities of a generated day; checks itself.

    Attributes
    ----------
    orders, stores, warehouses, vendors, skus, postal_codes : int
        How many of each.
    lines_per_order : float
        On average, from 1 to 10; a SKU stands on one line of an order only, so small catalogues give fewer.
    scarcity : float
        Share of the SKUs that have less stock than demand.
    hot_sku_share : float
        Share of the lines that ask for the hottest half percent of the SKUs, on top of their Zipf share.
    store_range : float
        Share of the SKUs that a store carries: a SKU stands in `store_range` × `stores` stores on average.
    store_depth : float
        Units a position holds on average beyond what demand asks for, however little is sold; from 0 to 100.
    tight_nodes : float
        Share of the stores that can send out a few parcels only.
    kit_share : float
        Share of the SKUs that are kits of two or three others; a catalogue of one SKU has none.
    kit_demand : float
        Share of the lines that ask for a kit, on top of the kits' share of the catalogue.
    flexible_orders : float
        Share of the orders that may be served in other ways too, where the customer has a store near.
    day : date
        When the orders are placed, by the customers' own clocks.

    Raises
    ------
    InvalidRequest
        Names the parameter and what it may be.
    """

    orders: int = 1_500
    stores: int = 60
    warehouses: int = 3
    vendors: int = 3
    skus: int = 320
    postal_codes: int = 600
    lines_per_order: float = 2.2
    scarcity: float = 0.06
    hot_sku_share: float = 0.05
    store_range: float = 0.35
    store_depth: float = 1.5
    tight_nodes: float = 0.1
    kit_share: float = 0.0
    kit_demand: float = 0.0
    flexible_orders: float = 0.0
    day: date = date(2026, 11, 20)

    def __post_init__(self) -> None:
        for name, (least, most) in COUNTS.items():
            _check(name, getattr(self, name), least, most)
        for name in SHARES:
            _check(name, getattr(self, name), 0, 1)
        _check("lines_per_order", self.lines_per_order, 1, 10)
        _check("store_depth", self.store_depth, 0, 100)
        _check("day", self.day.year, 2000, 2100)
        if self.kit_demand and not self.kit_share:
            raise InvalidRequest("demand for kits without kits", remedy="ask for a kit_share too")
        if self.stores + self.warehouses + self.vendors == 0:
            raise InvalidRequest(
                "a retailer without nodes", remedy="ask for a store, a warehouse or a vendor"
            )


def _check(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # false for NaN too
        raise InvalidRequest(
            f"{name} is {value}", remedy=f"it may be from {least} to {most}", key=name, value=value
        )
