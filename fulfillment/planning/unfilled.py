"""Why a unit could not be filled, for every unit that was not."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import Method
from fulfillment.planning.build import BuiltProblem
from fulfillment.planning.decode import Allocations
from fulfillment.planning.leftovers import Leftovers, OrderReach
from fulfillment.planning.rules import methods_of_alternatives
from fulfillment.scenario.tables import Scenario
from solver.problem import AllocationPlan

Int64s = npt.NDArray[np.int64]


class Reason(StrEnum):
    """Why units stay unfilled, in the sequence in which nodes drop out."""

    NO_STOCK = "no_stock"
    NOT_TOGETHER = "not_together"
    PICKUP_NOT_OFFERED = "pickup_not_offered"
    OUT_OF_REACH = "out_of_reach"
    TOO_LATE = "too_late"
    SOLD_OUT = "sold_out"
    NO_CAPACITY = "no_capacity"
    SHIP_COMPLETE = "ship_complete"
    PARCEL_LIMIT = "parcel_limit"
    DEARER_THAN_PENALTY = "dearer_than_penalty"

    @property
    def in_words(self) -> str:
        """Say it to a planner."""
        return _IN_WORDS[self]


_IN_WORDS = {
    Reason.NO_STOCK: "no node has a unit above its safety stock",
    Reason.NOT_TOGETHER: "it leaves whole, being a kit or not to be split, and no node has all of it",
    Reason.PICKUP_NOT_OFFERED: "the chosen node does not offer pickup",
    Reason.OUT_OF_REACH: "no node that has it serves this place: too far, or it does not ship",
    Reason.TOO_LATE: "no node that has it can get it there by the promise",
    Reason.SOLD_OUT: "every unit that could arrive in time went to other orders",
    Reason.NO_CAPACITY: "nodes with units left have no parcel capacity left",
    Reason.SHIP_COMPLETE: "the order leaves complete or not at all, and not all of it can be sent",
    Reason.PARCEL_LIMIT: "the order may not be cut into more parcels",
    Reason.DEARER_THAN_PENALTY: "sending it would cost more than leaving it unfilled",
}


@dataclass(frozen=True, slots=True)
class Unfilled:
    """Units that no parcel holds, one entry a scenario line.

    The counts say how many nodes passed each test in turn: have stock, reach the customer, are in time, have
    units left, have capacity left. Of a kit or a product that is not split, a node has it if it has all of
    it; an order with alternatives is reached, and in time, if one of its ways is.
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
    left = Leftovers.of(built, plan)
    without_pickup = _without_pickup(scenario)
    reasons, counts = [], np.zeros((len(missing), 5), np.int64)
    reached: dict[int, OrderReach] = {}
    for k, line in enumerate(missing):
        merged = int(built.merged_line[line])
        order = left.order_of_line(merged)
        if order not in reached:
            reached[order] = left.reach(order)
        reach = reached[order]
        counts[k] = [int(test.sum()) for test in left.tests(merged, reach)]
        reasons.append(_reason(left, merged, reach, counts[k], bool(without_pickup[lines.order[line]])))
    return Unfilled(missing, short[missing], reasons, counts)


def _reason(left: Leftovers, line: int, reach: OrderReach, counts: Int64s, without_pickup: bool) -> Reason:
    has_stock, reaches, in_time, has_left, has_capacity = counts
    if has_stock == 0:
        return Reason.NOT_TOGETHER if left.is_stocked_apart(line) else Reason.NO_STOCK
    if without_pickup:
        return Reason.PICKUP_NOT_OFFERED
    if reaches == 0:
        return Reason.OUT_OF_REACH
    if in_time == 0:
        return Reason.TOO_LATE
    if has_left == 0:
        return Reason.NOT_TOGETHER if left.is_left_apart(line, reach) else Reason.SOLD_OUT
    if has_capacity == 0:
        return Reason.NO_CAPACITY
    if left.is_rejected_whole(reach.order):
        if not left.has_all_of(reach):
            return Reason.SHIP_COMPLETE
        is_limited = left.needs_parcels(reach) > left.parcels_max(reach.order)
    else:
        is_limited = left.would_pay_with_another_parcel(reach, line)
    return Reason.PARCEL_LIMIT if is_limited else Reason.DEARER_THAN_PENALTY


def _without_pickup(scenario: Scenario) -> npt.NDArray[np.bool_]:
    """Mark the orders that can only be collected, and only where nothing can be; bool[scenario order]."""
    nodes, orders, alternatives = scenario.nodes, scenario.orders, scenario.alternatives

    def offers_none(method: list[str], pickup_node: Int64s) -> npt.NDArray[np.bool_]:
        is_pickup = np.array([each == Method.PICK_UP for each in method], bool)
        return np.asarray(is_pickup & ~np.append(nodes.pickup, False)[pickup_node])

    without = offers_none(orders.method, orders.pickup_node)
    further = offers_none(methods_of_alternatives(scenario), alternatives.pickup_node)
    without[alternatives.order[~further]] = False
    return without
