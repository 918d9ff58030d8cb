"""Where there is too little of a SKU, its rows begin at the value of the first unit that goes without."""

from dataclasses import replace

import numpy as np
import pytest

from solver.problem import AllocationProblem
from solver.scarcity import scarcity_prices
from solver.solve import solve
from solver.stop import MaxPasses
from tests.solver.plans import first_come
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import EACH_AND_MIXED
from tests.solver.test_patterns import batch, started


def blind(p: AllocationProblem, least_cost: np.ndarray) -> list[int]:
    """Sell the units of each SKU one by one, dearest first; the twin in plain Python."""
    prices = [0] * p.n_skus
    for sku in range(p.n_skus):
        values = []
        for order in range(p.n_orders):
            lines = range(p.order_ptr[order], p.order_ptr[order + 1])
            units = sum(int(p.line_qty[line]) for line in lines)
            for line in lines:
                if p.line_sku[line] == sku:
                    value = max(0.0, p.line_penalty[line] - least_cost[order] / units)
                    values += [value] * int(p.line_qty[line])
        rows = range(p.sku_ptr[sku], min(int(p.sku_ptr[sku + 1]), p.n_stock))
        supply = sum(int(p.pos_free[row]) for row in rows)
        values.sort(reverse=True)
        prices[sku] = round(values[supply]) if supply < len(values) else 0
    sku_of_row = np.repeat(np.arange(p.n_skus), np.diff(p.sku_ptr))[: p.n_stock]
    return [prices[sku] for sku in sku_of_row]


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_value_of_the_first_unit_that_goes_without(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = random_problem(rng, n_orders=6, n_skus=5, lines_max=3, qty_max=3, stock_max=2)
    least_cost = rng.integers(0, 300, p.n_orders)
    assert scarcity_prices(p, least_cost).tolist() == blind(p, least_cost)


def test_what_there_is_enough_of_has_no_price() -> None:
    p = random_problem(np.random.default_rng(1), n_orders=6, n_skus=5)
    plenty = replace(p, pos_free=p.pos_free + 100)
    assert not scarcity_prices(plenty, np.zeros(p.n_orders, np.int64)).any()


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_problems_with_rules_begin_so_too(rules: str) -> None:
    """Kits have no rows of their own and may ask for more than there is."""
    p = batch(3, rules, n_orders=12, n_nodes=4, stock_max=2)
    prices = scarcity_prices(p, np.zeros(p.n_orders, np.int64))
    assert prices.shape == (p.n_stock,)
    assert (prices >= 0).all()


def test_the_bound_is_near_after_two_passes_where_half_is_missing() -> None:
    """Against a search that starts at nothing, which has only the bound of orders that do not compete."""
    p = random_problem(
        np.random.default_rng(5), n_orders=200, n_nodes=8, n_skus=10, lines_max=2, qty_max=2, stock_max=2
    )
    alone, scarce = (solve(p, MaxPasses(passes)).lower_bound for passes in (1, 2))
    assert scarce > alone


def test_prices_that_close_little_of_the_gap_leave_the_climb_at_nothing() -> None:
    """Then the search knows nothing that it would not know without them."""
    p = random_problem(np.random.default_rng(5), n_orders=60, n_nodes=6, n_skus=6, stock_max=4)
    plan, (search, other) = first_come(p), (started(p), started(p))
    for each in (search, other):
        each.learn(plan)
    search.begin_cold(10 * plan.cost())
    other.begin(np.zeros(p.n_stock, np.int64), np.zeros(p.n_nodes, np.int64))
    assert scarcity_prices(p, np.zeros(p.n_orders, np.int64)).any()
    assert not search.prices.stock.any()
    assert search.patterns.key.tolist() == other.patterns.key.tolist()
