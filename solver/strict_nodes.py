"""Nodes that an order would overdraw: all that each of them sends at once, jointly within what it has.

The relaxed search of `order_kernel` prices blocks one by one, so two blocks from one node may take more of a
position than it holds, or more parcels than it may send. `mark_overdrawn` finds such nodes in its answer and
makes them strict. `parcels_of_one_node` finds the cheapest way in which such a node sends each state as a
whole, and `best_with_strict` combines that with the relaxed plans of the other nodes.

This path is rare, so it allocates its own scratch.
"""

import numpy as np
import numpy.typing as npt

from solver.jit import kernel
from solver.order_kernel import COST_MAX, Int64Grid, list_contents, list_first_blocks, read_partition
from solver.problem import Int32s, Int64s


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
) -> tuple[Int64Grid, Int64Grid]:
    """Find the cheapest way to send each state from one node in at most `parcels_max` parcels.

    avail, unit_cost : int64[l], units, micros a unit.   transport_row : int64[states], micros.
    Returns (send_cost, send_block), int64[parcels_max + 1, states]. Row k is "in at most k parcels": the cost
    in micros, COST_MAX where the node cannot send the state, and the parcel to send last, 0 where one parcel
    fewer is as good.
    """
    send_cost = np.full((parcels_max + 1, n_states), COST_MAX, np.int64)
    send_block = np.zeros((parcels_max + 1, n_states), np.int64)
    content = np.empty(n_states, np.int64)
    content_cost = np.empty(n_states, np.int64)
    blocks = np.empty(n_states, np.int64)
    one_parcel = np.full(n_states, COST_MAX, np.int64)
    n = list_contents(avail, unit_cost, stride, content, content_cost)
    for i in range(1, n):
        one_parcel[content[i]] = fixed_cost + transport_row[content[i]] + content_cost[i]
    send_cost[0, 0] = 0
    for k in range(1, parcels_max + 1):
        for i in range(n):
            s = content[i]
            send_cost[k, s] = send_cost[k - 1, s]
            m = list_first_blocks(s, stride, line_qty, blocks, True)
            for j in range(m):
                block = blocks[j]
                if block > 0 and send_cost[k - 1, s - block] < COST_MAX:
                    cost = one_parcel[block] + send_cost[k - 1, s - block]
                    if cost < send_cost[k, s]:
                        send_cost[k, s] = cost
                        send_block[k, s] = block
    return send_cost, send_block


@kernel
def add_sender(send_cost: Int64s, stride: Int64s, line_qty: Int64s, cost: Int64s, sent: Int64s) -> None:
    """Let one more node send: ``f(x) = min over y <= x of send(y) + f(x - y)``.

    send_cost : int64[states], micros, COST_MAX where the node cannot send the state.
    cost : int64[states], micros, f before and after.   sent : int64[states], 0 on entry; written: the best y.
    """
    before = cost.copy()
    blocks = np.empty(len(cost), np.int64)
    for s in range(1, len(cost)):
        m = list_first_blocks(s, stride, line_qty, blocks, False)
        for j in range(m):
            block = blocks[j]
            if send_cost[block] < COST_MAX:
                total = send_cost[block] + before[s - block]
                if total < cost[s]:
                    cost[s] = total
                    sent[s] = block


@kernel
def read_sent(
    c: int, state: int, send_block: Int64Grid, out_cand: Int32s, out_state: Int64s, n_out: int
) -> int:
    """Append the parcels of `state` from candidate `c` to out_cand, out_state; returns their new number."""
    k = len(send_block) - 1
    while state > 0:
        block = send_block[k, state]
        if block > 0:
            out_cand[n_out] = c
            out_state[n_out] = block
            state -= block
            n_out += 1
        k -= 1
    return n_out


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

    plan_cost, plan_block, best_cand : [states], the relaxed partition without the strict nodes.
    out_cand, out_state : [parcels], written.
    Returns (cost in micros, number of parcels).
    """
    units = line_qty.sum()
    strict = np.flatnonzero(is_strict[:n_cands])
    sent = np.zeros((len(strict), n_states), np.int64)
    cost = plan_cost[:n_states].copy()
    for k in range(len(strict)):
        c = strict[k]
        send_cost, _ = parcels_of_one_node(
            cand_avail[c], cand_unit[c], cand_fixed[c], transport[cand_row[c]], min(units, cand_left[c]),
            stride, line_qty, n_states,
        )  # fmt: skip
        add_sender(send_cost[-1], stride, line_qty, cost, sent[k])
    n_out = 0
    state = n_states - 1
    for k in range(len(strict) - 1, -1, -1):
        content = sent[k, state]
        if content == 0:
            continue
        c = strict[k]
        # Found once more: keeping it for every strict node would take megabytes.
        _, send_block = parcels_of_one_node(
            cand_avail[c], cand_unit[c], cand_fixed[c], transport[cand_row[c]], min(units, cand_left[c]),
            stride, line_qty, n_states,
        )  # fmt: skip
        n_out = read_sent(c, content, send_block, out_cand, out_state, n_out)
        state -= content
    n_out = read_partition(state, plan_block, best_cand, out_cand, out_state, n_out)
    return cost[n_states - 1], n_out
