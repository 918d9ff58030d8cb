"""A plan while it is being made: what every order takes, and what stock and capacity are left.

Each order owns a fixed stretch of slots, so taking and releasing an order's parcels needs no allocation and
orders can be planned again in any sequence.
"""

from typing import NamedTuple

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.by_pointer import by_pointer
from solver.jit import inner_kernel, kernel
from solver.order_kernel import STATES_MAX, transport_cost
from solver.problem import OWN_WAY, UNLIMITED_PARCELS, AllocationPlan, AllocationProblem, Int32s, Int64s


@by_pointer
class PlanState(NamedTuple):
    """Parcels by order, in slots.

    Order o owns slots slot_ptr[o]:slot_ptr[o+1]; its parcels fill the first n_parcels[o] of them, and the
    entries (a line in a parcel) of its k-th parcel end before entry_end[slot of k].
    """

    slot_ptr: Int64s  # [o+1]
    n_parcels: Int64s  # [o]
    parcel_node: Int32s  # [slot]
    parcel_list: Int32s  # [slot] price list
    parcel_use: Int64s  # [slot] units of capacity; 0 where that is unlimited
    entry_end: Int64s  # [slot] slot after the parcel's last entry
    entry_line: Int32s  # [slot]
    entry_pos: Int64s  # [slot]
    entry_qty: Int64s  # [slot]
    order_cost: Int64s  # [o] micros, unfilled units included, prices and tails not
    order_alternative: Int32s  # [o] how it is served, or OWN_WAY
    pos_left: Int64s  # [h] units
    node_left: Int64s  # [n] units of capacity; UNLIMITED_PARCELS where there is no limit
    tail_cost: Int64s  # [1] micros: what the units taken of tails cost the plan

    @classmethod
    def empty(cls, problem: AllocationProblem) -> "PlanState":
        """Start with nothing taken and every unit unfilled."""
        units = _sums(problem.line_qty, problem.order_ptr)
        positions = _sums(np.diff(problem.sku_ptr)[problem.line_sku], problem.order_ptr)
        # A parcel entry holds at least a unit; a large order has at most one entry a position and line.
        slot_ptr = np.concatenate(([0], np.cumsum(np.minimum(units, positions + STATES_MAX))))
        unfilled = _sums(problem.line_qty * problem.line_penalty, problem.order_ptr)
        return cls.of_slots(slot_ptr, unfilled, problem.pos_free.copy(), problem.node_capacity.copy())

    @classmethod
    def of_slots(
        cls, slot_ptr: Int64s, order_cost: Int64s, pos_left: Int64s, node_left: Int64s
    ) -> "PlanState":
        """Start with nothing taken; the arrays become the plan's own.

        slot_ptr : int64[o+1], room for as many parcels and entries as each order may have.
        """
        slots, n_orders = int(slot_ptr[-1]), len(slot_ptr) - 1
        return cls(
            slot_ptr=slot_ptr,
            n_parcels=np.zeros(n_orders, np.int64),
            parcel_node=np.zeros(slots, np.int32),
            parcel_list=np.zeros(slots, np.int32),
            parcel_use=np.zeros(slots, np.int64),
            entry_end=np.zeros(slots, np.int64),
            entry_line=np.zeros(slots, np.int32),
            entry_pos=np.zeros(slots, np.int64),
            entry_qty=np.zeros(slots, np.int64),
            order_cost=order_cost,
            order_alternative=np.full(n_orders, OWN_WAY, np.int32),
            pos_left=pos_left,
            node_left=node_left,
            tail_cost=np.zeros(1, np.int64),
        )

    def copy(self) -> "PlanState":
        """Return a plan that shares nothing with this one but the slots' layout."""
        return self._replace(**{name: getattr(self, name).copy() for name in self._fields[1:]})

    def cost(self) -> int:
        """Total cost in micros."""
        return int(self.order_cost.sum() + self.tail_cost[0])

    def to_plan(self) -> AllocationPlan:
        """Pack the slots in use into a plan."""
        order = np.repeat(np.arange(len(self.n_parcels)), self.n_parcels)
        rank = np.arange(len(order)) - np.repeat(np.cumsum(self.n_parcels) - self.n_parcels, self.n_parcels)
        slot = self.slot_ptr[order] + rank
        begin = np.where(rank == 0, self.slot_ptr[order], self.entry_end[np.maximum(slot - 1, 0)])
        count = self.entry_end[slot] - begin
        parcel_ptr = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
        entry = np.repeat(begin - parcel_ptr[:-1], count) + np.arange(parcel_ptr[-1])
        return AllocationPlan(
            parcel_order=order.astype(np.int32),
            parcel_node=self.parcel_node[slot],
            parcel_list=self.parcel_list[slot],
            parcel_ptr=parcel_ptr,
            entry_line=self.entry_line[entry],
            entry_qty=self.entry_qty[entry],
            order_alternative=self.order_alternative.copy(),
        )


def _sums(values: Int64s, ptr: Int64s) -> Int64s:
    """Sum each group of `ptr`; an empty group sums to 0."""
    total = np.concatenate(([0], np.cumsum(values)))
    return np.asarray(total[ptr[1:]] - total[ptr[:-1]])


class Shelves(NamedTuple):
    """Stock that a plan takes from, with its tails; the arrays of a problem and a plan that taking needs."""

    recipe_ptr: Int64s
    recipe_pos: Int64s
    recipe_qty: Int64s
    stock_tail: Int64s
    stock_tail_cost: Int64s
    pos_left: Int64s
    tail_cost: Int64s


@inner_kernel
def shelves_of(p: ProblemArrays, plan: PlanState) -> Shelves:
    """Pick them out: handing all arrays to small kernels takes the compiler long."""
    return Shelves(
        p.recipe_ptr,
        p.recipe_pos,
        p.recipe_qty,
        p.stock_tail,
        p.stock_tail_cost,
        plan.pos_left,
        plan.tail_cost,
    )


@inner_kernel
def take(row: int, units: int, left: Int64s, tail: Int64s, tail_cost: Int64s, total: Int64s) -> None:
    """Take units of what is `left` (int64, units) in a row; give them back where `units` < 0.

    total : int64[1], micros: grows by what the units of the row's tail cost.
    """
    before, after = left[row], left[row] - units
    total[0] += (max(0, tail[row] - after) - max(0, tail[row] - before)) * tail_cost[row]
    left[row] = after


@inner_kernel
def take_units(pos: int, units: int, shelves: Shelves) -> None:
    """Take units of a position, or of its components; give them back where `units` < 0."""
    n_stock = len(shelves.pos_left)
    begin, end = 0, 1
    if pos >= n_stock:
        begin, end = shelves.recipe_ptr[pos - n_stock], shelves.recipe_ptr[pos - n_stock + 1]
    for r in range(begin, end):
        row, each = (pos, 1) if pos < n_stock else (shelves.recipe_pos[r], shelves.recipe_qty[r])
        take(
            row,
            units * each,
            shelves.pos_left,
            shelves.stock_tail,
            shelves.stock_tail_cost,
            shelves.tail_cost,
        )


@kernel
def release_order(order: int, p: ProblemArrays, plan: PlanState) -> None:
    """Give back all that `order` takes; its cost is left to whoever plans it next."""
    first = plan.slot_ptr[order]
    plan.order_alternative[order] = OWN_WAY
    if plan.n_parcels[order] == 0:
        return
    last = first + plan.n_parcels[order] - 1
    shelves = shelves_of(p, plan)
    for slot in range(first, last + 1):
        node, use = plan.parcel_node[slot], plan.parcel_use[slot]
        take(node, -use, plan.node_left, p.node_tail, p.node_tail_cost, plan.tail_cost)
    for entry in range(first, plan.entry_end[last]):
        take_units(plan.entry_pos[entry], -plan.entry_qty[entry], shelves)
    plan.n_parcels[order] = 0


@kernel
def close_parcel(
    slot: int, begin: int, end: int, node: int, price_list: int, p: ProblemArrays, plan: PlanState
) -> None:
    """Enter a parcel whose entries stand in slots `begin` to `end` already, and take what it uses."""
    use = p.node_parcel_use[node]
    shelves = shelves_of(p, plan)
    for entry in range(begin, end):
        pos, units = plan.entry_pos[entry], plan.entry_qty[entry]
        use += units * p.pos_capacity_use[pos]
        take_units(pos, units, shelves)
    if p.node_capacity[node] >= UNLIMITED_PARCELS:
        use = 0
    plan.parcel_node[slot] = node
    plan.parcel_list[slot] = price_list
    plan.parcel_use[slot] = use
    plan.entry_end[slot] = end
    take(node, use, plan.node_left, p.node_tail, p.node_tail_cost, plan.tail_cost)


@inner_kernel
def take_parcels(order: int, n_out: int, p: ProblemArrays, w: Scratch, plan: PlanState) -> None:
    """Enter the `n_out` parcels that `search_order` left in `w` into the plan, and the order's true cost.

    The order must hold nothing; its cost counts unfilled units, but no prices and no tails.
    """
    first = p.order_ptr[order]
    n_lines = p.order_ptr[order + 1] - first
    slot = entry = plan.slot_ptr[order]
    cost = 0
    for line in range(first, first + n_lines):
        cost += p.line_qty[line] * p.line_penalty[line]
    for i in range(n_out):
        c = w.out_cand[i]
        state = w.out_state[i]
        node = w.cand_node[c]
        begin = entry
        for k in range(n_lines):
            units = (state // w.stride[k]) % (p.line_qty[first + k] + 1)
            if units == 0:
                continue
            pos = w.cand_pos[c, k]
            plan.entry_line[entry] = first + k
            plan.entry_pos[entry] = pos
            plan.entry_qty[entry] = units
            cost += units * (p.pos_unit_cost[pos] - p.line_penalty[first + k])
            entry += 1
        price, price_list = transport_cost(
            w.cand_tariff[c], w.state_weight[state],
            p.tariff_ptr, p.tariff_list, p.list_ptr, p.list_weight, p.list_cost, p.list_fixed,
        )  # fmt: skip
        cost += price + p.node_parcel_cost[node]
        close_parcel(slot, begin, entry, node, price_list, p, plan)
        slot += 1
    plan.n_parcels[order] = n_out
    plan.order_cost[order] = cost
    plan.order_alternative[order] = w.way[0] if n_out > 0 else OWN_WAY
