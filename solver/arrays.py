"""How a problem and its scratch space are handed to the numba kernels.

Leaf kernels take flat arrays. The few that walk over whole orders take these two tuples instead of forty
arguments; numba passes them as plain pointers.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from solver.by_pointer import by_pointer
from solver.order_kernel import EXACT_LINES_MAX, STATES_MAX
from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Bytes, Int16s, Int32s, Int64s


@by_pointer
class ProblemArrays(NamedTuple):
    """The arrays of an `AllocationProblem`, under the same names."""

    node_parcel_cost: Int64s
    node_capacity: Int64s
    node_departure_class: Int32s
    sku_ptr: Int64s
    sku_weight: Int64s
    pos_node: Int32s
    pos_free: Int64s
    pos_unit_cost: Int64s
    order_ptr: Int64s
    order_destination: Int32s
    order_promise_class: Int32s
    line_sku: Int32s
    line_qty: Int64s
    line_penalty: Int64s
    lane_band: Int16s
    transit_slack: Int16s
    tariff_of: Int32s
    tariff_ptr: Int64s
    tariff_list: Int32s
    list_ptr: Int64s
    list_weight: Int64s
    list_cost: Int64s
    list_fixed: Int64s
    node_parcel_use: Int64s
    pos_capacity_use: Int64s
    stock_tail: Int64s  # at most pos_free
    stock_tail_cost: Int64s
    node_tail: Int64s  # at most node_capacity; 0 where that is unlimited
    node_tail_cost: Int64s
    order_parcels_max: Int64s
    order_complete: Bytes
    alternative_ptr: Int64s
    alternative_destination: Int32s
    alternative_promise_class: Int32s
    recipe_ptr: Int64s
    recipe_pos: Int64s
    recipe_qty: Int64s
    is_joint: bool  # whether lines may share components, units use capacity, or parcels use none
    has_tails: bool

    @classmethod
    def of(cls, problem: AllocationProblem) -> "ProblemArrays":
        """View the arrays of `problem`; those of rules are brought to full size where they are empty."""
        p = problem
        limited = np.where(p.node_capacity < UNLIMITED_PARCELS, p.node_capacity, 0)
        full: dict[str, Any] = {
            "list_fixed": _full(p.list_fixed, len(p.list_ptr) - 1, 0),
            "node_parcel_use": _full(p.node_parcel_use, p.n_nodes, 1),
            "pos_capacity_use": _full(p.pos_capacity_use, p.n_positions, 0),
            "stock_tail": np.minimum(_full(p.stock_tail, p.n_stock, 0), p.pos_free),
            "stock_tail_cost": _full(p.stock_tail_cost, p.n_stock, 0),
            "node_tail": np.minimum(_full(p.node_tail, p.n_nodes, 0), limited),
            "node_tail_cost": _full(p.node_tail_cost, p.n_nodes, 0),
            "order_parcels_max": _full(p.order_parcels_max, p.n_orders, UNLIMITED_PARCELS),
            "order_complete": p.order_complete if p.order_complete.size else np.zeros(p.n_orders, np.uint8),
            "alternative_ptr": _full(p.alternative_ptr, p.n_orders + 1, 0),
            "recipe_ptr": _full(p.recipe_ptr, p.n_positions - p.n_stock + 1, 0),
            "is_joint": p.n_positions > p.n_stock
            or bool(p.pos_capacity_use.any() or (p.node_parcel_use == 0).any()),
            "has_tails": bool(p.stock_tail.any() or p.node_tail.any()),
        }
        return cls(*(full[name] if name in full else getattr(p, name) for name in cls._fields))


def _full(values: Int64s, size: int, default: int) -> Int64s:
    return values if values.size else np.full(size, default, np.int64)


@by_pointer
class Scratch(NamedTuple):
    """Buffers of one worker, reused from order to order.

    Axes: ``n`` nodes, ``t`` tariffs; of one order, ``c`` candidates (at most the nodes), ``l`` lines, ``s``
    states, ``r`` rows of `transport`, one for each tariff that a candidate rides, ``u`` parcels.
    """

    slot_of_node: Int32s  # [n] -1 between orders
    cand_node: Int32s  # [c]
    cand_tariff: Int32s  # [c]
    cand_row: Int32s  # [c] its row of `transport`
    cand_fixed: Int64s  # [c] micros a parcel before transport
    cand_left: Int64s  # [c] units of capacity
    cand_avail: Int64s  # [c, l] units
    cand_unit: Int64s  # [c, l] micros a unit
    cand_pos: Int64s  # [c, l]
    is_strict: npt.NDArray[np.uint8]  # [c]
    row_of_tariff: Int32s  # [t] -1 between orders
    transport: Int64s  # [r, s] micros
    line_weight: Int64s  # [l] grams a unit
    stride: Int64s  # [l] what one unit of the line adds to a state
    state_weight: Int64s  # [s] grams
    state_penalty: Int64s  # [s] micros if all of it stays unfilled
    content: Int64s  # [s] states
    content_cost: Int64s  # [s] micros
    best_cost: Int64s  # [s] micros of the cheapest single parcel
    best_cand: Int32s  # [s] who sends it, or UNFILLED
    plan_cost: Int64s  # [s] micros of the cheapest partition
    plan_block: Int64s  # [s] the block that is cut off first
    out_cand: Int32s  # [u]
    out_state: Int64s  # [u]
    way: Int64s  # [1] the alternative that the parcels take, or OWN_WAY
    units: Int64s  # [l]
    left_price: Int64s  # [h] micros: prices of stock where tails count; no entry without tails
    left_node_price: Int64s  # [n] micros: the same of capacity

    @classmethod
    def for_problem(cls, problem: AllocationProblem) -> "Scratch":
        """Allocate buffers large enough for every order of `problem`."""
        has_tails = problem.stock_tail.size > 0 or problem.node_tail.size > 0
        return cls.of_size(problem.n_nodes, len(problem.tariff_ptr) - 1, problem.n_stock if has_tails else 0)

    @classmethod
    def of_size(cls, n_nodes: int, n_tariffs: int, n_tailed: int = 0) -> "Scratch":
        """Allocate buffers for any orders over so many nodes and tariffs.

        n_tailed : stock rows of a problem with tails, 0 of one without.
        """
        n_cands = max(1, n_nodes)
        n_lines = EXACT_LINES_MAX
        n_tariffs = max(1, n_tariffs)
        states = STATES_MAX

        def ints32(size: int, fill: int = 0) -> Int32s:
            return np.full(size, fill, np.int32)

        def ints64(*shape: int) -> Int64s:
            return np.zeros(shape, np.int64)

        return cls(
            slot_of_node=ints32(n_cands, -1),
            cand_node=ints32(n_cands),
            cand_tariff=ints32(n_cands),
            cand_row=ints32(n_cands),
            cand_fixed=ints64(n_cands),
            cand_left=ints64(n_cands),
            cand_avail=ints64(n_cands, n_lines),
            cand_unit=ints64(n_cands, n_lines),
            cand_pos=ints64(n_cands, n_lines),
            is_strict=np.zeros(n_cands, np.uint8),
            row_of_tariff=ints32(n_tariffs, -1),
            transport=ints64(n_tariffs, states),
            line_weight=ints64(n_lines),
            stride=ints64(n_lines),
            state_weight=ints64(states),
            state_penalty=ints64(states),
            content=ints64(states),
            content_cost=ints64(states),
            best_cost=ints64(states),
            best_cand=ints32(states),
            plan_cost=ints64(states),
            plan_block=ints64(states),
            out_cand=ints32(states),
            out_state=ints64(states),
            way=ints64(1),
            units=ints64(n_lines),
            left_price=ints64(n_tailed),
            left_node_price=ints64(n_nodes if n_tailed else 0),
        )
