"""Orders too large for the exact search, by the integer program: planned again, and bounded.

In a batch such an order is served by the heuristic of `large_order` and bounded unit by unit; both are quick
and loose. With time left, `replan_large_orders` finds each of them a better plan on what the others left, and
`prove_large_orders` a better bound at the prices that were found.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from solver.arrays import ProblemArrays
from solver.large_order import bound_large_order
from solver.one_order import OneOrder, Supply, read_order, ways_of
from solver.pattern_mip import Parcel, plan_cost, solve_order, weigh
from solver.plan_state import PlanState, close_parcel, release_order
from solver.problem import OWN_WAY, AllocationProblem, Int64s
from solver.search import too_large


def replan_large_orders(problem: AllocationProblem, plan: PlanState, effort: float) -> Iterator[int]:
    """Plan each order that is too large for the exact search again, on what the others left; never dearer.

    Yields after each such order what it saved, in micros, so that the caller can stop in between.

    plan : changed in place; feasible whenever this yields.
    effort : the most to spend on all of them, in CP-SAT's deterministic seconds; the same effort gives the
    same plan.
    """
    p = ProblemArrays.of(problem)
    left = large_orders(p)
    no_price = np.zeros(problem.n_stock, np.int64), np.zeros(problem.n_nodes, np.int64)
    supply = Supply(plan.pos_left, plan.node_left, *no_price, with_tails=True)
    while left:
        order = left.pop(0)
        held, true_cost = _held_by(order, p, plan), int(plan.order_cost[order])
        release_order(order, p, plan)
        here = read_order(order, held.way, p, supply)
        before = plan_cost(here, _parcels_in(here, held))
        best, after = held, before
        share = effort / (len(left) + 1)
        ways = ways_of(order, p)
        for way in ways:
            view = read_order(order, way, p, supply)
            start = _parcels_in(view, held) if way == held.way else ()
            found = solve_order(view, share / len(ways), start)
            effort -= found.effort
            taken = _taken(view, way, found.parcels)
            if found.cost < after and _fits_slots(order, taken, plan):
                best, after = taken, found.cost
                true_cost = plan_cost(view.without_tails(), found.parcels)
        _enter(order, best, true_cost, p, plan)
        yield before - after


def prove_large_orders(
    problem: AllocationProblem, pos_price: Int64s, node_price: Int64s, effort: float
) -> int:
    """Return by how much the integer program raises the bound at prices, in micros.

    `prices.lower_bound` counts an order too large for the exact search unit by unit. Added to it, this is
    still a bound: the Lagrangian bound holds with any lower bound on what each order pays, and the integer
    program's is one (`pattern_mip` says why), on all stock and capacity, in the cheapest of the order's ways.

    pos_price, node_price : int64[h], int64[n], micros, >= 0.
    effort : as in `replan_large_orders`.
    """
    p = ProblemArrays.of(problem)
    left = large_orders(p)
    supply = Supply(p.pos_free, p.node_capacity, pos_price, node_price, with_tails=False)
    slot_of_node = np.full(problem.n_nodes, -1, np.int32)
    raised = 0
    while left:
        order = left.pop(0)
        share = effort / (len(left) + 1)
        ways = ways_of(order, p)
        proved = []
        for way in ways:
            found = solve_order(read_order(order, way, p, supply), share / len(ways))
            effort -= found.effort
            proved.append(found.lower_bound)
        pinned = bound_large_order(order, p, pos_price, node_price, slot_of_node)
        raised += max(0, min(proved) - int(pinned))
    return raised


def large_orders(p: ProblemArrays) -> list[int]:
    """Return the orders that are too large for the exact search."""
    return np.flatnonzero(too_large(p)).tolist()


class _HeldParcel(NamedTuple):
    node: int
    price_list: int
    entries: list[tuple[int, int, int]]  # line of the problem, position, units


class _Holding(NamedTuple):
    way: int
    parcels: list[_HeldParcel]


def _held_by(order: int, p: ProblemArrays, plan: PlanState) -> _Holding:
    """Read what an order holds in a plan."""
    parcels = []
    entry = first = int(plan.slot_ptr[order])
    for slot in range(first, first + int(plan.n_parcels[order])):
        end = int(plan.entry_end[slot])
        entries = [
            (int(plan.entry_line[e]), int(plan.entry_pos[e]), int(plan.entry_qty[e]))
            for e in range(entry, end)
        ]
        parcels.append(_HeldParcel(int(plan.parcel_node[slot]), int(plan.parcel_list[slot]), entries))
        entry = end
    return _Holding(int(plan.order_alternative[order]), parcels)


def _parcels_in(view: OneOrder, held: _Holding) -> list[Parcel]:
    """Name the parcels of a holding as the integer program does."""
    sender_of = {sender.node: c for c, sender in enumerate(view.senders)}
    return [
        Parcel(sender_of[node], {line - view.first_line: units for line, _, units in entries})
        for node, _, entries in held.parcels
    ]


def _taken(view: OneOrder, way: int, parcels: Sequence[Parcel]) -> _Holding:
    """Name the parcels of the integer program as a plan does."""
    held = []
    for parcel in parcels:
        sender = view.senders[parcel.sender]
        entries = [
            (view.first_line + line, sender.position[line], units)
            for line, units in sorted(parcel.units.items())
        ]
        _, price_list = sender.transport(weigh(parcel.units, view))
        held.append(_HeldParcel(sender.node, price_list, entries))
    return _Holding(way, held)


def _enter(order: int, held: _Holding, cost: int, p: ProblemArrays, plan: PlanState) -> None:
    """Write a holding into the slots of an order that holds nothing, and take what it uses."""
    slot = entry = int(plan.slot_ptr[order])
    for node, price_list, entries in held.parcels:
        begin = entry
        for line, pos, units in entries:
            plan.entry_line[entry] = line
            plan.entry_pos[entry] = pos
            plan.entry_qty[entry] = units
            entry += 1
        close_parcel(slot, begin, entry, node, price_list, p, plan)
        slot += 1
    plan.n_parcels[order] = len(held.parcels)
    plan.order_cost[order] = cost
    plan.order_alternative[order] = held.way if held.parcels else OWN_WAY


def _fits_slots(order: int, held: _Holding, plan: PlanState) -> bool:
    """Whether a plan has slots for the holding: parcels by the hundred from one node may need more."""
    entries = sum(len(parcel.entries) for parcel in held.parcels)
    return entries <= int(plan.slot_ptr[order + 1] - plan.slot_ptr[order])
