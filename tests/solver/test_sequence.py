"""Planning in sequence: first-come is exact step by step, and giving back restores everything."""

from dataclasses import replace

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.plan_state import PlanState, release_order
from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from solver.sequence import plan_in_sequence
from tests.solver.plans import checked, first_come, zero_prices
from tests.solver.small_problems import random_problem
from tests.solver.twin import cheapest_plan


def batch(seed: int, **sizes) -> AllocationProblem:
    return random_problem(np.random.default_rng(seed), **{"n_orders": 8, "n_nodes": 4} | sizes)


def with_a_large_order(p: AllocationProblem) -> AllocationProblem:
    """The first line of the first order asks for 700 units: 701 states are too many for the exact search."""
    qty, free = p.line_qty.copy(), p.pos_free.copy()
    qty[0] = 700
    free[p.sku_ptr[p.line_sku[0]] : p.sku_ptr[p.line_sku[0] + 1]] += 300
    return replace(p, line_qty=qty, pos_free=free)


def test_first_come_serves_each_order_exactly_on_what_is_left() -> None:
    for seed in range(80):
        p = batch(seed)
        arrays, scratch, plan = ProblemArrays.of(p), Scratch.for_problem(p), PlanState.empty(p)
        for order in range(p.n_orders):
            expected = cheapest_plan(p, order, plan.pos_left, plan.node_left, *zero_prices(p))
            plan_in_sequence(np.array([order]), arrays, *zero_prices(p), scratch, plan)
            assert plan.order_cost[order] == expected, f"seed {seed}, order {order}"


def test_plans_of_batches_with_and_without_large_orders_are_feasible() -> None:
    for seed in range(60):
        p = batch(seed, n_orders=20)
        checked(p, first_come(p))
        p = with_a_large_order(p)
        checked(p, first_come(p))


def test_giving_everything_back_restores_stock_and_capacity_exactly() -> None:
    for seed in range(60):
        p = with_a_large_order(batch(seed)) if seed % 2 else batch(seed)
        plan = first_come(p)
        for order in np.random.default_rng(seed).permutation(p.n_orders):
            release_order(order, ProblemArrays.of(p), plan)
        assert plan.pos_left.tolist() == p.pos_free.tolist()
        assert plan.node_left.tolist() == p.node_capacity.tolist()
        assert len(plan.to_plan().parcel_order) == 0


def test_what_is_taken_and_what_is_left_add_up() -> None:
    p = batch(3, n_orders=30, stock_max=6)
    plan = first_come(p)
    packed = plan.to_plan()
    assert (plan.pos_left >= 0).all()
    assert (p.pos_free - plan.pos_left).sum() == packed.entry_qty.sum() > 0
    limited = p.node_capacity < UNLIMITED_PARCELS
    sent = np.bincount(packed.parcel_node, minlength=p.n_nodes)
    assert (p.node_capacity - plan.node_left)[limited].tolist() == sent[limited].tolist()


def test_serving_orders_anew_at_true_cost_never_costs_more() -> None:
    """Each order alone may keep what it had; a large one is served by a heuristic and may lose."""
    for seed in range(40):
        p = batch(seed, n_orders=15)
        plan = first_come(p)
        arrays, scratch = ProblemArrays.of(p), Scratch.for_problem(p)
        for order in np.random.default_rng(seed).permutation(p.n_orders):
            before = plan.cost()
            plan_in_sequence(np.array([order]), arrays, *zero_prices(p), scratch, plan)
            assert plan.cost() <= before
        checked(p, plan)


def test_a_copy_shares_nothing_that_planning_changes() -> None:
    p = batch(5)
    plan = first_come(p)
    kept, cost = plan.copy(), plan.cost()
    for order in range(p.n_orders):
        release_order(order, ProblemArrays.of(p), plan)
    assert checked(p, kept).total_micros == cost
    assert kept.n_parcels.sum() > 0
