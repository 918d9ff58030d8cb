"""The dual of the master that knows only the patterns met so far, made smooth.

An order chooses among its patterns by the soft minimum

    soft = -T log( sum over patterns of exp(-(cost + prices paid) / T) )

so value and slope of the dual cost one walk over the patterns, a hundredth of a pricing pass over all plans,
and a quasi-Newton method may take as many steps as it likes. Between two pricing passes the prices move only
within a box around the best ones so far (`price_box`): outside, the patterns know nothing.
"""

import math
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from solver.jit import kernel
from solver.patterns import Patterns
from solver.problem import Int64s

Floats = npt.NDArray[np.float64]
CUT = 24.0  # temperatures; a pattern that much dearer weighs nothing
PARTS = 8  # fixed, so that floating-point sums do not depend on the number of threads


@kernel
def soften_patterns(
    first: int,
    end: int,
    order_ptr: Int64s,
    patterns: Patterns,
    nothing: Int64s,
    prices: Floats,
    temperature: float,
    above: Floats,
    wanted: Floats,
) -> float:
    """Sum the soft minima of orders `first` to `end` and add the units they expect to take to `wanted`.

    order_ptr : int64[o+1], patterns of each order.   nothing : int64[o], micros, what taking nothing costs.
    prices : float64[h + n], micros.   above : float64[j], scratch.
    """
    total = 0.0
    for order in range(first, end):
        begin, stop = order_ptr[order], order_ptr[order + 1]
        least = float(nothing[order])
        for j in range(begin, stop):
            cost = float(patterns.cost[j])
            for e in range(patterns.entry_ptr[j], patterns.entry_ptr[j + 1]):
                cost += patterns.qty[e] * prices[patterns.row[e]]
            above[j] = cost
            least = min(least, cost)
        weights = math.exp((least - nothing[order]) / temperature)
        for j in range(begin, stop):
            gap = (above[j] - least) / temperature
            above[j] = math.exp(-gap) if gap < CUT else 0.0
            weights += above[j]
        for j in range(begin, stop):
            chance = above[j] / weights
            if chance > 0.0:
                for e in range(patterns.entry_ptr[j], patterns.entry_ptr[j + 1]):
                    wanted[patterns.row[e]] += chance * patterns.qty[e]
        total += least - temperature * math.log(weights)
    return total


class RestrictedDual:
    """The smoothed dual over known patterns, as a function of the rows' prices.

    Axes: ``o`` orders, ``r`` rows: stock rows, then nodes.

    Parameters
    ----------
    patterns : Patterns
    nothing : int64[o], micros
        What an order costs that takes nothing.
    supply, tail, tail_cost : int64[r]
        Units of stock, then units of capacity; the last units that cost more, and micros for each of them.
    threads : int
    """

    def __init__(
        self,
        patterns: Patterns,
        nothing: Int64s,
        supply: Int64s,
        tail: Int64s,
        tail_cost: Int64s,
        threads: int,
    ) -> None:
        self._patterns = patterns
        self._nothing = nothing
        self._supply = supply
        self._tail = tail
        self._tail_cost = tail_cost
        self._threads = threads
        self._order_ptr = np.searchsorted(patterns.order, np.arange(len(nothing) + 1))
        self._cuts = np.linspace(0, len(nothing), PARTS + 1).astype(np.int64)
        self._above = np.empty(len(patterns.order))
        self.scarce = np.flatnonzero(most_wanted(self._order_ptr, patterns, len(supply)) > supply - tail)

    def evaluate(self, prices: Floats, temperature: float, pool: Executor) -> tuple[float, Floats]:
        """Return the value in micros and its slope by each row's price, in units.

        pool : who walks over the patterns; any number of threads gives the same bits.
        """
        wanted = np.zeros((PARTS, len(self._supply)))

        def soften(part: int) -> float:
            total = soften_patterns(
                self._cuts[part], self._cuts[part + 1], self._order_ptr, self._patterns, self._nothing,
                prices, temperature, self._above, wanted[part],
            )  # fmt: skip
            return float(total)

        total = sum(pool.map(soften, range(PARTS)))
        worth, offered = self._worth(prices, temperature)
        return total - worth, wanted.sum(axis=0) - offered

    def _worth(self, prices: Floats, temperature: float) -> tuple[float, Floats]:
        """Value of all supply (`prices.worth_of_supply`), its tails' kinks made smooth, and its slope."""
        above = (prices - self._tail_cost) / temperature
        softened = temperature * np.logaddexp(0, above)
        share = 0.5 * (1 + np.tanh(above / 2))  # of the tail that is offered: the logistic function
        worth = prices @ (self._supply - self._tail) + softened @ self._tail
        return float(worth), self._supply - self._tail + share * self._tail

    def climb(
        self, start: Floats, low: Floats, high: Floats, temperature: float, steps: int
    ) -> tuple[Floats, float]:
        """Climb from `start` within a box by at most about `steps` evaluations.

        Only rows that the known patterns could exhaust get a price; all others have the price zero. The
        method is L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995). Returns the prices, float64[r], and the value
        there, in micros.
        """
        scarce = self.scarce
        prices = np.zeros(len(self._supply))
        # The curvature along a price is about (units wanted) / T: scale it away, and count money in T.
        unit = temperature / np.sqrt(np.maximum(1, self._supply[scarce]))

        def descend(x: Floats) -> tuple[float, Floats]:
            prices[scarce] = x * unit
            value, slope = self.evaluate(prices, temperature, pool)
            return -value / temperature, -slope[scarce] * unit / temperature

        with ThreadPoolExecutor(self._threads) as pool:  # one for all steps: starting threads takes long
            if len(scarce) == 0:
                return prices, self.evaluate(prices, temperature, pool)[0]
            found = minimize(
                descend,
                start[scarce] / unit,
                jac=True,
                method="L-BFGS-B",
                bounds=np.column_stack((low[scarce] / unit, high[scarce] / unit)),
                options={"maxfun": steps, "maxiter": steps, "maxcor": 20},
            )
        prices[scarce] = found.x * unit
        return prices, float(-found.fun * temperature)


@kernel
def most_wanted(order_ptr: Int64s, patterns: Patterns, n_rows: int) -> Int64s:
    """Bound what all orders can take of each row by any choice of patterns from above; int64[r], units."""
    most = np.zeros(n_rows, np.int64)
    of_pattern = np.zeros(n_rows, np.int64)
    of_order = np.zeros(n_rows, np.int64)
    for order in range(len(order_ptr) - 1):
        begin, end = order_ptr[order], order_ptr[order + 1]
        for j in range(begin, end):
            for e in range(patterns.entry_ptr[j], patterns.entry_ptr[j + 1]):
                of_pattern[patterns.row[e]] += patterns.qty[e]
            for e in range(patterns.entry_ptr[j], patterns.entry_ptr[j + 1]):
                row = patterns.row[e]
                of_order[row] = max(of_order[row], of_pattern[row])
            for e in range(patterns.entry_ptr[j], patterns.entry_ptr[j + 1]):
                of_pattern[patterns.row[e]] = 0
        for e in range(patterns.entry_ptr[begin], patterns.entry_ptr[end]):
            row = patterns.row[e]
            most[row] += of_order[row]
            of_order[row] = 0
    return most
