"""The cheapest plan of one order at given prices, exactly.

Equal units are interchangeable, so what is still to be served is a *count vector* over the order's lines and
there are only prod(qty + 1) of them, the **states**. A state is held as one integer in mixed radix.

0. `gather_candidates` and `price_transport` bring what the order needs into small dense arrays.
1. `best_parcels`: for each state, the cheapest single parcel that holds exactly it, over all candidate nodes,
   or leaving its units unfilled at their penalty.
2. `best_partition`: for each state, the cheapest way to cut it into such blocks; a subset convolution
   ``f(x) = min over y <= x of best(y) + f(x - y)`` in which y holds a unit of x's first line.

Blocks are priced independently, so two blocks from one node could take more of a position than it holds, or
more of its capacity than there is; so could two lines of one block that share a component. That relaxation is
checked on its optimum: when no node is overdrawn it *is* the optimum, else the overdrawn nodes become
**strict** (`strict_nodes`): each is given all it sends at once, jointly within its stock and capacity, and
the rest is relaxed again. The set of strict nodes only grows, so this ends, and it ends at the exact
optimum. Overdrawing needs a position with fewer units than the line asks for, a node almost at capacity or a
shared component, so strict nodes are rare. `search` runs these steps in their order.

Weight steps, per-parcel and per-unit costs and a line's units from several nodes are all inside the search;
prices on stock and capacity only change ``cand_unit`` and ``cand_fixed``. An order that is sent complete or
not at all has a `NEVER` for a penalty; one that may have too many parcels is cut anew, counting them
(`parcels_max`). Exact while prod(qty + 1) <= `STATES_MAX`; `large_order` takes the rest.

Every kernel works on flat arrays that its caller owns; ties go to the lower node index, so results repeat.
"""

import numpy as np
import numpy.typing as npt

from solver.jit import inner_kernel, kernel
from solver.problem import NO_LANE, NO_TARIFF, UNLIMITED_PARCELS, Int16s, Int32s, Int64s

STATES_MAX = 512
EXACT_LINES_MAX = 9  # 2 ** 9 states
UNFILLED = -1
COST_MAX = 2**62
NEVER = 2**60  # micros: the penalty of what may not stay unfilled; a few of them still add up

Int32Grid = npt.NDArray[np.int32]
Int64Grid = npt.NDArray[np.int64]


@kernel
def count_states(line_qty: Int64s) -> int:
    """Return prod(qty + 1) over `line_qty` (int64[l], units), or STATES_MAX + 1 when it is larger."""
    states = 1
    for qty in line_qty:
        states *= qty + 1
        if states > STATES_MAX:
            return STATES_MAX + 1
    return states


@inner_kernel
def transport_cost(
    tariff: int,
    weight_g: int,
    tariff_ptr: Int64s,
    tariff_list: Int32s,
    list_ptr: Int64s,
    list_weight: Int64s,
    list_cost: Int64s,
    list_fixed: Int64s,
) -> tuple[int, int]:
    """Price a parcel on the cheapest list of its tariff.

    A parcel heavier than the last step pays the last step once for every full multiple of it, and the step of
    the rest; and what its list adds to every parcel.

    weight_g : grams, at least 1.   The arrays : as in `AllocationProblem`.
    Returns (cost in micros, price list); ties go to the list that stands first. Cost O(lists * log(steps)).
    """
    best_cost, best_list = COST_MAX, -1
    for i in range(tariff_ptr[tariff], tariff_ptr[tariff + 1]):
        r = tariff_list[i]
        low, last = list_ptr[r], list_ptr[r + 1] - 1
        full = (weight_g - 1) // list_weight[last]
        rest = weight_g - full * list_weight[last]
        high = last
        while low < high:  # the first step that holds the rest
            middle = (low + high) // 2
            if list_weight[middle] < rest:
                low = middle + 1
            else:
                high = middle
        cost = full * list_cost[last] + list_cost[low] + list_fixed[r]
        if cost < best_cost:
            best_cost, best_list = cost, r
    return best_cost, best_list


@inner_kernel
def recipe_units(i: int, recipe_ptr: Int64s, recipe_pos: Int64s, recipe_qty: Int64s, pos_left: Int64s) -> int:
    """Count the units of the i-th compound position that its components are enough for."""
    units = UNLIMITED_PARCELS
    for k in range(recipe_ptr[i], recipe_ptr[i + 1]):
        units = min(units, pos_left[recipe_pos[k]] // recipe_qty[k])
    return units


@inner_kernel
def recipe_price(
    i: int, recipe_ptr: Int64s, recipe_pos: Int64s, recipe_qty: Int64s, pos_price: Int64s
) -> int:
    """Price a unit of the i-th compound position: its components at `pos_price` (int64[h], micros)."""
    price = 0
    for k in range(recipe_ptr[i], recipe_ptr[i + 1]):
        price += recipe_qty[k] * pos_price[recipe_pos[k]]
    return price


@inner_kernel
def joint_units_and_price(
    pos: int,
    pos_left: Int64s,
    pos_price: Int64s,
    node_left: int,
    node_price: int,
    parcel_use: int,
    unit_use: int,
    recipe_ptr: Int64s,
    recipe_pos: Int64s,
    recipe_qty: Int64s,
) -> tuple[int, int]:
    """Count the units that a position can send in one parcel, and price one, its capacity included."""
    i = pos - len(pos_left)
    if i < 0:
        units, price = pos_left[pos], pos_price[pos]
    else:
        units = recipe_units(i, recipe_ptr, recipe_pos, recipe_qty, pos_left)
        price = recipe_price(i, recipe_ptr, recipe_pos, recipe_qty, pos_price)
    if unit_use > 0 and node_left < UNLIMITED_PARCELS:
        units = min(units, max(0, node_left - parcel_use) // unit_use)
    return units, price + unit_use * node_price


@inner_kernel
def gather_candidates(
    line_sku: Int32s,
    line_qty: Int64s,
    band_row: Int16s,
    slack_row: Int16s,
    node_departure_class: Int32s,
    tariff_of: Int32Grid,
    sku_ptr: Int64s,
    pos_node: Int32s,
    pos_left: Int64s,
    pos_unit_cost: Int64s,
    pos_price: Int64s,
    node_left: Int64s,
    node_parcel_cost: Int64s,
    node_price: Int64s,
    is_joint: bool,
    node_parcel_use: Int64s,
    pos_capacity_use: Int64s,
    recipe_ptr: Int64s,
    recipe_pos: Int64s,
    recipe_qty: Int64s,
    slot_of_node: Int32s,
    cand_node: Int32s,
    cand_tariff: Int32s,
    cand_fixed: Int64s,
    cand_avail: Int64Grid,
    cand_unit: Int64Grid,
    cand_pos: Int64Grid,
) -> int:
    """Collect the nodes that can send at least one unit of the order in time.

    line_sku, line_qty : [l], the order's lines.   band_row : int16[n], the lanes of its destination.
    slack_row : int16[k], its promise class.   pos_left : int64[h] units.   node_left : int64[n] units of
    capacity, UNLIMITED_PARCELS where there is no limit.
    pos_price, node_price : int64[h], int64[n], micros a unit, >= 0.
    is_joint : whether units use capacity or are made of others, or parcels may use none.
    slot_of_node : int32[n], -1 everywhere on entry and on return (scratch).
    cand_* : written; first axis at least the number of nodes that stock a line. Of candidate c,
    cand_fixed[c] is what a parcel costs before transport, in micros; cand_avail[c, l] is how many units of
    a line it can send alone (at most the line's qty), and where that is not 0, cand_unit[c, l] is what one
    costs, in micros, and cand_pos[c, l] its position.
    Returns the number of candidates.
    """
    n_lines = len(line_sku)
    n_cands = 0
    for line in range(n_lines):
        for p in range(sku_ptr[line_sku[line]], sku_ptr[line_sku[line] + 1]):
            node = pos_node[p]
            if is_joint:
                units, price = joint_units_and_price(
                    p, pos_left, pos_price, node_left[node], node_price[node], node_parcel_use[node],
                    pos_capacity_use[p], recipe_ptr, recipe_pos, recipe_qty,
                )  # fmt: skip
                if units <= 0 or band_row[node] == NO_LANE:
                    continue
            else:
                if pos_left[p] <= 0 or node_left[node] <= 0 or band_row[node] == NO_LANE:
                    continue
                units, price = pos_left[p], pos_price[p]
            c = slot_of_node[node]
            if c < 0:
                slack = slack_row[node_departure_class[node]]
                if slack < 0 or node_left[node] < node_parcel_use[node]:
                    continue
                tariff = tariff_of[band_row[node], slack]
                if tariff == NO_TARIFF:
                    continue
                c = n_cands
                n_cands += 1
                slot_of_node[node] = c
                cand_node[c] = node
                cand_tariff[c] = tariff
                cand_fixed[c] = node_parcel_cost[node] + node_price[node] * node_parcel_use[node]
                for other in range(n_lines):
                    cand_avail[c, other] = 0
            cand_avail[c, line] = min(units, line_qty[line])
            cand_unit[c, line] = pos_unit_cost[p] + price
            cand_pos[c, line] = p
    for c in range(n_cands):
        slot_of_node[cand_node[c]] = -1
    return n_cands


@inner_kernel
def fill_states(
    line_qty: Int64s,
    line_weight: Int64s,
    line_penalty: Int64s,
    stride: Int64s,
    state_weight: Int64s,
    state_penalty: Int64s,
) -> int:
    """Lay out the states of an order in mixed radix.

    line_qty, line_weight, line_penalty : int64[l], units, grams and micros a unit.
    stride : int64[l], written: what one unit of the line adds to a state.
    state_weight, state_penalty : int64[states], written: grams, and micros if all of it stays unfilled.
    Returns the number of states; the last one is the whole order.
    """
    n = 1
    state_weight[0] = 0
    state_penalty[0] = 0
    for line in range(len(line_qty)):
        stride[line] = n
        filled = n
        for _ in range(line_qty[line] * filled):
            state_weight[n] = state_weight[n - filled] + line_weight[line]
            state_penalty[n] = state_penalty[n - filled] + line_penalty[line]
            n += 1
    return n


@inner_kernel
def list_contents(
    count: Int64s, unit_cost: Int64s, stride: Int64s, content: Int64s, content_cost: Int64s
) -> int:
    """List every state within `count` with what its units cost.

    count, unit_cost : int64, at least l entries, units and micros a unit.   stride : int64[l].
    content, content_cost : int64[states], written; entry 0 is the empty state.
    Returns how many there are, prod(count + 1).
    """
    n = 1
    content[0] = 0
    content_cost[0] = 0
    for line in range(len(stride)):
        filled = n
        for k in range(1, count[line] + 1):
            for i in range(filled):
                content[n] = content[i] + k * stride[line]
                content_cost[n] = content_cost[i] + k * unit_cost[line]
                n += 1
    return n


@inner_kernel
def best_parcels(
    n_cands: int,
    cand_node: Int32s,
    cand_row: Int32s,
    cand_fixed: Int64s,
    cand_avail: Int64Grid,
    cand_unit: Int64Grid,
    is_strict: npt.NDArray[np.uint8],
    transport: Int64Grid,
    stride: Int64s,
    n_states: int,
    state_penalty: Int64s,
    content: Int64s,
    content_cost: Int64s,
    best_cost: Int64s,
    best_cand: Int32s,
) -> None:
    """Find the cheapest single parcel for each state.

    cand_row : int32[c], which row of `transport` (int64[row, states], micros) has the candidate's prices.
    is_strict : uint8[c], 1 for a candidate to pass over.   content, content_cost : int64[states], scratch.
    best_cost : int64[states], micros, written.
    best_cand : int32[states], written; UNFILLED where leaving the units out is at least as cheap.
    Cost O(sum over candidates of the states they can hold).
    """
    for s in range(n_states):
        best_cost[s] = state_penalty[s]
        best_cand[s] = UNFILLED
    for c in range(n_cands):
        if is_strict[c]:
            continue
        n = list_contents(cand_avail[c], cand_unit[c], stride, content, content_cost)
        row = cand_row[c]
        for i in range(1, n):
            s = content[i]
            cost = cand_fixed[c] + transport[row, s] + content_cost[i]
            if cost < best_cost[s]:
                best_cost[s] = cost
                best_cand[s] = c
            elif cost == best_cost[s] and best_cand[s] >= 0 and cand_node[c] < cand_node[best_cand[s]]:
                best_cand[s] = c


@inner_kernel
def list_first_blocks(
    state: int, stride: Int64s, line_qty: Int64s, blocks: Int64s, at_least_one: bool
) -> int:
    """List the states within `state`; with `at_least_one`, those that hold a unit of its first line.

    blocks : int64[states], written. Returns how many there are.
    """
    n = 1
    blocks[0] = 0
    is_first = at_least_one
    for line in range(len(stride)):
        digit = (state // stride[line]) % (line_qty[line] + 1)
        if digit == 0:
            continue
        filled = n
        for k in range(1, digit + 1):
            for i in range(filled):
                blocks[n] = blocks[i] + k * stride[line]
                n += 1
        if is_first:  # drop the empty block: every block now holds a unit of this line
            n -= 1
            for i in range(n):
                blocks[i] = blocks[i + 1]
            is_first = False
    return n


@inner_kernel
def best_partition(
    stride: Int64s,
    line_qty: Int64s,
    n_states: int,
    block_cost: Int64s,
    blocks: Int64s,
    plan_cost: Int64s,
    plan_block: Int64s,
) -> None:
    """Cut each state into blocks at least cost.

    block_cost : int64[states], micros.   blocks : int64[states], scratch.
    plan_cost, plan_block : int64[states], written: the least cost, and the block that is cut off first.
    Cost O(prod((qty + 1)(qty + 2) / 2)).
    """
    plan_cost[0] = 0
    plan_block[0] = 0
    for s in range(1, n_states):
        least, cut = block_cost[s], s
        n = list_first_blocks(s, stride, line_qty, blocks, True)
        for i in range(n):
            cost = block_cost[blocks[i]] + plan_cost[s - blocks[i]]
            if cost < least:
                least, cut = cost, blocks[i]
        plan_cost[s] = least
        plan_block[s] = cut


@inner_kernel
def read_partition(
    state: int, plan_block: Int64s, best_cand: Int32s, out_cand: Int32s, out_state: Int64s, n_out: int
) -> int:
    """Append the parcels of `state`'s best partition to out_cand, out_state; returns their new number."""
    while state > 0:
        block = plan_block[state]
        if best_cand[block] != UNFILLED:
            out_cand[n_out] = best_cand[block]
            out_state[n_out] = block
            n_out += 1
        state -= block
    return n_out


@inner_kernel
def price_transport(
    n_cands: int,
    cand_tariff: Int32s,
    row_of_tariff: Int32s,
    n_states: int,
    state_weight: Int64s,
    tariff_ptr: Int64s,
    tariff_list: Int32s,
    list_ptr: Int64s,
    list_weight: Int64s,
    list_cost: Int64s,
    list_fixed: Int64s,
    cand_row: Int32s,
    transport: Int64Grid,
) -> None:
    """Price every state on every tariff that a candidate rides.

    row_of_tariff : int32[t], -1 everywhere on entry and on return (scratch).
    cand_row : int32[c], written.   transport : int64[rows, states], written, micros.
    """
    rows = 0
    for c in range(n_cands):
        tariff = cand_tariff[c]
        row = row_of_tariff[tariff]
        if row < 0:
            row = rows
            rows += 1
            row_of_tariff[tariff] = row
            for s in range(1, n_states):
                transport[row, s] = transport_cost(
                    tariff, state_weight[s], tariff_ptr, tariff_list, list_ptr, list_weight, list_cost,
                    list_fixed,
                )[0]  # fmt: skip
        cand_row[c] = row
    for c in range(n_cands):
        row_of_tariff[cand_tariff[c]] = -1
