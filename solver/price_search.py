"""The search for good prices: exact pricing passes, and between them the dual over the patterns they found.

A pricing pass solves every order exactly at prices: that proves a bound, and each order's plan is a pattern
for the restricted dual, whose maximum gives the next prices (column generation, from the dual side). Who
wants more patterns than a climb needs asks for passes at slightly noisy prices: with noise of Gumbel's
distribution the plans that come out are drawn about as the soft minimum weighs them (perturb and map,
Papandreou & Yuille 2011). How far prices may move in a step is learnt on the way (`price_box`), and what a
step came to says how smooth the next one should be (`cooling`).

Where all patterns that matter fit into one linear program, its duals finish the search (`master_prices`).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from solver.arrays import ProblemArrays
from solver.cooling import Step
from solver.master_prices import master_prices
from solver.patterns import (
    FindPatterns,
    Patterns,
    by_order,
    excess_at_prices,
    merge,
    patterns_of_plan,
    patterns_of_single_nodes,
    rows_that_bind,
)
from solver.plan_state import PlanState
from solver.price_box import PriceBox
from solver.prices import Prices, limited_capacity, worth_of_supply
from solver.problem import AllocationProblem, Int64s
from solver.restricted_dual import RestrictedDual
from solver.scarcity import scarcity_prices
from solver.search import too_large
from solver.shards import ShardPool
from solver.stakes import by_stake

Floats = npt.NDArray[np.float64]
SCARCE_SHARE = 0.1  # of the gap that prices of scarce units must close to be where the climb begins
PROVED = 1e-7  # of the linear program's value, its tolerance: a bound that near it is as good as prices prove


class PriceSearch:
    """A search under way.

    Parameters
    ----------
    problem : AllocationProblem
    pool : ShardPool
        Who prices the orders.
    threads : int
        For the restricted dual.
    rng : Generator
    on_pass : callable
        Called after each pass over the orders; it may raise to stop, and all that was found stays.

    Attributes
    ----------
    prices : Prices
        The best so far, with the bound they prove.
    patterns : Patterns
        All that were met.
    lone_cost : int64[o]
        Micros, what each order costs at prices of nothing, in competition with nobody; once `begin_cold` is
        done.
    """

    def __init__(
        self,
        problem: AllocationProblem,
        pool: ShardPool,
        threads: int,
        rng: np.random.Generator,
        on_pass: Callable[[], None],
    ) -> None:
        self._problem = problem
        self._pool = pool
        self._threads = threads
        self._rng = rng
        self._n_stock = problem.n_stock
        self._on_pass = on_pass
        self._arrays = ProblemArrays.of(problem)
        self._supply = np.concatenate([problem.pos_free, limited_capacity(problem)])
        self._tail = np.concatenate([self._arrays.stock_tail, self._arrays.node_tail])
        self._tail_cost = np.concatenate([self._arrays.stock_tail_cost, self._arrays.node_tail_cost])
        self._binds = rows_that_bind(problem)
        paid = np.concatenate(([0], np.cumsum(problem.line_qty * problem.line_penalty)))
        self._nothing = np.diff(paid[problem.order_ptr])
        # Above it nobody buys: a unit would rather stay unfilled, an order rather get no parcel.
        self._price_max = np.repeat(
            [float(problem.line_penalty.max(initial=0)), float(self._nothing.max(initial=0))],
            [self._n_stock, problem.n_nodes],
        )
        self._box = PriceBox(problem.n_stock + problem.n_nodes)
        self._searched = ~too_large(self._arrays)
        self._least_cost = np.zeros(problem.n_orders, np.int64)  # of each order, at the prices priced last
        self.lone_cost = np.zeros(problem.n_orders, np.int64)
        self.patterns = Patterns.none()
        self.prices = Prices.zero(problem)

    def begin(self, stock: Int64s, capacity: Int64s) -> None:
        """Price all orders at the prices to start from; int64[h], int64[n], micros, >= 0."""
        self._adopt_if_better(stock, capacity)

    def begin_cold(self, cost: int) -> None:
        """Price all orders at nothing, and where there is too little of a SKU at what that makes it worth.

        The scarce prices are kept only where they close much of the gap to a plan of `cost` micros: the climb
        goes wrong from prices that are high in the wrong places more easily than it goes up from nothing.
        """
        nothing = Prices.zero(self._problem)
        self._adopt_if_better(nothing.stock, nothing.capacity)
        self.lone_cost = self._least_cost.copy()
        scarce = scarcity_prices(self._problem, self.lone_cost)
        if not scarce.any():
            return
        known, gap = self.patterns, cost - self.prices.lower_bound
        bound = self._price(scarce, nothing.capacity)
        if bound - self.prices.lower_bound > SCARCE_SHARE * gap:
            self.prices = Prices(scarce, nothing.capacity, bound)
        else:
            self.patterns = known
        self._on_pass()

    def learn(self, plan: PlanState) -> None:
        """Add the patterns of a plan; with one feasible plan known, the restricted dual is bounded."""
        self.patterns = merge(self.patterns, patterns_of_plan(self._problem, plan, self._binds))

    def step(self, temperature: float, steps: int, samples: int) -> Step:
        """Climb the restricted dual at one temperature (micros) and price all orders there.

        steps : evaluations of the restricted dual.   samples : further passes at noisy prices.
        `on_pass` is called after each pass over the orders, and may raise.
        """
        center = np.concatenate((self.prices.stock, self.prices.capacity)).astype(np.float64)
        low, high = self._box.around(center, temperature, self._price_max)
        dual = RestrictedDual(
            self.patterns, self._nothing, self._supply, self._tail, self._tail_cost, self._threads
        )
        with threadpool_limits(1, user_api="blas"):  # its threads only wait for each other on such vectors
            at, soft = dual.climb(np.minimum(center, high), low, high, temperature, steps)
        stock, capacity = self._split(at)
        _, hoped = excess_at_prices(self.patterns, self._nothing, np.concatenate((stock, capacity)))
        before = self.prices.lower_bound
        bound = self._adopt_if_better(stock, capacity)
        # Of an order too large for the exact search nobody knows the best pattern: it is missing for good.
        missing = int((hoped - self._least_cost)[self._searched].sum())
        step = Step(
            rise=bound - before,
            missing=missing,
            smoothing=float(hoped.sum()) - worth_of_supply(self._arrays, stock, capacity) - soft,
        )
        self._box.learn(center, at, (low, high), step.rise / max(1, step.rise + missing))
        for _ in range(samples):
            noise = self._rng.gumbel(size=len(at)) * temperature
            # Rows without a price get a little, never less than nothing.
            noisy = at + np.where(at > 0, noise, 0.3 * np.abs(noise)) * self._binds
            self._price(*self._split(noisy))
            self._on_pass()
        return step

    def by_stake(self, temperature: float) -> Int64s:
        """Return all orders in the sequence in which to plan them at the best prices; see `stakes`."""
        prices = np.concatenate((self.prices.stock, self.prices.capacity))
        return by_stake(self.patterns, self._nothing, prices, temperature)

    def learn_single_nodes(self) -> None:
        """Add what each order takes when one node serves it alone; for few orders and few nodes."""
        self.patterns = merge(self.patterns, patterns_of_single_nodes(self._problem, self._binds))

    def polish(
        self, rounds: int, reach: float, patterns_max: int, rows_max: int, enough: float = 0.0
    ) -> bool:
        """Take prices from the linear program over the patterns, and add patterns, until none is missing.

        rounds : the most.   reach : micros above its order's best, at the first
        prices or the program's, of the patterns in use.
        patterns_max, rows_max : a larger program is not tried.   enough : micros below the program's value,
        more than which no prices prove, that a bound may stay.
        Each round prices all orders at the program's prices and, because these swing from one corner to
        another while patterns are missing, midway between them and the best (Wentges 1997). Returns
        whether the bound came as high as prices can prove, or near enough. `on_pass` is called as in `step`.
        """
        near = Patterns.none()
        at = np.concatenate((self.prices.stock, self.prices.capacity))
        for _ in range(rounds):
            near = merge(near, self._near(at, reach))
            if len(near.order) > patterns_max:
                return False
            found = master_prices(near, self._nothing, self._supply, self._tail, self._tail_cost, rows_max)
            if found is None:
                return False
            if self.prices.lower_bound >= found.value - enough:
                return True
            best = np.concatenate((self.prices.stock, self.prices.capacity))
            at = np.concatenate(self._split(found.prices))
            self._adopt_if_better(*self._split(found.prices))
            rounded = float(self._supply @ (at > 0))  # prices are whole micros: half of one either way
            if self.prices.lower_bound >= found.value * (1 - PROVED) - max(rounded, enough):
                return True
            self._adopt_if_better(*self._split((found.prices + best) / 2))
        return False

    def _near(self, prices: Int64s, reach: float) -> Patterns:
        excess, _ = excess_at_prices(self.patterns, self._nothing, prices)
        return self.patterns.chosen(np.flatnonzero(excess <= reach))

    def _split(self, prices: Floats) -> tuple[Int64s, Int64s]:
        """Round prices to micros; those of stock rows, int64[h], and of nodes, int64[n]."""
        whole = np.rint(np.maximum(0, prices)).astype(np.int64)
        return whole[: self._n_stock], whole[self._n_stock :]

    def _price(self, stock: Int64s, capacity: Int64s) -> int:
        """Price all orders exactly and keep their patterns; returns the bound, in micros."""
        found = list(self._pool.run(FindPatterns(stock, capacity, self._binds)))
        self.patterns = merge(self.patterns, by_order([part.patterns for part in found]))
        for first, part in enumerate(found):
            self._least_cost[first :: len(found)] = part.least_cost
        return int(self._least_cost.sum()) - worth_of_supply(self._arrays, stock, capacity)

    def _adopt_if_better(self, stock: Int64s, capacity: Int64s) -> int:
        """Price all orders at prices and keep these if they prove the best bound; returns theirs."""
        bound = self._price(stock, capacity)
        if bound > self.prices.lower_bound:
            self.prices = Prices(stock, capacity, bound)
        self._on_pass()
        return bound
