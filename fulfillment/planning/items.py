"""What orders ask for, as the solver's items: SKUs with stock, kits, and packs.

A **kit** is made of its components' stock at one node. A **pack** is all the units that an order asks for of
a SKU which the policy does not split. Both leave one node whole, in one parcel, and hold no stock of their
own: the solver knows them as compound positions, whose recipes name stock rows.

Items stand in this order: SKUs that are no kit, kits, packs.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import NodeKind
from fulfillment.domain.policy import Policy
from fulfillment.scenario.tables import MICROS_PER_CENT, Nodes, Scenario, Skus
from solver.problem import AllocationPlan, AllocationProblem

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Components:
    """What compound items are made of, one entry a component; sorted by item."""

    item: Int64s
    sku: Int64s  # of the scenario, never a kit
    qty: Int64s  # units of it in one item

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True, slots=True)
class Items:
    """Items and their positions.

    Axes: ``i`` items, ``p`` positions, ``h`` stock rows, ``s`` the scenario's SKUs. Positions below h are
    stock rows, the others compound; of these only what the stock suffices for is there.
    """

    sku: Int64s  # [i] the scenario's SKU that an item stands for
    units: Int64s  # [i] how many units of it one item is: 1, but for packs
    handled_units: Int64s  # [i] units that are picked for one item
    components: Components
    of_sku: Int64s  # [s]
    weight_g: Int64s  # [i]
    sku_ptr: Int64s  # [i+1] positions of an item
    pos_node: Int32s  # [p] ascending within an item
    pos_free: Int64s  # [h] units that may be taken
    pos_unit_cost: Int64s  # [p] micros an item
    recipe_ptr: Int64s  # [p-h+1], empty where no position is compound
    recipe_pos: Int64s  # stock row of each component
    recipe_qty: Int64s

    @property
    def stock_sku(self) -> Int64s:
        """The scenario's SKU of each stock row; int64[h]."""
        item = np.repeat(np.arange(len(self.sku)), np.diff(self.sku_ptr))
        return np.asarray(self.sku[item[: len(self.pos_free)]])

    @classmethod
    def of(cls, scenario: Scenario, policy: Policy, packs: Int64s) -> "Items":
        """Lay out items and positions.

        packs : int64[k, 2], a SKU and how many units of it leave together.
        """
        skus, stock, kits = scenario.skus, scenario.stock, scenario.kits
        is_kit = np.zeros(len(skus), bool)
        is_kit[kits.kit] = True
        of_sku = np.empty(len(skus), np.int64)
        of_sku[np.argsort(is_kit, kind="stable")] = np.arange(len(skus))
        sku = np.concatenate((np.argsort(is_kit, kind="stable"), packs[:, 0]))
        units = np.concatenate((np.ones(len(skus), np.int64), packs[:, 1]))
        components = _components(scenario, of_sku, is_kit, packs)
        handled = np.ones(len(sku), np.int64)
        handled[components.item] = 0
        np.add.at(handled, components.item, components.qty)

        by_item = np.lexsort((stock.node, of_sku[stock.sku]))
        stock_item, stock_node = of_sku[stock.sku][by_item], stock.node[by_item]
        free = _free_units(scenario, policy)[by_item]
        compound = _compound_positions(components, of_sku, stock_item, stock_node, free)
        pos_item = np.concatenate((stock_item, compound.item))
        pos_node = np.concatenate((stock_node, compound.node))
        prices = UnitPrices.of(scenario.nodes, scenario.skus, policy)
        unit_cost = prices.micros(sku[pos_item], units[pos_item], handled[pos_item], pos_node)
        return cls(
            sku=sku,
            units=units,
            handled_units=handled,
            components=components,
            of_sku=of_sku,
            weight_g=skus.weight_g[sku] * units,
            sku_ptr=np.searchsorted(pos_item, np.arange(len(sku) + 1)).astype(np.int64),
            pos_node=pos_node.astype(np.int32),
            pos_free=free,
            pos_unit_cost=unit_cost,
            recipe_ptr=compound.recipe_ptr,
            recipe_pos=compound.recipe_pos,
            recipe_qty=compound.recipe_qty,
        )


def kind_of_nodes(nodes: Nodes) -> list[NodeKind]:
    """Kinds as the policy knows them; [n]."""
    return [NodeKind(kind) for kind in nodes.kind]


def units_taken(problem: AllocationProblem, plan: AllocationPlan) -> Int64s:
    """Units that a plan takes from each stock row, as they are or as components; int64[h]."""
    node = np.repeat(plan.parcel_node, np.diff(plan.parcel_ptr)).astype(np.int64)
    item_of_pos = np.repeat(np.arange(problem.n_skus), np.diff(problem.sku_ptr))
    keys = item_of_pos * problem.n_nodes + problem.pos_node
    pos = np.searchsorted(keys, problem.line_sku[plan.entry_line].astype(np.int64) * problem.n_nodes + node)
    of_pos = np.zeros(problem.n_positions, np.int64)
    np.add.at(of_pos, pos, plan.entry_qty)
    taken = of_pos[: problem.n_stock].copy()
    compound = np.repeat(of_pos[problem.n_stock :], np.diff(problem.recipe_ptr))
    np.add.at(taken, problem.recipe_pos, compound * problem.recipe_qty)
    return np.asarray(taken)


def _free_units(scenario: Scenario, policy: Policy) -> Int64s:
    """Units of each of the scenario's stock rows that may be taken: above safety stock and floor."""
    stock = scenario.stock
    floor = np.array([policy.safety_floor.units(kind) for kind in kind_of_nodes(scenario.nodes)], np.int64)
    return np.asarray(np.maximum(0, stock.available - stock.safety_stock - floor[stock.node]))


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """What it costs to hand over an item at a node: handling, commission, and what vendors weigh."""

    unit_micros: Int64s  # [n] for each unit that is picked
    commission_bp: Int64s  # [n] hundredths of a percent of the price
    price_micros: Int64s  # [s]

    @classmethod
    def of(cls, nodes: Nodes, skus: Skus, policy: Policy) -> "UnitPrices":
        """Read them from the tables of a scenario."""
        is_vendor = np.array([kind is NodeKind.VENDOR for kind in kind_of_nodes(nodes)], bool)
        weight = is_vendor * (policy.vendors_last.cents_per_unit * MICROS_PER_CENT)
        commission_bp = np.rint(nodes.commission_pct * 100).astype(np.int64)
        return cls(nodes.handling_micros_per_unit + weight, commission_bp, skus.price_micros)

    def micros(self, sku: Int64s, units: Int64s, handled_units: Int64s, node: Int64s) -> Int64s:
        """Price items of so many units of a SKU, of which so many pieces are picked; shapes broadcast."""
        commission = self.price_micros[sku] * self.commission_bp[node] // 10_000  # which is 100 %
        return np.asarray(self.unit_micros[node] * handled_units + commission * units)


def _components(
    scenario: Scenario, of_sku: Int64s, is_kit: npt.NDArray[np.bool_], packs: Int64s
) -> Components:
    """Write out what kits, packs of units and packs of kits are made of."""
    kits, n_skus = scenario.kits, len(scenario.skus)
    pack_item, pack_sku, pack_units = n_skus + np.arange(len(packs)), packs[:, 0], packs[:, 1]
    plain = ~is_kit[pack_sku]
    first = np.searchsorted(kits.kit, pack_sku, side="left")
    count = np.where(plain, 0, np.searchsorted(kits.kit, pack_sku, side="right") - first)
    row = _ranges(first, count)
    item = np.concatenate((of_sku[kits.kit], pack_item[plain], np.repeat(pack_item, count)))
    sku = np.concatenate((kits.component, pack_sku[plain], kits.component[row]))
    qty = np.concatenate((kits.qty, pack_units[plain], kits.qty[row] * np.repeat(pack_units, count)))
    by_item = np.argsort(item, kind="stable")
    return Components(item[by_item], sku[by_item], qty[by_item])


@dataclass(frozen=True, slots=True)
class _CompoundPositions:
    item: Int64s
    node: Int64s
    recipe_ptr: Int64s
    recipe_pos: Int64s
    recipe_qty: Int64s


def _compound_positions(
    components: Components, of_sku: Int64s, stock_item: Int64s, stock_node: Int64s, free: Int64s
) -> _CompoundPositions:
    """Find the nodes that have all components of an item, by item and node."""
    wanted = of_sku[components.sku]
    first = np.searchsorted(stock_item, wanted, side="left")
    count = np.searchsorted(stock_item, wanted, side="right") - first
    pos = _ranges(first, count)
    item, qty = np.repeat(components.item, count), np.repeat(components.qty, count)
    suffices = free[pos] >= qty
    item, qty, pos = item[suffices], qty[suffices], pos[suffices]
    order = np.lexsort((pos, stock_node[pos], item))
    item, qty, pos = item[order], qty[order], pos[order]
    n_nodes = int(stock_node.max(initial=0)) + 1
    keys, begin, found = np.unique(item * n_nodes + stock_node[pos], return_index=True, return_counts=True)
    complete = found == np.bincount(components.item, minlength=1)[keys // n_nodes]
    if not complete.any():
        none = np.zeros(0, np.int64)
        return _CompoundPositions(none, none, none, none, none)
    rows = _ranges(begin[complete], found[complete])
    return _CompoundPositions(
        item=keys[complete] // n_nodes,
        node=keys[complete] % n_nodes,
        recipe_ptr=np.concatenate(([0], np.cumsum(found[complete]))).astype(np.int64),
        recipe_pos=pos[rows].astype(np.int64),
        recipe_qty=qty[rows],
    )


def _ranges(first: Int64s, count: Int64s) -> Int64s:
    """Concatenate ``first[k], first[k] + 1, …`` of each length `count[k]`."""
    skipped = np.cumsum(count) - count
    return np.asarray(np.arange(int(count.sum())) + np.repeat(first - skipped, count))
