"""The bound: no plan of a batch costs less, whatever the prices; and it is the sum the formula asks for."""

from dataclasses import replace

import numpy as np
import pytest

from solver.prices import Prices, limited_capacity, lower_bound
from solver.problem import UNLIMITED_PARCELS
from solver.shards import ThreadShards
from tests.solver.batch_twin import best_batch, best_batch_by_mip
from tests.solver.small_problems import random_problem
from tests.solver.twin import cheapest_plan


def random_prices(rng, p):
    """Prices of any height, from nothing to far above every cost; none where capacity is unlimited."""
    scale = rng.choice([0, 5, 40, 400])
    stock = rng.integers(0, scale + 1, p.n_stock) * (rng.random(p.n_stock) < 0.7)
    capacity = rng.integers(0, scale + 1, p.n_nodes) * (p.node_capacity < UNLIMITED_PARCELS)
    return stock.astype(np.int64), capacity.astype(np.int64)


def batch(rng, **sizes):
    return random_problem(rng, **{"n_orders": 3, "n_nodes": 3, "stock_max": 2} | sizes)


def assert_bounds(p, optimum, rng, label):
    for _ in range(4):
        bound = lower_bound(p, *random_prices(rng, p))
        assert bound <= optimum, label


@pytest.mark.parametrize("block", range(4))
def test_no_plan_of_a_tiny_batch_costs_less_than_the_bound_at_any_prices(block):
    """400 batches at four random prices each."""
    for seed in range(block * 100, (block + 1) * 100):
        rng = np.random.default_rng(seed)
        p = batch(rng)
        assert_bounds(p, best_batch(p), rng, f"seed {seed}")


def test_bound_of_batches_of_eight_orders_against_an_integer_program():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        p = batch(rng, n_orders=8, n_nodes=4)
        assert_bounds(p, best_batch_by_mip(p), rng, f"seed {seed}")


def test_bound_is_the_pinned_formula():
    """Least cost of each order at prices, by the plain twin, less the prices of all there is."""
    for seed in range(150):
        rng = np.random.default_rng(seed)
        p = batch(rng, lines_max=3, qty_max=3)
        stock, capacity = random_prices(rng, p)
        least = [cheapest_plan(p, o, p.pos_free, p.node_capacity, stock, capacity) for o in range(p.n_orders)]
        paid = stock @ p.pos_free + capacity @ limited_capacity(p)
        assert lower_bound(p, stock, capacity, ThreadShards(p, 2)) == sum(least) - paid, f"seed {seed}"


@pytest.mark.parametrize("severity", ["no stock", "no capacity", "one of each"])
def test_bound_where_nothing_is_left(severity):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = batch(rng)
        match severity:
            case "no stock":
                p = replace(p, pos_free=p.pos_free * 0)
            case "no capacity":
                p = replace(p, node_capacity=p.node_capacity * 0)
            case _:
                p = replace(p, pos_free=np.ones_like(p.pos_free), node_capacity=np.ones_like(p.node_capacity))
        optimum = best_batch(p)
        if severity != "one of each":
            assert optimum == int(p.line_qty @ p.line_penalty)
        assert_bounds(p, optimum, rng, f"seed {seed}")


def test_bound_where_every_weight_is_on_or_beside_a_step():
    """Weights 9, 10, 11 and steps at multiples of 10: parcels just within, on and just beyond each step."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = batch(rng)
        steps = 10 * (1 + np.arange(len(p.list_weight)) - np.repeat(p.list_ptr[:-1], np.diff(p.list_ptr)))
        p = replace(p, sku_weight=rng.integers(9, 12, p.n_skus), list_weight=steps.astype(np.int64))
        assert_bounds(p, best_batch(p), rng, f"seed {seed}")


def test_zero_prices_prove_what_first_come_would_cost_were_nothing_scarce():
    for seed in range(40):
        p = batch(np.random.default_rng(seed))
        zero = Prices.zero(p)
        alone = [
            cheapest_plan(p, o, p.pos_free, p.node_capacity, zero.stock, zero.capacity)
            for o in range(p.n_orders)
        ]
        assert lower_bound(p, zero.stock, zero.capacity) == sum(alone)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_bound_does_not_depend_on_the_number_of_threads(threads):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        p = batch(rng, n_orders=12)
        prices = random_prices(rng, p)
        assert lower_bound(p, *prices, ThreadShards(p, threads)) == lower_bound(p, *prices)


def test_a_price_on_what_is_scarce_tightens_the_bound():
    """The formula is no bound at all if it never moves: at some prices it must beat the bound at zero."""
    tighter = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = batch(rng)
        zero = Prices.zero(p)
        at_zero = lower_bound(p, zero.stock, zero.capacity)
        tighter += any(lower_bound(p, *random_prices(rng, p)) > at_zero for _ in range(8))
    assert tighter > 0
