"""A good plan for an order with too many states for the exact search. A heuristic, and named as such.

Greedy covering (Chvátal 1979): open the parcel that costs least for each micro of penalty it saves, as full
as its node and the order allow, until no parcel saves anything. Then, while it helps, close a parcel and hand
its units to the ones that stay, or leave them unfilled: the drop step of the add-drop heuristics for plant
location (Kuehn & Hamburger 1963). At most one parcel leaves a node. Of several ways to serve the order the
one that comes out cheapest is taken.
"""

import numpy as np
import numpy.typing as npt

from solver.arrays import ProblemArrays
from solver.jit import inner_kernel, kernel
from solver.joint import Needs, capacity_left, capacity_of_units, need_of_row, needs_of
from solver.order_kernel import COST_MAX, NEVER, gather_candidates, recipe_price, recipe_units, transport_cost
from solver.plan_state import PlanState, close_parcel
from solver.problem import OWN_WAY, Int32s, Int64s
from solver.search import cost_of_nothing

Int64Grid = npt.NDArray[np.int64]


@inner_kernel
def _transport(p: ProblemArrays, tariff: int, weight_g: int) -> int:
    if weight_g == 0:
        return 0
    return transport_cost(
        tariff, weight_g, p.tariff_ptr, p.tariff_list, p.list_ptr, p.list_weight, p.list_cost, p.list_fixed
    )[0]


@inner_kernel
def room_for(
    line: int, avail: int, capacity: int, units: Int64s, positions: Int64s, pos_left: Int64s, needs: Needs
) -> int:
    """Count the further units of a line that fit into a parcel.

    avail : units of the line that would fit alone.   capacity : units of it that the node has left for goods.
    units, positions : int64[l], what the parcel holds, and where the units of each line come from.
    """
    room = int(avail - units[line])
    if not needs.is_joint or room <= 0:
        return room
    pos, n_stock = positions[line], len(pos_left)
    begin, end = 0, 1
    if pos >= n_stock:
        begin, end = needs.recipe_ptr[pos - n_stock], needs.recipe_ptr[pos - n_stock + 1]
    for r in range(begin, end):
        row, each = (pos, 1) if pos < n_stock else (needs.recipe_pos[r], needs.recipe_qty[r])
        room = min(room, (pos_left[row] - need_of_row(row, units, positions, needs)) // each)
    if needs.pos_capacity_use[pos] > 0:
        spare = capacity - capacity_of_units(units, positions, needs)
        room = min(room, spare // needs.pos_capacity_use[pos])
    return max(0, room)


@inner_kernel
def open_greedily(
    p: ProblemArrays,
    needs: Needs,
    pos_left: Int64s,
    parcels_max: int,
    n_cands: int,
    cand_tariff: Int32s,
    cand_fixed: Int64s,
    cand_room: Int64s,
    cand_avail: Int64Grid,
    cand_unit: Int64Grid,
    cand_pos: Int64Grid,
    line_weight: Int64s,
    line_penalty: Int64s,
    rest: Int64s,
    content: Int64Grid,
) -> None:
    """Open at most `parcels_max` parcels by what they cost for each micro of penalty saved.

    cand_* : as `gather_candidates` writes them; cand_room, int64[c], is the capacity for goods in a parcel.
    line_weight, line_penalty : int64[l], grams, micros a unit.
    rest : int64[l], units still to serve, changed in place.
    content : int64[c, l], 0 on entry; written: the units that each candidate sends.
    Cost O(parcels * c * l), but for lines that share components.
    """
    n_lines = len(rest)
    is_open = np.zeros(n_cands, np.uint8)
    held, best_held = np.zeros(n_lines, np.int64), np.zeros(n_lines, np.int64)
    for _ in range(min(parcels_max, n_cands)):
        best, best_ratio = -1, 1.0  # at ratio 1 a parcel costs what it saves
        for c in range(n_cands):
            if is_open[c]:
                continue
            cost, saved, weight = cand_fixed[c], 0.0, 0
            held[:] = 0
            for line in range(n_lines):
                avail = cand_avail[c, line]
                if avail > 0 and cand_unit[c, line] < line_penalty[line]:
                    room = room_for(line, avail, cand_room[c], held, cand_pos[c], pos_left, needs)
                    units = min(room, rest[line])
                    held[line] = units
                    cost += units * cand_unit[c, line]
                    saved += units * float(line_penalty[line])
                    weight += units * line_weight[line]
            if saved == 0:
                continue
            ratio = (cost + _transport(p, cand_tariff[c], weight)) / saved
            if ratio < best_ratio:
                best, best_ratio = c, ratio
                for line in range(n_lines):
                    best_held[line] = held[line]
        if best < 0:
            return
        is_open[best] = 1
        for line in range(n_lines):
            content[best, line] = best_held[line]
            rest[line] -= best_held[line]


@inner_kernel
def try_to_close(
    closing: int,
    p: ProblemArrays,
    needs: Needs,
    pos_left: Int64s,
    n_cands: int,
    cand_tariff: Int32s,
    cand_fixed: Int64s,
    cand_room: Int64s,
    cand_avail: Int64Grid,
    cand_unit: Int64Grid,
    cand_pos: Int64Grid,
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
                held = content[c, line] + moved[c, line]
                if c == closing or parcel_weight[c] == 0 or cand_avail[c, line] <= held:
                    continue
                spare = room_for(
                    line,
                    cand_avail[c, line],
                    cand_room[c],
                    content[c] + moved[c],
                    cand_pos[c],
                    pos_left,
                    needs,
                )
                if spare <= 0:
                    continue
                k = min(units, spare)
                extra = _transport(p, cand_tariff[c], grown[c] + k * line_weight[line])
                extra -= _transport(p, cand_tariff[c], grown[c])
                price = extra / k + cand_unit[c, line]
                if price < least:
                    target, batch, least = c, k, price
            if target < 0:
                change += min(units * line_penalty[line], NEVER)
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
        for c in range(n_cands):
            parcel_weight[c] = grown[c]
        parcel_weight[closing] = 0
    moved[:, :] = 0
    return bool(change < 0)


@inner_kernel
def plan_large_way(
    order: int,
    way: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    slot_of_node: Int32s,
    plan: PlanState,
) -> tuple[int, Int32s, Int32s, Int64Grid, Int64Grid, Int64s]:
    """Plan an order by one `way`, an alternative or OWN_WAY, on what `plan` has left.

    Returns (cost with prices in micros, nodes, tariffs, positions, content, parcel weights); the arrays are
    by candidate, int64[c, l] the third and fourth.
    """
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    n_lines = end - first
    destination, promise_class = p.order_destination[order], p.order_promise_class[order]
    if way != OWN_WAY:
        destination, promise_class = p.alternative_destination[way], p.alternative_promise_class[way]
    line_penalty = p.line_penalty[first:end].copy()
    nothing = cost_of_nothing(p.line_qty[first:end], line_penalty)
    if p.order_complete[order]:  # worth anything, if only all of it is sent
        line_penalty[:] = nothing
    line_weight = p.sku_weight[p.line_sku[first:end]]
    n_nodes = len(p.node_capacity)
    cand_node, cand_tariff = np.empty(n_nodes, np.int32), np.empty(n_nodes, np.int32)
    cand_fixed = np.empty(n_nodes, np.int64)
    cand_avail = np.zeros((n_nodes, n_lines), np.int64)
    cand_unit = np.zeros((n_nodes, n_lines), np.int64)
    cand_pos = np.zeros((n_nodes, n_lines), np.int64)
    n_cands = gather_candidates(
        p.line_sku[first:end], p.line_qty[first:end], p.lane_band[destination],
        p.transit_slack[promise_class], p.node_departure_class, p.tariff_of, p.sku_ptr,
        p.pos_node, plan.pos_left, p.pos_unit_cost, pos_price, plan.node_left, p.node_parcel_cost, node_price,
        p.is_joint, p.node_parcel_use, p.pos_capacity_use, p.recipe_ptr, p.recipe_pos, p.recipe_qty,
        slot_of_node, cand_node, cand_tariff, cand_fixed, cand_avail, cand_unit, cand_pos,
    )  # fmt: skip
    needs = needs_of(p)
    cand_room = np.empty(n_cands, np.int64)
    for c in range(n_cands):
        cand_room[c] = capacity_left(plan.node_left[cand_node[c]]) - p.node_parcel_use[cand_node[c]]
    rest = p.line_qty[first:end].copy()
    content = np.zeros((n_cands, n_lines), np.int64)
    open_greedily(
        p, needs, plan.pos_left, p.order_parcels_max[order], n_cands, cand_tariff, cand_fixed, cand_room,
        cand_avail, cand_unit, cand_pos, line_weight, line_penalty, rest, content,
    )  # fmt: skip
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
                    c, p, needs, plan.pos_left, n_cands, cand_tariff, cand_fixed, cand_room, cand_avail,
                    cand_unit, cand_pos, line_weight, line_penalty, parcel_weight, content, rest,
                    moved,
                )  # fmt: skip
    cost = 0
    for line in range(n_lines):
        cost += rest[line] * p.line_penalty[first + line]
    for c in range(n_cands):
        if parcel_weight[c] > 0:
            cost += cand_fixed[c] + _transport(p, cand_tariff[c], parcel_weight[c])
            for line in range(n_lines):
                cost += content[c, line] * cand_unit[c, line]
    if p.order_complete[order] and (rest.sum() > 0 or cost >= nothing):
        parcel_weight[:] = 0
        cost = nothing
    return cost, cand_node, cand_tariff, cand_pos, content, parcel_weight


@inner_kernel
def serve_large_order(
    order: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    slot_of_node: Int32s,
    plan: PlanState,
) -> None:
    """Plan an order of any size on what `plan` has left, and enter it there.

    pos_price, node_price : int64[h], int64[n], micros, >= 0.
    slot_of_node : int32[n], -1 everywhere on entry and on return (scratch).
    Allocates its other buffers: such orders are rare.
    """
    way = best_way = OWN_WAY
    least = COST_MAX
    following, end = p.alternative_ptr[order], p.alternative_ptr[order + 1]
    while True:
        cost, cand_node, cand_tariff, cand_pos, content, parcel_weight = plan_large_way(
            order, way, p, pos_price, node_price, slot_of_node, plan
        )
        if cost < least:
            least, best_way = cost, way
        if following < end:
            way = following
            following += 1
        elif way == best_way:
            break
        else:  # planned once more, as in `search_order`
            way = best_way
    enter_parcels(order, p, cand_node, cand_tariff, cand_pos, content, parcel_weight, plan)
    plan.order_alternative[order] = best_way if plan.n_parcels[order] > 0 else OWN_WAY


@inner_kernel
def enter_parcels(
    order: int,
    p: ProblemArrays,
    cand_node: Int32s,
    cand_tariff: Int32s,
    cand_pos: Int64Grid,
    content: Int64Grid,
    parcel_weight: Int64s,
    plan: PlanState,
) -> None:
    """Enter a parcel a candidate, where it weighs anything, and the order's true cost, into the plan."""
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    slot = entry = plan.slot_ptr[order]
    cost = cost_of_nothing(p.line_qty[first:end], p.line_penalty[first:end])
    for c in range(len(parcel_weight)):
        if parcel_weight[c] == 0:
            continue
        begin = entry
        for line in range(content.shape[1]):
            units = content[c, line]
            if units == 0:
                continue
            pos = cand_pos[c, line]
            plan.entry_line[entry] = first + line
            plan.entry_pos[entry] = pos
            plan.entry_qty[entry] = units
            cost += units * (p.pos_unit_cost[pos] - p.line_penalty[first + line])
            entry += 1
        price, price_list = transport_cost(
            cand_tariff[c], parcel_weight[c],
            p.tariff_ptr, p.tariff_list, p.list_ptr, p.list_weight, p.list_cost, p.list_fixed,
        )  # fmt: skip
        cost += price + p.node_parcel_cost[cand_node[c]]
        close_parcel(slot, begin, entry, cand_node[c], price_list, p, plan)
        slot += 1
    plan.n_parcels[order] = slot - plan.slot_ptr[order]
    plan.order_cost[order] = cost


@kernel
def bound_large_order(
    order: int, p: ProblemArrays, pos_price: Int64s, node_price: Int64s, slot_of_node: Int32s
) -> int:
    """Bound an order's cost at prices from below, unit by unit, in micros.

    A unit costs at least the least of its penalty and the cheapest handling, commission and price over the
    nodes that could send it: parcels and transport only add to that. An order that is sent complete or not at
    all pays for all its units one way or the other, and of several ways to serve it the order takes one.

    pos_price, node_price : int64[h], int64[n], micros, >= 0.
    """
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    cheapest = cost_of_nothing(p.line_qty[first:end], p.line_penalty[first:end])
    n_stock = len(pos_price)
    begin = p.alternative_ptr[order] - 1
    for way in range(begin, p.alternative_ptr[order + 1]):  # the first stands for the order's own
        destination, promise_class = p.order_destination[order], p.order_promise_class[order]
        if way > begin:
            destination, promise_class = p.alternative_destination[way], p.alternative_promise_class[way]
        band_row, slack_row = p.lane_band[destination], p.transit_slack[promise_class]
        total = 0
        for line in range(first, end):
            least = NEVER if p.order_complete[order] else p.line_penalty[line]
            for pos in range(p.sku_ptr[p.line_sku[line]], p.sku_ptr[p.line_sku[line] + 1]):
                node = p.pos_node[pos]
                slack = slack_row[p.node_departure_class[node]]
                use = p.pos_capacity_use[pos]
                if band_row[node] < 0 or slack < 0 or p.tariff_of[band_row[node], slack] < 0:
                    continue
                if p.node_capacity[node] < p.node_parcel_use[node] + use:
                    continue
                if pos < n_stock:
                    units, price = p.pos_free[pos], pos_price[pos]
                else:
                    i = pos - n_stock
                    units = recipe_units(i, p.recipe_ptr, p.recipe_pos, p.recipe_qty, p.pos_free)
                    price = recipe_price(i, p.recipe_ptr, p.recipe_pos, p.recipe_qty, pos_price)
                if units > 0:
                    least = min(least, p.pos_unit_cost[pos] + price + use * node_price[node])
            if least >= NEVER:  # it cannot be complete
                total = NEVER
                break
            total += p.line_qty[line] * least
        cheapest = min(cheapest, total)
    return cheapest
