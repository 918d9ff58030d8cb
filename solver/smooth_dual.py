"""Good prices: climb the smoothed dual with a quasi-Newton method, cooling down in stages.

The dual bound of `prices` is concave but has kinks everywhere, on which subgradient steps stall. With each
order's minimum made soft (`soft_kernel`) it is smooth, and L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995) climbs it
under prices >= 0. The temperature falls in stages, each starting from the prices of the one before.

Positions that all interested orders together cannot exhaust keep the price zero and are left out.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.optimize import minimize

from solver.arrays import ProblemArrays, Scratch
from solver.order_kernel import STATES_MAX, count_states
from solver.prices import limited_capacity
from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Int64s
from solver.soft_kernel import SoftScratch, soften_order

Floats = npt.NDArray[np.float64]

SHARDS = 8  # fixed, so that floating-point sums do not depend on the number of workers


@dataclass(frozen=True, slots=True)
class Stage:
    """One temperature of the descent, as a share of an order's mean cost, and its most passes."""

    temperature: float
    passes: int

    def __post_init__(self) -> None:
        if not self.temperature > 0 or self.passes < 1:
            raise ValueError("a stage needs a temperature above 0 and at least one pass")


@njit(cache=True, nogil=True)
def soften_orders(
    first: int,
    step: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    temperature: float,
    w: Scratch,
    near: SoftScratch,
    demand: Floats,
    load: Floats,
) -> tuple[float, int]:
    """Sum `soften_order` over every `step`-th order from `first`; orders too large for it are left out."""
    soft, hard = 0.0, 0
    for order in range(first, len(p.order_destination), step):
        if count_states(p.line_qty[p.order_ptr[order] : p.order_ptr[order + 1]]) > STATES_MAX:
            continue
        order_soft, order_hard = soften_order(
            order, p, pos_price, node_price, temperature, w, near, demand, load
        )
        soft += order_soft
        hard += order_hard
    return soft, hard


class SmoothDual:
    """The smoothed dual of a problem as a function of the prices that can matter, with its gradient."""

    def __init__(self, problem: AllocationProblem, workers: int) -> None:
        self._arrays = ProblemArrays.of(problem)
        self._workers = workers
        self._scratch = [Scratch.for_problem(problem) for _ in range(workers)]
        self._soft_scratch = [SoftScratch.for_problem(problem) for _ in range(workers)]
        self._n_positions = problem.n_positions
        self._supply = np.concatenate([problem.pos_free, limited_capacity(problem)]).astype(float)
        self._free_prices = np.flatnonzero(
            np.concatenate([_can_run_out(problem), problem.node_capacity < UNLIMITED_PARCELS])
        )

    def start(self) -> Floats:
        """Return zero prices in the variables of `evaluate`."""
        return np.zeros(len(self._free_prices))

    def to_prices(self, x: Floats) -> tuple[Int64s, Int64s]:
        """Spread variables over all positions and nodes: int64[p], int64[n], micros."""
        prices = np.zeros(len(self._supply), np.int64)
        prices[self._free_prices] = np.maximum(0, np.rint(x))
        return prices[: self._n_positions], prices[self._n_positions :]

    def evaluate(self, x: Floats, temperature: float) -> tuple[float, Floats, float]:
        """Return the smoothed dual at `x` in micros, its gradient, and the relaxed hard dual."""
        pos_price, node_price = self.to_prices(x)
        demand = np.zeros((SHARDS, self._n_positions))
        load = np.zeros((SHARDS, len(node_price)))

        def work(worker: int) -> list[tuple[float, int]]:
            return [
                soften_orders(
                    shard, SHARDS, self._arrays, pos_price, node_price, temperature,
                    self._scratch[worker], self._soft_scratch[worker], demand[shard], load[shard],
                )
                for shard in range(worker, SHARDS, self._workers)
            ]  # fmt: skip

        with ThreadPoolExecutor(self._workers) as pool:
            by_worker = list(pool.map(work, range(self._workers)))
        values = [by_worker[shard % self._workers][shard // self._workers] for shard in range(SHARDS)]
        paid = float(np.concatenate([pos_price, node_price]) @ self._supply)
        wanted = np.concatenate([demand.sum(axis=0), load.sum(axis=0)])
        gradient = (wanted - self._supply)[self._free_prices]
        return sum(soft for soft, _ in values) - paid, gradient, sum(hard for _, hard in values) - paid


def climb(
    dual: SmoothDual, start: Floats, temperature: float, passes: int, on_pass: Callable[[Floats, float], None]
) -> Floats:
    """Climb at one temperature (micros) for about `passes` passes; returns the last variables.

    `on_pass` is told the variables and the relaxed hard dual of each pass; it may raise to stop.
    """
    unit = temperature  # variables of about one suit the method's line search

    def descend(x: Floats) -> tuple[float, Floats]:
        soft, gradient, hard = dual.evaluate(x * unit, temperature)
        on_pass(x * unit, hard)
        return -soft / unit, -gradient

    options = {"maxfun": passes, "maxiter": passes, "maxcor": 12}
    bounds = [(0.0, None)] * len(start)
    found = minimize(descend, start / unit, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(found.x * unit)


def _can_run_out(problem: AllocationProblem) -> npt.NDArray[np.bool_]:
    """Positions with fewer units than all orders want of their SKU; bool[p]."""
    wanted = np.zeros(problem.n_skus, np.int64)
    np.add.at(wanted, problem.line_sku, problem.line_qty)
    sku = np.repeat(np.arange(problem.n_skus), np.diff(problem.sku_ptr))
    return (problem.pos_free > 0) & (problem.pos_free < wanted[sku])
