"""Search the best plan of one order: the steps of `order_kernel` in their order."""

import numpy as np
import numpy.typing as npt

from solver.arrays import ProblemArrays, Scratch
from solver.jit import inner_kernel, kernel
from solver.joint import capacity_left, needs_of
from solver.order_kernel import (
    COST_MAX,
    NEVER,
    STATES_MAX,
    best_parcels,
    best_partition,
    count_states,
    fill_states,
    gather_candidates,
    price_transport,
    read_partition,
)
from solver.problem import OWN_WAY, Int64s
from solver.strict_nodes import best_with_strict, mark_overdrawn


@inner_kernel
def is_searchable(order: int, p: ProblemArrays) -> bool:
    """Whether `order` is small enough for the exact search: at most STATES_MAX states."""
    return bool(count_states(p.line_qty[p.order_ptr[order] : p.order_ptr[order + 1]]) <= STATES_MAX)


def too_large(p: ProblemArrays) -> npt.NDArray[np.bool_]:
    """Mark the orders that are not searchable; bool[o]."""
    states = np.ones(len(p.order_destination))
    order = np.repeat(np.arange(len(states)), np.diff(p.order_ptr))
    with np.errstate(over="ignore"):  # infinitely many are too many
        np.multiply.at(states, order, p.line_qty + 1.0)
    return np.asarray(states > STATES_MAX)


@kernel
def search_order(
    order: int,
    p: ProblemArrays,
    pos_left: Int64s,
    node_left: Int64s,
    pos_price: Int64s,
    node_price: Int64s,
    w: Scratch,
) -> tuple[int, int, int]:
    """Find the cheapest plan of `order` on the stock and capacity that are left.

    The order must be searchable. Of several ways to serve it the best is taken; ties go to its own way, then
    to the alternative that stands first.

    pos_left, node_left : int64[h] units, int64[n] units of capacity.
    pos_price, node_price : int64[h], int64[n], micros, >= 0: what a unit of stock and of capacity are worth
    elsewhere.
    w : written. ``out_cand`` and ``out_state`` are the parcels, a candidate and a content each;
    ``cand_node``, ``cand_pos`` and ``stride`` read them, and ``way[0]`` is the alternative they take or
    OWN_WAY. Returns (cost with prices and penalties in micros, number of parcels, number of candidates).
    """
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    line_sku, line_qty, line_penalty = p.line_sku[first:end], p.line_qty[first:end], p.line_penalty[first:end]
    line_weight, stride = w.line_weight[: end - first], w.stride[: end - first]
    for line in range(end - first):
        line_weight[line] = p.sku_weight[line_sku[line]]
    n_states = fill_states(line_qty, line_weight, line_penalty, stride, w.state_weight, w.state_penalty)
    if p.order_complete[order]:
        for s in range(1, n_states):
            w.state_penalty[s] = NEVER
    way = best_way = OWN_WAY
    least = COST_MAX
    following, n_ways = p.alternative_ptr[order], p.alternative_ptr[order + 1]
    while True:  # one way after another, in one function: a call would count references to a hundred arrays
        destination, promise_class = p.order_destination[order], p.order_promise_class[order]
        if way != OWN_WAY:
            destination, promise_class = p.alternative_destination[way], p.alternative_promise_class[way]
        n_cands = gather_candidates(
            line_sku, line_qty, p.lane_band[destination], p.transit_slack[promise_class],
            p.node_departure_class, p.tariff_of, p.sku_ptr, p.pos_node, pos_left, p.pos_unit_cost, pos_price,
            node_left, p.node_parcel_cost, node_price, p.is_joint, p.node_parcel_use, p.pos_capacity_use,
            p.recipe_ptr, p.recipe_pos, p.recipe_qty, w.slot_of_node,
            w.cand_node, w.cand_tariff, w.cand_fixed, w.cand_avail, w.cand_unit, w.cand_pos,
        )  # fmt: skip
        price_transport(
            n_cands, w.cand_tariff, w.row_of_tariff, n_states, w.state_weight,
            p.tariff_ptr, p.tariff_list, p.list_ptr, p.list_weight, p.list_cost, p.list_fixed,
            w.cand_row, w.transport,
        )  # fmt: skip
        for c in range(n_cands):
            w.is_strict[c] = 0
            w.cand_left[c] = capacity_left(node_left[w.cand_node[c]])
        n_strict, limit, marked = 0, 0, -1
        while marked != 0:
            best_parcels(
                n_cands, w.cand_node, w.cand_row, w.cand_fixed, w.cand_avail, w.cand_unit, w.is_strict,
                w.transport, stride, n_states, w.state_penalty, w.content, w.content_cost, w.best_cost,
                w.best_cand,
            )  # fmt: skip
            if n_strict == 0 and limit == 0:
                best_partition(stride, line_qty, n_states, w.best_cost, w.content, w.plan_cost, w.plan_block)
                cost = w.plan_cost[n_states - 1]
                n_out = read_partition(n_states - 1, w.plan_block, w.best_cand, w.out_cand, w.out_state, 0)
            else:
                cost, n_out = best_with_strict(n_cands, limit, line_qty, n_states, pos_left, needs_of(p), w)
            marked = 0
            if cost >= NEVER:  # it cannot be complete: this is a relaxation, and it cannot
                n_out = 0
            elif n_out > 1 or p.is_joint:  # else one parcel alone, which holds no more than there is
                marked = mark_overdrawn(n_out, line_qty, pos_left, needs_of(p), w)
            if marked == 0 and n_out > p.order_parcels_max[order]:
                limit, marked = p.order_parcels_max[order], -1
            n_strict += max(0, marked)
        if cost < least:
            least, best_way = cost, way
        if following < n_ways:
            way = following
            following += 1
        elif way == best_way:
            break
        else:  # the buffers hold another way: search the best once more
            way = best_way
    if p.order_complete[order]:
        rejected = cost_of_nothing(line_qty, line_penalty)
        if rejected <= cost:
            cost, n_out = rejected, 0
    w.way[0] = best_way
    return cost, n_out, n_cands


@inner_kernel
def cost_of_nothing(line_qty: Int64s, line_penalty: Int64s) -> int:
    """Add up what it costs to leave all of an order unfilled, in micros."""
    cost = 0
    for line in range(len(line_qty)):
        cost += line_qty[line] * line_penalty[line]
    return cost
