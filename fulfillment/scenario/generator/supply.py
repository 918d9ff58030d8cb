"""What a generated retailer has in stock: enough of most, too little of some, spread over its nodes."""

from datetime import timedelta
from typing import Final

import numpy as np

from fulfillment.scenario.generator.params import GeneratorParams
from fulfillment.scenario.generator.ranges import Ranges
from fulfillment.scenario.tables import Floats, Ints, Stock

# How the stock of a SKU is shared among the kinds of node that carry it.
WAREHOUSE_SHARE: Final = 0.5
STORE_SHARE: Final = 0.4
VENDOR_SHARE: Final = 0.1

PLENTY: Final = (2.0, 6.0)  # stock as a multiple of demand
SCARCE: Final = (0.5, 0.95)
DUE_DAYS_MAX: Final = 7  # what is incoming comes within a week


def make_stock(params: GeneratorParams, ranges: Ranges, demand: Floats, rng: np.random.Generator) -> Stock:
    """Share each SKU's units among the nodes that carry it.

    The scarce SKUs are chosen among those that sell, by how much they sell, so that shortage is felt.
    """
    node, sku = ranges.node, ranges.sku
    is_scarce = np.zeros(params.skus, np.bool_)
    is_scarce[_choose_scarce(params, demand, rng)] = True
    shelves = np.bincount(sku, minlength=params.skus)
    plenty = np.ceil(demand * rng.uniform(*PLENTY, params.skus) + params.store_depth * shelves)
    supply = np.where(is_scarce, np.floor(demand * rng.uniform(*SCARCE, params.skus)), plenty)
    available = _share_units(sku, _weigh(params, ranges, rng), supply.astype(np.int64), rng)
    on_shelf = node >= params.warehouses
    safety_stock = (on_shelf & (available >= 4) & ~is_scarce[sku] & (rng.random(len(sku)) < 0.2)).astype(
        np.int64
    )
    due = rng.random(len(sku)) < np.where(available == 0, 0.10, 0.01)
    days = rng.integers(1, DUE_DAYS_MAX + 1, len(sku))
    return Stock(
        node=node,
        sku=sku,
        available=available,
        safety_stock=safety_stock,
        incoming=np.where(due, 6 * rng.integers(1, 5, len(sku)), 0),
        incoming_on=_dates(params, np.where(due, days, 0)),
    )


def _dates(params: GeneratorParams, days: Ints) -> list[str]:
    """Write so many days after the day as dates; nothing for 0. Equal dates are one string in memory."""
    words = ["", *((params.day + timedelta(days=ahead)).isoformat() for ahead in range(1, DUE_DAYS_MAX + 1))]
    dates: list[str] = np.array(words, object)[days].tolist()
    return dates


def _weigh(params: GeneratorParams, ranges: Ranges, rng: np.random.Generator) -> Floats:
    """Weigh positions so that each kind of node gets its share of a SKU, whatever the number of its nodes."""
    kinds = (params.warehouses, params.stores, params.vendors)
    kind = np.repeat(np.arange(3), kinds)[ranges.node]
    alike = np.bincount(3 * ranges.sku + kind, minlength=3 * params.skus)[3 * ranges.sku + kind]
    shares = np.array([WAREHOUSE_SHARE, STORE_SHARE, VENDOR_SHARE])
    weights: Floats = shares[kind] / alike * rng.uniform(0.5, 1.5, len(kind))
    return weights


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
