"""The checker's broken twins: plans with exactly one thing wrong, each caught by the rule it breaks."""

from dataclasses import replace

import numpy as np
import pytest

from solver.check import check_plan
from solver.problem import AllocationPlan, AllocationProblem
from tests.solver.checked_by_hand import broken_rules, day_by_hand, plan_by_hand, put
from tests.solver.plans import checked, first_come

LATE = 1  # promise class in which nothing is even ready


@pytest.fixture
def problem() -> AllocationProblem:
    return day_by_hand()


@pytest.fixture
def plan() -> AllocationPlan:
    return plan_by_hand()


def test_a_feasible_plan_is_priced_by_hand(problem: AllocationProblem, plan: AllocationPlan) -> None:
    found = check_plan(problem, plan)
    assert found.is_feasible
    assert found.transport_micros == 4 * 20
    assert found.handling_micros == 2 * 10 + 2 * 11 + (2 * 1 + 3) + 1 * 1 + 2 * 2 + 1 * 2
    assert found.unfilled_micros == 100
    assert found.unfilled.tolist() == [0, 0, 0, 1]
    assert found.total_micros == 80 + 54 + 100


@pytest.mark.parametrize(
    ("weight_g", "price"),
    [(1, 30), (2, 30), (3, 40), (5, 40), (6, 70), (7, 70), (8, 80), (10, 80), (11, 110)],
)
def test_a_parcel_beyond_the_last_step_pays_full_multiples_and_the_rest(
    problem: AllocationProblem, weight_g: int, price: int
) -> None:
    p = replace(
        problem,
        tariff_list=np.array([1], np.int32),
        sku_weight=np.array([weight_g, 1]),
    )
    one = AllocationPlan(
        parcel_order=np.array([1], np.int32),
        parcel_node=np.array([0], np.int32),
        parcel_list=np.array([1], np.int32),
        parcel_ptr=np.array([0, 1]),
        entry_line=np.array([2], np.int32),
        entry_qty=np.array([1]),
    )
    assert check_plan(p, one).transport_micros == price


def test_one_unit_more_than_a_position_holds(problem: AllocationProblem, plan: AllocationPlan) -> None:
    """Order 1 takes its second unit from node 0 and not from node 1: four of three units."""
    moved = replace(plan, entry_qty=put(put(plan.entry_qty, 2, 2), 3, 1))
    assert broken_rules(problem, moved) == ["a position is oversold"]
    enough = replace(problem, pos_free=put(problem.pos_free, 0, 4))
    assert broken_rules(enough, moved) == []


def test_one_parcel_more_than_a_node_sends(problem: AllocationProblem, plan: AllocationPlan) -> None:
    tight = replace(problem, node_capacity=put(problem.node_capacity, 0, 1))
    assert broken_rules(tight, plan) == ["a node sends more than it can"]


def test_a_line_filled_beyond_its_quantity(problem: AllocationProblem, plan: AllocationPlan) -> None:
    generous = replace(plan, entry_qty=put(plan.entry_qty, 4, 3))
    assert broken_rules(problem, generous) == ["a line is filled beyond its quantity"]
    assert check_plan(problem, generous).unfilled_micros == 0  # no reward for the unit too many


def test_a_price_list_outside_the_tariff(problem: AllocationProblem, plan: AllocationPlan) -> None:
    cheap = replace(plan, parcel_list=put(plan.parcel_list, 3, 1))
    assert broken_rules(problem, cheap) == ["a parcel rides a price list outside its tariff"]


def test_a_parcel_over_a_closed_lane(problem: AllocationProblem, plan: AllocationPlan) -> None:
    """Node 0 does not reach the third order's destination."""
    roomy = replace(problem, node_capacity=put(problem.node_capacity, 0, 9), pos_free=problem.pos_free + 9)
    closed = replace(plan, parcel_node=put(plan.parcel_node, 3, 0))
    assert broken_rules(roomy, closed) == [
        "a parcel has no lane that arrives in time",
        "a parcel rides a price list outside its tariff",
    ]


def test_a_parcel_that_is_not_ready_in_time(problem: AllocationProblem, plan: AllocationPlan) -> None:
    late = replace(problem, order_promise_class=put(problem.order_promise_class, 2, LATE))
    assert "a parcel has no lane that arrives in time" in broken_rules(late, plan)


def test_a_node_that_does_not_stock_the_sku(problem: AllocationProblem, plan: AllocationPlan) -> None:
    """The second SKU is only at node 0."""
    elsewhere = replace(plan, parcel_node=put(plan.parcel_node, 0, 1))
    assert broken_rules(problem, elsewhere) == ["an entry names a position that does not exist"]


def test_a_line_of_another_order(problem: AllocationProblem, plan: AllocationPlan) -> None:
    mixed = replace(plan, parcel_order=put(plan.parcel_order, 3, 1))
    assert broken_rules(problem, mixed) == ["a parcel holds a line of another order"]


@pytest.mark.parametrize("qty", [0, -1])
def test_an_entry_of_no_units(problem: AllocationProblem, plan: AllocationPlan, qty: int) -> None:
    assert "an entry holds less than one unit" in broken_rules(
        problem, replace(plan, entry_qty=put(plan.entry_qty, 4, qty))
    )


def test_an_empty_parcel(problem: AllocationProblem, plan: AllocationPlan) -> None:
    hollow = replace(
        plan,
        parcel_ptr=np.array([0, 2, 3, 4, 4]),
        entry_line=plan.entry_line[:4],
        entry_qty=plan.entry_qty[:4],
    )
    assert broken_rules(problem, hollow) == ["a parcel is empty"]


def test_the_planners_own_plan_of_it_is_feasible_and_not_dearer(
    problem: AllocationProblem, plan: AllocationPlan
) -> None:
    ours = checked(problem, first_come(problem))
    assert ours.total_micros <= check_plan(problem, plan).total_micros
