"""Random small days in which everything that makes a bound hard happens often.

Price steps that jump up and down (so that two parcels may beat one), services of several speeds, positions
with fewer units than a line asks for, nodes that may send no parcel or one, equal SKUs on two lines, orders
too large for the exact search.
"""

import dataclasses
from pathlib import Path

import numpy as np

from fulfillment.planning.build import BuiltProblem
from fulfillment.planning.certificate import in_cents
from fulfillment.scenario.tables import (
    METHODS,
    NO_INDEX,
    UNLIMITED_PARCELS,
    Alternatives,
    Kits,
    Scenario,
    Skus,
)
from tests.planning.days import day, node, order
from tests.verify.folders import Row, write_prices

TRANSIT_DAYS = {"slow": 3, "quick": 1}
PRICE_MAX = 40_000_000  # micros: 4,000 cents, of the size of what they may change


def random_day(
    rng: np.random.Generator, *, n_nodes: int, n_orders: int, n_skus: int, lines: int, qty: int
) -> Scenario:
    """Draw a day; `lines` and `qty` are the most of an order and of a line."""
    names = [f"N{k}" for k in range(n_nodes)]
    nodes = {name: _random_node(rng) for name in names}
    skus = {f"V{k}": (int(rng.integers(0, 30)) * 100, int(rng.integers(1, 900))) for k in range(n_skus)}
    stock = {
        (name, sku): (int(rng.integers(0, qty + 3)), int(rng.integers(0, 2)))
        for name in names
        for sku in skus
        if rng.random() < 0.7
    }
    orders = {f"O{k}": _random_order(rng, names, list(skus), lines, qty) for k in range(n_orders)}
    places = [(40 + float(rng.normal(0, 0.4)), -75 + float(rng.normal(0, 0.4))) for _ in range(3)]
    return day(nodes, stock, orders, skus=skus, rates=_random_rates(rng), places=places)


def _random_node(rng: np.random.Generator) -> Row:
    return node(
        lat=40 + float(rng.normal(0, 0.4)),
        lon=-75 + float(rng.normal(0, 0.4)),
        timezone=str(rng.choice(["UTC", "America/New_York"])),
        ships=bool(rng.random() < 0.85),
        pickup=bool(rng.random() < 0.8),
        same_day_radius_km=float(rng.choice([0, 30, 80])),
        cutoff_local=str(rng.choice(["08:00", "12:00", "23:59"])),
        processing_hours=float(rng.choice([0.0, 0.5, 4.0])),
        handling_cents_per_unit=int(rng.integers(0, 100)),
        handling_cents_per_parcel=int(rng.integers(0, 100)),
        capacity_parcels=int(rng.choice([0, 1, 2, 3, UNLIMITED_PARCELS], p=[0.05, 0.15, 0.2, 0.2, 0.4])),
        commission_pct=float(rng.choice([0.0, 12.5])),
    )


def _random_order(rng: np.random.Generator, nodes: list[str], skus: list[str], lines: int, qty: int) -> Row:
    method = str(rng.choice(METHODS))
    deadline = np.datetime64("2026-11-20T09:00") + np.timedelta64(int(rng.integers(0, 100)), "h")
    chosen = rng.choice(skus, int(rng.integers(1, lines + 1)))
    return order(
        *((str(sku), int(rng.integers(1, qty + 1))) for sku in chosen),
        method=method,
        pickup=str(rng.choice(nodes)) if method == "PICK_UP" else None,
        promise_by="NaT" if rng.random() < 0.4 else str(deadline),
        place=int(rng.integers(0, 3)),
    )


def _random_rates(rng: np.random.Generator) -> list[tuple[str, str, str, int, float, int, float, int]]:
    rates = []
    for method in METHODS:
        for service, days in TRANSIT_DAYS.items():
            steps = np.sort(rng.choice(np.arange(100, 3_000, 50), 3, replace=False)).tolist()
            for zone, max_km in ((1, 40.0), (2, 90.0)):
                costs = rng.integers(50, 2_500, 3).tolist()
                transit = 0 if method == "LOCAL" else days
                rates += [
                    ("truck", service, method, zone, max_km, grams, cents, transit)
                    for grams, cents in zip(steps, costs, strict=True)
                ]
    return rates


def with_kits(rng: np.random.Generator, scenario: Scenario, *, n_kits: int, share: float) -> Scenario:
    """Add kits of one to three SKUs, and let a share of the lines ask for them."""
    skus, lines, first = scenario.skus, scenario.order_lines, len(scenario.skus)
    recipes = [
        rng.choice(first, int(rng.integers(1, min(3, first) + 1)), replace=False) for _ in range(n_kits)
    ]
    names = [f"KIT{k}" for k in range(n_kits)]
    component = np.concatenate(recipes).astype(np.int64)
    asked = np.where(rng.random(len(lines)) < share, first + rng.integers(0, n_kits, len(lines)), lines.sku)
    return dataclasses.replace(
        scenario,
        skus=Skus(
            sku_id=skus.sku_id + names,
            gtin=skus.gtin + [""] * n_kits,
            name=skus.name + names,
            price_micros=np.append(skus.price_micros, rng.integers(0, 60, n_kits) * 1_000_000),
            weight_g=np.append(skus.weight_g, rng.integers(1, 1_500, n_kits)),
        ),
        order_lines=dataclasses.replace(lines, sku=asked),
        kits=Kits(
            kit=first + np.repeat(np.arange(n_kits), [len(recipe) for recipe in recipes]),
            component=component,
            qty=rng.integers(1, 3, len(component)),
        ),
    )


def with_alternatives(rng: np.random.Generator, scenario: Scenario, *, share: float) -> Scenario:
    """Give a share of the orders one or two further ways, some of them like their own or of no use."""
    count = np.where(rng.random(len(scenario.orders)) < share, rng.integers(1, 3, len(scenario.orders)), 0)
    order = np.repeat(np.arange(len(count)), count)
    method = rng.integers(0, len(METHODS), len(order))
    node = rng.integers(0, len(scenario.nodes), len(order))
    return dataclasses.replace(
        scenario,
        alternatives=Alternatives(
            order=order,
            number=np.arange(len(order)),
            method=method,
            pickup_node=np.where(method == METHODS.index("PICK_UP"), node, NO_INDEX),
        ),
    )


def random_prices(rng: np.random.Generator, built: BuiltProblem) -> tuple[np.ndarray, np.ndarray]:
    """Micros for every position and node of a problem; half of them zero, none where there is no limit."""
    problem = built.problem
    stock = rng.integers(0, PRICE_MAX, problem.n_positions) * (rng.random(problem.n_positions) < 0.5)
    capacity = rng.integers(0, PRICE_MAX, problem.n_nodes) * (rng.random(problem.n_nodes) < 0.5)
    capacity[problem.node_capacity == UNLIMITED_PARCELS] = 0
    return stock, capacity


def write_random_prices(
    folder: Path, scenario: Scenario, built: BuiltProblem, stock: np.ndarray, capacity: np.ndarray
) -> None:
    """Write prices as a plan's folder holds them."""
    problem = built.problem
    sku = np.repeat(np.arange(problem.n_skus), np.diff(problem.sku_ptr))
    stock_cents, capacity_cents = in_cents(stock).tolist(), in_cents(capacity).tolist()
    write_prices(
        folder,
        [
            {
                "node_id": scenario.nodes.node_id[problem.pos_node[at]],
                "sku_id": scenario.skus.sku_id[sku[at]],
                "price_cents": stock_cents[at],
            }
            for at in np.flatnonzero(stock)
        ],
        [
            {"node_id": scenario.nodes.node_id[at], "price_cents": capacity_cents[at]}
            for at in np.flatnonzero(capacity)
        ],
    )
