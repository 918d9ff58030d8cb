"""What a plan leaves over, and who could still serve an order with it.

It asks the questions that explain an unfilled unit, one order at a time and in plain steps; nothing here
decides anything.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fulfillment.planning.build import BuiltProblem
from fulfillment.planning.items import units_taken
from solver.problem import NO_LANE, NO_TARIFF, UNLIMITED_PARCELS, AllocationPlan, AllocationProblem

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OrderReach:
    """Which nodes can serve an order in one of its ways."""

    order: int
    reaches: Bools  # [n]
    in_time: Bools  # [n]
    tariffs: npt.NDArray[np.int32]  # [way, n] or NO_TARIFF


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Stock and capacity beyond a plan. Axes as in `AllocationProblem`."""

    built: BuiltProblem
    item_free: Int64s  # [p] items that a position could give at first
    item_left: Int64s  # [p] and can give now
    stock_left: Int64s  # [h] units
    node_left: Int64s  # [n] parcels
    missing: Int64s  # [l] items
    parcel_nodes: list[list[int]]  # by order

    @classmethod
    def of(cls, built: BuiltProblem, plan: AllocationPlan) -> "Leftovers":
        """Add up what is left."""
        problem = built.problem
        stock_left = problem.pos_free - units_taken(problem, plan)
        held = np.zeros(problem.n_lines, np.int64)
        np.add.at(held, plan.entry_line, plan.entry_qty)
        parcel_nodes: list[list[int]] = [[] for _ in range(problem.n_orders)]
        for order, node in zip(plan.parcel_order.tolist(), plan.parcel_node.tolist(), strict=True):
            parcel_nodes[order].append(node)
        return cls(
            built=built,
            item_free=_items_of(problem, problem.pos_free),
            item_left=_items_of(problem, stock_left),
            stock_left=stock_left,
            node_left=problem.node_capacity - np.bincount(plan.parcel_node, minlength=problem.n_nodes),
            missing=problem.line_qty - held,
            parcel_nodes=parcel_nodes,
        )

    def order_of_line(self, line: int) -> int:
        """Find the order of a line."""
        return int(np.searchsorted(self.built.problem.order_ptr, line, side="right")) - 1

    def reach(self, order: int) -> OrderReach:
        """Find the nodes that can serve an order, in any of its ways."""
        p = self.built.problem
        further = range(p.alternative_ptr[order], p.alternative_ptr[order + 1])
        ways = [(p.order_destination[order], p.order_promise_class[order])]
        ways += [(p.alternative_destination[a], p.alternative_promise_class[a]) for a in further]
        band = np.array([p.lane_band[destination] for destination, _ in ways])
        slack = np.array([p.transit_slack[promise][p.node_departure_class] for _, promise in ways])
        is_open = (band != NO_LANE) & (slack >= 0)
        tariffs = np.where(is_open, p.tariff_of[band, slack], NO_TARIFF)
        reaches, in_time = np.any(band != NO_LANE, axis=0), np.any(tariffs != NO_TARIFF, axis=0)
        return OrderReach(order, np.asarray(reaches), np.asarray(in_time), tariffs)

    def tests(self, line: int, reach: OrderReach) -> tuple[Bools, Bools, Bools, Bools, Bools]:
        """Say for each position of the line's item which tests in turn it passes."""
        at = self._positions(line)
        node = self.built.problem.pos_node[at]
        has_stock = self.item_free[at] > 0
        reaches = has_stock & reach.reaches[node]
        in_time = reaches & reach.in_time[node]
        has_left = in_time & (self.item_left[at] > 0)
        return has_stock, reaches, in_time, has_left, has_left & (self.node_left[node] > 0)

    def is_stocked_apart(self, line: int) -> bool:
        """Whether a compound item's components are all in stock somewhere, if not together."""
        return self._are_there(line, self.built.problem.pos_free > 0)

    def is_left_apart(self, line: int, reach: OrderReach) -> bool:
        """Whether all of them are left at nodes that are in time, if not together."""
        p = self.built.problem
        return self._are_there(line, (self.stock_left > 0) & reach.in_time[p.pos_node[: p.n_stock]])

    def is_rejected_whole(self, order: int) -> bool:
        """Whether an order leaves complete or not at all, and nothing was sent."""
        complete = self.built.problem.order_complete
        return bool(len(complete) and complete[order]) and not self.parcel_nodes[order]

    def parcels_max(self, order: int) -> int:
        """Return the most parcels of an order."""
        most = self.built.problem.order_parcels_max
        return int(most[order]) if len(most) else UNLIMITED_PARCELS

    def has_all_of(self, reach: OrderReach) -> bool:
        """Whether the nodes in time have every unit of an order left between them, each line seen alone."""
        return all(
            self._left_at(line, reach).sum() >= self.missing[line] for line in self._lines(reach.order)
        )

    def needs_parcels(self, reach: OrderReach) -> int:
        """Count the parcels for all that an order misses, the node with most of it first."""
        lines = self._lines(reach.order)
        left = np.array([self._left_at(line, reach) for line in lines])
        wanted = self.missing[lines.start : lines.stop].copy()
        parcels = 0
        while wanted.any():
            sends = np.minimum(left, wanted[:, None])
            node = int(sends.sum(axis=0).argmax())
            if not sends[:, node].any():
                return UNLIMITED_PARCELS
            wanted -= sends[:, node]
            left[:, node] = 0
            parcels += 1
        return parcels

    def would_pay_with_another_parcel(self, reach: OrderReach, line: int) -> bool:
        """Whether only the limit on its parcels keeps an order from one that is worth its cost.

        One parcel with what a node has left of the order, or of the line alone.
        """
        sending = self.parcel_nodes[reach.order]
        if len(sending) < self.parcels_max(reach.order):
            return False
        lines = self._lines(reach.order)
        left = {each: self._left_at(each, reach) for each in lines}
        left_of_line = left[line].copy()
        left_of_line[sending] = 0  # such a unit would ride in a parcel that leaves anyway
        for node in np.flatnonzero(left_of_line).tolist():
            joint = {each: int(min(left[each][node], self.missing[each])) for each in lines}
            alone = {line: joint[line]}
            if any(self._gain(content, node, reach) > 0 for content in (joint, alone)):
                return True
        return False

    def _gain(self, content: dict[int, int], node: int, reach: OrderReach) -> int:
        """Penalties that a parcel saves beyond what it costs, in micros."""
        p = self.built.problem
        grams = saved = handling = 0
        for line, qty in content.items():
            if qty > 0:
                at = self._positions(line)
                pos = at.start + int(np.searchsorted(p.pos_node[at], node))
                grams += qty * int(p.sku_weight[p.line_sku[line]])
                saved += qty * int(p.line_penalty[line])
                handling += qty * int(p.pos_unit_cost[pos])
        tariffs = [int(tariff) for tariff in reach.tariffs[:, node] if tariff != NO_TARIFF]
        lists = [r for t in tariffs for r in p.tariff_list[p.tariff_ptr[t] : p.tariff_ptr[t + 1]].tolist()]
        transport = min(self.built.tariffs.lists[r].price_micros(grams) for r in lists)
        return int(saved - handling - transport - p.node_parcel_cost[node])

    def _lines(self, order: int) -> range:
        return range(*self.built.problem.order_ptr[order : order + 2].tolist())

    def _positions(self, line: int) -> slice:
        p = self.built.problem
        item = p.line_sku[line]
        return slice(int(p.sku_ptr[item]), int(p.sku_ptr[item + 1]))

    def _left_at(self, line: int, reach: OrderReach) -> Int64s:
        """Items of a line that each node could send in time; int64[n]."""
        at = self._positions(line)
        passes = self.tests(line, reach)[-1]
        left = np.zeros(self.built.problem.n_nodes, np.int64)
        left[self.built.problem.pos_node[at][passes]] = self.item_left[at][passes]
        return left

    def _are_there(self, line: int, is_there: Bools) -> bool:
        """Whether each component of a compound item is in one of the stock rows of `is_there`."""
        p, components = self.built.problem, self.built.items.components
        item = p.line_sku[line]
        of_item = slice(
            int(np.searchsorted(components.item, item, side="left")),
            int(np.searchsorted(components.item, item, side="right")),
        )
        wanted = self.built.items.of_sku[components.sku[of_item]].tolist()
        return bool(wanted) and all(is_there[p.sku_ptr[k] : p.sku_ptr[k + 1]].any() for k in wanted)


def _items_of(p: AllocationProblem, stock: Int64s) -> Int64s:
    """How many items each position can give out of its units of `stock` (int64[h]); int64[p]."""
    if p.n_positions == p.n_stock:
        return stock
    compound = np.minimum.reduceat(stock[p.recipe_pos] // p.recipe_qty, p.recipe_ptr[:-1])
    return np.concatenate((stock, compound))
