"""Good prices: climb the smoothed dual with a quasi-Newton method, cooling down in stages.

The dual bound of `prices` is concave but has kinks everywhere, on which subgradient steps stall. With each
order's minimum made soft (`soft_kernel`) it is smooth, and L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995) climbs it
under prices >= 0. The temperature falls in stages, each starting from the prices of the one before.

Positions that all interested orders together cannot exhaust keep the price zero and are left out. Where the
last units of a supply cost more, what the supply is worth has a kink at that cost; it is smoothed likewise
::

    tail * max(0, price - tail_cost)  ~  tail * T * log(1 + exp((price - tail_cost) / T))
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from solver.arrays import ProblemArrays
from solver.prices import limited_capacity, worth_of_supply
from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Int64s
from solver.shards import ShardPool, SoftenOrders, soften_all

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stage:
    """One temperature of the descent, as a share of an order's mean cost, and its most passes."""

    temperature: float
    passes: int
    chain: bool  # whether to count what a node can send jointly; see `soft_kernel.soften_order`

    def __post_init__(self) -> None:
        if not self.temperature > 0 or self.passes < 1:
            raise ValueError("a stage needs a temperature above 0 and at least one pass")


class SmoothDual:
    """The smoothed dual of a problem as a function of prices, with its gradient.

    Attributes
    ----------
    supply : int64[h + n]
        Units of each stock row, then of each node's capacity, 0 where unlimited.
    may_bind : bool[h + n]
        Where a price can be above zero: all interested orders together could use it up, or begin its tail.
    price_max : int64[h + n]
        Micros. Above it nobody buys: a unit would rather stay unfilled, an order rather get no parcel.
    """

    def __init__(self, problem: AllocationProblem, pool: ShardPool) -> None:
        self._pool = pool
        self._arrays = arrays = ProblemArrays.of(problem)
        self._n_stock = problem.n_stock
        self.supply = np.concatenate([problem.pos_free, limited_capacity(problem)])
        self._tail = np.concatenate([arrays.stock_tail, arrays.node_tail])
        self._tail_cost = np.concatenate([arrays.stock_tail_cost, arrays.node_tail_cost])
        limited = problem.node_capacity < UNLIMITED_PARCELS
        self.may_bind = np.concatenate([_can_run_out(problem, arrays.stock_tail), limited])
        paid = np.concatenate(([0], np.cumsum(problem.line_qty * problem.line_penalty)))
        dearest_order = np.diff(paid[problem.order_ptr]).max(initial=0)
        # An order that is complete or nothing would pay for one unit what all of it is worth.
        dearest_unit = dearest_order if problem.order_complete.any() else problem.line_penalty.max(initial=0)
        self.price_max = np.repeat([dearest_unit, dearest_order], [problem.n_stock, problem.n_nodes])

    def split(self, prices: Int64s) -> tuple[Int64s, Int64s]:
        """Split prices into those of stock rows, int64[h], and of nodes, int64[n]."""
        return prices[: self._n_stock], prices[self._n_stock :]

    def evaluate(self, prices: Int64s, temperature: float, chain: bool) -> tuple[float, Floats, int]:
        """Return the smoothed dual in micros, its gradient by price, and the hard dual.

        prices : int64[h + n], micros, >= 0.   chain : as in `soft_kernel.soften_order`; with it the hard
        dual is the exact bound of `prices.lower_bound`, but for orders too large for the exact search, which
        are left out.
        """
        all_orders = soften_all(self._pool, SoftenOrders(*self.split(prices), temperature, chain))
        wanted = np.concatenate([all_orders.demand, all_orders.load])
        worth, offered = self._soft_worth(prices, temperature)
        hard_worth = worth_of_supply(self._arrays, *self.split(prices))
        return all_orders.soft - worth, wanted - offered, all_orders.hard - hard_worth

    def _soft_worth(self, prices: Int64s, temperature: float) -> tuple[float, Floats]:
        """Return what all supply is worth at prices, in micros, smooth at the tails, and its slopes."""
        before_tail = self.supply - self._tail
        worth, offered = float(prices @ before_tail), before_tail.astype(float)
        at = np.flatnonzero(self._tail)
        above = (prices[at] - self._tail_cost[at]) / temperature
        worth += temperature * float(self._tail[at] @ np.logaddexp(0.0, above))
        offered[at] += self._tail[at] * expit(above)
        return worth, offered


def climb(
    dual: SmoothDual, start: Int64s, temperature: float, stage: Stage, on_pass: Callable[[Int64s, int], None]
) -> Int64s:
    """Climb at one temperature (micros) for at most `stage.passes` passes; returns the best prices.

    start : int64[h + n], micros.   `on_pass` is told the prices and the hard dual of each pass; it may raise
    to stop.
    """
    free = np.flatnonzero(dual.may_bind)
    if len(free) == 0:
        return start
    # The curvature along a price is about (units wanted) / T: scale it away, and count money in T.
    unit = temperature / np.sqrt(np.maximum(1, dual.supply[free]))

    def spread(x: Floats) -> Int64s:
        prices = np.zeros_like(start)
        prices[free] = np.maximum(0, np.rint(x * unit))
        return prices

    best_soft, best_prices, done = -np.inf, start, 0

    def descend(x: Floats) -> tuple[float, Floats]:
        nonlocal best_soft, best_prices, done
        if done == stage.passes:  # the method's own limit is only looked at between line searches
            raise _StageDone
        prices = spread(x)
        soft, gradient, hard = dual.evaluate(prices, temperature, stage.chain)
        if soft > best_soft:
            best_soft, best_prices = soft, prices
        done += 1
        on_pass(prices, hard)
        return -soft / temperature, -gradient[free] * unit / temperature

    options = {"maxfun": stage.passes + 1, "maxiter": stage.passes, "maxcor": 20}
    # Where the dual is straight the method has no curvature to go by, and would step out of 64 bits.
    bounds = np.column_stack((np.zeros(len(free)), dual.price_max[free] / unit))
    x = start[free] / unit
    with suppress(_StageDone):
        minimize(descend, x, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return best_prices


class _StageDone(Exception):
    """The passes of a stage are used up."""


def _can_run_out(problem: AllocationProblem, tail: Int64s) -> npt.NDArray[np.bool_]:
    """Stock rows with fewer units before their tail than all orders want of them; bool[h]."""
    wanted = np.zeros(problem.n_skus, np.int64)
    np.add.at(wanted, problem.line_sku, problem.line_qty)
    of_pos = wanted[np.repeat(np.arange(problem.n_skus), np.diff(problem.sku_ptr))]
    of_row = of_pos[: problem.n_stock].copy()
    of_recipe = np.repeat(of_pos[problem.n_stock :], np.diff(problem.recipe_ptr))
    np.add.at(of_row, problem.recipe_pos, of_recipe * problem.recipe_qty)
    return (problem.pos_free > 0) & (problem.pos_free - tail < of_row)
