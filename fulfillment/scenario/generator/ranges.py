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
        """Say for pairs of node and SKU whether the node carries it; no node (NO_INDEX) carries nothing."""
        nodes = int(max(self.node.max(initial=0), node.max(initial=0))) + 1
        # The positions are sorted already: looking pairs up there is many times as fast as np.isin.
        held = np.append(self.sku * nodes + self.node, np.iinfo(np.int64).max)
        asked = sku * nodes + node
        carried: Bools = (held[np.searchsorted(held, asked)] == asked) & (node >= 0)
        return carried


def make_ranges(params: GeneratorParams, demand: Floats, rng: np.random.Generator) -> Ranges:
    """Let warehouses carry everything, stores what sells, and vendors what they make.

    demand : float64[sku], units ordered.
    """
    in_store, at_vendor = (round(share * params.skus) or 1 for share in (params.store_range, VENDOR_RANGE))
    # Gumbel keys draw without putting back, in proportion to the weights; any order will do.
    appeal = np.log(1.0 + demand)
    at_store = [
        np.argpartition(-appeal - rng.gumbel(size=params.skus), in_store - 1)[:in_store]
        for _ in range(params.stores)
    ]
    at_vendors = [rng.permutation(params.skus)[:at_vendor] for _ in range(params.vendors)]
    carried = [*[np.arange(params.skus)] * params.warehouses, *at_store, *at_vendors]
    nodes = len(carried)
    positions = np.concatenate([skus * nodes + node for node, skus in enumerate(carried)])
    positions.sort()
    sku, node = np.divmod(positions, nodes)
    return Ranges(node, sku)
