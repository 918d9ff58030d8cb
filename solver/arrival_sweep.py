"""The plans of one order that no other beats on both cost and arrival, on each of several ways, in one sweep.

A deadline closes services, and between two moments at which a parcel can arrive no deadline changes anything.
So those moments are numbered. What each node can send is offered once, at the moment when it would arrive;
then the sweep goes through the moments and keeps the cheapest parcel so far of every state (`order_kernel`).
Where one became cheaper the order is cut into parcels anew, and where that made the whole order cheaper there
is a plan that none before it beats. A search a deadline would look at every node again each time.

Blocks are priced independently, as in the search of one order, and what comes out is checked as it is there.
What that does not settle, a node overdrawn or too many parcels, is rare, and left to that search.
"""

import numpy as np

from solver.jit import inner_kernel, kernel
from solver.order_kernel import (
    COST_MAX,
    UNFILLED,
    Int64Grid,
    best_partition,
    fill_states,
    list_contents,
    read_partition,
    transport_cost,
)
from solver.problem import NO_LANE, Int16s, Int32s, Int64s

OWN_LEVEL = -1
"""The transit level of a price list for what is collected where it stands."""
UNSETTLED = -1
"""Stands for the node, where a way is left to the search of one order."""


@kernel
def sweep_arrivals(
    line_qty: Int64s,
    line_weight: Int64s,
    line_penalty: Int64s,
    line_ptr: Int64s,
    pos_node: Int32s,
    pos_free: Int64s,
    pos_cost: Int64s,
    node_class: Int32s,
    node_cost: Int64s,
    node_left: Int64s,
    lane_band: Int16s,
    own_node: Int64s,
    own_moment: Int64s,
    own_left: Int64s,
    moment_of: Int64Grid,
    n_moments: int,
    band_ptr: Int64s,
    band_list: Int32s,
    list_level: Int64s,
    list_ptr: Int64s,
    list_weight: Int64s,
    list_cost: Int64s,
    list_fixed: Int64s,
    parcels_max: int,
) -> Int64Grid:
    """Find the plans of an order, way by way and from the earliest on, each cheaper than the one before.

    Axes: ``l`` lines, ``p`` positions, ``n`` nodes, ``w`` ways, ``m`` moments, ``k`` departure classes, ``v``
    transit levels, ``b`` bands, ``r`` price lists. Lists, bands and lanes as in `AllocationProblem`.

    line_qty, line_weight, line_penalty : int64[l], units, grams, and micros a unit left unfilled; as many
    units as the exact search takes.   line_ptr : int64[l+1].
    pos_node, pos_free, pos_cost : [p] of each line in turn; units, and micros a unit.
    node_class, node_cost, node_left : [n]; micros a parcel before transport, and parcels.
    lane_band : int16[w, n].
    own_node, own_moment, own_left : int64[w], the node where the customer collects, or -1; when what stands
    there is ready for him, and how many parcels of that the node can still keep.
    moment_of : int64[k, v], when a parcel arrives; moments are ascending in time and below `n_moments`.
    band_ptr, band_list : the lists of a band that are the cheapest of some deadline.
    list_level : int64[r], transit level, or OWN_LEVEL.

    Returns int64[entries, 8], one a line in a parcel: way, moment, number of the parcel within its plan,
    node, price list, line, position and units. The parcels of one way and moment are a plan, which is there
    by that moment. A way whose last entry has an UNSETTLED node has other plans than its entries say. Ties go
    to the earlier moment, then to the lower node. Cost of a way: O(offers * states), and a partition a moment
    at most.
    """
    n_lines, n_lists = len(line_qty), len(list_level)
    n_states = 1
    for qty in line_qty:
        n_states *= qty + 1
    stride = np.empty(n_lines, np.int64)
    state_weight, state_penalty = np.empty(n_states, np.int64), np.empty(n_states, np.int64)
    fill_states(line_qty, line_weight, line_penalty, stride, state_weight, state_penalty)

    cand_node = np.empty(len(pos_node), np.int64)
    cand_avail = np.zeros((len(pos_node), n_lines), np.int64)
    cand_unit = np.empty((len(pos_node), n_lines), np.int64)
    cand_pos = np.empty((len(pos_node), n_lines), np.int64)
    cand_of_node = np.zeros(len(node_cost), np.int64)  # one more than the number; 0 where there is none
    n_cands = _gather(
        line_qty, line_ptr, pos_node, pos_free, pos_cost, cand_of_node,
        cand_node, cand_avail, cand_unit, cand_pos,
    )  # fmt: skip
    content_ptr = np.zeros(n_cands + 1, np.int64)
    for c in range(n_cands):
        count = 1
        for units in cand_avail[c]:
            count *= units + 1
        content_ptr[c + 1] = content_ptr[c] + count
    content = np.empty(content_ptr[n_cands], np.int64)
    content_cost = np.empty(content_ptr[n_cands], np.int64)
    for c in range(n_cands):
        begin, end = content_ptr[c], content_ptr[c + 1]
        list_contents(cand_avail[c], cand_unit[c], stride, content[begin:end], content_cost[begin:end])

    is_priced = np.zeros(n_lists, np.uint8)
    transport = np.empty((n_lists, n_states), np.int64)
    alone_ptr, alone = np.arange(n_lists + 1), np.arange(n_lists).astype(np.int32)  # a tariff of each list
    offer_cost = np.empty((n_moments, n_states), np.int64)
    offer_cand = np.empty((n_moments, n_states), np.int32)
    offer_list = np.empty((n_moments, n_states), np.int32)
    best_cost, best_cand = np.empty(n_states, np.int64), np.empty(n_states, np.int32)
    best_list = np.empty(n_states, np.int32)
    plan_cost, plan_block = np.empty(n_states, np.int64), np.empty(n_states, np.int64)
    blocks = np.empty(n_states, np.int64)
    out_cand, out_state = np.empty(n_states, np.int32), np.empty(n_states, np.int64)
    found, n_found = np.empty((64, 8), np.int64), 0

    for way in range(len(lane_band)):
        for moment in range(n_moments):  # loops: copies of slices take the compiler seconds
            for s in range(n_states):
                offer_cost[moment, s] = COST_MAX
        for c in range(n_cands):
            node = cand_node[c]
            is_own = node == own_node[way]
            left = own_left[way] if is_own else node_left[node]
            band = lane_band[way, node]
            if band == NO_LANE or left <= 0:
                continue
            for i in range(band_ptr[band], band_ptr[band + 1]):
                r = band_list[i]
                if not is_priced[r]:
                    is_priced[r] = 1
                    for s in range(1, n_states):
                        transport[r, s] = transport_cost(
                            r, state_weight[s], alone_ptr, alone, list_ptr, list_weight, list_cost, list_fixed
                        )[0]
                level = list_level[r]
                moment = own_moment[way] if level == OWN_LEVEL else moment_of[node_class[node], level]
                for k in range(content_ptr[c] + 1, content_ptr[c + 1]):
                    s = content[k]
                    cost = node_cost[node] + transport[r, s] + content_cost[k]
                    least = offer_cost[moment, s]
                    if cost < least or (cost == least and node < cand_node[offer_cand[moment, s]]):
                        offer_cost[moment, s] = cost
                        offer_cand[moment, s] = c
                        offer_list[moment, s] = r

        for s in range(n_states):
            best_cost[s], best_cand[s] = state_penalty[s], UNFILLED
        least = state_penalty[n_states - 1]
        for moment in range(n_moments):
            is_cheaper = False
            for s in range(1, n_states):
                if offer_cost[moment, s] < best_cost[s]:
                    best_cost[s] = offer_cost[moment, s]
                    best_cand[s] = offer_cand[moment, s]
                    best_list[s] = offer_list[moment, s]
                    is_cheaper = True
            if not is_cheaper:
                continue
            best_partition(stride, line_qty, n_states, best_cost, blocks, plan_cost, plan_block)
            if plan_cost[n_states - 1] >= least:
                continue
            least = plan_cost[n_states - 1]
            n_out = read_partition(n_states - 1, plan_block, best_cand, out_cand, out_state, 0)
            if n_found + n_out * n_lines > len(found):
                larger = np.empty((2 * len(found) + n_out * n_lines, 8), np.int64)
                for entry in range(n_found):
                    for k in range(8):
                        larger[entry, k] = found[entry, k]
                found = larger
            is_settled = n_out <= parcels_max
            for j in range(n_out):
                c, s = out_cand[j], out_state[j]
                node = cand_node[c]
                left = own_left[way] if node == own_node[way] else node_left[node]
                if _is_overdrawn(c, left, n_out, out_cand, out_state, line_qty, stride, cand_avail[c]):
                    is_settled = False
                for line in range(n_lines):
                    units = (s // stride[line]) % (line_qty[line] + 1)
                    if units > 0:
                        entry = found[n_found]
                        entry[0], entry[1], entry[2], entry[3] = way, moment, j, node
                        entry[4], entry[5], entry[6], entry[7] = best_list[s], line, cand_pos[c, line], units
                        n_found += 1
            if not is_settled:
                found[n_found - 1, 3] = UNSETTLED
                break
    return found[:n_found]


@inner_kernel
def _gather(
    line_qty: Int64s,
    line_ptr: Int64s,
    pos_node: Int32s,
    pos_free: Int64s,
    pos_cost: Int64s,
    cand_of_node: Int64s,
    cand_node: Int64s,
    cand_avail: Int64Grid,
    cand_unit: Int64Grid,
    cand_pos: Int64Grid,
) -> int:
    """Collect the nodes that have a unit of any line.

    cand_of_node : int64[n], scratch, 0 everywhere on entry.   cand_avail : int64[c, l], 0 on entry as well.
    cand_node, cand_avail, cand_unit, cand_pos : written: the node, and of each line how many units it can
    send, at most those asked for, what one costs in micros, and its position. Returns how many there are.
    """
    n_cands = 0
    for line in range(len(line_qty)):
        for p in range(line_ptr[line], line_ptr[line + 1]):
            if pos_free[p] <= 0:
                continue
            c = cand_of_node[pos_node[p]] - 1
            if c < 0:
                c = n_cands
                n_cands += 1
                cand_of_node[pos_node[p]] = n_cands
                cand_node[c] = pos_node[p]
            cand_avail[c, line] = min(pos_free[p], line_qty[line])
            cand_unit[c, line] = pos_cost[p]
            cand_pos[c, line] = p
    return n_cands


@inner_kernel
def _is_overdrawn(
    cand: int,
    left: int,
    n_out: int,
    out_cand: Int32s,
    out_state: Int64s,
    line_qty: Int64s,
    stride: Int64s,
    avail: Int64s,
) -> bool:
    """Whether a node's parcels are more than the `left` ones, or hold more units than it has (`avail`)."""
    for line in range(len(line_qty)):
        units = parcels = 0
        for j in range(n_out):
            if out_cand[j] == cand:
                units += (out_state[j] // stride[line]) % (line_qty[line] + 1)
                parcels += 1
        if units > avail[line] or parcels > left:
            return True
    return False
