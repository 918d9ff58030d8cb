"""Displacing orders under the rules: feasible at true cost at every moment, and undone without a trace."""

import numpy as np
import pytest

from solver.problem import AllocationProblem
from tests.solver.plans import checked, first_come
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import EACH_AND_MIXED, with_rules
from tests.solver.test_improve import NEVER, assert_books_are_true, same, search_from


def day(seed: int, rules: str) -> AllocationProblem:
    rng = np.random.default_rng(seed)
    p = random_problem(rng, n_orders=60, n_nodes=6, n_skus=8, lines_max=3, stock_max=8)
    return with_rules(rng, p, rules)


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_every_plan_on_the_way_is_feasible_and_its_books_are_true(rules: str) -> None:
    cheaper = 0
    for seed in range(6):
        p = day(seed, rules)
        search = search_from(p, first_come(p), seed)
        for threshold in (40.0, 5.0, 0.0):
            before = search.plan.cost()
            search.run(60, threshold)
            checked(p, search.plan)
            assert_books_are_true(p, search)
        assert search.plan.cost() <= before
        cheaper += search.plan.cost() < first_come(p).cost()
    assert cheaper >= 4


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_a_move_undone_leaves_no_trace(rules: str) -> None:
    for seed in range(4):
        p = day(seed, rules)
        plan = first_come(p)
        search = search_from(p, plan, seed)
        search.run(150, NEVER)
        assert same(search.plan, plan), f"seed {seed}"
        assert search.plan.cost() == plan.cost()
        assert_books_are_true(p, search)
