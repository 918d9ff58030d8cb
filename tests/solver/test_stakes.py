"""Who has most at stake is planned first: much to pay, and no second choice."""

import math
from dataclasses import replace

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.patterns import Patterns
from solver.plan_state import PlanState
from solver.prices import Prices
from solver.problem import AllocationProblem
from solver.sequence import plan_in_sequence
from solver.stakes import by_stake
from tests.solver.plans import checked, first_come
from tests.solver.small_problems import random_problem
from tests.solver.test_patterns import batch, nothing, started


def blind(patterns: Patterns, unfilled: np.ndarray, prices: np.ndarray, temperature: float) -> list[float]:
    """The stake of each order, worked out pattern by pattern; the twin in plain Python."""
    pays = [[float(cost)] for cost in unfilled]
    for j, order in enumerate(patterns.order.tolist()):
        entries = range(patterns.entry_ptr[j], patterns.entry_ptr[j + 1])
        paid = sum(int(patterns.qty[e]) * int(prices[patterns.row[e]]) for e in entries)
        pays[order].append(float(patterns.cost[j] + paid))
    return [
        min(costs) / sum(math.exp(-(cost - min(costs)) / temperature) for cost in costs) for costs in pays
    ]


def test_the_sequence_falls_by_what_is_at_stake() -> None:
    for seed in range(20):
        p = batch(seed, "mix", n_orders=20)
        rng = np.random.default_rng(seed)
        search = started(p, seed)
        for _ in range(3):
            search.begin(rng.integers(0, 30, p.n_stock), np.zeros(p.n_nodes, np.int64))
        prices = rng.integers(0, 30, p.n_stock + p.n_nodes)
        sequence = by_stake(search.patterns, nothing(p), prices, 5.0)
        assert sorted(sequence.tolist()) == list(range(p.n_orders))
        stakes = np.array(blind(search.patterns, nothing(p), prices, 5.0))[sequence]
        assert (np.diff(stakes) <= 1e-9 * stakes[:-1]).all(), f"seed {seed}"


def test_orders_that_nobody_knows_a_pattern_of_keep_their_sequence() -> None:
    assert by_stake(Patterns.none(), np.full(4, 7), np.zeros(3, np.int64), 1.0).tolist() == [0, 1, 2, 3]


def test_days_short_of_capacity_are_planned_cheaper_so_than_as_placed() -> None:
    at_stake = as_placed = 0
    for seed in range(6):
        p = random_problem(
            np.random.default_rng(seed), n_orders=200, n_nodes=8, n_skus=12, lines_max=3, stock_max=20
        )
        p = replace(p, node_capacity=np.full(p.n_nodes, 20), line_penalty=p.line_penalty + 100)
        search = started(p, seed)
        plan = first_come(p)
        search.learn(plan)
        search.begin_cold(plan.cost())
        for temperature in (10.0, 5.0, 2.0, 1.0):
            search.step(temperature, steps=20, samples=2)
        at_stake += _cost(p, search.prices, search.by_stake(1.0))
        as_placed += _cost(p, search.prices, np.arange(p.n_orders))
    assert at_stake < 0.97 * as_placed


def _cost(p: AllocationProblem, prices: Prices, sequence: np.ndarray) -> int:
    plan, scratch = PlanState.empty(p), Scratch.for_problem(p)
    for at in (prices, Prices.zero(p)):
        plan_in_sequence(sequence, ProblemArrays.of(p), at.stock, at.capacity, scratch, plan)
    return checked(p, plan).total_micros
