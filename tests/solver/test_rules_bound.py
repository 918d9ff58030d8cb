"""The bound under each rule, alone and mixed, against brute force."""

from dataclasses import replace

import numpy as np
import pytest

from solver.arrays import ProblemArrays
from solver.prices import lower_bound, worth_of_supply
from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from solver.solve import solve
from tests.solver.batch_twin import best_batch, best_batch_by_mip
from tests.solver.plans import QUICK
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import EACH_AND_MIXED, with_rules
from tests.solver.test_lower_bound import random_prices
from tests.solver.twin import cheapest_plan


def batch(seed: int, rules: str, **sizes: int) -> AllocationProblem:
    rng = np.random.default_rng(seed)
    return with_rules(
        rng, random_problem(rng, **{"n_orders": 3, "n_nodes": 3, "stock_max": 2} | sizes), rules
    )


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_no_plan_of_a_tiny_batch_costs_less_than_the_bound_and_ours_no_less_than_the_best(rules: str) -> None:
    """60 batches a rule, at four random prices each and at those that the solver finds."""
    reached = 0
    for seed in range(60):
        p = batch(seed, rules)
        best = best_batch(p)
        rng = np.random.default_rng(seed)
        for _ in range(4):
            assert lower_bound(p, *random_prices(rng, p)) <= best, f"seed {seed}"
        if seed % 3 == 0:
            found = solve(p, params=QUICK)
            assert found.lower_bound <= best <= found.cost, f"seed {seed}"
            reached += found.cost == best
    assert reached >= 10  # of 20


@pytest.mark.parametrize("rules", [rules for rules in EACH_AND_MIXED if rules not in ("tails", "mix")])
def test_bound_of_batches_of_six_orders_against_an_integer_program(rules: str) -> None:
    for seed in range(4):
        p = batch(seed, rules, n_orders=6)
        rng = np.random.default_rng(seed)
        best = best_batch_by_mip(p)
        assert all(lower_bound(p, *random_prices(rng, p)) <= best for _ in range(4)), f"seed {seed}"


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_the_bound_is_the_sum_over_orders_less_what_supply_is_worth(rules: str) -> None:
    """Tails are added up unit by unit: each is worth what its price exceeds its tail cost by."""
    for seed in range(40):
        p = batch(seed, rules)
        stock, capacity = random_prices(np.random.default_rng(seed), p)
        least = [cheapest_plan(p, o, p.pos_free, p.node_capacity, stock, capacity) for o in range(p.n_orders)]
        limited = np.where(p.node_capacity < UNLIMITED_PARCELS, p.node_capacity, 0)
        worth = sum(
            max(0, int(price[i]) - (int(cost[i]) if len(tail) and unit < tail[i] else 0))
            for price, supply, tail, cost in (
                (stock, p.pos_free, p.stock_tail, p.stock_tail_cost),
                (capacity, limited, p.node_tail, p.node_tail_cost),
            )
            for i in range(len(supply))
            for unit in range(int(supply[i]))
        )
        assert lower_bound(p, stock, capacity) == sum(least) - worth, f"seed {seed}"


def test_a_bound_that_forgets_what_tails_cost_is_no_bound() -> None:
    """The broken twin values a supply as if its tail could not be had, and is too high."""
    too_high = 0
    for seed in range(60):
        p = batch(seed, "tails")
        best = best_batch(p)
        without = replace(
            p,
            pos_free=p.pos_free - np.minimum(p.pos_free, p.stock_tail),
            node_tail=p.node_tail[:0],
            node_tail_cost=p.node_tail_cost[:0],
        )
        rng = np.random.default_rng(seed)
        for _ in range(4):
            prices = random_prices(rng, p)
            total = lower_bound(p, *prices) + worth_of_supply(ProblemArrays.of(p), *prices)
            too_high += total - worth_of_supply(ProblemArrays.of(without), *prices) > best
    assert too_high > 0
