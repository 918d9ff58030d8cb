"""The scenario: what there is, what was ordered, what carriers charge. Money in micros, rows by position."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fulfillment.verify.files import (
    NO_TIME,
    Bools,
    Floats,
    Ints,
    Table,
    UnusableInput,
    positions,
    read_optional_table,
    read_table,
    require_distinct,
)
from fulfillment.verify.kits import Kits, read_kits
from fulfillment.verify.ways import Points, Ways, read_ways

UNLIMITED = 2**31 - 1
UNITS_MAX = 2**31 - 1
ORDERED_MAX = 100_000
GRAMS_MAX = 100_000_000
NUMBERS_MAX = 2**31 - 1
PENALTY_MICROS = 5_000 * 10_000  # a unit not fulfilled, beside its price

__all__ = ["NO_TIME", "Day", "Lines", "Nodes", "Orders", "Rates", "Skus", "Stock", "read_day"]


@dataclass(frozen=True, slots=True)
class Nodes:
    """Places that fulfil."""

    node_id: list[str]
    lat: Floats
    lon: Floats
    timezone: list[str]
    ships: Bools
    pickup: Bools
    same_day_radius_km: Floats
    cutoff_local: list[str]
    processing_minutes: Ints
    unit_micros: Ints  # handling
    parcel_micros: Ints  # handling
    capacity: Ints  # UNLIMITED where blank
    commission: Ints  # hundredths of a percent of the price


@dataclass(frozen=True, slots=True)
class Skus:
    """Products."""

    sku_id: list[str]
    price: Ints
    weight_g: Ints


@dataclass(frozen=True, slots=True)
class Stock:
    """Positions; `free` is what may be taken."""

    node: Ints
    sku: Ints
    free: Ints


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders: when they were placed, and by when they are due."""

    order_id: list[str]
    placed_at: Ints  # microseconds since 1970, UTC
    promise_by: Ints  # the same; NO_TIME where there is no deadline


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines as they were ordered."""

    order: Ints
    line_no: Ints
    sku: Ints
    qty: Ints


@dataclass(frozen=True, slots=True)
class Rates:
    """Steps of price lists."""

    carrier: list[str]
    service: list[str]
    method: list[str]
    zone: Ints
    max_km: Floats
    max_weight_g: Ints
    cost: Ints
    transit_days: Ints


@dataclass(frozen=True, slots=True)
class Day:
    """One retailer's day."""

    nodes: Nodes
    skus: Skus
    kits: Kits
    stock: Stock
    orders: Orders
    ways: Ways
    lines: Lines
    rates: Rates


def read_day(folder: Path) -> Day:
    """Read a scenario's folder.

    Raises
    ------
    UnusableInput
        At the first thing that has no clear meaning; `fulfillment validate` names them all.
    """
    if not folder.is_dir():
        raise UnusableInput(f"{folder} is not a folder")
    nodes = _read_nodes(read_table(folder, "nodes"))
    skus = _read_skus(read_table(folder, "skus"))
    stock = _read_stock(read_table(folder, "stock"), nodes, skus)
    of_orders = read_table(folder, "orders")
    orders, points = _read_orders(of_orders), _read_points(read_table(folder, "postal_codes"), nodes)
    return Day(
        nodes=nodes,
        skus=skus,
        kits=read_kits(read_optional_table(folder, "kits"), skus.sku_id, stock.sku),
        stock=stock,
        orders=orders,
        ways=read_ways(of_orders, read_optional_table(folder, "alternatives"), orders.order_id, points),
        lines=_read_lines(read_table(folder, "order_lines"), orders, skus),
        rates=_read_rates(read_table(folder, "rates")),
    )


def _read_nodes(table: Table) -> Nodes:
    node_id = table.texts("node_id")
    require_distinct(table, "a node", node_id)
    return Nodes(
        node_id=node_id,
        lat=table.numbers("lat", least=-90, most=90),
        lon=table.numbers("lon", least=-180, most=180),
        timezone=table.texts("timezone"),
        ships=table.flags("ships"),
        pickup=table.flags("pickup"),
        same_day_radius_km=table.numbers("same_day_radius_km", least=0, most=1e6),
        cutoff_local=table.texts("cutoff_local"),
        processing_minutes=table.parts("processing_hours", 60, most=24 * 366),
        unit_micros=table.micros("handling_cents_per_unit"),
        parcel_micros=table.micros("handling_cents_per_parcel"),
        capacity=table.wholes("capacity_parcels", least=0, most=UNITS_MAX, blank=UNLIMITED),
        commission=table.parts("commission_pct", 100, most=100),
    )


def _read_skus(table: Table) -> Skus:
    sku_id = table.texts("sku_id")
    require_distinct(table, "a SKU", sku_id)
    return Skus(sku_id, table.micros("price_cents"), table.wholes("weight_g", least=1, most=GRAMS_MAX))


def _read_stock(table: Table, nodes: Nodes, skus: Skus) -> Stock:
    node = positions(table, "node_id", nodes.node_id, table.texts("node_id"))
    sku = positions(table, "sku_id", skus.sku_id, table.texts("sku_id"))
    require_distinct(table, "a node and SKU", list(zip(node.tolist(), sku.tolist(), strict=True)))
    available = table.wholes("available", least=0, most=UNITS_MAX)
    kept_back = table.wholes("safety_stock", least=0, most=UNITS_MAX)
    return Stock(node, sku, np.maximum(0, available - kept_back))


def _read_orders(table: Table) -> Orders:
    order_id = table.texts("order_id")
    require_distinct(table, "an order", order_id)
    return Orders(order_id, table.moments("placed_at"), table.moments("promise_by", optional=True))


def _read_points(places: Table, nodes: Nodes) -> Points:
    postal_code = places.texts("postal_code")
    require_distinct(places, "a postal code", postal_code)
    return Points(
        node_id=nodes.node_id,
        node_lat=nodes.lat,
        node_lon=nodes.lon,
        postal_code=postal_code,
        postal_lat=places.numbers("lat", least=-90, most=90),
        postal_lon=places.numbers("lon", least=-180, most=180),
    )


def _read_lines(table: Table, orders: Orders, skus: Skus) -> Lines:
    order = positions(table, "order_id", orders.order_id, table.texts("order_id"))
    line_no = table.wholes("line_no", least=-NUMBERS_MAX, most=NUMBERS_MAX)
    require_distinct(table, "an order's line", list(zip(order.tolist(), line_no.tolist(), strict=True)))
    return Lines(
        order=order,
        line_no=line_no,
        sku=positions(table, "sku_id", skus.sku_id, table.texts("sku_id")),
        qty=table.wholes("qty", least=1, most=ORDERED_MAX),
    )


def _read_rates(table: Table) -> Rates:
    return Rates(
        carrier=table.texts("carrier"),
        service=table.texts("service"),
        method=table.texts("method"),
        zone=table.wholes("zone", least=0, most=NUMBERS_MAX),
        max_km=table.numbers("max_km", least=0, most=1e6),
        max_weight_g=table.wholes("max_weight_g", least=1, most=GRAMS_MAX),
        cost=table.micros("cost_cents"),
        transit_days=table.wholes("transit_days", least=0, most=366),
    )
