"""The one-order search against twins that share none of its ideas."""

import numpy as np
import pytest

from solver.arrays import ProblemArrays, Scratch
from solver.search import search_order
from tests.solver.small_problems import random_problem
from tests.solver.twin import cheapest_plan, enumerate_plans, transport


def search(problem, *, order=0, pos_price=None, node_price=None):
    """Search one order and read its plan; the plan's cost is added up afresh."""
    pos_price = np.zeros(problem.n_stock, np.int64) if pos_price is None else pos_price
    node_price = np.zeros(problem.n_nodes, np.int64) if node_price is None else node_price
    w = Scratch.for_problem(problem)
    cost, n_out, _ = search_order(
        order, ProblemArrays.of(problem), problem.pos_free, problem.node_capacity, pos_price, node_price, w
    )
    assert_plan_is_worth(problem, order, cost, n_out, w, pos_price, node_price)
    return cost


def assert_plan_is_worth(problem, order, cost, n_out, w, pos_price, node_price):
    """The parcels read back are feasible together and cost exactly what the search says."""
    lines = range(problem.order_ptr[order], problem.order_ptr[order + 1])
    used_pos, used_node, held = {}, {}, dict.fromkeys(lines, 0)
    total = 0
    for i in range(n_out):
        c, state, weight = w.out_cand[i], w.out_state[i], 0
        node = w.cand_node[c]
        used_node[node] = used_node.get(node, 0) + 1
        total += problem.node_parcel_cost[node] + node_price[node]
        for k, line in enumerate(lines):
            units = state // w.stride[k] % (problem.line_qty[line] + 1)
            if units:
                pos = w.cand_pos[c, k]
                assert problem.pos_node[pos] == node
                used_pos[pos] = used_pos.get(pos, 0) + units
                held[line] += units
                weight += units * problem.sku_weight[problem.line_sku[line]]
                total += units * (problem.pos_unit_cost[pos] + pos_price[pos])
        assert weight > 0
        total += transport(problem, w.cand_tariff[c], int(weight))
    assert all(units <= problem.pos_free[pos] for pos, units in used_pos.items())
    assert all(parcels <= problem.node_capacity[node] for node, parcels in used_node.items())
    assert all(units <= problem.line_qty[line] for line, units in held.items())
    total += sum((problem.line_qty[line] - held[line]) * problem.line_penalty[line] for line in lines)
    assert total == cost


def random_prices(rng, problem):
    return rng.integers(0, 40, problem.n_stock), rng.integers(0, 25, problem.n_nodes)


@pytest.mark.parametrize("block", range(10))
def test_search_equals_the_node_by_node_twin(block):
    """4,000 random orders, half of them at prices."""
    for seed in range(block * 400, (block + 1) * 400):
        rng = np.random.default_rng(seed)
        problem = random_problem(rng, lines_max=3, qty_max=3, n_nodes=int(rng.integers(1, 5)))
        pos_price, node_price = random_prices(rng, problem)
        if seed % 2:
            pos_price, node_price = pos_price * 0, node_price * 0
        expected = cheapest_plan(problem, 0, problem.pos_free, problem.node_capacity, pos_price, node_price)
        assert search(problem, pos_price=pos_price, node_price=node_price) == expected, f"seed {seed}"


def test_search_and_twin_equal_blind_enumeration():
    """Tiny orders of at most three units: every assignment of every unit to every parcel."""
    tried = 0
    for seed in range(600):
        rng = np.random.default_rng(10_000 + seed)
        problem = random_problem(rng, n_nodes=2, lines_max=2, qty_max=2, stock_max=2)
        if problem.line_qty.sum() > 3:
            continue
        tried += 1
        pos_price, node_price = random_prices(rng, problem)
        arguments = (problem, 0, problem.pos_free, problem.node_capacity, pos_price, node_price)
        expected = enumerate_plans(*arguments)
        assert cheapest_plan(*arguments) == expected, f"seed {seed}"
        assert search(problem, pos_price=pos_price, node_price=node_price) == expected, f"seed {seed}"
    assert tried >= 400
