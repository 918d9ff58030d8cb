"""Why a unit could not be filled, for every unit that was not."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import Method
from fulfillment.planning.build import BuiltProblem
from fulfillment.planning.decode import Allocations
from fulfillment.scenario.tables import Scenario
from solver.problem import NO_LANE, AllocationPlan, AllocationProblem

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Reason(StrEnum):
    """Why units stay unfilled, in the sequence in which nodes drop out."""

    NO_STOCK = "no_stock"
    PICKUP_NOT_OFFERED = "pickup_not_offered"
    OUT_OF_REACH = "out_of_reach"
    TOO_LATE = "too_late"
    SOLD_OUT = "sold_out"
    NO_CAPACITY = "no_capacity"
    DEARER_THAN_PENALTY = "dearer_than_penalty"

    @property
    def in_words(self) -> str:
        """Say it to a planner."""
        return _IN_WORDS[self]


_IN_WORDS = {
    Reason.NO_STOCK: "no node has a unit above its safety stock",
    Reason.PICKUP_NOT_OFFERED: "the chosen node does not offer pickup",
    Reason.OUT_OF_REACH: "no node that has it serves this place: too far, or it does not ship",
    Reason.TOO_LATE: "no node that has it can get it there by the promise",
    Reason.SOLD_OUT: "every unit that could arrive in time went to other orders",
    Reason.NO_CAPACITY: "nodes with units left have no parcel capacity left",
    Reason.DEARER_THAN_PENALTY: "sending it would cost more than leaving it unfilled",
}


@dataclass(frozen=True, slots=True)
class Unfilled:
    """Units that no parcel holds, one entry a scenario line.

    The counts say how many nodes passed each test in turn: have stock, reach the customer, are in time, have
    units left, have capacity left.
    """

    line: Int64s  # index into OrderLines
    qty: Int64s
    reason: list[Reason]
    nodes_left: Int64s  # [entry, 5]

    def __len__(self) -> int:
        return len(self.line)


def explain_unfilled(
    scenario: Scenario, built: BuiltProblem, plan: AllocationPlan, allocations: Allocations
) -> Unfilled:
    """Find the reason for every unit that `allocations` leaves out, on what stock and capacity are left."""
    lines = scenario.order_lines
    short = lines.qty.copy()
    np.subtract.at(short, allocations.line, allocations.qty)
    missing = np.flatnonzero(short > 0)
    problem = built.problem
    taken = _units_taken(problem, plan)
    pos_left = problem.pos_free - taken
    node_left = problem.node_capacity - np.bincount(plan.parcel_node, minlength=problem.n_nodes)
    order_of_line = np.searchsorted(problem.order_ptr, np.arange(problem.n_lines), side="right") - 1
    reasons, counts = [], np.zeros((len(missing), 5), np.int64)
    for k, line in enumerate(missing):
        merged = int(built.merged_line[line])
        tests = _tests(problem, merged, int(order_of_line[merged]), pos_left, node_left)
        counts[k] = [int(test.sum()) for test in tests]
        order = int(lines.order[line])
        reasons.append(_reason(scenario, order, counts[k]))
    return Unfilled(missing, short[missing], reasons, counts)


def _tests(
    p: AllocationProblem, line: int, order: int, pos_left: Int64s, node_left: Int64s
) -> tuple[Bools, Bools, Bools, Bools, Bools]:
    """For each position of the line's SKU, which tests in turn it passes."""
    at = slice(p.sku_ptr[p.line_sku[line]], p.sku_ptr[p.line_sku[line] + 1])
    node = p.pos_node[at]
    band = p.lane_band[p.order_destination[order], node]
    slack = p.transit_slack[p.order_promise_class[order], p.node_departure_class[node]]
    has_stock = p.pos_free[at] > 0
    reaches = has_stock & (band != NO_LANE)
    in_time = reaches & (slack >= 0) & (p.tariff_of[band, slack] >= 0)
    has_left = in_time & (pos_left[at] > 0)
    return has_stock, reaches, in_time, has_left, has_left & (node_left[node] > 0)


def _reason(scenario: Scenario, order: int, counts: Int64s) -> Reason:
    has_stock, reaches, in_time, has_left, has_capacity = counts
    pickup_node = scenario.orders.pickup_node[order]
    if has_stock == 0:
        return Reason.NO_STOCK
    if scenario.orders.method[order] == Method.PICK_UP and not scenario.nodes.pickup[pickup_node]:
        return Reason.PICKUP_NOT_OFFERED
    if reaches == 0:
        return Reason.OUT_OF_REACH
    if in_time == 0:
        return Reason.TOO_LATE
    if has_left == 0:
        return Reason.SOLD_OUT
    return Reason.NO_CAPACITY if has_capacity == 0 else Reason.DEARER_THAN_PENALTY


def _units_taken(p: AllocationProblem, plan: AllocationPlan) -> Int64s:
    """Units the plan takes from each position; int64[p]."""
    node = np.repeat(plan.parcel_node, np.diff(plan.parcel_ptr))
    sku_of_pos = np.repeat(np.arange(p.n_skus), np.diff(p.sku_ptr))
    keys = sku_of_pos * p.n_nodes + p.pos_node
    pos = np.searchsorted(keys, p.line_sku[plan.entry_line].astype(np.int64) * p.n_nodes + node)
    taken = np.zeros(p.n_positions, np.int64)
    np.add.at(taken, pos, plan.entry_qty)
    return taken
