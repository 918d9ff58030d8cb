"""Patterns say what an order pays and takes under every rule; the dual over them has the slopes it says."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from solver.patterns import Patterns, by_order, merge, patterns_of_plan, rows_that_bind
from solver.plan_state import PlanState
from solver.price_search import PriceSearch
from solver.prices import Prices, lower_bound
from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from solver.restricted_dual import RestrictedDual, most_wanted
from solver.shards import ThreadShards
from tests.solver.batch_twin import best_batch
from tests.solver.plans import first_come
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import EACH_AND_MIXED, with_rules
from tests.solver.test_lower_bound import random_prices

POOL = ThreadPoolExecutor(1)


def batch(seed: int, rules: str, **sizes: int) -> AllocationProblem:
    rng = np.random.default_rng(seed)
    return with_rules(
        rng, random_problem(rng, **{"n_orders": 8, "n_nodes": 4, "stock_max": 4} | sizes), rules
    )


def started(p: AllocationProblem, seed: int = 0) -> PriceSearch:
    return PriceSearch(p, ThreadShards(p, 2), 2, np.random.default_rng(seed), on_pass=lambda: None)


def taken(p: AllocationProblem, plan: PlanState) -> np.ndarray:
    limited = p.node_capacity < UNLIMITED_PARCELS
    stock = p.pos_free - plan.pos_left
    return np.concatenate((stock, np.where(limited, p.node_capacity - plan.node_left, 0)))


def nothing(p: AllocationProblem) -> np.ndarray:
    paid = np.concatenate(([0], np.cumsum(p.line_qty * p.line_penalty)))
    return np.diff(paid[p.order_ptr])


def dual_over(p: AllocationProblem, patterns: Patterns) -> RestrictedDual:
    limited = np.where(p.node_capacity < UNLIMITED_PARCELS, p.node_capacity, 0)
    supply = np.concatenate((p.pos_free, limited))
    tail, cost = np.zeros_like(supply), np.zeros_like(supply)
    if p.stock_tail.size:
        tail[: p.n_stock] = np.minimum(p.stock_tail, p.pos_free)
        cost[: p.n_stock] = p.stock_tail_cost
    if p.node_tail.size:
        tail[p.n_stock :] = np.minimum(p.node_tail, limited)
        cost[p.n_stock :] = p.node_tail_cost
    return RestrictedDual(patterns, nothing(p), supply, tail, cost, threads=1)


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_the_patterns_of_a_plan_add_up_to_what_it_takes_and_costs(rules: str) -> None:
    for seed in range(20):
        p = batch(seed, rules)
        plan = first_come(p)
        binds = rows_that_bind(p)
        patterns = patterns_of_plan(p, plan, binds)
        units = np.zeros(len(binds), np.int64)
        np.add.at(units, patterns.row, patterns.qty)
        assert units.tolist() == np.where(binds, taken(p, plan), 0).tolist(), f"seed {seed}"
        idle = np.setdiff1d(np.arange(p.n_orders), patterns.order)
        assert patterns.cost.sum() + nothing(p)[idle].sum() == plan.order_cost.sum()


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_the_cheapest_pattern_found_at_prices_is_what_each_order_pays(rules: str) -> None:
    for seed in range(20):
        p = batch(seed, rules)
        stock, capacity = random_prices(np.random.default_rng(seed), p)
        binds = rows_that_bind(p)
        stock, capacity = stock * binds[: p.n_stock], capacity * binds[p.n_stock :]
        search = started(p)
        search.begin(stock, capacity)
        prices = np.concatenate((stock, capacity))
        least = nothing(p)
        for j in range(len(search.patterns.order)):
            first, end = search.patterns.entry_ptr[j], search.patterns.entry_ptr[j + 1]
            paid = int(search.patterns.qty[first:end] @ prices[search.patterns.row[first:end]])
            order = search.patterns.order[j]
            least[order] = min(least[order], search.patterns.cost[j] + paid)
        bound = lower_bound(p, stock, capacity)
        nil = np.zeros_like(p.pos_free), np.zeros_like(p.node_capacity)
        worth = lower_bound(p, *nil) - bound  # what supply is worth and what orders pay more
        alone = started(p)
        alone.begin(*nil)
        assert least.sum() - bound >= 0
        assert worth == lower_bound(p, *nil) - bound
        if bound > 0:
            assert search.prices.lower_bound == bound, f"seed {seed}"


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_no_step_of_a_price_search_claims_more_than_the_best_plan_costs(rules: str) -> None:
    rose = 0
    for seed in range(12):
        p = batch(seed, rules, n_orders=3, n_nodes=3, stock_max=2)
        best = best_batch(p)
        search = started(p, seed)
        search.begin(*_zero(p))
        search.learn(first_come(p))
        before = search.prices.lower_bound
        for temperature in (8.0, 2.0, 0.5):
            search.step(temperature, steps=15, samples=1)
            found = search.prices
            assert found.lower_bound <= best, f"seed {seed}"
            assert found.lower_bound == max(0, lower_bound(p, found.stock, found.capacity))
        rose += found.lower_bound > before
    assert rose > 0


def test_the_dual_over_patterns_has_the_slopes_it_says() -> None:
    moved = 0
    for rules in ("plain", "tails", "capacity use", "recipes"):
        for seed in range(12):
            p = batch(seed, rules)
            search = started(p, seed)
            search.begin(*_zero(p))
            search.learn(first_come(p))
            search.step(3.0, steps=10, samples=2)
            dual = dual_over(p, search.patterns)
            at = np.concatenate(random_prices(np.random.default_rng(seed), p)).astype(float)
            slopes = dual.evaluate(at, 20.0, POOL)[1]
            for row in np.flatnonzero(rows_that_bind(p)):
                up, down = at.copy(), at.copy()
                up[row] += 0.01
                down[row] -= 0.01
                rise = (dual.evaluate(up, 20.0, POOL)[0] - dual.evaluate(down, 20.0, POOL)[0]) / 0.02
                assert rise == pytest.approx(slopes[row], abs=1e-3)
                moved += abs(slopes[row] - round(slopes[row])) > 0.05
    assert moved > 20


def test_more_threads_change_no_bit_of_a_search() -> None:
    p = batch(3, "plain", n_orders=60, n_nodes=6)
    found = []
    for threads in (1, 2, 3):
        search = PriceSearch(p, ThreadShards(p, threads), threads, np.random.default_rng(0), lambda: None)
        search.begin(*_zero(p))
        search.learn(first_come(p))
        for temperature in (5.0, 1.0):
            search.step(temperature, steps=15, samples=2)
        found.append(
            (search.prices.stock.tolist(), search.prices.capacity.tolist(), search.patterns.key.tolist())
        )
    assert found[0] == found[1] == found[2]


def test_equal_patterns_are_kept_once_and_others_side_by_side() -> None:
    p = batch(1, "plain", n_orders=30)
    plan = first_come(p)
    one = patterns_of_plan(p, plan, rows_that_bind(p))
    same = merge(one, one)
    assert [array.tolist() for array in same] == [array.tolist() for array in one]
    other = one._replace(key=one.key + 1)
    both = merge(one, other)
    assert both.order.tolist() == sorted([*one.order.tolist(), *one.order.tolist()])
    assert len(both.row) == 2 * len(one.row)


def test_shards_are_brought_into_the_sequence_of_orders() -> None:
    def part(*orders: int) -> Patterns:
        n = len(orders)
        return Patterns(
            np.array(orders),
            np.arange(n),
            np.arange(n),
            np.arange(n + 1),
            np.array(orders, np.int32),
            np.ones(n, int),
        )

    # Two shards: the first holds orders 0, 2, 4, the second 1, 3, 5.
    merged = by_order([part(0, 2), part(1)])
    assert merged.order.tolist() == [0, 3, 4]
    assert merged.row.tolist() == [0, 1, 2]


def test_most_wanted_bounds_what_any_choice_of_patterns_takes() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        n, rows = 12, 6
        order = np.sort(rng.integers(0, 5, n))
        count = rng.integers(1, 4, n)
        patterns = Patterns(
            order, np.zeros(n, int), np.arange(n), np.concatenate(([0], np.cumsum(count))),
            rng.integers(0, rows, count.sum()).astype(np.int32), rng.integers(1, 4, count.sum()),
        )  # fmt: skip
        ptr = np.searchsorted(order, np.arange(6))
        units = np.zeros((n, rows), int)
        np.add.at(units, (np.repeat(np.arange(n), count), patterns.row), patterns.qty)
        expected = sum(
            (units[ptr[o] : ptr[o + 1]].max(axis=0) for o in range(5) if ptr[o + 1] > ptr[o]),
            np.zeros(rows, int),
        )
        assert most_wanted(ptr, patterns, rows).tolist() == expected.tolist()


def _zero(p: AllocationProblem) -> tuple[np.ndarray, np.ndarray]:
    free = Prices.zero(p)
    return free.stock, free.capacity
