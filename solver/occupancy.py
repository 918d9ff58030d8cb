"""Who holds what: the orders that use each scarce position and each node of limited capacity.

Kept beside a `PlanState` while orders are moved. Users of a position are a linked list over entry slots;
those of a stock row stand in its own list and in the ones of the compound positions made of it. Parcels of a
limited node that use capacity are a list with constant-time removal, so that one can be drawn at random.
"""

from typing import NamedTuple

import numpy as np

from solver.by_pointer import by_pointer
from solver.jit import inner_kernel
from solver.plan_state import PlanState
from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Int64s

NO_SLOT = -1


@by_pointer
class Occupancy(NamedTuple):
    """Users of positions and nodes, by slot of the `PlanState` they describe."""

    order_of_slot: Int64s  # [slot]; as wide as every order that a kernel takes, or it is compiled twice
    user_head: Int64s  # [p] an entry slot, or NO_SLOT
    user_next: Int64s  # [slot]
    user_prev: Int64s  # [slot]
    maker_ptr: Int64s  # [h+1] compound positions that take units of each stock row
    maker: Int64s
    member_ptr: Int64s  # [n+1] room for the parcels of each limited node; none for the others
    member: Int64s  # parcel slots; the first n_members[n] of a node's room
    n_members: Int64s  # [n]
    rank_of_slot: Int64s  # [slot] where the parcel stands among its node's members

    @classmethod
    def of(cls, problem: AllocationProblem, plan: PlanState) -> "Occupancy":
        """Enter all that `plan` holds."""
        slots = int(plan.slot_ptr[-1])
        limited = problem.node_capacity < UNLIMITED_PARCELS
        room = np.where(limited, np.minimum(problem.node_capacity, slots), 0)  # a parcel uses at least a unit
        by_row = np.argsort(problem.recipe_pos, kind="stable")
        compound = problem.n_stock + np.arange(problem.n_positions - problem.n_stock)
        occupancy = cls(
            order_of_slot=np.repeat(np.arange(problem.n_orders), np.diff(plan.slot_ptr)),
            user_head=np.full(problem.n_positions, NO_SLOT, np.int64),
            user_next=np.full(slots, NO_SLOT, np.int64),
            user_prev=np.full(slots, NO_SLOT, np.int64),
            maker_ptr=np.searchsorted(problem.recipe_pos[by_row], np.arange(problem.n_stock + 1)),
            maker=np.repeat(compound, np.diff(problem.recipe_ptr))[by_row],
            member_ptr=np.concatenate(([0], np.cumsum(room))),
            member=np.zeros(int(room.sum()), np.int64),
            n_members=np.zeros(problem.n_nodes, np.int64),
            rank_of_slot=np.zeros(slots, np.int64),
        )
        enter_all(plan, occupancy)
        return occupancy


@inner_kernel
def enter_all(plan: PlanState, occupancy: Occupancy) -> None:
    """Enter the parcels of every order into books that are empty."""
    for order in range(len(plan.n_parcels)):
        enter_order(order, plan, occupancy)


@inner_kernel
def enter_order(order: int, plan: PlanState, occupancy: Occupancy) -> None:
    """Enter the parcels of `order` as `plan` has them."""
    first = plan.slot_ptr[order]
    for slot in range(first, first + plan.n_parcels[order]):
        node = plan.parcel_node[slot]
        begin = occupancy.member_ptr[node]
        if plan.parcel_use[slot] > 0:
            rank = occupancy.n_members[node]
            occupancy.member[begin + rank] = slot
            occupancy.rank_of_slot[slot] = rank
            occupancy.n_members[node] += 1
    for entry in range(first, _end_of_entries(order, plan)):
        pos = plan.entry_pos[entry]
        head = occupancy.user_head[pos]
        occupancy.user_prev[entry] = NO_SLOT
        occupancy.user_next[entry] = head
        if head != NO_SLOT:
            occupancy.user_prev[head] = entry
        occupancy.user_head[pos] = entry


@inner_kernel
def remove_order(order: int, plan: PlanState, occupancy: Occupancy) -> None:
    """Take the parcels of `order` out, before they are released."""
    first = plan.slot_ptr[order]
    for slot in range(first, first + plan.n_parcels[order]):
        node = plan.parcel_node[slot]
        begin = occupancy.member_ptr[node]
        if plan.parcel_use[slot] > 0:
            occupancy.n_members[node] -= 1
            rank = occupancy.rank_of_slot[slot]
            moved = occupancy.member[begin + occupancy.n_members[node]]
            occupancy.member[begin + rank] = moved
            occupancy.rank_of_slot[moved] = rank
    for entry in range(first, _end_of_entries(order, plan)):
        before, after = occupancy.user_prev[entry], occupancy.user_next[entry]
        if before == NO_SLOT:
            occupancy.user_head[plan.entry_pos[entry]] = after
        else:
            occupancy.user_next[before] = after
        if after != NO_SLOT:
            occupancy.user_prev[after] = before


@inner_kernel
def _end_of_entries(order: int, plan: PlanState) -> int:
    first = plan.slot_ptr[order]
    if plan.n_parcels[order] == 0:
        return int(first)
    return int(plan.entry_end[first + plan.n_parcels[order] - 1])
