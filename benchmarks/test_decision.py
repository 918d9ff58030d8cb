"""One decision: the exact search of one order over all nodes, warm."""

from dataclasses import asdict

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.decision import time_decisions
from fulfillment.planning.build import BuiltProblem
from solver.arrays import ProblemArrays, Scratch
from solver.order_kernel import STATES_MAX, count_states
from solver.search import search_order


@pytest.mark.benchmark(group="decision")
def test_decision(benchmark: BenchmarkFixture, built: BuiltProblem) -> None:
    """The table times the exact order with the most lines; extra_info has median and p99 of all."""
    problem = built.problem
    times = time_decisions(problem)
    benchmark.extra_info |= asdict(times)
    lines = np.diff(problem.order_ptr)
    largest = next(
        int(order)
        for order in np.argsort(-lines, kind="stable")
        if count_states(problem.line_qty[problem.order_ptr[order] : problem.order_ptr[order + 1]])
        <= STATES_MAX
    )
    arrays, scratch = ProblemArrays.of(problem), Scratch.for_problem(problem)
    prices = np.zeros(problem.n_stock, np.int64), np.zeros(problem.n_nodes, np.int64)
    cost, _, candidates = benchmark(
        search_order, largest, arrays, problem.pos_free, problem.node_capacity, *prices, scratch
    )
    benchmark.extra_info |= {"lines": int(lines[largest]), "candidates": candidates, "cost_micros": cost}
    assert cost > 0
    assert 0 < times.median_us <= times.p99_us <= times.max_us
