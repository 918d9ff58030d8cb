"""The two exact ways of planning a tiny batch agree, and a batch of one is the one-order twin."""

import numpy as np

from tests.solver.batch_twin import best_batch, best_batch_by_mip
from tests.solver.small_problems import random_problem
from tests.solver.twin import cheapest_plan


def test_a_batch_of_one_costs_what_the_one_order_twin_says() -> None:
    for seed in range(60):
        p = random_problem(np.random.default_rng(seed), n_nodes=3, stock_max=2)
        zero = np.zeros(p.n_stock, np.int64), np.zeros(p.n_nodes, np.int64)
        assert best_batch(p) == cheapest_plan(p, 0, p.pos_free, p.node_capacity, *zero), seed


def test_recursion_and_integer_program_agree() -> None:
    for seed in range(25):
        p = random_problem(np.random.default_rng(seed), n_orders=3, n_nodes=3, stock_max=2)
        assert best_batch(p) == best_batch_by_mip(p), seed
