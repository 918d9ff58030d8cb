"""Nodes that an order would overdraw: all that each of them sends at once, jointly within what it has.

The relaxed search of `order_kernel` prices blocks one by one, so the blocks from one node may jointly take
more of a position than it holds, or more of its capacity than there is (`joint`). `mark_overdrawn` finds
such nodes in its answer and makes them strict. `parcels_of_one_node` finds the cheapest way in which such a
node sends each state as a whole, and `best_with_strict` combines that with the relaxed plans of the other
nodes.

An order of limited parcels has a least cost for every number of parcels it may still use, a *level*; without
a limit there is one level and parcels are not counted.

This path is rare, so it allocates its own scratch.
"""

import numpy as np

from solver.arrays import Scratch
from solver.jit import inner_kernel
from solver.joint import Needs, parcels_that_fit
from solver.order_kernel import (
    COST_MAX,
    Int64Grid,
    best_partition,
    list_contents,
    list_first_blocks,
    read_partition,
)
from solver.parcels_max import cut_within, read_cut
from solver.problem import Int32s, Int64s


@inner_kernel
def mark_overdrawn(n_out: int, line_qty: Int64s, pos_left: Int64s, needs: Needs, w: Scratch) -> int:
    """Mark the candidates whose parcels in ``w.out_cand`` jointly exceed their stock or capacity as strict.

    pos_left : int64[h] units.   Returns how many became strict.
    """
    marked = 0
    n_lines = len(line_qty)
    units = w.units[:n_lines]
    for i in range(n_out):
        c = int(w.out_cand[i])
        parcels = 0
        for j in range(n_out):
            parcels += w.out_cand[j] == c
        if (parcels < 2 and not needs.is_joint) or w.is_strict[c]:
            continue
        for line in range(n_lines):
            units[line] = 0
            for j in range(n_out):
                if w.out_cand[j] == c:
                    units[line] += (w.out_state[j] // w.stride[line]) % (line_qty[line] + 1)
        fitting = parcels_that_fit(
            units, w.cand_avail[c], w.cand_pos[c], w.cand_left[c], needs.node_parcel_use[w.cand_node[c]],
            pos_left, needs,
        )  # fmt: skip
        if parcels > fitting:
            w.is_strict[c] = 1
            marked += 1
    return marked


@inner_kernel
def parcels_of_one_node(
    avail: Int64s,
    unit_cost: Int64s,
    positions: Int64s,
    fixed_cost: int,
    transport_row: Int64s,
    capacity: int,
    parcel_use: int,
    parcels_max: int,
    stride: Int64s,
    line_qty: Int64s,
    n_states: int,
    pos_left: Int64s,
    needs: Needs,
) -> tuple[Int64Grid, Int64Grid, Int64s]:
    """Find the cheapest way to send each state from one node in at most `parcels_max` parcels.

    avail, unit_cost, positions : int64[l], units, micros a unit.   transport_row : int64[states], micros.
    capacity, parcel_use : units of capacity that are left, and that a parcel uses.
    Returns (send_cost, send_block, fitting). Row k of the first two, int64[rows, states], is "in at most k
    parcels": the cost in micros, COST_MAX where the node cannot send the state, and the parcel to send last,
    0 where one parcel fewer is as good. fitting : int64[states], the row to read for a state: the most
    parcels that the node's capacity has room for beside the state's units; 0 where it cannot send the state
    at all.
    """
    n_lines = len(line_qty)
    units = np.empty(n_lines, np.int64)
    content = np.empty(n_states, np.int64)
    content_cost = np.empty(n_states, np.int64)
    blocks = np.empty(n_states, np.int64)
    one_parcel = np.full(n_states, COST_MAX, np.int64)
    fitting = np.zeros(n_states, np.int64)
    n = list_contents(avail, unit_cost, stride, content, content_cost)
    most = 0
    for i in range(1, n):
        s = content[i]
        for line in range(n_lines):
            units[line] = (s // stride[line]) % (line_qty[line] + 1)
        most_here = parcels_that_fit(units, avail, positions, capacity, parcel_use, pos_left, needs)
        fitting[s] = min(parcels_max, units.sum(), most_here)
        most = max(most, fitting[s])
        if fitting[s] > 0:
            one_parcel[s] = fixed_cost + transport_row[s] + content_cost[i]
    send_cost = np.full((most + 1, n_states), COST_MAX, np.int64)
    send_block = np.zeros((most + 1, n_states), np.int64)
    send_cost[0, 0] = 0
    for k in range(1, most + 1):
        send_cost[k, 0] = 0
        for i in range(1, n):
            s = content[i]
            if fitting[s] == 0:
                continue
            send_cost[k, s] = send_cost[k - 1, s]
            m = list_first_blocks(s, stride, line_qty, blocks, True)
            for j in range(m):
                block = blocks[j]
                if send_cost[k - 1, s - block] < COST_MAX:
                    cost = one_parcel[block] + send_cost[k - 1, s - block]
                    if cost < send_cost[k, s]:
                        send_cost[k, s] = cost
                        send_block[k, s] = block
    return send_cost, send_block, fitting


@inner_kernel
def add_sender(
    send_cost: Int64Grid,
    fitting: Int64s,
    stride: Int64s,
    line_qty: Int64s,
    cost: Int64Grid,
    sent: Int64Grid,
    sent_in: Int64Grid,
) -> None:
    """Let one more node send: ``f(x) = min over y <= x of send(y) + f(x - y)``, at every level.

    send_cost, fitting : as `parcels_of_one_node` returns them.
    cost : int64[levels, states], micros, f before and after.
    sent, sent_in : int64[levels, states], 0 on entry; written: the best y, and in how many parcels at most.
    """
    before = cost.copy()
    levels, n_states = cost.shape
    blocks = np.empty(n_states, np.int64)
    for s in range(1, n_states):
        m = list_first_blocks(s, stride, line_qty, blocks, False)
        for j in range(m):
            block = blocks[j]
            if fitting[block] == 0:
                continue
            if levels == 1:
                total = send_cost[fitting[block], block] + before[0, s - block]
                if total < cost[0, s]:
                    cost[0, s], sent[0, s], sent_in[0, s] = total, block, fitting[block]
                continue
            for level in range(1, levels):
                for parcels in range(1, min(level, fitting[block]) + 1):
                    total = send_cost[parcels, block] + before[level - parcels, s - block]
                    if total < cost[level, s]:
                        cost[level, s], sent[level, s], sent_in[level, s] = total, block, parcels


@inner_kernel
def read_sent(
    c: int, state: int, parcels: int, send_block: Int64Grid, out_cand: Int32s, out_state: Int64s, n_out: int
) -> int:
    """Append the parcels of `state` from candidate `c`, at most `parcels`; returns their new number."""
    k = parcels
    while state > 0:
        block = send_block[k, state]
        if block > 0:
            out_cand[n_out] = c
            out_state[n_out] = block
            state -= block
            n_out += 1
        k -= 1
    return n_out


@inner_kernel
def best_with_strict(
    n_cands: int,
    limit: int,
    line_qty: Int64s,
    n_states: int,
    pos_left: Int64s,
    needs: Needs,
    w: Scratch,
) -> tuple[int, int]:
    """Combine the relaxed plans of the other nodes with all that each strict node may send.

    limit : parcels of the order at most, or 0 where they are not counted.
    w : ``best_cost`` and ``best_cand`` are those of the nodes that are not strict; ``plan_cost`` and
    ``plan_block`` are written, their relaxed partition; ``out_cand`` and ``out_state`` are written.
    Returns (cost in micros, number of parcels).
    """
    stride = w.stride[: len(line_qty)]
    parcels_max = limit if limit > 0 else line_qty.sum()
    strict = np.flatnonzero(w.is_strict[:n_cands])
    sent = np.zeros((len(strict), limit + 1, n_states), np.int64)
    sent_in = np.zeros((len(strict), limit + 1, n_states), np.int64)
    cost = np.empty((limit + 1, n_states), np.int64)
    cut = np.empty((limit + 1, n_states), np.int64)
    best_partition(stride, line_qty, n_states, w.best_cost, w.content, w.plan_cost, w.plan_block)
    if limit > 0:
        cut_within(stride, line_qty, w.best_cost, w.best_cand, w.state_penalty, w.content, cost, cut)
    else:
        for s in range(n_states):
            cost[0, s] = w.plan_cost[s]
    n_out = 0
    level, state = limit, n_states - 1
    for i in range(2 * len(strict)):  # forth to combine the senders, and back to read what each sends
        k = min(i, 2 * len(strict) - 1 - i)
        is_back = i >= len(strict)
        if is_back and sent[k, level, state] == 0:
            continue
        # On the way back found once more: keeping it for every strict node would take megabytes.
        c = strict[k]
        send_cost, send_block, fitting = parcels_of_one_node(
            w.cand_avail[c], w.cand_unit[c], w.cand_pos[c], w.cand_fixed[c], w.transport[w.cand_row[c]],
            w.cand_left[c], needs.node_parcel_use[w.cand_node[c]], parcels_max, stride, line_qty, n_states,
            pos_left, needs,
        )  # fmt: skip
        if not is_back:
            add_sender(send_cost, fitting, stride, line_qty, cost, sent[k], sent_in[k])
            continue
        content, parcels = sent[k, level, state], sent_in[k, level, state]
        n_out = read_sent(c, content, parcels, send_block, w.out_cand, w.out_state, n_out)
        state -= content
        if limit > 0:
            level -= parcels
    if limit > 0:
        n_out = read_cut(level, state, stride, line_qty, cut, w.best_cand, w.out_cand, w.out_state, n_out)
    else:
        n_out = read_partition(state, w.plan_block, w.best_cand, w.out_cand, w.out_state, n_out)
    return cost[limit, n_states - 1], n_out
