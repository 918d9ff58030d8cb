"""Each rule in the one-order search, alone and mixed: equal to the twins, and feasible when carried out."""

import numpy as np
import pytest

from solver.arrays import ProblemArrays, Scratch
from solver.large_order import bound_large_order, serve_large_order
from solver.plan_state import PlanState
from solver.problem import AllocationProblem
from solver.search import search_order
from solver.sequence import plan_in_sequence
from tests.solver.plans import checked, zero_prices
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import EACH_AND_MIXED, with_rules
from tests.solver.twin import cheapest_plan, enumerate_plans


def order_with(rules: str, seed: int, **sizes: int) -> tuple[AllocationProblem, np.ndarray, np.ndarray]:
    """A random order, and prices in every second case."""
    rng = np.random.default_rng(seed)
    shape = {"n_nodes": int(rng.integers(1, 5)), "lines_max": 3, "qty_max": 3} | sizes
    p = with_rules(rng, random_problem(rng, **shape), rules)
    priced = seed % 2
    return p, priced * rng.integers(0, 40, p.n_stock), priced * rng.integers(0, 25, p.n_nodes)


def least_cost(p: AllocationProblem, pos_price: np.ndarray, node_price: np.ndarray) -> int:
    scratch = Scratch.for_problem(p)
    arrays = ProblemArrays.of(p)
    return search_order(0, arrays, p.pos_free, p.node_capacity, pos_price, node_price, scratch)[0]


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_search_equals_the_node_by_node_twin(rules: str) -> None:
    """300 random orders a rule, half of them at prices."""
    for seed in range(300):
        p, *prices = order_with(rules, seed)
        expected = cheapest_plan(p, 0, p.pos_free, p.node_capacity, *prices)
        assert least_cost(p, *prices) == expected, f"seed {seed}"


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_the_twin_equals_blind_enumeration(rules: str) -> None:
    """Tiny orders of at most three units."""
    tried = 0
    for seed in range(60):
        p, *prices = order_with(rules, seed, n_nodes=2, lines_max=2, qty_max=2)
        if p.line_qty.sum() > 3:
            continue
        tried += 1
        arguments = (p, 0, p.pos_free, p.node_capacity, *prices)
        assert cheapest_plan(*arguments) == enumerate_plans(*arguments), f"seed {seed}"
    assert tried >= 30


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_orders_in_sequence_are_served_exactly_and_feasibly_on_what_is_left(rules: str) -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = with_rules(rng, random_problem(rng, n_orders=8, lines_max=3), rules)
        arrays, scratch, plan = ProblemArrays.of(p), Scratch.for_problem(p), PlanState.empty(p)
        for order in range(p.n_orders):
            expected = cheapest_plan(p, order, plan.pos_left, plan.node_left, *zero_prices(p))
            plan_in_sequence(np.array([order]), arrays, *zero_prices(p), scratch, plan)
            if not arrays.has_tails:  # else what is left has prices
                assert plan.order_cost[order] == expected, f"seed {seed}, order {order}"
        checked(p, plan)


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_the_bound_of_large_orders_is_never_above_the_optimum(rules: str) -> None:
    for seed in range(300):
        p, *prices = order_with(rules, seed)
        bound = bound_large_order(0, ProblemArrays.of(p), *prices, Scratch.for_problem(p).slot_of_node)
        assert bound <= least_cost(p, *prices), f"seed {seed}"


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_the_heuristic_for_large_orders_keeps_to_the_rules(rules: str) -> None:
    """On small orders, where the optimum is known: feasible, no cheaper, and seldom much dearer."""
    found, best = 0, 0
    for seed in range(0, 400, 2):  # without prices
        p, *prices = order_with(rules, seed)
        plan, scratch = PlanState.empty(p), Scratch.for_problem(p)
        serve_large_order(0, ProblemArrays.of(p), *prices, scratch.slot_of_node, plan)
        assert checked(p, plan).violations == ()
        least = least_cost(p, *prices)
        nothing = int(p.line_qty @ p.line_penalty)
        assert least <= plan.order_cost[0] <= nothing, f"seed {seed}"
        found, best = found + int(plan.order_cost[0]), best + least
    assert found <= 1.15 * best
