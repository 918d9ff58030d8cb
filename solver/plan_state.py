"""A plan while it is being made: what every order takes, and what stock and capacity are left.

Each order owns a fixed stretch of slots, so taking and releasing an order's parcels needs no allocation and
orders can be planned again in any sequence.
"""

from typing import NamedTuple

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.jit import kernel
from solver.order_kernel import STATES_MAX, transport_cost
from solver.problem import AllocationPlan, AllocationProblem, Int32s, Int64s


class PlanState(NamedTuple):
    """Parcels by order, in slots.

    Order o owns slots slot_ptr[o]:slot_ptr[o+1]; its parcels fill the first n_parcels[o] of them, and the
    entries (a line in a parcel) of its k-th parcel end before entry_end[slot of k].
    """

    slot_ptr: Int64s  # [o+1]
    n_parcels: Int64s  # [o]
    parcel_node: Int32s  # [slot]
    parcel_list: Int32s  # [slot] price list
    entry_end: Int64s  # [slot] slot after the parcel's last entry
    entry_line: Int32s  # [slot]
    entry_pos: Int64s  # [slot]
    entry_qty: Int64s  # [slot]
    order_cost: Int64s  # [o] micros, unfilled units included, prices not
    pos_left: Int64s  # [p] units
    node_left: Int64s  # [n] parcels

    @classmethod
    def empty(cls, problem: AllocationProblem) -> "PlanState":
        """Start with nothing taken and every unit unfilled."""
        units = _sums(problem.line_qty, problem.order_ptr)
        positions = _sums(np.diff(problem.sku_ptr)[problem.line_sku], problem.order_ptr)
        # A parcel entry holds at least a unit; a large order has at most one entry a position and line.
        slot_ptr = np.concatenate(([0], np.cumsum(np.minimum(units, positions + STATES_MAX))))
        slots = int(slot_ptr[-1])
        return cls(
            slot_ptr=slot_ptr,
            n_parcels=np.zeros(problem.n_orders, np.int64),
            parcel_node=np.zeros(slots, np.int32),
            parcel_list=np.zeros(slots, np.int32),
            entry_end=np.zeros(slots, np.int64),
            entry_line=np.zeros(slots, np.int32),
            entry_pos=np.zeros(slots, np.int64),
            entry_qty=np.zeros(slots, np.int64),
            order_cost=_sums(problem.line_qty * problem.line_penalty, problem.order_ptr),
            pos_left=problem.pos_free.copy(),
            node_left=problem.node_capacity.copy(),
        )

    def copy(self) -> "PlanState":
        """Return a plan that shares nothing with this one but the slots' layout."""
        return self._replace(**{name: getattr(self, name).copy() for name in self._fields[1:]})

    def cost(self) -> int:
        """Total cost in micros."""
        return int(self.order_cost.sum())

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
        )


def _sums(values: Int64s, ptr: Int64s) -> Int64s:
    """Sum each group of `ptr`; an empty group sums to 0."""
    total = np.concatenate(([0], np.cumsum(values)))
    return np.asarray(total[ptr[1:]] - total[ptr[:-1]])


@kernel
def release_order(order: int, plan: PlanState) -> None:
    """Give back all that `order` takes; its cost is left to whoever plans it next."""
    first = plan.slot_ptr[order]
    if plan.n_parcels[order] == 0:
        return
    last = first + plan.n_parcels[order] - 1
    for slot in range(first, last + 1):
        plan.node_left[plan.parcel_node[slot]] += 1
    for entry in range(first, plan.entry_end[last]):
        plan.pos_left[plan.entry_pos[entry]] += plan.entry_qty[entry]
    plan.n_parcels[order] = 0


@kernel
def take_parcels(order: int, n_out: int, p: ProblemArrays, w: Scratch, plan: PlanState) -> None:
    """Enter the `n_out` parcels that `search_order` left in `w` into the plan, and the order's true cost.

    The order must hold nothing; its cost counts unfilled units, but no prices.
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
        for k in range(n_lines):
            units = (state // w.stride[k]) % (p.line_qty[first + k] + 1)
            if units == 0:
                continue
            pos = w.cand_pos[c, k]
            plan.entry_line[entry] = first + k
            plan.entry_pos[entry] = pos
            plan.entry_qty[entry] = units
            plan.pos_left[pos] -= units
            cost += units * (p.pos_unit_cost[pos] - p.line_penalty[first + k])
            entry += 1
        price, price_list = transport_cost(
            w.cand_tariff[c], w.state_weight[state],
            p.tariff_ptr, p.tariff_list, p.list_ptr, p.list_weight, p.list_cost,
        )  # fmt: skip
        cost += price + p.node_parcel_cost[node]
        plan.parcel_node[slot] = node
        plan.parcel_list[slot] = price_list
        plan.entry_end[slot] = entry
        plan.node_left[node] -= 1
        slot += 1
    plan.n_parcels[order] = n_out
    plan.order_cost[order] = cost
