"""What a generated retailer has in stock: enough of most, too little of some, spread over its nodes."""

from datetime import timedelta
from typing import Final

import numpy as np

from fulfillment.scenario.generator.params import GeneratorParams
from fulfillment.scenario.tables import Floats, Ints, OrderLines, Stock

# How much of a SKU's stock one position draws beside another: a warehouse holds as much as many shelves.
WAREHOUSE_WEIGHT: Final = 30.0
STORE_WEIGHT: Final = 1.0
VENDOR_WEIGHT: Final = 12.0
VENDOR_RANGE: Final = 0.15

PLENTY: Final = (2.0, 6.0)  # stock as a multiple of demand
SCARCE: Final = (0.5, 0.95)
SHELF_UNITS: Final = 0.8  # on a shelf, however little is sold


def make_stock(params: GeneratorParams, lines: OrderLines, rng: np.random.Generator) -> Stock:
    """Share each SKU's units among the nodes that carry it.

    The scarce SKUs are chosen among those that sell, by how much they sell, so that shortage is felt.
    """
    node, sku, weight = _make_positions(params, rng)
    demand = np.bincount(lines.sku, lines.qty, params.skus).astype(np.float64)
    is_scarce = np.zeros(params.skus, np.bool_)
    is_scarce[_choose_scarce(params, demand, rng)] = True
    shelves = np.bincount(sku, minlength=params.skus)
    plenty = np.ceil(demand * rng.uniform(*PLENTY, params.skus) + SHELF_UNITS * shelves)
    supply = np.where(is_scarce, np.floor(demand * rng.uniform(*SCARCE, params.skus)), plenty)
    available = _share_units(sku, weight, supply.astype(np.int64), rng)
    on_shelf = node >= params.warehouses
    safety_stock = (on_shelf & (available >= 4) & ~is_scarce[sku] & (rng.random(len(sku)) < 0.2)).astype(
        np.int64
    )
    due = rng.random(len(sku)) < np.where(available == 0, 0.10, 0.01)
    days = rng.integers(1, 8, len(sku))
    return Stock(
        node=node,
        sku=sku,
        available=available,
        safety_stock=safety_stock,
        incoming=np.where(due, 6 * rng.integers(1, 5, len(sku)), 0),
        incoming_on=[
            (params.day + timedelta(days=ahead)).isoformat() if is_due else ""
            for is_due, ahead in zip(due.tolist(), days.tolist(), strict=True)
        ],
    )


def _make_positions(params: GeneratorParams, rng: np.random.Generator) -> tuple[Ints, Ints, Floats]:
    """Say which node carries which SKU, sorted by SKU then node, and how heavily."""
    in_store, at_vendor = (round(share * params.skus) or 1 for share in (params.store_range, VENDOR_RANGE))
    ranges = [params.skus] * params.warehouses + [in_store] * params.stores + [at_vendor] * params.vendors
    weights = np.repeat(
        [WAREHOUSE_WEIGHT, STORE_WEIGHT, VENDOR_WEIGHT], [params.warehouses, params.stores, params.vendors]
    )
    node = np.repeat(np.arange(len(ranges)), ranges)
    sku = np.concatenate([rng.permutation(params.skus)[:carried] for carried in ranges])
    by_sku = np.lexsort((node, sku))
    node, sku = node[by_sku], sku[by_sku]
    return node, sku, weights[node] * rng.uniform(0.5, 1.5, len(node))


def _choose_scarce(params: GeneratorParams, demand: Floats, rng: np.random.Generator) -> Ints:
    """Draw SKUs without putting back, the better sellers more often, by Gumbel keys."""
    wanted = int(np.ceil(params.scarcity * params.skus))
    with_demand = np.flatnonzero(demand)
    keys = 0.5 * np.log(demand[with_demand]) + rng.gumbel(size=len(with_demand))
    return with_demand[np.argsort(-keys, kind="stable")[:wanted]]


def _share_units(sku: Ints, weight: Floats, supply: Ints, rng: np.random.Generator) -> Ints:
    """Put every unit of a SKU on one of its positions, by weight; a SKU nobody carries has none.

    All units are drawn at once: position weights are laid end to end, those of a SKU side by side, and a
    unit is a random point in its SKU's stretch.
    """
    ends = np.cumsum(weight)
    first = np.searchsorted(sku, np.arange(len(supply)))
    end = np.searchsorted(sku, np.arange(len(supply)), side="right")
    stretch_from = np.append(0.0, ends)[first]
    stretch_to = np.append(0.0, ends)[end]
    units = np.repeat(np.arange(len(supply)), np.where(end > first, supply, 0))
    point = rng.uniform(stretch_from[units], stretch_to[units])
    position = np.clip(np.searchsorted(ends, point, side="right"), first[units], end[units] - 1)
    return np.bincount(position, minlength=len(sku)).astype(np.int64)
