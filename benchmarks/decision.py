"""Time one decision: the exact search over all nodes, order by order.

usage: python -m benchmarks.decision SCENARIO_DIR [ORDERS]

Each order of the day is decided alone, on all stock and at zero prices, as if it had just come in. A call
from Python hands over some fifty arrays, which costs more than a small search: the time inside a compiled
loop stands beside it.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fulfillment.domain.policy import Policy
from fulfillment.planning.build import build_problem
from fulfillment.scenario.read import read_scenario
from solver.arrays import ProblemArrays, Scratch
from solver.order_kernel import STATES_MAX, count_states
from solver.prices import lower_bound
from solver.problem import AllocationProblem
from solver.search import search_order

ORDERS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class DecisionTimes:
    """Microseconds a decision, warm; the first call apart."""

    orders: int
    median_us: float
    p99_us: float
    max_us: float
    loop_mean_us: float  # inside a compiled loop, without handing arrays over
    first_call_seconds: float  # compiles, or loads what was compiled before
    candidates_mean: float  # nodes that can send a unit of the order in time
    nodes: int


def time_decisions(problem: AllocationProblem, orders_max: int = ORDERS_MAX) -> DecisionTimes:
    """Decide up to `orders_max` orders, taken evenly from those that the exact search can hold."""
    arrays, scratch = ProblemArrays.of(problem), Scratch.for_problem(problem)
    prices = np.zeros(problem.n_stock, np.int64), np.zeros(problem.n_nodes, np.int64)
    orders = _exact_orders(problem, orders_max)
    free, capacity = problem.pos_free, problem.node_capacity
    began = time.perf_counter()
    search_order(int(orders[0]), arrays, free, capacity, *prices, scratch)
    first_call = time.perf_counter() - began
    nanos = np.empty(len(orders), np.int64)
    candidates = 0
    for i, order in enumerate(orders.tolist()):
        start = time.perf_counter_ns()
        found = search_order(order, arrays, free, capacity, *prices, scratch)
        nanos[i] = time.perf_counter_ns() - start
        candidates += found[2]
    return DecisionTimes(
        orders=len(orders),
        median_us=float(np.median(nanos)) / 1000,
        p99_us=float(np.quantile(nanos, 0.99)) / 1000,
        max_us=float(nanos.max()) / 1000,
        loop_mean_us=_loop_mean_us(problem, *prices),
        first_call_seconds=first_call,
        candidates_mean=candidates / len(orders),
        nodes=problem.n_nodes,
    )


def _exact_orders(problem: AllocationProblem, orders_max: int) -> np.ndarray:
    is_exact = [
        count_states(problem.line_qty[first:end]) <= STATES_MAX
        for first, end in zip(problem.order_ptr[:-1], problem.order_ptr[1:], strict=True)
    ]
    exact = np.flatnonzero(is_exact)
    return exact[np.unique(np.linspace(0, len(exact) - 1, min(orders_max, len(exact))).astype(int))]


def _loop_mean_us(problem: AllocationProblem, pos_price: np.ndarray, node_price: np.ndarray) -> float:
    """Mean time of all orders in the loop that computes the bound, on one thread."""
    lower_bound(problem, pos_price, node_price)  # compiles
    began = time.perf_counter()
    lower_bound(problem, pos_price, node_price)
    return (time.perf_counter() - began) * 1e6 / problem.n_orders


def main(arguments: list[str]) -> int:
    """Time a scenario folder and write one JSON document."""
    if len(arguments) not in (1, 2):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    problem = build_problem(read_scenario(Path(arguments[0])), Policy.default()).problem
    times = time_decisions(problem, *map(int, arguments[1:]))
    document = {name: round(value, 3) for name, value in asdict(times).items()}
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
