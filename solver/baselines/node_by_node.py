"""Serve orders one after another, node by node: the best-ranked node sends all it can, then the next one.

This is how order systems commonly decide: nodes are ranked for the order, the first one gives what it has of
every line, and what is still lacking is asked of the next. What ranks them is up to the rule; this file is
what the rules have in common. A line's units may come from several nodes, and a node sends at most one parcel
of an order. Nobody looks at the orders that are still to come.

The order that may leave in only so many parcels asks, for the last of them, the node that can fill most. The
order that must go complete or not at all gives everything back when it lacks a unit in the end. The order
that may be served in several ways takes the first that serves it whole, its own way first; if none does, the
one that leaves least unfilled. What tails cost plays no part in the ranking.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.arrays import ProblemArrays
from solver.baselines.places import Places, distance_km
from solver.baselines.run import Server
from solver.jit import kernel
from solver.joint import capacity_left, need_of_row, needs_of
from solver.order_kernel import COST_MAX, transport_cost
from solver.plan_state import PlanState, close_parcel, release_order
from solver.problem import (
    NO_LANE,
    NO_TARIFF,
    OWN_WAY,
    UNLIMITED_PARCELS,
    AllocationProblem,
    Int32s,
    Int64s,
)

Floats = npt.NDArray[np.float64]

# What a rule may look at, of a node and what it could send now. The lowest value ranks first.
DISTANCE = 0  # km to the customer, or to where he collects
NOT_OWN = 1  # 1, or 0 where the customer collects from this very node
KIND = 2  # rank of the node's kind
NOT_FILLED = 3  # units that would still be lacking
LOW_STOCK = 4  # units it has of the wanted SKUs, negative: the fullest node ranks first
SCORE = 5  # the weighted sum, in micros a unit
SIGHTS = 6

# What the weighted sum weighs.
WEIGHT_OF_COST = 0  # of a micro of the parcel's transport and handling
WEIGHT_OF_KM = 1  # micros for each km that the parcel travels
WEIGHT_OF_LOAD = 2  # micros at a node without room, in proportion to the share of its capacity that is used
WEIGHT_OF_SCARCITY = 3  # micros a unit that empties its position, in proportion to the share it takes
NO_WEIGHTS = np.zeros(4)


class RuleScratch(NamedTuple):
    """Buffers of `serve_node_by_node`; ``n`` nodes, ``l`` lines of the largest order."""

    slot_of_node: Int32s  # [n] -1 between orders
    node: Int32s  # [n] of each candidate
    tariff: Int32s  # [n]
    pos: npt.NDArray[np.int64]  # [n, l] position of each line, -1 where the candidate has none
    sight: npt.NDArray[np.float64]  # [n, SIGHTS]
    rest: Int64s  # [l] units still to serve
    units: Int64s  # [l] what the candidate in hand could send
    held: Int64s  # [l] units that it has, beside what it could send of the lines before

    @classmethod
    def for_problem(cls, problem: AllocationProblem) -> "RuleScratch":
        """Allocate buffers large enough for every order of `problem`."""
        n_nodes, n_lines = problem.n_nodes, int(np.diff(problem.order_ptr).max(initial=1))
        return cls(
            slot_of_node=np.full(n_nodes, -1, np.int32),
            node=np.zeros(n_nodes, np.int32),
            tariff=np.zeros(n_nodes, np.int32),
            pos=np.zeros((n_nodes, n_lines), np.int64),
            sight=np.zeros((n_nodes, SIGHTS)),
            rest=np.zeros(n_lines, np.int64),
            units=np.zeros(n_lines, np.int64),
            held=np.zeros(n_lines, np.int64),
        )


def node_by_node(
    problem: AllocationProblem, places: Places, rank_by: tuple[int, ...], weights: Floats = NO_WEIGHTS
) -> Server:
    """Rank nodes by `rank_by`, sights of which each decides what the ones before it leave tied."""
    arrays, scratch = ProblemArrays.of(problem), RuleScratch.for_problem(problem)
    sights = np.array(rank_by, np.int64)

    def serve(sequence: Int64s, plan: PlanState) -> None:
        serve_node_by_node(sequence, arrays, places, sights, weights, scratch, plan)

    return serve


@kernel
def serve_node_by_node(
    sequence: Int64s,
    p: ProblemArrays,
    places: Places,
    rank_by: Int64s,
    weights: Floats,
    w: RuleScratch,
    plan: PlanState,
) -> None:
    """Serve each order of `sequence` on what the ones before it left.

    rank_by : int64, sights; the first decides, the next one among its ties, and in the end the lower node.
    weights : float64, read if SCORE is among them.
    w : scratch.   plan : changed in place; what an order took before is given back first.
    """
    for order in sequence:
        first_way, last_way = p.alternative_ptr[order], p.alternative_ptr[order + 1]
        best = served = OWN_WAY
        least = _serve_way(order, best, p, places, rank_by, weights, w, plan)
        for way in range(first_way, last_way):
            if least == 0:
                break
            served = way
            lacking = _serve_way(order, way, p, places, rank_by, weights, w, plan)
            if lacking < least:
                least, best = lacking, way
        if served != best:  # the plan holds another way
            _serve_way(order, best, p, places, rank_by, weights, w, plan)


@kernel
def _serve_way(
    order: int,
    way: int,
    p: ProblemArrays,
    places: Places,
    rank_by: Int64s,
    weights: Floats,
    w: RuleScratch,
    plan: PlanState,
) -> int:
    """Serve an order anew by one way, an alternative or OWN_WAY; returns the penalty of what it lacks."""
    release_order(order, p, plan)
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    rest = w.rest[: end - first]
    rest[:] = p.line_qty[first:end]
    unserved = (rest * p.line_penalty[first:end]).sum()
    plan.order_cost[order] = unserved
    n_cands = _find_candidates(order, way, p, places, w)
    while plan.n_parcels[order] < p.order_parcels_max[order]:
        is_last = plan.n_parcels[order] + 1 == p.order_parcels_max[order]
        chosen = _first_ranked(n_cands, order, rest, p, rank_by, is_last, weights, w, plan)
        if chosen < 0:
            break
        _send(order, chosen, rest, p, w, plan)
    if p.order_complete[order] and rest.any():
        release_order(order, p, plan)
        plan.order_cost[order] = unserved
        return int(unserved)
    plan.order_alternative[order] = way if plan.n_parcels[order] > 0 else OWN_WAY
    return int((rest * p.line_penalty[first:end]).sum())


@kernel
def _find_candidates(order: int, way: int, p: ProblemArrays, places: Places, w: RuleScratch) -> int:
    """Collect the nodes that hold a SKU of the order and reach it in time, with what does not change."""
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    destination, promise_class = p.order_destination[order], p.order_promise_class[order]
    if way != OWN_WAY:
        destination, promise_class = p.alternative_destination[way], p.alternative_promise_class[way]
    n_cands = 0
    for line in range(first, end):
        for pos in range(p.sku_ptr[p.line_sku[line]], p.sku_ptr[p.line_sku[line] + 1]):
            node = p.pos_node[pos]
            band = p.lane_band[destination, node]
            slack = p.transit_slack[promise_class, p.node_departure_class[node]]
            if band == NO_LANE or slack < 0 or p.tariff_of[band, slack] == NO_TARIFF:
                continue
            c = w.slot_of_node[node]
            if c < 0:
                c = n_cands
                n_cands += 1
                w.slot_of_node[node] = c
                w.node[c] = node
                w.tariff[c] = p.tariff_of[band, slack]
                w.pos[c, : end - first] = -1
                w.sight[c, DISTANCE] = distance_km(destination, node, places)
                w.sight[c, NOT_OWN] = places.own_node[destination] != node
                w.sight[c, KIND] = places.node_kind[node]
            w.pos[c, line - first] = pos
    for c in range(n_cands):
        w.slot_of_node[w.node[c]] = -1
    return n_cands


@kernel
def _first_ranked(
    n_cands: int,
    order: int,
    rest: Int64s,
    p: ProblemArrays,
    rank_by: Int64s,
    is_last: bool,
    weights: Floats,
    w: RuleScratch,
    plan: PlanState,
) -> int:
    """Find the candidate that ranks first among those that can send a unit now, or -1.

    is_last : whether the order may have no parcel after this one.
    """
    best, is_joint, lacking = -1, p.is_joint, rest.sum()
    for c in range(n_cands):
        if is_joint:
            sent, held = _could_send_jointly(c, rest, p, w, plan)
        else:
            sent, held = _could_send(c, rest, p.node_parcel_use, w, plan)
        if sent == 0:
            continue
        w.sight[c, NOT_FILLED] = lacking - sent
        w.sight[c, LOW_STOCK] = -held
        for sight in rank_by:
            if sight == SCORE:
                w.sight[c, SCORE] = _score(c, order, sent, p, weights, w, plan)
        if best < 0 or _ranks_before(c, best, rank_by, is_last, w):
            best = c
    return best


@kernel
def _could_send(
    c: int, rest: Int64s, node_parcel_use: Int64s, w: RuleScratch, plan: PlanState
) -> tuple[int, int]:
    """Fill `w.units` with what a candidate could send of `rest` in one parcel, line by line.

    Returns (units, units that it has of the wanted SKUs). It is handed what it reads and not the problem: it
    is called for every candidate of every parcel, and a problem is forty arrays to hand over.
    """
    sent = held = 0
    node = w.node[c]
    has_room = plan.node_left[node] >= node_parcel_use[node]
    for k in range(len(rest)):
        w.units[k] = 0
        pos = w.pos[c, k]
        if rest[k] > 0 and pos >= 0 and has_room:
            w.held[k] = plan.pos_left[pos]
            w.units[k] = min(rest[k], w.held[k])
            sent += w.units[k]
            held += w.held[k]
    return sent, held


@kernel
def _could_send_jointly(
    c: int, rest: Int64s, p: ProblemArrays, w: RuleScratch, plan: PlanState
) -> tuple[int, int]:
    """Do as `_could_send` where lines may share components, or units use capacity."""
    node = w.node[c]
    room = capacity_left(plan.node_left[node]) - p.node_parcel_use[node]
    w.units[: len(rest)] = 0
    sent = held = 0
    for k in range(len(rest)):
        pos = w.pos[c, k]
        if rest[k] == 0 or pos < 0 or room < 0:
            continue
        w.held[k] = _units_left(pos, len(rest), c, p, w, plan)
        taken = min(rest[k], w.held[k])
        use = p.pos_capacity_use[pos]
        if use > 0:
            taken = min(taken, room // use)
        w.units[k] = taken
        room -= taken * use
        sent += taken
        held += w.held[k]
    return sent, held


@kernel
def _units_left(pos: int, n_lines: int, c: int, p: ProblemArrays, w: RuleScratch, plan: PlanState) -> int:
    """Count the units that a position could give beside what `w.units` take of a candidate's positions."""
    n_stock = len(plan.pos_left)
    units, positions = w.units[:n_lines], w.pos[c]
    if pos < n_stock:
        return int(plan.pos_left[pos] - need_of_row(pos, units, positions, needs_of(p)))
    left = COST_MAX
    for r in range(p.recipe_ptr[pos - n_stock], p.recipe_ptr[pos - n_stock + 1]):
        row = p.recipe_pos[r]
        spare = plan.pos_left[row] - need_of_row(row, units, positions, needs_of(p))
        left = min(left, spare // p.recipe_qty[r])
    return int(left)


@kernel
def _ranks_before(a: int, b: int, rank_by: Int64s, is_last: bool, w: RuleScratch) -> bool:
    if is_last and w.sight[a, NOT_FILLED] != w.sight[b, NOT_FILLED]:
        return bool(w.sight[a, NOT_FILLED] < w.sight[b, NOT_FILLED])
    for sight in rank_by:
        if w.sight[a, sight] != w.sight[b, sight]:
            return bool(w.sight[a, sight] < w.sight[b, sight])
    return bool(w.node[a] < w.node[b])


@kernel
def _score(
    c: int, order: int, sent: int, p: ProblemArrays, weights: Floats, w: RuleScratch, plan: PlanState
) -> float:
    """Weigh what sending `w.units` from a candidate would cost, in micros a unit."""
    node = w.node[c]
    cost, weight_g, scarcity = p.node_parcel_cost[node], 0, 0.0
    for k in range(p.order_ptr[order + 1] - p.order_ptr[order]):
        if w.units[k] > 0:
            pos = w.pos[c, k]
            cost += w.units[k] * p.pos_unit_cost[pos]
            weight_g += w.units[k] * p.sku_weight[p.line_sku[p.order_ptr[order] + k]]
            scarcity += w.units[k] * w.units[k] / w.held[k]
    cost += _transport(w.tariff[c], weight_g, p)[0]
    load = 0.0
    if p.node_capacity[node] < UNLIMITED_PARCELS:
        load = 1 - plan.node_left[node] / p.node_capacity[node]
    return (
        float(
            weights[WEIGHT_OF_COST] * cost
            + weights[WEIGHT_OF_KM] * w.sight[c, DISTANCE]
            + weights[WEIGHT_OF_LOAD] * load
            + weights[WEIGHT_OF_SCARCITY] * scarcity
        )
        / sent
    )


@kernel
def _transport(tariff: int, weight_g: int, p: ProblemArrays) -> tuple[int, int]:
    """Price a parcel; returns (micros, price list)."""
    return transport_cost(
        tariff, weight_g, p.tariff_ptr, p.tariff_list, p.list_ptr, p.list_weight, p.list_cost, p.list_fixed
    )


@kernel
def _send(order: int, c: int, rest: Int64s, p: ProblemArrays, w: RuleScratch, plan: PlanState) -> None:
    """Enter one more parcel of `order` into the plan: all that candidate `c` can send of `rest`."""
    if p.is_joint:
        _could_send_jointly(c, rest, p, w, plan)
    else:
        _could_send(c, rest, p.node_parcel_use, w, plan)
    first, node = p.order_ptr[order], w.node[c]
    slot = plan.slot_ptr[order] + plan.n_parcels[order]
    begin = entry = plan.slot_ptr[order] if plan.n_parcels[order] == 0 else plan.entry_end[slot - 1]
    cost, weight_g = p.node_parcel_cost[node], 0
    for k in range(len(rest)):
        units = w.units[k]
        if units == 0:
            continue
        pos = w.pos[c, k]
        plan.entry_line[entry] = first + k
        plan.entry_pos[entry] = pos
        plan.entry_qty[entry] = units
        entry += 1
        rest[k] -= units
        cost += units * (p.pos_unit_cost[pos] - p.line_penalty[first + k])
        weight_g += units * p.sku_weight[p.line_sku[first + k]]
    price, price_list = _transport(w.tariff[c], weight_g, p)
    close_parcel(slot, begin, entry, node, price_list, p, plan)
    plan.n_parcels[order] += 1
    plan.order_cost[order] += cost + price
