"""The soft minimum of one order: the same search as `order_kernel`, smooth in the prices.

Replace the least cost over the plans of an order by ::

    soft = -T log( sum over plans of exp(-cost / T) )

which is smooth, at most the least cost, and tends to it as the temperature T falls. Its derivative with
respect to a price is the expected number of units (parcels) taken when plans are drawn with probability
proportional to exp(-cost / T) (Nesterov 2005, smoothing; the recursion is the sum-product twin of the min-sum
partition, differentiated backwards).

The hard search runs first, so every exponent is a gap above a known minimum: nothing overflows, and terms
more than `CUT` temperatures above it are left out, which changes the value by less than rounding does.
Blocks are priced independently here, without strict nodes: the soft value only guides the search for prices,
the bound is always computed with the exact kernel.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from solver.arrays import ProblemArrays, Scratch
from solver.order_kernel import (
    STATES_MAX,
    UNFILLED,
    best_partition,
    fill_states,
    gather_candidates,
    list_contents,
    list_first_blocks,
    price_transport,
)
from solver.problem import AllocationProblem, Int32s, Int64s

CUT = 25.0
Floats = npt.NDArray[np.float64]


class SoftScratch(NamedTuple):
    """Buffers of one worker beside `Scratch`. Axes: ``s`` states, ``m`` near-best parcels."""

    near_cand: Int32s  # [m]
    near_state: Int64s  # [m]
    near_cost: Int64s  # [m]
    block_weight: Floats  # [s] sum of exp(-gap / T) over the block's parcels
    block_pull: Floats  # [s] derivative of the log-sum by block_weight
    plan_weight: Floats  # [s]
    plan_pull: Floats  # [s]

    @classmethod
    def for_problem(cls, problem: AllocationProblem) -> "SoftScratch":
        """Allocate buffers large enough for every order of `problem`."""
        near = max(1, problem.n_nodes) * STATES_MAX
        return cls(
            np.empty(near, np.int32),
            np.empty(near, np.int64),
            np.empty(near, np.int64),
            *(np.zeros(STATES_MAX, np.float64) for _ in range(4)),
        )


@njit(cache=True, nogil=True)
def near_best_parcels(
    n_cands: int, n_states: int, cut: int, w: Scratch, stride: Int64s, near: SoftScratch
) -> int:
    """As `best_parcels`, keeping every parcel within `cut` micros of the best one met so far.

    Returns how many were kept, a superset of those within `cut` of the best.
    """
    for s in range(n_states):
        w.best_cost[s] = w.state_penalty[s]
        w.best_cand[s] = UNFILLED
    kept = 0
    for c in range(n_cands):
        n = list_contents(w.cand_avail[c], w.cand_unit[c], stride, w.content, w.content_cost)
        row = w.cand_row[c]
        fixed = w.cand_fixed[c]
        for i in range(1, n):
            s = w.content[i]
            cost = fixed + w.transport[row, s] + w.content_cost[i]
            if cost < w.best_cost[s] + cut:
                near.near_cand[kept] = c
                near.near_state[kept] = s
                near.near_cost[kept] = cost
                kept += 1
                if cost < w.best_cost[s]:
                    w.best_cost[s] = cost
                    w.best_cand[s] = c
    return kept


@njit(cache=True, nogil=True)
def weigh_blocks(
    kept: int, n_states: int, temperature: float, w: Scratch, stride: Int64s, near: SoftScratch
) -> None:
    """Sum exp(-gap / T) over each block's parcels; a single unit may also stay unfilled."""
    near.block_weight[:n_states] = 0.0
    near.block_pull[:n_states] = 0.0
    for i in range(kept):
        s = near.near_state[i]
        near.block_weight[s] += math.exp((w.best_cost[s] - near.near_cost[i]) / temperature)
    for line in range(len(stride)):
        s = stride[line]
        near.block_weight[s] += math.exp((w.best_cost[s] - w.state_penalty[s]) / temperature)


@njit(cache=True, nogil=True)
def weigh_plans(
    n_states: int, temperature: float, line_qty: Int64s, stride: Int64s, w: Scratch, near: SoftScratch
) -> float:
    """Sum over partitions, then differentiate backwards; returns the soft minimum in micros."""
    last = n_states - 1
    cut = CUT * temperature
    near.plan_pull[:n_states] = 0.0
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
    near.plan_pull[last] = 1.0 / near.plan_weight[last]
    for s in range(last, 0, -1):
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
    return float(w.plan_cost[last] - temperature * math.log(near.plan_weight[last]))


@njit(cache=True, nogil=True)
def soften_order(
    order: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    temperature: float,
    w: Scratch,
    near: SoftScratch,
    demand: Floats,
    load: Floats,
) -> tuple[float, int]:
    """Find the soft minimum of an order at prices, and what it expects to take.

    temperature : micros, > 0.   demand : float64[p], load : float64[n], added to: expected units and parcels.
    Returns (soft minimum, hard minimum of the relaxed partition), micros.
    """
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    line_sku, line_qty = p.line_sku[first:end], p.line_qty[first:end]
    n_lines = end - first
    if n_lines == 0:
        return 0.0, 0
    n_cands = gather_candidates(
        line_sku, line_qty, p.lane_band[p.order_destination[order]],
        p.transit_slack[p.order_promise_class[order]], p.node_departure_class, p.tariff_of,
        p.sku_ptr, p.pos_node, p.pos_free, p.pos_unit_cost, pos_price,
        p.node_capacity, p.node_parcel_cost, node_price, w.slot_of_node,
        w.cand_node, w.cand_tariff, w.cand_fixed, w.cand_avail, w.cand_unit, w.cand_pos,
    )  # fmt: skip
    for line in range(n_lines):
        w.line_weight[line] = p.sku_weight[line_sku[line]]
    stride = w.stride[:n_lines]
    n_states = fill_states(
        line_qty, w.line_weight[:n_lines], p.line_penalty[first:end], stride, w.state_weight, w.state_penalty
    )
    price_transport(
        n_cands, w.cand_tariff, w.row_of_tariff, n_states, w.state_weight,
        p.tariff_ptr, p.tariff_list, p.list_ptr, p.list_weight, p.list_cost, w.cand_row, w.transport,
    )  # fmt: skip
    kept = near_best_parcels(n_cands, n_states, int(CUT * temperature), w, stride, near)
    best_partition(stride, line_qty, n_states, w.best_cost, w.content, w.plan_cost, w.plan_block)
    weigh_blocks(kept, n_states, temperature, w, stride, near)
    soft = weigh_plans(n_states, temperature, line_qty, stride, w, near)
    for i in range(kept):
        s = near.near_state[i]
        pull = near.block_pull[s]
        if pull == 0.0:
            continue
        share = pull * math.exp((w.best_cost[s] - near.near_cost[i]) / temperature)
        c = near.near_cand[i]
        load[w.cand_node[c]] += share
        for k in range(n_lines):
            units = (s // stride[k]) % (line_qty[k] + 1)
            if units > 0:
                demand[w.cand_pos[c, k]] += share * units
    return soft, w.plan_cost[n_states - 1]
