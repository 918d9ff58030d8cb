"""A good plan for an order with too many states for the exact search. A heuristic, and named as such.

Greedy covering (Chvátal 1979): open the parcel that costs least for each micro of penalty it saves, as full
as its node and the order allow, until no parcel saves anything. Then, while it helps, close a parcel and hand
its units to the ones that stay, or leave them unfilled: the drop step of the add-drop heuristics for plant
location (Kuehn & Hamburger 1963). At most one parcel leaves a node.
"""

import numpy as np
import numpy.typing as npt

from solver.arrays import ProblemArrays
from solver.jit import kernel
from solver.order_kernel import gather_candidates, transport_cost
from solver.plan_state import PlanState
from solver.problem import Int32s, Int64s

Int64Grid = npt.NDArray[np.int64]


@kernel
def _transport(p: ProblemArrays, tariff: int, weight_g: int) -> int:
    if weight_g == 0:
        return 0
    return transport_cost(
        tariff, weight_g, p.tariff_ptr, p.tariff_list, p.list_ptr, p.list_weight, p.list_cost
    )[0]


@kernel
def open_greedily(
    p: ProblemArrays,
    n_cands: int,
    cand_tariff: Int32s,
    cand_fixed: Int64s,
    cand_avail: Int64Grid,
    cand_unit: Int64Grid,
    line_weight: Int64s,
    line_penalty: Int64s,
    rest: Int64s,
    content: Int64Grid,
) -> None:
    """Open parcels by what they cost for each micro of penalty saved.

    cand_* : as `gather_candidates` writes them.   line_weight, line_penalty : int64[l], grams, micros a unit.
    rest : int64[l], units still to serve, changed in place.
    content : int64[c, l], 0 on entry; written: the units that each candidate sends.
    Cost O(parcels * c * l).
    """
    n_lines = len(rest)
    is_open = np.zeros(n_cands, np.uint8)
    while True:
        best, best_ratio = -1, 1.0  # at ratio 1 a parcel costs what it saves
        for c in range(n_cands):
            if is_open[c]:
                continue
            cost, saved, weight = cand_fixed[c], 0, 0
            for line in range(n_lines):
                if cand_unit[c, line] < line_penalty[line]:
                    units = min(cand_avail[c, line], rest[line])
                    cost += units * cand_unit[c, line]
                    saved += units * line_penalty[line]
                    weight += units * line_weight[line]
            if saved == 0:
                continue
            ratio = (cost + _transport(p, cand_tariff[c], weight)) / saved
            if ratio < best_ratio:
                best, best_ratio = c, ratio
        if best < 0:
            return
        is_open[best] = 1
        for line in range(n_lines):
            if cand_unit[best, line] < line_penalty[line]:
                content[best, line] = min(cand_avail[best, line], rest[line])
                rest[line] -= content[best, line]


@kernel
def try_to_close(
    closing: int,
    p: ProblemArrays,
    n_cands: int,
    cand_tariff: Int32s,
    cand_fixed: Int64s,
    cand_avail: Int64Grid,
    cand_unit: Int64Grid,
    line_weight: Int64s,
    line_penalty: Int64s,
    parcel_weight: Int64s,
    content: Int64Grid,
    rest: Int64s,
    moved: Int64Grid,
) -> bool:
    """Close one parcel if its units are cheaper elsewhere; line by line they go where a unit adds least.

    closing : the candidate whose parcel may go.   content, rest : as in `open_greedily`, changed if it pays.
    parcel_weight : int64[c], grams of each parcel, 0 where none is open; kept true.
    moved : int64[c, l], scratch, 0 on entry and on return.
    Returns whether the parcel was closed.
    """
    n_lines = len(rest)
    change = -cand_fixed[closing] - _transport(p, cand_tariff[closing], parcel_weight[closing])
    grown = parcel_weight.copy()
    for line in range(n_lines):
        units = content[closing, line]
        change -= units * cand_unit[closing, line]
        while units > 0:
            target, batch, least = -1, units, float(line_penalty[line])
            for c in range(n_cands):
                spare = cand_avail[c, line] - content[c, line] - moved[c, line]
                if c == closing or parcel_weight[c] == 0 or spare <= 0:
                    continue
                k = min(units, spare)
                extra = _transport(p, cand_tariff[c], grown[c] + k * line_weight[line])
                extra -= _transport(p, cand_tariff[c], grown[c])
                price = extra / k + cand_unit[c, line]
                if price < least:
                    target, batch, least = c, k, price
            if target < 0:
                change += units * line_penalty[line]
                break
            change += batch * cand_unit[target, line]
            change += _transport(p, cand_tariff[target], grown[target] + batch * line_weight[line])
            change -= _transport(p, cand_tariff[target], grown[target])
            grown[target] += batch * line_weight[line]
            moved[target, line] += batch
            units -= batch
    if change < 0:
        for line in range(n_lines):
            rest[line] += content[closing, line]
            content[closing, line] = 0
            for c in range(n_cands):
                content[c, line] += moved[c, line]
                rest[line] -= moved[c, line]
        parcel_weight[:] = grown
        parcel_weight[closing] = 0
    moved[:, :] = 0
    return bool(change < 0)


@kernel
def serve_large_order(
    order: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    slot_of_node: Int32s,
    plan: PlanState,
) -> None:
    """Plan an order of any size on what `plan` has left, and enter it there.

    pos_price, node_price : int64[p], int64[n], micros, >= 0.
    slot_of_node : int32[n], -1 everywhere on entry and on return (scratch).
    Allocates its other buffers: such orders are rare.
    """
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    n_lines = end - first
    line_penalty = p.line_penalty[first:end]
    line_weight = p.sku_weight[p.line_sku[first:end]]
    n_nodes = len(p.node_capacity)
    cand_node, cand_tariff = np.empty(n_nodes, np.int32), np.empty(n_nodes, np.int32)
    cand_fixed = np.empty(n_nodes, np.int64)
    cand_avail = np.zeros((n_nodes, n_lines), np.int64)
    cand_unit = np.zeros((n_nodes, n_lines), np.int64)
    cand_pos = np.zeros((n_nodes, n_lines), np.int64)
    n_cands = gather_candidates(
        p.line_sku[first:end], p.line_qty[first:end], p.lane_band[p.order_destination[order]],
        p.transit_slack[p.order_promise_class[order]], p.node_departure_class, p.tariff_of, p.sku_ptr,
        p.pos_node, plan.pos_left, p.pos_unit_cost, pos_price, plan.node_left, p.node_parcel_cost, node_price,
        slot_of_node, cand_node, cand_tariff, cand_fixed, cand_avail, cand_unit, cand_pos,
    )  # fmt: skip
    rest = p.line_qty[first:end].copy()
    content = np.zeros((n_cands, n_lines), np.int64)
    open_greedily(
        p, n_cands, cand_tariff, cand_fixed, cand_avail, cand_unit, line_weight, line_penalty, rest, content
    )
    parcel_weight = np.zeros(n_cands, np.int64)
    for c in range(n_cands):
        for line in range(n_lines):
            parcel_weight[c] += content[c, line] * line_weight[line]
    moved = np.zeros((n_cands, n_lines), np.int64)
    improved = True
    while improved:
        improved = False
        for c in range(n_cands):
            if parcel_weight[c] > 0:
                improved |= try_to_close(
                    c, p, n_cands, cand_tariff, cand_fixed, cand_avail, cand_unit, line_weight, line_penalty,
                    parcel_weight, content, rest, moved,
                )  # fmt: skip
    _enter(order, p, n_cands, cand_node, cand_tariff, cand_pos, content, rest, parcel_weight, plan)


@kernel
def _enter(
    order: int,
    p: ProblemArrays,
    n_cands: int,
    cand_node: Int32s,
    cand_tariff: Int32s,
    cand_pos: Int64Grid,
    content: Int64Grid,
    rest: Int64s,
    parcel_weight: Int64s,
    plan: PlanState,
) -> None:
    first = p.order_ptr[order]
    slot = entry = plan.slot_ptr[order]
    cost = 0
    for line in range(len(rest)):
        cost += rest[line] * p.line_penalty[first + line]
    for c in range(n_cands):
        if parcel_weight[c] == 0:
            continue
        node = cand_node[c]
        for line in range(len(rest)):
            units = content[c, line]
            if units == 0:
                continue
            pos = cand_pos[c, line]
            plan.entry_line[entry] = first + line
            plan.entry_pos[entry] = pos
            plan.entry_qty[entry] = units
            plan.pos_left[pos] -= units
            cost += units * p.pos_unit_cost[pos]
            entry += 1
        price, price_list = transport_cost(
            cand_tariff[c],
            parcel_weight[c],
            p.tariff_ptr,
            p.tariff_list,
            p.list_ptr,
            p.list_weight,
            p.list_cost,
        )
        cost += price + p.node_parcel_cost[node]
        plan.parcel_node[slot] = node
        plan.parcel_list[slot] = price_list
        plan.entry_end[slot] = entry
        plan.node_left[node] -= 1
        slot += 1
    plan.n_parcels[order] = slot - plan.slot_ptr[order]
    plan.order_cost[order] = cost


@kernel
def bound_large_order(
    order: int, p: ProblemArrays, pos_price: Int64s, node_price: Int64s, slot_of_node: Int32s
) -> int:
    """Bound an order's cost at prices from below, unit by unit, in micros.

    A unit costs at least the least of its penalty and the cheapest handling, commission and price over the
    nodes that could send it: parcels and transport only add to that.

    pos_price, node_price : int64[p], int64[n], micros, >= 0.
    """
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    band_row = p.lane_band[p.order_destination[order]]
    slack_row = p.transit_slack[p.order_promise_class[order]]
    total = 0
    for line in range(first, end):
        least = p.line_penalty[line]
        for pos in range(p.sku_ptr[p.line_sku[line]], p.sku_ptr[p.line_sku[line] + 1]):
            node = p.pos_node[pos]
            slack = slack_row[p.node_departure_class[node]]
            if p.pos_free[pos] <= 0 or p.node_capacity[node] <= 0 or band_row[node] < 0 or slack < 0:
                continue
            if p.tariff_of[band_row[node], slack] >= 0:
                least = min(least, p.pos_unit_cost[pos] + pos_price[pos])
        total += p.line_qty[line] * least
    return total
