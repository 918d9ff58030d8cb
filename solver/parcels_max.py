"""Orders of at most so many parcels: the cheapest cut of each state into blocks, counting parcels.

The plain partition of `order_kernel` may use too many; then a state has a least cost for every *level*, the
number of parcels it may still use. Level k of a state either leaves a unit of its first line unfilled, or
sends a block that holds one in a parcel and the rest at level k - 1 ::

    f_k(x) = min( penalty(e) + f_k(x - e),  min over y <= x of best(y) + f_{k-1}(x - y) )
"""

from solver.jit import inner_kernel
from solver.order_kernel import UNFILLED, Int64Grid, list_first_blocks
from solver.problem import Int32s, Int64s

ALL_UNFILLED = -1
ONE_UNFILLED = 0


@inner_kernel
def first_unit(state: int, stride: Int64s, line_qty: Int64s) -> int:
    """Return the state of one unit of the first line that `state` > 0 holds."""
    line = 0
    while (state // stride[line]) % (line_qty[line] + 1) == 0:
        line += 1
    return int(stride[line])


@inner_kernel
def cut_within(
    stride: Int64s,
    line_qty: Int64s,
    best_cost: Int64s,
    best_cand: Int32s,
    state_penalty: Int64s,
    blocks: Int64s,
    cost: Int64Grid,
    cut: Int64Grid,
) -> None:
    """Cut each state at least cost, at every level.

    best_cost, best_cand : [states], the cheapest single parcel of each, micros, and who sends it or UNFILLED.
    state_penalty : int64[states], micros if all of it stays unfilled.   blocks : int64[states], scratch.
    cost : int64[levels, states], written, micros.   cut : int64[levels, states], written: the block that is
    sent first, ONE_UNFILLED or ALL_UNFILLED.
    Cost O(levels * prod((qty + 1)(qty + 2) / 2)).
    """
    levels, n_states = cost.shape
    for level in range(levels):
        cost[level, 0] = 0
        cut[level, 0] = ALL_UNFILLED
        for s in range(1, n_states):
            least, best = state_penalty[s], ALL_UNFILLED
            if level > 0:
                unit = first_unit(s, stride, line_qty)
                without = state_penalty[unit] + cost[level, s - unit]
                if without < least:
                    least, best = without, ONE_UNFILLED
                n = list_first_blocks(s, stride, line_qty, blocks, True)
                for i in range(n):
                    block = blocks[i]
                    if best_cand[block] != UNFILLED:
                        total = best_cost[block] + cost[level - 1, s - block]
                        if total < least:
                            least, best = total, block
            cost[level, s] = least
            cut[level, s] = best


@inner_kernel
def read_cut(
    level: int,
    state: int,
    stride: Int64s,
    line_qty: Int64s,
    cut: Int64Grid,
    best_cand: Int32s,
    out_cand: Int32s,
    out_state: Int64s,
    n_out: int,
) -> int:
    """Append the parcels of `state` at `level` to out_cand, out_state; returns their new number."""
    while cut[level, state] != ALL_UNFILLED:
        block = cut[level, state]
        if block == ONE_UNFILLED:
            state -= first_unit(state, stride, line_qty)
            continue
        out_cand[n_out] = best_cand[block]
        out_state[n_out] = block
        n_out += 1
        level -= 1
        state -= block
    return n_out
