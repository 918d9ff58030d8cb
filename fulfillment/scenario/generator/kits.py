"""Which SKUs of a generated retailer are kits, and what they are made of."""

import dataclasses
from typing import Final

import numpy as np

from fulfillment.scenario.generator.params import GeneratorParams
from fulfillment.scenario.generator.ranges import Ranges
from fulfillment.scenario.tables import MICROS_PER_CENT, Kits, OrderLines, Skus

COMPONENTS: Final = (2, 3)  # different SKUs in a kit; fewer in a small catalogue
QTY_WEIGHTS: Final = (0.7, 0.2, 0.1)  # of one unit of a component, of two, of three
DISCOUNT: Final = 0.9
WRAPPING_G: Final = 50


def choose_kits(params: GeneratorParams, rng: np.random.Generator) -> Kits:
    """Draw the SKUs that are kits, and their components among the others."""
    count = min(round(params.kit_share * params.skus), params.skus - 1)
    if not count:
        return Kits.none()
    drawn = rng.permutation(params.skus)
    kits, others = np.sort(drawn[:count]), np.sort(drawn[count:])
    sizes = np.minimum(rng.integers(COMPONENTS[0], COMPONENTS[1] + 1, count), len(others))
    components = [rng.choice(others, size, replace=False) for size in sizes.tolist()]
    return Kits(
        kit=np.repeat(kits, sizes).astype(np.int64),
        component=np.concatenate(components).astype(np.int64),
        qty=1 + rng.choice(len(QTY_WEIGHTS), int(sizes.sum()), p=QTY_WEIGHTS).astype(np.int64),
    )


def wrap_kits(skus: Skus, kits: Kits) -> Skus:
    """Give kits the weight of what is in them, and a price a little below it."""
    grams, micros = skus.weight_g.copy(), skus.price_micros.copy()
    weight = np.bincount(kits.kit, kits.qty * skus.weight_g[kits.component], len(skus))
    worth = np.bincount(kits.kit, kits.qty * skus.price_micros[kits.component], len(skus))
    kit = np.unique(kits.kit)
    grams[kit] = WRAPPING_G + weight[kit].astype(np.int64)
    dollars = np.maximum(1, np.rint(DISCOUNT * worth[kit] / (100 * MICROS_PER_CENT)))
    micros[kit] = (100 * dollars.astype(np.int64) - 1) * MICROS_PER_CENT
    names = list(skus.name)
    for at in kit.tolist():
        names[at] = f"{names[at]} Set"
    return dataclasses.replace(skus, name=names, price_micros=micros, weight_g=grams)


def ask_for_kits(
    params: GeneratorParams, lines: OrderLines, kits: Kits, rng: np.random.Generator
) -> OrderLines:
    """Let a share of the lines ask for kits, each as often as any other."""
    if not len(kits):
        return lines
    kit = np.unique(kits.kit)
    turns = rng.random(len(lines)) < params.kit_demand
    sku = np.where(turns, kit[rng.integers(0, len(kit), len(lines))], lines.sku)
    # A kit drawn twice for one order is one line.
    keys, first = np.unique(lines.order * params.skus + sku, return_index=True)
    order, sku = np.divmod(keys, params.skus)
    return OrderLines(
        order=order,
        line_no=np.arange(1, len(order) + 1) - np.searchsorted(order, order),
        sku=sku,
        qty=lines.qty[first],
    )


def take_apart(lines: OrderLines, kits: Kits, skus: int) -> OrderLines:
    """Write a line for each component of a kit in the kit's place; numbers of lines repeat."""
    if not len(kits):
        return lines
    ends = np.searchsorted(kits.kit, np.arange(skus + 1))
    components = np.diff(ends)[lines.sku]
    line = np.repeat(np.arange(len(lines)), np.maximum(1, components))
    nth = np.arange(len(line)) - np.searchsorted(line, line)
    at = np.where(components[line] > 0, ends[lines.sku[line]] + nth, 0)
    is_kit = components[line] > 0
    return OrderLines(
        order=lines.order[line],
        line_no=lines.line_no[line],
        sku=np.where(is_kit, kits.component[at], lines.sku[line]),
        qty=lines.qty[line] * np.where(is_kit, kits.qty[at], 1),
    )


def leave_out_kits(ranges: Ranges, kits: Kits) -> Ranges:
    """Take kits from the nodes' ranges: they hold components, not kits."""
    stocked = ~np.isin(ranges.sku, kits.kit)
    return Ranges(ranges.node[stocked], ranges.sku[stocked])
