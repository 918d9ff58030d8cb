"""Compile the solver with two processes: the first plan after an installation waits half as long.

numba compiles on one thread and keeps the result on disk. The process that plans compiles first come, first
served first; meanwhile another one compiles what comes after it, and the planner finds that on the disk. Both
may compile the same function: then the later result replaces an equal one. When everything is compiled
already, the other process ends after a few seconds.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def compiling_ahead() -> Iterator[None]:
    """Compile in another process during the block; it only saves time, so nobody asks how it ended."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as other:
        try:
            yield
        finally:
            other.terminate()


def compile_later_phases() -> None:
    """Call the kernels of prices and improvement once, on a day that is no work."""
    # Here and not above, so that the other process starts before this one has imported all that.
    import numpy as np

    from fulfillment.domain.policy import Policy
    from fulfillment.planning.build import build_problem
    from fulfillment.scenario.generate import GeneratorParams, generate
    from solver.columns import Master
    from solver.improve import DisplacementSearch
    from solver.plan_state import PlanState
    from solver.price_search import PriceSearch
    from solver.prices import Prices
    from solver.shards import ThreadShards

    params = GeneratorParams(orders=4, stores=2, warehouses=1, vendors=1, skus=4, postal_codes=4)
    problem = build_problem(generate(params, seed=0), Policy.default()).problem
    rng = np.random.default_rng(0)
    empty, free = PlanState.empty(problem), Prices.zero(problem)
    search = PriceSearch(problem, ThreadShards(problem, 1), 1, rng, on_pass=lambda: None)
    search.begin(free.stock, free.capacity)
    search.learn(empty)
    search.step(1e6, steps=2, samples=1)
    DisplacementSearch(problem, empty, free, search.lone_cost, rng).run(moves=1, threshold=0.0)
    Master(problem, search.patterns, free, empty, 1e9, 1, rng).improve(size=4)


if __name__ == "__main__":
    compile_later_phases()
