"""Tables as columns of plain values: what is loaded into the ledger, and what planning reads from it.

All columns of one table have one length. Rows refer to each other by id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class NodeColumns:
    """Places that fulfil."""

    node_id: Sequence[str]
    kind: Sequence[str]
    name: Sequence[str]
    lat: Sequence[float]  # degrees
    lon: Sequence[float]  # degrees
    timezone: Sequence[str]
    opening_hours: Sequence[str]
    ships: Sequence[bool]
    pickup: Sequence[bool]
    same_day_radius_km: Sequence[float]
    cutoff_local: Sequence[str]  # HH:MM on the node's own clock
    processing_minutes: Sequence[int]
    handling_micros_per_unit: Sequence[int]
    handling_micros_per_parcel: Sequence[int]
    commission_bp: Sequence[int]  # hundredths of a percent of the goods' price
    capacity_parcels: Sequence[int | None]  # of a day; None: unlimited


@dataclass(frozen=True, slots=True)
class SkuColumns:
    """Products."""

    sku_id: Sequence[str]
    gtin: Sequence[str]
    name: Sequence[str]
    price_micros: Sequence[int]
    weight_g: Sequence[int]


@dataclass(frozen=True, slots=True)
class KitColumns:
    """Components of kits, sorted by kit."""

    kit_sku_id: Sequence[str]
    sku_id: Sequence[str]
    qty: Sequence[int]  # units in one kit


@dataclass(frozen=True, slots=True)
class PostalCodeColumns:
    """Places to deliver to."""

    postal_code: Sequence[str]
    lat: Sequence[float]
    lon: Sequence[float]
    population: Sequence[int]


@dataclass(frozen=True, slots=True)
class RateColumns:
    """Steps of price lists, in the order of the list."""

    carrier: Sequence[str]
    service: Sequence[str]
    method: Sequence[str]
    zone: Sequence[int]
    max_km: Sequence[float]
    max_weight_g: Sequence[int]
    cost_micros: Sequence[int]
    transit_days: Sequence[int]


@dataclass(frozen=True, slots=True)
class StockColumns:
    """Positions, at most one a (node, SKU)."""

    node_id: Sequence[str]
    sku_id: Sequence[str]
    available: Sequence[int]
    safety_stock: Sequence[int]
    incoming: Sequence[int]
    incoming_on: Sequence[date | None]  # None where nothing is due


@dataclass(frozen=True, slots=True)
class OrderColumns:
    """Orders without their lines."""

    order_id: Sequence[str]
    placed_at: Sequence[datetime]  # UTC
    channel: Sequence[str]
    postal_code: Sequence[str | None]
    method: Sequence[str]
    service: Sequence[str]
    pickup_node_id: Sequence[str | None]
    promise_by: Sequence[datetime | None]  # UTC; None: no deadline
    priority: Sequence[int]
    customer_id: Sequence[str]


@dataclass(frozen=True, slots=True)
class OrderLineColumns:
    """Order lines, sorted by order as `OrderColumns` has them."""

    order_id: Sequence[str]
    line_no: Sequence[int]
    sku_id: Sequence[str]
    qty: Sequence[int]


@dataclass(frozen=True, slots=True)
class RetailDay:
    """A retailer's network, catalogue, stock and open orders."""

    nodes: NodeColumns
    skus: SkuColumns
    postal_codes: PostalCodeColumns
    rates: RateColumns
    stock: StockColumns
    orders: OrderColumns
    order_lines: OrderLineColumns
    kit_sku_ids: frozenset[str] = frozenset()
