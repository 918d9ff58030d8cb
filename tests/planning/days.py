"""Write a retailer's day by hand, in few words: what a test does not name has a plain default.

Three price lists: `ground` ships anywhere for 600 cents in two days, `same_day` rides 50 km for 700 cents at
once, `transfer` brings to a pickup node for 200 cents in a day. A SKU costs 1,000 cents and weighs 100 g.
Nodes stand on one spot, send at 12:00 UTC, do everything and handle for nothing. Orders are placed at 09:00
UTC and are never late.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fulfillment.scenario.tables import (
    METHODS,
    MICROS_PER_CENT,
    NO_INDEX,
    UNLIMITED_PARCELS,
    Alternatives,
    Kits,
    Nodes,
    OrderLines,
    Orders,
    PostalCodes,
    Rates,
    Scenario,
    Skus,
    Stock,
)

Row = dict[str, Any]

PLACED_AT = "2026-11-20T09:00"
RATES = (
    ("post", "ground", "SHIPPING", 1, 20_020, 30_000, 600, 2),
    ("bike", "same_day", "LOCAL", 1, 50, 30_000, 700, 0),
    ("truck", "transfer", "PICK_UP", 1, 20_020, 30_000, 200, 1),
)


def node(**columns: Any) -> Row:
    """A node; cents and hours as in a scenario's file."""
    return {
        "kind": "warehouse",
        "lat": 40.0,
        "lon": -75.0,
        "timezone": "UTC",
        "ships": True,
        "pickup": True,
        "same_day_radius_km": 50.0,
        "cutoff_local": "12:00",
        "processing_hours": 1.0,
        "handling_cents_per_unit": 0,
        "handling_cents_per_parcel": 0,
        "capacity_parcels": UNLIMITED_PARCELS,
        "commission_pct": 0.0,
    } | columns


def order(*lines: tuple[str, int], **columns: Any) -> Row:
    """An order of (SKU, qty) lines.

    alternatives : (method, pickup node or None), numbered from 1.
    """
    return {
        "lines": lines,
        "placed_at": PLACED_AT,
        "method": "SHIPPING",
        "pickup": None,
        "promise_by": "NaT",
        "priority": 1,
        "place": 0,
        "alternatives": (),
    } | columns


def day(
    nodes: Mapping[str, Row],
    stock: Mapping[tuple[str, str], int | tuple[int, int]],
    orders: Mapping[str, Row],
    *,
    skus: Mapping[str, tuple[float, int]] | None = None,
    rates: Sequence[tuple[str, str, str, int, float, int, float, int]] = RATES,
    places: Sequence[tuple[float, float]] = ((40.0, -75.0),),
    kits: Mapping[str, Mapping[str, int]] | None = None,
) -> Scenario:
    """Lay out a scenario.

    stock : available, or (available, safety stock), by (node, SKU).   skus : (price in cents, grams).
    places : (lat, lon) of the postal codes that an order's `place` counts.
    kits : units by component, by kit.
    """
    recipes = kits or {}
    mentioned = [sku for _, sku in stock] + [sku for each in orders.values() for sku, _ in each["lines"]]
    mentioned += [sku for recipe in recipes.values() for sku in recipe]
    listed = {sku: (1000, 100) for sku in mentioned} | dict(skus or {})
    node_at = {name: at for at, name in enumerate(nodes)}
    sku_at = {name: at for at, name in enumerate(listed)}
    return Scenario(
        nodes=_nodes(nodes),
        skus=Skus(
            sku_id=list(listed),
            gtin=[""] * len(listed),
            name=list(listed),
            price_micros=_cents([price for price, _ in listed.values()]),
            weight_g=_ints([grams for _, grams in listed.values()]),
        ),
        stock=_stock(stock, node_at, sku_at),
        orders=_orders(orders, node_at),
        order_lines=_order_lines(orders, sku_at),
        postal_codes=PostalCodes(
            [f"{at:05d}" for at in range(len(places))],
            np.array([lat for lat, _ in places], float),
            np.array([lon for _, lon in places], float),
            np.zeros(len(places), np.int64),
        ),
        rates=_rates(rates),
        kits=_kits(recipes, sku_at),
        alternatives=_alternatives(orders, node_at),
    )


def _nodes(nodes: Mapping[str, Row]) -> Nodes:
    column = {name: [row[name] for row in nodes.values()] for name in next(iter(nodes.values()))}
    return Nodes(
        node_id=list(nodes),
        kind=column["kind"],
        name=list(nodes),
        lat=np.array(column["lat"], float),
        lon=np.array(column["lon"], float),
        timezone=column["timezone"],
        opening_hours=[""] * len(nodes),
        ships=np.array(column["ships"], bool),
        pickup=np.array(column["pickup"], bool),
        same_day_radius_km=np.array(column["same_day_radius_km"], float),
        cutoff_local=column["cutoff_local"],
        processing_minutes=_ints([60 * hours for hours in column["processing_hours"]]),
        handling_micros_per_unit=_cents(column["handling_cents_per_unit"]),
        handling_micros_per_parcel=_cents(column["handling_cents_per_parcel"]),
        capacity_parcels=_ints(column["capacity_parcels"]),
        commission_pct=np.array(column["commission_pct"], float),
    )


def _stock(
    stock: Mapping[tuple[str, str], int | tuple[int, int]], node_at: dict[str, int], sku_at: dict[str, int]
) -> Stock:
    units = [(held, 0) if isinstance(held, int) else held for held in stock.values()]
    return Stock(
        node=_ints([node_at[node] for node, _ in stock]),
        sku=_ints([sku_at[sku] for _, sku in stock]),
        available=_ints([available for available, _ in units]),
        safety_stock=_ints([kept for _, kept in units]),
        incoming=_ints([0 for _ in units]),
        incoming_on=[""] * len(units),
    )


def _orders(orders: Mapping[str, Row], node_at: dict[str, int]) -> Orders:
    rows = list(orders.values())
    return Orders(
        order_id=list(orders),
        placed_at=np.array([row["placed_at"] for row in rows], "datetime64[us]"),
        channel=["web"] * len(rows),
        postal=_ints([row["place"] for row in rows]),
        method=[row["method"] for row in rows],
        service=[""] * len(rows),
        pickup_node=_ints([node_at[row["pickup"]] if row["pickup"] else NO_INDEX for row in rows]),
        promise_by=np.array([row["promise_by"] for row in rows], "datetime64[us]"),
        priority=_ints([row["priority"] for row in rows]),
        customer_id=[""] * len(rows),
    )


def _order_lines(orders: Mapping[str, Row], sku_at: dict[str, int]) -> OrderLines:
    lines = [
        (at, number, sku_at[sku], qty)
        for at, row in enumerate(orders.values())
        for number, (sku, qty) in enumerate(row["lines"], start=1)
    ]
    columns = zip(*lines, strict=True) if lines else ([], [], [], [])
    return OrderLines(*(_ints(column) for column in columns))


def _kits(recipes: Mapping[str, Mapping[str, int]], sku_at: dict[str, int]) -> Kits:
    rows = sorted((sku_at[kit], sku_at[sku], qty) for kit, of in recipes.items() for sku, qty in of.items())
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    return Kits(*(_ints(column) for column in columns))


def _alternatives(orders: Mapping[str, Row], node_at: dict[str, int]) -> Alternatives:
    rows = [
        (at, number, METHODS.index(method), node_at[pickup] if pickup else NO_INDEX)
        for at, row in enumerate(orders.values())
        for number, (method, pickup) in enumerate(row["alternatives"], start=1)
    ]
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    return Alternatives(*(_ints(column) for column in columns))


def _rates(rows: Sequence[tuple[str, str, str, int, float, int, float, int]]) -> Rates:
    carrier, service, method, zone, max_km, grams, cents, days = zip(*rows, strict=True)
    return Rates(
        list(carrier), list(service), list(method), _ints(zone), np.array(max_km, float), _ints(grams),
        _cents(cents), _ints(days),
    )  # fmt: skip


def _ints(values: Sequence[float]) -> np.ndarray:
    return np.array([int(value) for value in values], np.int64)


def _cents(values: Sequence[float]) -> np.ndarray:
    return np.array([round(value * MICROS_PER_CENT) for value in values], np.int64)
