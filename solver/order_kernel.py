"""The cheapest plan of one order at given prices, exactly.

Equal units are interchangeable, so what is still to be served is a *count vector* over the order's lines and
there are only prod(qty + 1) of them, the **states**. A state is held as one integer in mixed radix.

0. `gather_candidates` and `price_transport` bring what the order needs into small dense arrays.
1. `best_parcels`: for each state, the cheapest single parcel that holds exactly it, over all candidate nodes,
   or leaving its units unfilled at their penalty.
2. `best_partition`: for each state, the cheapest way to cut it into such blocks; a subset convolution
   ``f(x) = min over y <= x of best(y) + f(x - y)`` in which y holds a unit of x's first line.

Blocks are priced independently, so two blocks from one node could take more of a position than it holds, or
more parcels than the node may send. That relaxation is checked on its optimum: when no node is overdrawn it
*is* the optimum, else the overdrawn nodes become **strict** (`best_with_strict`): each is given all it sends
at once, jointly within its stock and parcels, and the rest is relaxed again. The set of strict nodes only
grows, so this ends, and it ends at the exact optimum. Overdrawing needs a position with fewer units than the
line asks for or a node almost at capacity, so strict nodes are rare.

Weight steps, per-parcel and per-unit costs and a line's units from several nodes are all inside the search;
prices on stock and capacity only change ``cand_unit`` and ``cand_fixed``. Exact while prod(qty + 1) <=
`STATES_MAX`; `large_order` takes the rest.

Every kernel works on flat arrays that its caller owns; ties go to the lower node index, so results repeat.
"""

import numpy as np
import numpy.typing as npt

from solver.jit import kernel
from solver.problem import NO_LANE, NO_TARIFF, Int16s, Int32s, Int64s

STATES_MAX = 512
EXACT_LINES_MAX = 9  # 2 ** 9 states
UNFILLED = -1
COST_MAX = 2**62

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


@kernel
def transport_cost(
    tariff: int,
    weight_g: int,
    tariff_ptr: Int64s,
    tariff_list: Int32s,
    list_ptr: Int64s,
    list_weight: Int64s,
    list_cost: Int64s,
) -> tuple[int, int]:
    """Price a parcel on the cheapest list of its tariff.

    A parcel heavier than the last step pays the last step once for every full multiple of it, and the step of
    the rest.

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
        cost = full * list_cost[last] + list_cost[low]
        if cost < best_cost:
            best_cost, best_list = cost, r
    return best_cost, best_list


@kernel
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
    slack_row : int16[k], its promise class.   pos_left : int64[p] units.   node_left : int64[n] parcels.
    pos_price, node_price : int64[p], int64[n], micros, >= 0.
    slot_of_node : int32[n], -1 everywhere on entry and on return (scratch).
    cand_* : written; first axis at least the number of nodes that stock a line. Of candidate c,
    cand_fixed[c] is what a parcel costs before transport, in micros; cand_avail[c, l] is how many units of
    a line it has (at most the line's qty), and where that is not 0, cand_unit[c, l] is what one costs, in
    micros, and cand_pos[c, l] its position.
    Returns the number of candidates.
    """
    n_lines = len(line_sku)
    n_cands = 0
    for line in range(n_lines):
        for p in range(sku_ptr[line_sku[line]], sku_ptr[line_sku[line] + 1]):
            node = pos_node[p]
            if pos_left[p] <= 0 or node_left[node] <= 0 or band_row[node] == NO_LANE:
                continue
            c = slot_of_node[node]
            if c < 0:
                slack = slack_row[node_departure_class[node]]
                if slack < 0:
                    continue
                tariff = tariff_of[band_row[node], slack]
                if tariff == NO_TARIFF:
                    continue
                c = n_cands
                n_cands += 1
                slot_of_node[node] = c
                cand_node[c] = node
                cand_tariff[c] = tariff
                cand_fixed[c] = node_parcel_cost[node] + node_price[node]
                for other in range(n_lines):
                    cand_avail[c, other] = 0
            cand_avail[c, line] = min(pos_left[p], line_qty[line])
            cand_unit[c, line] = pos_unit_cost[p] + pos_price[p]
            cand_pos[c, line] = p
    for c in range(n_cands):
        slot_of_node[cand_node[c]] = -1
    return n_cands


@kernel
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


@kernel
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


@kernel
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


@kernel
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


@kernel
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


@kernel
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


@kernel
def mark_overdrawn(
    n_out: int,
    out_cand: Int32s,
    out_state: Int64s,
    stride: Int64s,
    line_qty: Int64s,
    cand_avail: Int64Grid,
    cand_left: Int64s,
    is_strict: npt.NDArray[np.uint8],
) -> int:
    """Mark the candidates whose parcels jointly exceed their stock or `cand_left` (int64[c], parcels).

    Returns how many became strict.
    """
    marked = 0
    for i in range(n_out):
        c = out_cand[i]
        parcels = 0
        for j in range(n_out):
            parcels += out_cand[j] == c
        if parcels < 2 or is_strict[c]:
            continue
        overdrawn = parcels > cand_left[c]
        for line in range(len(stride)):
            taken = 0
            for j in range(n_out):
                if out_cand[j] == c:
                    taken += (out_state[j] // stride[line]) % (line_qty[line] + 1)
            overdrawn |= taken > cand_avail[c, line]
        if overdrawn:
            is_strict[c] = 1
            marked += 1
    return marked


@kernel
def parcels_of_one_node(
    avail: Int64s,
    unit_cost: Int64s,
    fixed_cost: int,
    transport_row: Int64s,
    parcels_max: int,
    stride: Int64s,
    line_qty: Int64s,
    n_states: int,
    send_cost: Int64Grid,
    send_block: Int64Grid,
) -> None:
    """Find the cheapest way to send each state from one node in at most `parcels_max` parcels.

    avail, unit_cost : int64[l].   transport_row : int64[states].
    send_cost, send_block : int64[parcels_max + 1, states], written. Row k is "in at most k parcels": the
    cost in micros, COST_MAX where the node cannot send the state, and the parcel to send last, 0 where one
    parcel fewer is as good.
    """
    content = np.empty(n_states, np.int64)
    content_cost = np.empty(n_states, np.int64)
    blocks = np.empty(n_states, np.int64)
    one_parcel = np.full(n_states, COST_MAX, np.int64)
    n = list_contents(avail, unit_cost, stride, content, content_cost)
    for i in range(1, n):
        one_parcel[content[i]] = fixed_cost + transport_row[content[i]] + content_cost[i]
    send_cost[0, :] = COST_MAX
    send_cost[0, 0] = 0
    send_block[0, :] = 0
    for k in range(1, parcels_max + 1):
        for i in range(n):
            s = content[i]
            send_cost[k, s] = send_cost[k - 1, s]
            send_block[k, s] = 0
            m = list_first_blocks(s, stride, line_qty, blocks, True)
            for j in range(m):
                block = blocks[j]
                if block > 0 and send_cost[k - 1, s - block] < COST_MAX:
                    cost = one_parcel[block] + send_cost[k - 1, s - block]
                    if cost < send_cost[k, s]:
                        send_cost[k, s] = cost
                        send_block[k, s] = block
        for s in range(n_states):
            if one_parcel[s] == COST_MAX and s > 0:
                send_cost[k, s] = COST_MAX


@kernel
def best_with_strict(
    n_cands: int,
    cand_row: Int32s,
    cand_fixed: Int64s,
    cand_avail: Int64Grid,
    cand_unit: Int64Grid,
    cand_left: Int64s,
    is_strict: npt.NDArray[np.uint8],
    transport: Int64Grid,
    stride: Int64s,
    line_qty: Int64s,
    n_states: int,
    best_cand: Int32s,
    plan_cost: Int64s,
    plan_block: Int64s,
    out_cand: Int32s,
    out_state: Int64s,
) -> tuple[int, int]:
    """Combine the relaxed plans of the other nodes with all that each strict node may send.

    The strict nodes are added one at a time, each at most once: ``f(x) = min over y of send(y) + f(x - y)``.

    plan_cost, plan_block, best_cand : [states], the relaxed partition without the strict nodes.
    out_cand, out_state : [parcels], written.
    Returns (cost in micros, number of parcels). Allocates its own scratch: this path is rare.
    """
    units = 0
    for line in range(len(line_qty)):
        units += line_qty[line]
    n_strict = 0
    for c in range(n_cands):
        n_strict += is_strict[c]
    strict = np.empty(n_strict, np.int64)
    sent = np.zeros((n_strict, n_states), np.int64)
    cost = plan_cost[:n_states].copy()
    blocks = np.empty(n_states, np.int64)
    k = 0
    for c in range(n_cands):
        if not is_strict[c]:
            continue
        strict[k] = c
        parcels_max = min(units, cand_left[c])
        send_cost = np.empty((parcels_max + 1, n_states), np.int64)
        send_block = np.empty((parcels_max + 1, n_states), np.int64)
        parcels_of_one_node(
            cand_avail[c], cand_unit[c], cand_fixed[c], transport[cand_row[c]], parcels_max,
            stride, line_qty, n_states, send_cost, send_block,
        )  # fmt: skip
        before = cost.copy()
        for s in range(1, n_states):
            m = list_first_blocks(s, stride, line_qty, blocks, False)
            for j in range(m):
                block = blocks[j]
                if send_cost[parcels_max, block] < COST_MAX:
                    total = send_cost[parcels_max, block] + before[s - block]
                    if total < cost[s]:
                        cost[s] = total
                        sent[k, s] = block
        k += 1
    n_out = 0
    state = n_states - 1
    for k in range(n_strict - 1, -1, -1):
        content = sent[k, state]
        state -= content
        c = strict[k]
        parcels_max = min(units, cand_left[c])
        send_cost = np.empty((parcels_max + 1, n_states), np.int64)
        send_block = np.empty((parcels_max + 1, n_states), np.int64)
        if content > 0:
            parcels_of_one_node(
                cand_avail[c], cand_unit[c], cand_fixed[c], transport[cand_row[c]], parcels_max,
                stride, line_qty, n_states, send_cost, send_block,
            )  # fmt: skip
        level = parcels_max
        while content > 0:
            if send_block[level, content] > 0:
                out_cand[n_out] = c
                out_state[n_out] = send_block[level, content]
                content -= send_block[level, content]
                n_out += 1
            level -= 1
    n_out = read_partition(state, plan_block, best_cand, out_cand, out_state, n_out)
    return cost[n_states - 1], n_out


@kernel
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
                    tariff, state_weight[s], tariff_ptr, tariff_list, list_ptr, list_weight, list_cost
                )[0]
        cand_row[c] = row
    for c in range(n_cands):
        row_of_tariff[cand_tariff[c]] = -1
