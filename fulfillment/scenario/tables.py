"""The tables of a scenario as frozen columns.

Rows refer to each other by position (an order line holds the index of its order and of its SKU), so that
planning never looks an identifier up twice. Money is in **micros**, millionths of the currency's major
unit: a cent is 10,000 micros, which holds every pinned price exactly. Times are UTC ``datetime64[us]``.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]

METHODS: Final = ("SHIPPING", "PICK_UP", "LOCAL")
MICROS_PER_CENT = 10_000
UNLIMITED_PARCELS = 2**31 - 1
NO_INDEX = -1


@dataclass(frozen=True, slots=True)
class Nodes:
    """Places that fulfil; one entry a node in every column, in the order of the file."""

    node_id: list[str]
    kind: list[str]
    name: list[str]
    lat: Floats  # degrees
    lon: Floats  # degrees
    timezone: list[str]
    opening_hours: list[str]
    ships: Bools
    pickup: Bools
    same_day_radius_km: Floats
    cutoff_local: list[str]  # HH:MM on the node's own clock
    processing_minutes: Ints
    handling_micros_per_unit: Ints
    handling_micros_per_parcel: Ints
    capacity_parcels: Ints  # UNLIMITED_PARCELS where blank
    commission_pct: Floats  # of the goods' price, at most two decimals

    def __len__(self) -> int:
        return len(self.node_id)


@dataclass(frozen=True, slots=True)
class Skus:
    """Products."""

    sku_id: list[str]
    gtin: list[str]
    name: list[str]
    price_micros: Ints
    weight_g: Ints  # at least 1

    def __len__(self) -> int:
        return len(self.sku_id)


@dataclass(frozen=True, slots=True)
class Stock:
    """Positions, at most one a (node, SKU)."""

    node: Ints  # index into Nodes
    sku: Ints  # index into Skus
    available: Ints
    safety_stock: Ints
    incoming: Ints
    incoming_on: list[str]  # ISO date, empty where nothing is due

    def __len__(self) -> int:
        return len(self.node)


@dataclass(frozen=True, slots=True)
class Orders:
    """What customers asked for, without the lines."""

    order_id: list[str]
    placed_at: Times
    channel: list[str]
    postal: Ints  # index into PostalCodes, NO_INDEX where a pickup order names none
    method: list[str]  # of METHODS
    service: list[str]
    pickup_node: Ints  # index into Nodes, NO_INDEX but for PICK_UP
    promise_by: Times  # NaT where there is no deadline
    priority: Ints  # 1 is highest
    customer_id: list[str]

    def __len__(self) -> int:
        return len(self.order_id)


@dataclass(frozen=True, slots=True)
class OrderLines:
    """Lines, sorted by order; a SKU may stand on several lines of one order."""

    order: Ints  # index into Orders, ascending
    line_no: Ints
    sku: Ints  # index into Skus
    qty: Ints  # at least 1

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True, slots=True)
class PostalCodes:
    """Points that parcels are delivered to."""

    postal_code: list[str]
    lat: Floats
    lon: Floats
    population: Ints

    def __len__(self) -> int:
        return len(self.postal_code)


@dataclass(frozen=True, slots=True)
class Rates:
    """Steps of price lists; one entry a (carrier, service, method, zone, weight step)."""

    carrier: list[str]
    service: list[str]
    method: list[str]
    zone: Ints
    max_km: Floats
    max_weight_g: Ints
    cost_micros: Ints
    transit_days: Ints

    def __len__(self) -> int:
        return len(self.carrier)


@dataclass(frozen=True, slots=True)
class Kits:
    """Components of kits, sorted by kit; one entry a (kit, component).

    A kit is a SKU with a weight and a price of its own but no stock: it is made of its components' stock at
    one node and leaves whole. Recipes do not nest.
    """

    kit: Ints  # index into Skus, ascending
    component: Ints  # index into Skus
    qty: Ints  # units of the component in one kit, at least 1

    def __len__(self) -> int:
        return len(self.kit)

    @classmethod
    def none(cls) -> "Kits":
        """Make the table of a retailer who sells no kits."""
        return cls(_no_ints(), _no_ints(), _no_ints())


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Further ways to serve whole orders, beside the one in `Orders`; sorted by order, then number."""

    order: Ints  # index into Orders, ascending
    number: Ints  # told apart by it within the order
    method: Ints  # index into METHODS
    pickup_node: Ints  # index into Nodes, NO_INDEX but for PICK_UP

    def __len__(self) -> int:
        return len(self.order)

    @classmethod
    def none(cls) -> "Alternatives":
        """Make the table of orders that can be served in one way only."""
        return cls(_no_ints(), _no_ints(), _no_ints(), _no_ints())


def _no_ints() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One retailer's network, stock and open orders.

    The two last tables are optional: without them no SKU is a kit, and no order is flexible.
    """

    nodes: Nodes
    skus: Skus
    stock: Stock
    orders: Orders
    order_lines: OrderLines
    postal_codes: PostalCodes
    rates: Rates
    kits: Kits = field(default_factory=Kits.none)
    alternatives: Alternatives = field(default_factory=Alternatives.none)
