"""The checker's broken twins for the rules: plans with exactly one thing wrong, each caught by name."""

from dataclasses import replace

import numpy as np
import pytest

from solver.check import check_plan
from solver.problem import AllocationPlan, AllocationProblem
from tests.solver.checked_by_hand import broken_rules, day_by_hand, plan_by_hand, put


@pytest.fixture
def problem() -> AllocationProblem:
    return day_by_hand()


@pytest.fixture
def plan() -> AllocationPlan:
    return plan_by_hand()


@pytest.fixture
def kits(problem: AllocationProblem) -> AllocationProblem:
    """A third SKU of 5 g: at node 0, a unit of SKU 0 and two of SKU 1; the second order wants two of it."""
    return replace(
        problem,
        sku_ptr=np.append(problem.sku_ptr, 4),
        sku_weight=np.append(problem.sku_weight, 5),
        pos_node=np.append(problem.pos_node, 0).astype(np.int32),
        pos_unit_cost=np.append(problem.pos_unit_cost, 6),
        line_sku=np.array([0, 1, 2, 0], np.int32),
        line_qty=np.array([2, 1, 2, 2]),
        recipe_ptr=np.array([0, 2]),
        recipe_pos=np.array([0, 2]),
        recipe_qty=np.array([1, 2]),
    )


def kit_plan(units: int) -> AllocationPlan:
    return AllocationPlan(
        parcel_order=np.array([1], np.int32),
        parcel_node=np.array([0], np.int32),
        parcel_list=np.zeros(1, np.int32),
        parcel_ptr=np.array([0, 1]),
        entry_line=np.array([2], np.int32),
        entry_qty=np.array([units]),
    )


def test_a_kit_takes_its_components_from_its_node(kits: AllocationProblem) -> None:
    """By hand: 5 g ride two steps of 4 g; one kit is left out, and lines 0, 1 and 3."""
    found = check_plan(kits, kit_plan(1))
    assert found.is_feasible
    assert found.transport_micros == 40
    assert found.handling_micros == 10 + 6
    assert found.unfilled_micros == 600
    assert broken_rules(kits, kit_plan(2)) == ["a position is oversold"]  # four of two units of SKU 1
    enough = replace(kits, pos_free=put(kits.pos_free, 2, 4))
    assert broken_rules(enough, kit_plan(2)) == []


def test_a_kit_and_its_component_share_the_stock(kits: AllocationProblem) -> None:
    """Order 0 takes two of three units of SKU 0 and one of two of SKU 1; a kit needs two more of SKU 1."""
    both = replace(
        kit_plan(1),
        parcel_order=np.array([0, 1], np.int32),
        parcel_node=np.array([0, 0], np.int32),
        parcel_list=np.zeros(2, np.int32),
        parcel_ptr=np.array([0, 2, 3]),
        entry_line=np.array([0, 1, 2], np.int32),
        entry_qty=np.array([2, 1, 1]),
    )
    assert broken_rules(kits, both) == ["a position is oversold"]
    assert broken_rules(replace(kits, pos_free=put(kits.pos_free, 2, 3)), both) == []
    assert broken_rules(replace(kits, pos_free=np.array([2, 5, 3])), both) == ["a position is oversold"]


def test_capacity_is_used_by_parcels_and_by_units(problem: AllocationProblem, plan: AllocationPlan) -> None:
    """Node 0 sends two parcels with two units of SKU 0 and one of SKU 1, then one of SKU 0."""
    minutes = replace(
        problem,
        node_capacity=put(problem.node_capacity, 0, 2 * 5 + 3 * 2 + 7),
        node_parcel_use=np.array([5, 5]),
        pos_capacity_use=np.array([2, 9, 7]),
    )
    assert broken_rules(minutes, plan) == []
    short = replace(minutes, node_capacity=put(minutes.node_capacity, 0, 22))
    assert broken_rules(short, plan) == ["a node sends more than it can"]


def test_one_parcel_more_than_an_order_may_have(problem: AllocationProblem, plan: AllocationPlan) -> None:
    assert broken_rules(replace(problem, order_parcels_max=np.array([1, 2, 1])), plan) == []
    one = replace(problem, order_parcels_max=np.ones(3, np.int64))
    assert broken_rules(one, plan) == ["an order has more parcels than it may"]


def test_an_order_sent_in_part_that_must_be_complete(
    problem: AllocationProblem,
    plan: AllocationPlan,
) -> None:
    """The third order is sent one of two units."""
    whole = replace(problem, order_complete=np.array([1, 1, 0], np.uint8))
    assert broken_rules(whole, plan) == []
    all_whole = replace(problem, order_complete=np.ones(3, np.uint8))
    assert broken_rules(all_whole, plan) == ["an order is sent in part that must be complete"]
    without = AllocationPlan(
        parcel_order=plan.parcel_order[:3],
        parcel_node=plan.parcel_node[:3],
        parcel_list=plan.parcel_list[:3],
        parcel_ptr=plan.parcel_ptr[:4],
        entry_line=plan.entry_line[:4],
        entry_qty=plan.entry_qty[:4],
    )
    assert broken_rules(all_whole, without) == []  # nothing at all is allowed


def test_an_alternative_opens_its_lanes_to_its_order_alone(
    problem: AllocationProblem,
    plan: AllocationPlan,
) -> None:
    """The third order's parcel from node 0, which does not reach it, but its alternative's destination."""
    flexible = replace(
        problem,
        node_capacity=put(problem.node_capacity, 0, 9),
        pos_free=problem.pos_free + 9,
        alternative_ptr=np.array([0, 1, 1, 2]),
        alternative_destination=np.array([0, 0], np.int32),
        alternative_promise_class=np.array([0, 0], np.int32),
    )
    collected = replace(
        plan, parcel_node=put(plan.parcel_node, 3, 0), order_alternative=np.array([-1, -1, 1], np.int32)
    )
    assert broken_rules(flexible, collected) == []
    shipped = replace(collected, order_alternative=np.zeros(0, np.int32))
    assert "a parcel has no lane that arrives in time" in broken_rules(flexible, shipped)
    for other in (0, 2, -2):
        stolen = replace(collected, order_alternative=np.array([-1, -1, other], np.int32))
        assert broken_rules(flexible, stolen)[0] == "an order is served by an alternative that is not its own"


def test_a_price_list_adds_its_charge_to_every_parcel(
    problem: AllocationProblem,
    plan: AllocationPlan,
) -> None:
    charged = replace(problem, list_fixed=np.array([7, 100]))
    assert check_plan(charged, plan).transport_micros == 4 * (20 + 7)


def test_the_last_units_of_stock_and_capacity_cost_more(
    problem: AllocationProblem,
    plan: AllocationPlan,
) -> None:
    """Taken: three of three units of SKU 0 at node 0, three of five at node 1, both parcels of node 0."""
    tailed = replace(
        problem,
        stock_tail=np.array([2, 4, 1]),
        stock_tail_cost=np.array([30, 5, 1000]),
        node_tail=np.array([1, 3]),
        node_tail_cost=np.array([11, 9999]),
    )
    found = check_plan(tailed, plan)
    assert found.tail_micros == 2 * 30 + 2 * 5 + 11
    assert found.total_micros == check_plan(problem, plan).total_micros + found.tail_micros
    longer = replace(tailed, stock_tail=np.array([9, 4, 1]))
    assert check_plan(longer, plan).tail_micros == 3 * 30 + 2 * 5 + 11
