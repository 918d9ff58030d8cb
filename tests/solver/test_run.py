"""The phases of a solve, each by itself."""

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.plan_state import PlanState
from solver.run import Run
from solver.sequence import plan_in_sequence
from solver.shards import ThreadShards
from solver.stop import NeverStop
from tests.solver.plans import QUICK, checked
from tests.solver.test_lower_bound import random_prices
from tests.solver.test_patterns import batch


def test_filling_in_never_makes_a_plan_dearer() -> None:
    """Where orders of several units meet tails, serving one anew goes by an estimate that may be wrong."""
    cheaper = 0
    for seed in (*range(20), 83, 138, 205, 232):  # the last ones, and 19, got dearer when nobody looked
        p = batch(seed, "tails", n_orders=8, n_nodes=3, n_skus=4, stock_max=6, qty_max=4)
        plan, prices = PlanState.empty(p), random_prices(np.random.default_rng(seed), p)
        plan_in_sequence(np.arange(p.n_orders), ProblemArrays.of(p), *prices, Scratch.for_problem(p), plan)
        run = Run(p, NeverStop(), QUICK, np.random.default_rng(0), None, ThreadShards(p, 1), None)
        run.best, before = plan, plan.cost()
        run.fill_in()
        assert run.best.cost() <= before, f"seed {seed}"
        checked(p, run.best)
        cheaper += run.best.cost() < before
    assert cheaper > 0
