"""Search the best plan of one order: the steps of `order_kernel` in their order."""

from solver.arrays import ProblemArrays, Scratch
from solver.jit import kernel
from solver.order_kernel import (
    STATES_MAX,
    best_parcels,
    best_partition,
    count_states,
    fill_states,
    gather_candidates,
    price_transport,
    read_partition,
)
from solver.problem import Int64s
from solver.strict_nodes import best_with_strict, mark_overdrawn


@kernel
def is_searchable(order: int, p: ProblemArrays) -> bool:
    """Whether `order` is small enough for the exact search: at most STATES_MAX states."""
    return count_states(p.line_qty[p.order_ptr[order] : p.order_ptr[order + 1]]) <= STATES_MAX


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

    The order must be searchable.

    pos_left, node_left : int64[p] units, int64[n] parcels.
    pos_price, node_price : int64[p], int64[n], micros, >= 0: what a unit and a parcel are worth elsewhere.
    w : written. ``out_cand`` and ``out_state`` are the parcels, a candidate and a content each;
    ``cand_node``, ``cand_pos`` and ``stride`` read them.
    Returns (cost with prices and penalties in micros, number of parcels, number of candidates).
    """
    first, end = p.order_ptr[order], p.order_ptr[order + 1]
    line_sku, line_qty = p.line_sku[first:end], p.line_qty[first:end]
    n_lines = end - first
    n_cands = gather_candidates(
        line_sku, line_qty, p.lane_band[p.order_destination[order]],
        p.transit_slack[p.order_promise_class[order]], p.node_departure_class, p.tariff_of,
        p.sku_ptr, p.pos_node, pos_left, p.pos_unit_cost, pos_price,
        node_left, p.node_parcel_cost, node_price, w.slot_of_node,
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
    for c in range(n_cands):
        w.is_strict[c] = 0
        w.cand_left[c] = node_left[w.cand_node[c]]
    n_strict = 0
    while True:
        best_parcels(
            n_cands, w.cand_node, w.cand_row, w.cand_fixed, w.cand_avail, w.cand_unit, w.is_strict,
            w.transport, stride, n_states, w.state_penalty, w.content, w.content_cost, w.best_cost,
            w.best_cand,
        )  # fmt: skip
        best_partition(stride, line_qty, n_states, w.best_cost, w.content, w.plan_cost, w.plan_block)
        if n_strict == 0:
            cost = w.plan_cost[n_states - 1]
            n_out = read_partition(n_states - 1, w.plan_block, w.best_cand, w.out_cand, w.out_state, 0)
        else:
            cost, n_out = best_with_strict(
                n_cands, w.cand_row, w.cand_fixed, w.cand_avail, w.cand_unit, w.cand_left, w.is_strict,
                w.transport, stride, line_qty, n_states, w.best_cand, w.plan_cost, w.plan_block, w.out_cand,
                w.out_state,
            )  # fmt: skip
        marked = mark_overdrawn(
            n_out, w.out_cand, w.out_state, stride, line_qty, w.cand_avail, w.cand_left, w.is_strict
        )
        if marked == 0:
            return cost, n_out, n_cands
        n_strict += marked
