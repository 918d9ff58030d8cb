"""Which node of a generated retailer carries which SKU."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fulfillment.scenario.generator.params import GeneratorParams
from fulfillment.scenario.tables import Bools, Floats, Ints

VENDOR_RANGE: Final = 0.15


@dataclass(frozen=True, slots=True)
class Ranges:
    """Positions, sorted by SKU and then by node."""

    node: Ints
    sku: Ints

    def carries(self, node: Ints, sku: Ints) -> Bools:
        """Say for pairs of node and SKU whether the node carries it."""
        nodes = int(max(self.node.max(initial=0), node.max(initial=0))) + 1
        carried: Bools = np.isin(sku * nodes + node, self.sku * nodes + self.node)
        return carried


def make_ranges(params: GeneratorParams, demand: Floats, rng: np.random.Generator) -> Ranges:
    """Let warehouses carry everything, stores what sells, and vendors what they make.

    demand : float64[sku], units ordered.
    """
    everything = np.arange(params.skus)
    in_store, at_vendor = (round(share * params.skus) or 1 for share in (params.store_range, VENDOR_RANGE))
    carried = [everything] * params.warehouses
    # Gumbel keys draw without putting back, in proportion to the weights.
    appeal = np.log(1.0 + demand)
    for _ in range(params.stores):
        carried.append(np.argsort(-appeal - rng.gumbel(size=params.skus), kind="stable")[:in_store])
    for _ in range(params.vendors):
        carried.append(rng.permutation(params.skus)[:at_vendor])
    node = np.repeat(np.arange(len(carried)), [len(each) for each in carried])
    sku = np.concatenate(carried)
    by_sku = np.lexsort((node, sku))
    return Ranges(node[by_sku], sku[by_sku])
