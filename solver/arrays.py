"""How a problem and its scratch space are handed to the numba kernels.

Leaf kernels take flat arrays. The few that walk over whole orders take these two tuples instead of forty
arguments; numba passes them as plain pointers.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.order_kernel import EXACT_LINES_MAX, STATES_MAX
from solver.problem import AllocationProblem, Int16s, Int32s, Int64s


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

    @classmethod
    def of(cls, problem: AllocationProblem) -> "ProblemArrays":
        """View the arrays of `problem`; nothing is copied."""
        return cls(*(getattr(problem, name) for name in cls._fields))


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
    cand_left: Int64s  # [c] parcels
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

    @classmethod
    def for_problem(cls, problem: AllocationProblem) -> "Scratch":
        """Allocate buffers large enough for every order of `problem`."""
        n_cands = max(1, problem.n_nodes)
        n_lines = EXACT_LINES_MAX
        n_tariffs = max(1, len(problem.tariff_ptr) - 1)
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
        )
