"""The linear program over patterns proves what prices can prove, and no more."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from benchmarks.or_library.as_orders import assignment, generalised_assignment
from benchmarks.or_library.read import Assignment, GeneralisedAssignment
from solver.master_prices import master_prices
from solver.patterns import Patterns
from solver.prices import cost_step, lower_bound
from solver.solve import SolveParams, solve
from tests.solver.batch_twin import best_batch
from tests.solver.plans import first_come
from tests.solver.test_patterns import _zero, batch, dual_over, nothing, started

POOL = ThreadPoolExecutor(1)

QUICK = SolveParams(climbs=2, temperature=0.1, cycles=1, improvement_rounds=1)


def gap_instance(seed: int) -> GeneralisedAssignment:
    rng = np.random.default_rng(seed)
    cost, use = rng.integers(10, 50, (3, 12)), rng.integers(5, 25, (3, 12))
    capacity = use.sum(axis=1) * 4 // 10
    return GeneralisedAssignment(cost.tolist(), use.tolist(), capacity.tolist())


def relaxation(instance: GeneralisedAssignment) -> float:
    """All patterns are enumerated: one a job and agent."""
    m, n = len(instance.cost), len(instance.cost[0])
    once, within = np.zeros((n, m * n)), np.zeros((m, m * n))
    for i, j in product(range(m), range(n)):
        once[j, i * n + j] = 1
        within[i, i * n + j] = instance.use[i][j]
    found = linprog(np.ravel(instance.cost), within, instance.capacity, once, np.ones(n))
    assert found.status == 0
    return float(found.fun)


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_is_the_linear_program_over_all_patterns(seed: int) -> None:
    instance = gap_instance(seed)
    made = generalised_assignment(instance)
    result = solve(made.problem, params=QUICK)
    value = relaxation(instance)
    assert result.prices.lower_bound / made.micros == pytest.approx(value, abs=0.02)
    assert result.prices.lower_bound <= value * made.micros + 1e-3
    assert result.lower_bound == made.round_up(result.prices.lower_bound)
    assert result.lower_bound <= result.cost


def test_assignments_close_and_the_twin_without_the_program_leaves_some_open() -> None:
    open_without = 0
    for seed in range(5):
        cost = np.random.default_rng(seed).integers(1, 100, (12, 12))
        problem = assignment(Assignment(cost.tolist())).problem
        result = solve(problem, params=QUICK)
        assert result.status == "optimal", f"seed {seed}"
        twin = solve(problem, params=replace(QUICK, master_rounds=0))
        assert twin.lower_bound <= result.lower_bound
        open_without += twin.lower_bound < result.lower_bound
    assert open_without > 0


def test_a_cost_that_is_no_multiple_makes_the_step_small() -> None:
    """A bound is rounded up to a multiple of the step, so the step must divide every amount there is."""
    p = assignment(Assignment([[4, 6], [8, 4]])).problem
    assert cost_step(p) == 2 * 10_000
    assert cost_step(replace(p, list_fixed=np.array([1, 0, 0]))) == 1
    assert cost_step(replace(p, stock_tail=p.pos_free, stock_tail_cost=p.pos_free * 5_000)) == 5_000


@pytest.mark.parametrize("rules", ["plain", "tails", "capacity use", "recipes"])
def test_a_polished_bound_is_proved_and_never_above_the_best_plan(rules: str) -> None:
    done = 0
    for seed in range(12):
        p = batch(seed, rules, n_orders=3, n_nodes=3, stock_max=2)
        search = started(p, seed)
        search.begin(*_zero(p))
        search.learn(first_come(p))
        done += search.polish(20, 1e9, 1_000, 1_000)
        found = search.prices
        assert found.lower_bound == max(0, lower_bound(p, found.stock, found.capacity))
        assert found.lower_bound <= best_batch(p), f"seed {seed}"
    assert done >= 10


def program(p, patterns: Patterns, rows_max: int = 1_000):
    dual = dual_over(p, patterns)
    return dual, master_prices(patterns, nothing(p), dual._supply, dual._tail, dual._tail_cost, rows_max)


@pytest.mark.parametrize("rules", ["plain", "tails", "capacity use", "recipes"])
def test_the_programs_prices_maximise_the_dual_over_its_patterns(rules: str) -> None:
    """By strong duality; a twin that forgets a row's price falls short."""
    caught = 0
    for seed in range(12):
        p = batch(seed, rules)
        search = started(p, seed)
        search.begin(*_zero(p))
        search.learn(first_come(p))
        search.step(3.0, steps=10, samples=3)
        dual, found = program(p, search.patterns)
        assert found is not None
        assert dual.evaluate(found.prices, 1e-4, POOL)[0] == pytest.approx(found.value, abs=0.05)
        for row in np.flatnonzero(found.prices):
            broken = found.prices.copy()
            broken[row] = 0
            caught += dual.evaluate(broken, 1e-4, POOL)[0] < found.value - 0.5
    assert caught > 0


def test_too_large_a_program_is_not_tried() -> None:
    p = batch(3, "plain", n_orders=30)
    search = started(p)
    search.begin(*_zero(p))
    search.learn(first_come(p))
    assert program(p, search.patterns, rows_max=0)[1] is None
    assert not search.polish(5, 1e9, patterns_max=1, rows_max=1_000)
