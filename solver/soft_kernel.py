"""The soft minimum of one order: the same search as `order_kernel`, smooth in the prices.

Replace the least cost over the plans of an order by ::

    soft = -T log( sum over plans of exp(-cost / T) )

which is smooth, at most the least cost, and tends to it as the temperature T falls. Its derivative with
respect to a price is the expected number of units (parcels) taken when plans are drawn with probability
proportional to exp(-cost / T) (Nesterov 2005, smoothing; the recursion is the sum-product twin of the min-sum
partition, differentiated backwards).

The hard search runs first, so every exponent is a gap above a known minimum: nothing overflows, and terms
more than `CUT` temperatures above it are left out: each weighs less than a millionth of the best.

A node that has only some of the units of a line, a *partial* node, could be overdrawn by two blocks. Where
that is cheap such nodes are chained: added one at a time, each with at most one parcel (`chain_strict`). An
order that may be served in several ways, or must be complete or not at all, takes the soft minimum over its
choices. The soft value only guides the search for prices; the bound is always computed with the exact
kernel.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.arrays import ProblemArrays, Scratch
from solver.jit import kernel
from solver.joint import parcels_that_fit
from solver.order_kernel import (
    EXACT_LINES_MAX,
    NEVER,
    STATES_MAX,
    best_parcels,
    best_partition,
    count_states,
    list_contents,
    list_first_blocks,
)
from solver.problem import OWN_WAY, AllocationProblem, Int32s, Int64s
from solver.search import cost_of_nothing, search_way

CUT = 14.0
CHANCE_MIN = 1e-6  # below, an expected parcel is not worth adding
CHAIN_STATES_MAX = 64  # above, the chain would cost more than its better guidance is worth
Floats = npt.NDArray[np.float64]
Int32Grid = npt.NDArray[np.int32]


class SoftScratch(NamedTuple):
    """Buffers of one worker beside `Scratch`. Axes: ``s`` states, ``m`` near-best parcels."""

    near_cand: Int32s  # [m]
    near_state: Int64s  # [m]
    near_cost: Int64s  # [m]
    near_weight: Floats  # [m] exp(-gap / T), 0 where it can't matter
    digit: Int32Grid  # [s, l] units of each line in a state
    block_weight: Floats  # [s] sum of exp(-gap / T) over the block's parcels
    block_pull: Floats  # [s] derivative of the log-sum by block_weight
    plan_weight: Floats  # [s]
    plan_pull: Floats  # [s]
    next_pull: Floats  # [s]
    chain_cost: Int64s  # [strict candidates + 1, s]
    chain_weight: Floats  # [strict candidates + 1, s]
    chain_begin: Int64s  # [strict candidates + 1] near-best parcels of each
    chain_end: Int64s

    @classmethod
    def for_problem(cls, problem: AllocationProblem) -> "SoftScratch":
        """Allocate buffers large enough for every order of `problem`."""
        rows = problem.n_nodes + 1
        near = rows * STATES_MAX
        return cls(
            near_cand=np.empty(near, np.int32),
            near_state=np.empty(near, np.int64),
            near_cost=np.empty(near, np.int64),
            near_weight=np.empty(near, np.float64),
            digit=np.empty((STATES_MAX, EXACT_LINES_MAX), np.int32),
            block_weight=np.zeros(STATES_MAX, np.float64),
            block_pull=np.zeros(STATES_MAX, np.float64),
            plan_weight=np.zeros(STATES_MAX, np.float64),
            plan_pull=np.zeros(STATES_MAX, np.float64),
            next_pull=np.zeros(STATES_MAX, np.float64),
            chain_cost=np.empty((rows, STATES_MAX), np.int64),
            chain_weight=np.empty((rows, STATES_MAX), np.float64),
            chain_begin=np.zeros(rows, np.int64),
            chain_end=np.zeros(rows, np.int64),
        )


@kernel
def useful_parcels(
    n_cands: int,
    last: int,
    most: int,
    p: ProblemArrays,
    w: Scratch,
    line_qty: Int64s,
    stride: Int64s,
    near: SoftScratch,
) -> int:
    """Keep every parcel that may stand in a plan of the whole order, state `last`, for at most `most` micros.

    ``w.plan_cost`` bounds what the rest of the order costs. Returns how many were kept, by candidate.
    """
    kept = 0
    units = w.units[: len(line_qty)]
    for c in range(n_cands):
        n = list_contents(w.cand_avail[c], w.cand_unit[c], stride, w.content, w.content_cost)
        row = w.cand_row[c]
        fixed = w.cand_fixed[c]
        for i in range(1, n):
            s = w.content[i]
            cost = fixed + w.transport[row, s] + w.content_cost[i]
            if cost + w.plan_cost[last - s] <= most:
                if p.is_joint:
                    for k in range(len(line_qty)):
                        units[k] = (s // stride[k]) % (line_qty[k] + 1)
                    if parcels_that_fit(c, units, p, p.pos_free, w) == 0:
                        continue
                near.near_cand[kept] = c
                near.near_state[kept] = s
                near.near_cost[kept] = cost
                kept += 1
    return kept


@kernel
def best_kept(kept: int, n_states: int, w: Scratch, near: SoftScratch) -> None:
    """As `best_parcels`, over the kept parcels of candidates that are not strict."""
    for s in range(n_states):
        w.best_cost[s] = w.state_penalty[s]
    for i in range(kept):
        s = near.near_state[i]
        if w.is_strict[near.near_cand[i]] == 0 and near.near_cost[i] < w.best_cost[s]:
            w.best_cost[s] = near.near_cost[i]


@kernel
def weigh_blocks(
    kept: int,
    n_states: int,
    temperature: float,
    w: Scratch,
    stride: Int64s,
    near: SoftScratch,
) -> None:
    """Sum exp(-gap / T) over each block's parcels; a single unit may also stay unfilled.

    Parcels of candidates that are strict are passed over.
    """
    near.block_weight[:n_states] = 0.0
    for i in range(kept):
        near.near_weight[i] = 0.0
        s = near.near_state[i]
        if w.is_strict[near.near_cand[i]]:
            continue
        near.near_weight[i] = math.exp((w.best_cost[s] - near.near_cost[i]) / temperature)
        near.block_weight[s] += near.near_weight[i]
    for line in range(len(stride)):
        s = stride[line]
        near.block_weight[s] += math.exp((w.best_cost[s] - w.state_penalty[s]) / temperature)


@kernel
def weigh_partitions(
    n_states: int, temperature: float, line_qty: Int64s, stride: Int64s, w: Scratch, near: SoftScratch
) -> None:
    """Sum the weights of all partitions of each state, relative to its best."""
    cut = CUT * temperature
    near.plan_weight[0] = 1.0
    for s in range(1, n_states):
        total = 0.0
        n = list_first_blocks(s, stride, line_qty, w.content, True)
        for i in range(n):
            y = w.content[i]
            gap = w.best_cost[y] + w.plan_cost[s - y] - w.plan_cost[s]
            if gap < cut and near.block_weight[y] > 0:
                total += near.block_weight[y] * near.plan_weight[s - y] * math.exp(-gap / temperature)
        near.plan_weight[s] = total


@kernel
def pull_partitions(
    n_states: int, temperature: float, line_qty: Int64s, stride: Int64s, w: Scratch, near: SoftScratch
) -> None:
    """Differentiate `weigh_partitions` backwards: from ``plan_pull`` of the states to ``block_pull``."""
    cut = CUT * temperature
    near.block_pull[:n_states] = 0.0
    for s in range(n_states - 1, 0, -1):
        pull = near.plan_pull[s]
        if pull == 0.0:
            continue
        n = list_first_blocks(s, stride, line_qty, w.content, True)
        for i in range(n):
            y = w.content[i]
            gap = w.best_cost[y] + w.plan_cost[s - y] - w.plan_cost[s]
            if gap < cut and near.block_weight[y] > 0:
                share = pull * math.exp(-gap / temperature)
                near.block_pull[y] += share * near.plan_weight[s - y]
                near.plan_pull[s - y] += share * near.block_weight[y]


@kernel
def share_out_blocks(
    kept: int,
    n_lines: int,
    p: ProblemArrays,
    w: Scratch,
    near: SoftScratch,
    demand: Floats,
    load: Floats,
) -> None:
    """Hand the pull of each block to its parcels: the chance that each is sent."""
    for i in range(kept):
        c, s = near.near_cand[i], near.near_state[i]
        chance = near.block_pull[s] * near.near_weight[i]
        if chance > CHANCE_MIN:
            expect_parcel(c, s, chance, n_lines, p, w, near, demand, load)


@kernel
def expect_parcel(
    c: int,
    state: int,
    chance: float,
    n_lines: int,
    p: ProblemArrays,
    w: Scratch,
    near: SoftScratch,
    demand: Floats,
    load: Floats,
) -> None:
    """Add a parcel that is sent with probability `chance` to the expected units and use of capacity."""
    node, n_stock = w.cand_node[c], len(demand)
    use = p.node_parcel_use[node]
    for k in range(n_lines):
        units = near.digit[state, k]
        if units == 0:
            continue
        pos = w.cand_pos[c, k]
        use += units * p.pos_capacity_use[pos]
        if pos < n_stock:
            demand[pos] += chance * units
        else:
            for r in range(p.recipe_ptr[pos - n_stock], p.recipe_ptr[pos - n_stock + 1]):
                demand[p.recipe_pos[r]] += chance * units * p.recipe_qty[r]
    load[node] += chance * use


@kernel
def chain_strict(
    kept: int,
    n_states: int,
    temperature: float,
    n_lines: int,
    w: Scratch,
    near: SoftScratch,
) -> int:
    """Add the strict candidates one at a time, each with at most one parcel.

    Row 0 of ``chain_cost`` and ``chain_weight`` is the partition without them; row k adds the k-th. Weights
    are relative to the least cost of their row and state. Returns the number of strict candidates in the
    chain.
    """
    for s in range(n_states):
        near.chain_cost[0, s] = w.plan_cost[s]
        near.chain_weight[0, s] = near.plan_weight[s]
    row = 0
    i = 0
    while i < kept:
        c = near.near_cand[i]
        end = i
        while end < kept and near.near_cand[end] == c:
            end += 1
        if w.is_strict[c]:
            for s in range(n_states):
                least = near.chain_cost[row, s]
                for j in range(i, end):
                    y = near.near_state[j]
                    if holds(s, y, n_lines, near.digit):
                        least = min(least, near.near_cost[j] + near.chain_cost[row, s - y])
                weight = near.chain_weight[row, s] * math.exp((least - near.chain_cost[row, s]) / temperature)
                for j in range(i, end):
                    y = near.near_state[j]
                    if holds(s, y, n_lines, near.digit):
                        gap = near.near_cost[j] + near.chain_cost[row, s - y] - least
                        if gap < CUT * temperature:
                            weight += near.chain_weight[row, s - y] * math.exp(-gap / temperature)
                near.chain_cost[row + 1, s] = least
                near.chain_weight[row + 1, s] = weight
            row += 1
            near.chain_begin[row] = i
            near.chain_end[row] = end
        i = end
    return row


@kernel
def pull_chain(
    rows: int,
    n_states: int,
    share: float,
    temperature: float,
    n_lines: int,
    p: ProblemArrays,
    w: Scratch,
    near: SoftScratch,
    demand: Floats,
    load: Floats,
) -> None:
    """Differentiate `chain_strict` backwards, down to ``plan_pull`` of the partition without them.

    share : the probability that a plan of this way is drawn.
    """
    last = n_states - 1
    near.plan_pull[:n_states] = 0.0
    near.plan_pull[last] = share / near.chain_weight[rows, last]
    for row in range(rows, 0, -1):
        near.next_pull[:n_states] = 0.0
        for s in range(n_states):
            pull = near.plan_pull[s]
            if pull == 0.0:
                continue
            best = near.chain_cost[row, s]
            near.next_pull[s] += pull * math.exp((best - near.chain_cost[row - 1, s]) / temperature)
            for j in range(near.chain_begin[row], near.chain_end[row]):
                y = near.near_state[j]
                if holds(s, y, n_lines, near.digit):
                    gap = near.near_cost[j] + near.chain_cost[row - 1, s - y] - best
                    if gap < CUT * temperature:
                        share = pull * math.exp(-gap / temperature)
                        near.next_pull[s - y] += share
                        chance = share * near.chain_weight[row - 1, s - y]
                        expect_parcel(near.near_cand[j], y, chance, n_lines, p, w, near, demand, load)
        near.plan_pull[:n_states] = near.next_pull[:n_states]


@kernel
def holds(state: int, part: int, n_lines: int, digit: Int32Grid) -> bool:
    """Whether `part` is within `state`, line by line."""
    inside = True
    for k in range(n_lines):
        inside &= digit[part, k] <= digit[state, k]
    return inside


@kernel
def fill_digits(n_states: int, line_qty: Int64s, stride: Int64s, digit: Int32Grid) -> None:
    """Write the units of each line in each state to `digit` (int32[s, l])."""
    for s in range(n_states):
        for k in range(len(stride)):
            digit[s, k] = (s // stride[k]) % (line_qty[k] + 1)


@kernel
def mark_partial(n_cands: int, line_qty: Int64s, w: Scratch) -> int:
    """Mark the candidates that have some but not all units of a line as strict; returns how many."""
    marked = 0
    for c in range(n_cands):
        w.is_strict[c] = 0
        for k in range(len(line_qty)):
            if 0 < w.cand_avail[c, k] < line_qty[k]:
                w.is_strict[c] = 1
        marked += w.is_strict[c]
    return marked


@kernel
def relax(n_cands: int, n_states: int, line_qty: Int64s, stride: Int64s, w: Scratch) -> None:
    """Bring the relaxed best parcels and partitions back after a search that made nodes strict."""
    n_strict = 0
    for c in range(n_cands):
        n_strict += w.is_strict[c]
        w.is_strict[c] = 0
    if n_strict > 0:
        best_parcels(
            n_cands, w.cand_node, w.cand_row, w.cand_fixed, w.cand_avail, w.cand_unit, w.is_strict,
            w.transport, stride, n_states, w.state_penalty, w.content, w.content_cost,
            w.best_cost, w.best_cand,
        )  # fmt: skip
        best_partition(stride, line_qty, n_states, w.best_cost, w.content, w.plan_cost, w.plan_block)


@kernel
def soften_way(
    order: int,
    way: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    temperature: float,
    chain: bool,
    w: Scratch,
    near: SoftScratch,
) -> tuple[float, int, int, int]:
    """Weigh the plans of an order by one `way`, an alternative or OWN_WAY; the rest as `soften_order`.

    Returns (soft minimum, hard minimum, parcels kept, rows of the chain); both minima are NEVER or more
    where an order that must be complete cannot be.
    """
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    line_qty, n_lines = p.line_qty[first:end], end - first
    least, _, n_cands = search_way(order, way, p, p.pos_free, p.node_capacity, pos_price, node_price, w)
    stride = w.stride[:n_lines]
    n_states = count_states(line_qty)
    last = n_states - 1
    cut = int(CUT * temperature)
    is_chained = chain and n_states <= CHAIN_STATES_MAX
    relax(n_cands, n_states, line_qty, stride, w)
    if w.plan_cost[last] >= NEVER:
        return float(NEVER), NEVER, 0, 0
    most = w.plan_cost[last] + cut
    if is_chained or p.is_joint:
        most = max(least + cut, most)
    kept = useful_parcels(n_cands, last, most, p, w, line_qty, stride, near)
    if is_chained:
        mark_partial(n_cands, line_qty, w)
    if is_chained or p.is_joint:
        best_kept(kept, n_states, w, near)
        best_partition(stride, line_qty, n_states, w.best_cost, w.content, w.plan_cost, w.plan_block)
    if not is_chained:
        least = w.plan_cost[last]
    fill_digits(n_states, line_qty, stride, near.digit)
    weigh_blocks(kept, n_states, temperature, w, stride, near)
    weigh_partitions(n_states, temperature, line_qty, stride, w, near)
    rows = chain_strict(kept, n_states, temperature, n_lines, w, near)
    if near.chain_cost[rows, last] >= NEVER:
        return float(NEVER), least, kept, rows
    soft = near.chain_cost[rows, last] - temperature * math.log(near.chain_weight[rows, last])
    return soft, least, kept, rows


@kernel
def expect_way(
    order: int,
    kept: int,
    rows: int,
    share: float,
    temperature: float,
    p: ProblemArrays,
    w: Scratch,
    near: SoftScratch,
    demand: Floats,
    load: Floats,
) -> None:
    """Add what `share` of the way that `soften_way` has just weighed expects to take."""
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    line_qty, n_lines = p.line_qty[first:end], end - first
    n_states, stride = count_states(line_qty), w.stride[:n_lines]
    pull_chain(rows, n_states, share, temperature, n_lines, p, w, near, demand, load)
    pull_partitions(n_states, temperature, line_qty, stride, w, near)
    share_out_blocks(kept, n_lines, p, w, near, demand, load)


@kernel
def soften_order(
    order: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    temperature: float,
    chain: bool,
    w: Scratch,
    near: SoftScratch,
    demand: Floats,
    load: Floats,
) -> tuple[float, int]:
    """Find the soft minimum of an order at prices, and what it expects to take.

    temperature : micros, > 0.   chain : whether partial nodes are chained, where that is not too dear.
    demand : float64[h], load : float64[n], added to: expected units of stock and of capacity.
    Returns (soft minimum, hard minimum) in micros, both of the relaxed partition where nothing is chained.
    """
    if p.order_ptr[order] == p.order_ptr[order + 1]:
        return 0.0, 0
    if p.order_complete[order] or p.alternative_ptr[order] < p.alternative_ptr[order + 1]:
        return soften_choice(order, p, pos_price, node_price, temperature, chain, w, near, demand, load)
    soft, least, kept, rows = soften_way(
        order, OWN_WAY, p, pos_price, node_price, temperature, chain, w, near
    )
    expect_way(order, kept, rows, 1.0, temperature, p, w, near, demand, load)
    return soft, least


@kernel
def soften_choice(
    order: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    temperature: float,
    chain: bool,
    w: Scratch,
    near: SoftScratch,
    demand: Floats,
    load: Floats,
) -> tuple[float, int]:
    """Soften an order that chooses: among ways to be served, or between all and nothing; as `soften_order`.

    The soft minimum of the choices' soft minima; each is drawn with its share of the weight.
    """
    begin = p.alternative_ptr[order]
    n_ways = p.alternative_ptr[order + 1] - begin + 1  # the first is the order's own
    soft_of = np.empty(n_ways, np.float64)
    least, best = NEVER, float(NEVER)
    if p.order_complete[order]:
        least = cost_of_nothing(order, p)
        best = float(least)
    kept = rows = 0
    for k in range(n_ways):
        way = OWN_WAY if k == 0 else begin + k - 1
        soft_of[k], hard, kept, rows = soften_way(
            order, way, p, pos_price, node_price, temperature, chain, w, near
        )
        least, best = min(least, hard), min(best, soft_of[k])
    total = 0.0
    if p.order_complete[order]:
        total = math.exp((best - cost_of_nothing(order, p)) / temperature)
    for k in range(n_ways):
        total += math.exp((best - soft_of[k]) / temperature)
    weighed = n_ways - 1
    for k in range(n_ways - 1, -1, -1):
        share = math.exp((best - soft_of[k]) / temperature) / total
        if share < CHANCE_MIN:
            continue
        if weighed != k:
            weighed = k
            way = OWN_WAY if k == 0 else begin + k - 1
            _, _, kept, rows = soften_way(order, way, p, pos_price, node_price, temperature, chain, w, near)
        expect_way(order, kept, rows, share, temperature, p, w, near, demand, load)
    return best - temperature * math.log(total), least
