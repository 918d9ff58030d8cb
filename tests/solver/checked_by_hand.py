"""A day and a plan of it, small enough to check by hand, and what the checker says of changed ones."""

import numpy as np

from solver.check import check_plan
from solver.problem import UNLIMITED_PARCELS, AllocationPlan, AllocationProblem


def day_by_hand() -> AllocationProblem:
    """By hand: two nodes, SKUs of 1 g and 2 g, three orders; lists of one step (20) and of two (30, 40)."""
    return AllocationProblem(
        node_parcel_cost=np.array([10, 11]),
        node_capacity=np.array([2, UNLIMITED_PARCELS]),
        node_departure_class=np.zeros(2, np.int32),
        sku_ptr=np.array([0, 2, 3]),
        sku_weight=np.array([1, 2]),
        pos_node=np.array([0, 1, 0], np.int32),
        pos_free=np.array([3, 5, 2]),
        pos_unit_cost=np.array([1, 2, 3]),
        order_ptr=np.array([0, 2, 3, 4]),
        order_destination=np.array([0, 0, 1], np.int32),
        order_promise_class=np.array([0, 0, 0], np.int32),
        line_sku=np.array([0, 1, 0, 0], np.int32),
        line_qty=np.array([2, 1, 3, 2]),
        line_penalty=np.array([100, 100, 100, 100]),
        lane_band=np.array([[0, 0], [-1, 0]], np.int16),
        transit_slack=np.array([[0], [-1]], np.int16),
        tariff_of=np.zeros((1, 1), np.int32),
        tariff_ptr=np.array([0, 1]),
        tariff_list=np.array([0], np.int32),
        list_ptr=np.array([0, 1, 3]),
        list_weight=np.array([4, 2, 5]),
        list_cost=np.array([20, 30, 40]),
    )


def plan_by_hand() -> AllocationPlan:
    """Order 0 whole from node 0, order 1 from both nodes, order 2 one of two units from node 1."""
    return AllocationPlan(
        parcel_order=np.array([0, 1, 1, 2], np.int32),
        parcel_node=np.array([0, 0, 1, 1], np.int32),
        parcel_list=np.zeros(4, np.int32),
        parcel_ptr=np.array([0, 2, 3, 4, 5]),
        entry_line=np.array([0, 1, 2, 2, 3], np.int32),
        entry_qty=np.array([2, 1, 1, 2, 1]),
    )


def put(array: np.ndarray, index: int, value: int) -> np.ndarray:
    changed = array.copy()
    changed[index] = value
    return changed


def broken_rules(problem: AllocationProblem, plan: AllocationPlan) -> list[str]:
    found = check_plan(problem, plan)
    assert found.is_feasible == (not found.violations)
    return [violation.partition(":")[0] for violation in found.violations]
