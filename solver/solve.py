"""Plan a batch: the one way in.

1. First come, first served, exactly (`sequence` at zero prices): a feasible plan at once. A warm
   `start` adds the plan before, as far as it still fits, the other orders planned at its prices, and begins
   the search at these prices and not hot.
2. Prices of stock and capacity (`price_search`) begin at what scarce units are worth (`scarcity`) and cool:
   each step climbs the dual over the order patterns that are known and proves an exact bound at the prices it
   reaches. Now and then the orders are planned in sequence at these prices, so that each leaves what is worth
   more elsewhere. Where the linear program over the patterns is small, its duals are the last prices.
3. The best plan is improved by letting orders displace each other (`improve`), then by integer programs over
   patterns, block by block (`columns`), and so on in turn; a tiny batch is one block in the end. Orders too
   large for the exact search are planned again by a program of their own (`replan`).

A stop at any moment leaves the best plan and the best bound so far. The result depends on the problem, the
parameters and the seed, not on who evaluates the shards of orders.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.claims import serve_by_patterns
from solver.columns import BLOCKS_AT_ONCE, Master, too_large
from solver.improve import DisplacementSearch
from solver.patterns import rows_that_bind
from solver.plan_state import PlanState
from solver.price_search import PriceSearch
from solver.prices import Prices, cost_step
from solver.problem import AllocationPlan, AllocationProblem, Int64s
from solver.replan import prove_large_orders, replan_large_orders
from solver.sequence import plan_in_sequence
from solver.shards import ShardPool, ThreadShards, WorkersLost
from solver.start import Start
from solver.stop import NeverStop, Progress, Stop

INTERRUPTED, WORKERS_LOST = "interrupted", "workers lost"  # how a stop reason begins that nobody planned
LONG_DAY_ORDERS = 40_000  # more get fewer passes by default


class Status(StrEnum):
    """What a result is."""

    OPTIMAL = "optimal"  # the plan costs what the bound proves
    FEASIBLE = "feasible"  # all passes done
    STOPPED = "stopped"  # the stop said so; plan and bound are the best so far


@dataclass(frozen=True, slots=True)
class SolveParams:
    """How a batch is solved; the defaults suit a day of retail orders.

    Temperatures, reach and threshold are shares of what an order costs on average when first come is first
    served.
    """

    temperatures: tuple[float, ...] = (
        *(0.1, 0.1, 0.05, 0.05, 0.03, 0.03, 0.02, 0.02, 0.015, 0.015),
        *(0.01, 0.01, 0.007, 0.007, 0.005, 0.005, 0.004, 0.004),
    )
    warm_temperature: float = 0.02  # hotter ones are left out of a warm start
    climb_steps: int = 30  # evaluations of the restricted dual at each temperature
    samples: int = 2  # noisy pricing passes at each temperature
    plan_every: int = 6  # temperatures
    cycles: int = 2  # of displacement and blocks
    improvement_rounds: int = 6  # of displacement in each cycle
    moves_per_order: float = 1.0  # in each round
    threshold: float = 0.005  # of the first round; falls to zero
    blocks: int = 60  # the most in each cycle
    block_orders: int = 400
    reach: float = 0.2  # of the patterns that a block may use
    master_rounds: int = 15  # of the linear program over all patterns
    master_reach: float = 0.005  # of the patterns in it
    master_patterns: int = 30_000  # with more it is not tried, nor with so many rows that could run out
    master_rows: int = 5_000
    tiny: int = 400  # orders; so few are one block in the end
    tiny_nodes: int = 5_000  # of that block's search tree
    large_order_effort: float = 10.0  # deterministic seconds for all orders too large for the exact search
    threads: int = 2

    def __post_init__(self) -> None:
        whole = (self.climb_steps, self.plan_every, self.block_orders, self.threads)
        counts = (self.samples, self.cycles, self.improvement_rounds, self.blocks, self.master_rounds)
        if min(whole) < 1 or min(*counts, self.tiny, self.tiny_nodes) < 0:
            raise ValueError("steps, sizes and threads must be at least 1, all other counts at least 0")
        if not all(temperature > 0 for temperature in self.temperatures):
            raise ValueError("temperatures must be above 0")
        shares = (self.moves_per_order, self.threshold, self.reach, self.master_reach)
        if min(*shares, self.large_order_effort) < 0:
            raise ValueError("moves, threshold, reach and effort must be at least 0")

    @classmethod
    def for_size(cls, n_orders: int, threads: int = 2) -> "SolveParams":
        """Return the default effort: fewer passes over very many orders, so that a day stays minutes."""
        if n_orders <= LONG_DAY_ORDERS:
            return cls(threads=threads)
        return cls(
            temperatures=(0.1, 0.05, 0.03, 0.02, 0.015, 0.01, 0.007, 0.005),
            samples=1,
            plan_every=4,
            cycles=1,
            improvement_rounds=4,
            moves_per_order=0.5,
            blocks=120,
            threads=threads,
        )

    def warmed(self) -> "SolveParams":
        """Leave out what a warm start has no use for: the hot temperatures."""
        kept = tuple(share for share in self.temperatures if share <= self.warm_temperature)
        return replace(self, temperatures=kept)

    @property
    def passes_planned(self) -> int:
        """The most passes over all orders that a solve without a start makes."""
        prices = len(self.temperatures) * (1 + self.samples) + len(self.temperatures) // self.plan_every
        prices += 2 * self.master_rounds
        return 5 + prices + self.cycles * (self.improvement_rounds + self.blocks // BLOCKS_AT_ONCE)

    @property
    def warm_passes_planned(self) -> int:
        """The most passes from a start: its prices, its plan, and that plan improved before the climb."""
        return 2 + self.improvement_rounds + self.warmed().passes_planned


@dataclass(frozen=True, slots=True)
class TracePoint:
    """What was reached after so many seconds; micros."""

    seconds: float
    cost: int
    lower_bound: int


@dataclass(frozen=True, slots=True)
class Result:
    """A feasible plan with what it costs and how good it can be proved to be; money in micros."""

    status: Status
    stop_reason: str
    plan: AllocationPlan
    cost: int
    first_come_cost: int
    prices: Prices
    passes: int
    repeatable: bool
    trace: tuple[TracePoint, ...]
    large_orders_raise: int = 0  # what integer programs of large orders add to the bound that prices prove
    cost_step: int = 1  # every plan costs a multiple of it

    @property
    def lower_bound(self) -> int:
        """No plan of the problem costs less, in micros.

        What is proved, rounded up to what a plan can cost: a plan at or above a bound, whose cost is a
        multiple of `cost_step`, is at or above the next multiple too. The certificate has the bound of the
        prices alone, by its formula.
        """
        proved = self.prices.lower_bound + self.large_orders_raise
        return -(-proved // self.cost_step) * self.cost_step

    @property
    def gap(self) -> float:
        """(cost - bound) / cost; 0 when the plan costs nothing."""
        return (self.cost - self.lower_bound) / self.cost if self.cost > 0 else 0.0


def solve(
    problem: AllocationProblem,
    stop: Stop | None = None,
    seed: int = 0,
    params: SolveParams | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    pool: ShardPool | None = None,
    start: Start | None = None,
) -> Result:
    """Plan all orders of a problem.

    Parameters
    ----------
    problem : AllocationProblem
    stop : Stop, optional
        Asked after every pass over the orders; by default all passes are done.
    seed : int
        Seeds the sequences in which orders are served anew.
    params : SolveParams, optional
    on_progress : callable, optional
        Told after every pass.
    pool : ShardPool, optional
        Who evaluates the orders at prices; by default `params.threads` threads. Whoever made it closes it.
    start : Start, optional
        Prices and claims of an earlier plan, which need not fit.

    Returns
    -------
    Result
        Also on KeyboardInterrupt and when the pool loses its workers for good, with status STOPPED.

    Raises
    ------
    ValueError
        When the pool or the start is of another problem.
    """
    params = params or SolveParams.for_size(problem.n_orders)
    pool = pool or ThreadShards(problem, params.threads)
    if pool.problem is not problem:
        raise ValueError("the pool must hold the orders of this problem")
    if start is not None:
        start.require_fits(problem)
    run = _Run(problem, stop or NeverStop(), params, np.random.default_rng(seed), on_progress, pool, start)
    try:
        run.first_come()
        run.begin_prices()
        run.climb_and_plan()
        run.polish_prices()
        run.improve()
        run.replan()
        run.prove()
        reason = "passes done"
    except _Stopped as stopped:
        reason = stopped.reason
    except KeyboardInterrupt:
        reason = INTERRUPTED
    except WorkersLost as lost:
        reason = f"{WORKERS_LOST}: {lost}"
    return run.result(reason)


def _short_orders(problem: AllocationProblem, state: PlanState) -> Int64s:
    """Orders that lack units in a plan, ascending."""
    plan = state.to_plan()
    held = np.zeros(problem.n_lines, np.int64)
    np.add.at(held, plan.entry_line, plan.entry_qty)
    short = np.flatnonzero(held < problem.line_qty)
    return np.unique(np.searchsorted(problem.order_ptr, short, side="right") - 1)


class _Stopped(Exception):
    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass
class _Run:
    """One solve under way: the best plan and prices so far."""

    problem: AllocationProblem
    stop: Stop
    params: SolveParams
    rng: np.random.Generator
    on_progress: Callable[[Progress], None] | None
    pool: ShardPool
    start: Start | None
    began: float = field(default_factory=time.monotonic)
    passes: int = 0
    trace: list[TracePoint] = field(default_factory=list)
    large_orders_raise: int = 0

    def __post_init__(self) -> None:
        self.arrays = ProblemArrays.of(self.problem)
        self.scratch = Scratch.for_problem(self.problem)
        self.best = PlanState.empty(self.problem)
        self.zero = Prices.zero(self.problem)
        self.search = PriceSearch(self.problem, self.pool, self.params.threads, self.rng, self._passed)
        self.first_come_cost = self.best.cost()

    def first_come(self) -> None:
        plan = PlanState.empty(self.problem)
        self._serve(np.arange(self.problem.n_orders), self.zero, plan)
        self.best = plan
        self.first_come_cost = plan.cost()

    def begin_prices(self) -> None:
        self.search.learn(self.best)
        if self.start is not None:
            self.search.begin(*self.start.prices(self.problem, rows_that_bind(self.problem)))
            self._plan_from(self.start)
        self.search.begin_cold()  # a start may be worse than none
        if self.start is not None:
            self._displace(1.0)  # at prices that are good already

    def climb_and_plan(self) -> None:
        temperatures = (self.params if self.start is None else self.params.warmed()).temperatures
        for done, share in enumerate(temperatures, start=1):
            self.search.step(share * self._mean_cost(), self.params.climb_steps, self.params.samples)
            if done % self.params.plan_every == 0 or done == len(temperatures):
                self._plan_at_prices()

    def polish_prices(self) -> None:
        """Take the last prices from the linear program over the patterns, where it is small."""
        params = self.params
        if self._is_tiny() and self.problem.n_orders * self.problem.n_nodes <= params.master_patterns:
            self.search.learn_single_nodes()
        bound = self.search.prices.lower_bound
        self.search.polish(
            params.master_rounds, self._reach(params.master_reach), params.master_patterns, params.master_rows
        )
        if self.search.prices.lower_bound > bound:
            self._plan_at_prices()

    def improve(self) -> None:
        for cycle in range(self.params.cycles):
            self._displace(0.5**cycle)
            self._choose_patterns()
        if self._is_tiny():
            self._choose_among_all()

    def _is_tiny(self) -> bool:
        return self.problem.n_orders <= self.params.tiny

    def _reach(self, share: float) -> float:
        """Micros above an order's best at the prices that a pattern may cost.

        In a tiny batch all that could be in a better plan: a plan with a pattern beyond the gap costs more
        than the bound and the gap together, so more than the best plan known.
        """
        gap = self.best.cost() - self.search.prices.lower_bound if self._is_tiny() else 0
        return max(share * self._mean_cost(), gap)

    def _displace(self, warmth: float) -> None:
        search = DisplacementSearch(self.problem, self.best, self.search.prices, self.rng)
        moves = int(self.params.moves_per_order * self.problem.n_orders)
        rounds = self.params.improvement_rounds
        for done in range(rounds):
            share = warmth * self.params.threshold * (1 - (done + 1) / rounds)
            search.run(moves, share * self._mean_cost())
            self.search.learn(search.plan)  # so that the master may combine several plans
            self._adopt(search.plan)
            self._passed()

    def _choose_patterns(self) -> None:
        prices, plan = self.search.prices, self.best.copy()
        master = Master(
            self.problem,
            self.search.patterns,
            prices,
            plan,
            self._reach(self.params.reach),
            self.params.threads,
            self.rng,
        )
        blocks = 0
        while blocks < self.params.blocks:
            solved = master.improve(self.params.block_orders)
            if solved == 0:
                return
            blocks += solved
            self._adopt(master.plan)
            self._passed()

    def _choose_among_all(self) -> None:
        """Plan all orders by one program, and let it search until it has proved its best."""
        master = Master(
            self.problem, self.search.patterns, self.search.prices, self.best.copy(),
            self._reach(self.params.reach),
            self.params.threads, self.rng, nodes=self.params.tiny_nodes, gap=0.0,
        )  # fmt: skip
        if master.improve(self.problem.n_orders):
            self._adopt(master.plan)
            self._passed()

    def replan(self) -> None:
        plan = self.best.copy()
        for _ in replan_large_orders(self.problem, plan, self.params.large_order_effort):
            self._adopt(plan)
            self._passed()

    def fill_in(self) -> None:
        """Serve the orders that lack units anew at true cost until none gets cheaper.

        So what stays unfilled at the end would cost more to send than to leave.
        """
        cost = self.best.cost() + 1
        while self.best.cost() < cost:
            cost = self.best.cost()
            orders = _short_orders(self.problem, self.best)
            searched = orders[~too_large(self.arrays)[orders]]  # the heuristic could make one dearer
            self._serve(searched, self.zero, self.best)

    def prove(self) -> None:
        """Raise the bound by what the programs of orders too large for the exact search prove."""
        prices = self.search.prices
        self.large_orders_raise = prove_large_orders(
            self.problem, prices.stock, prices.capacity, self.params.large_order_effort
        )

    def result(self, reason: str) -> Result:
        self.fill_in()
        cost = self.best.cost()
        result = Result(
            status=Status.FEASIBLE if reason == "passes done" else Status.STOPPED,
            stop_reason=reason,
            plan=self.best.to_plan(),
            cost=cost,
            first_come_cost=self.first_come_cost,
            prices=self.search.prices,
            passes=self.passes,
            repeatable=self.stop.repeatable and not reason.startswith((INTERRUPTED, WORKERS_LOST)),
            trace=tuple(self.trace),
            large_orders_raise=self.large_orders_raise,
            cost_step=cost_step(self.problem),
        )
        return replace(result, status=Status.OPTIMAL) if cost == result.lower_bound else result

    def _mean_cost(self) -> float:
        """Return a first-come order's mean cost, the natural unit of temperatures; micros."""
        return max(1.0, self.first_come_cost / max(1, self.problem.n_orders))

    def _adopt(self, plan: PlanState) -> None:
        """Keep a copy of a plan if it is the best."""
        if plan.cost() < self.best.cost():
            self.best = plan.copy()

    def _plan_from(self, start: Start) -> None:
        """Serve each order what it claims, as far as that is left, and all others at the best prices.

        Who comes too late for its claim and lacks units is one of the others.
        """
        binds = rows_that_bind(self.problem)
        claims, cut = start.claims(self.problem, binds)
        claimed = np.flatnonzero(~too_large(self.arrays)[claims.order])
        plan = PlanState.empty(self.problem)
        serve_by_patterns(claims.order[claimed], claimed, claims, binds, self.problem, self.scratch, plan)
        short = np.intersect1d(cut, _short_orders(self.problem, plan))
        rest = np.union1d(short, np.setdiff1d(np.arange(self.problem.n_orders), claims.order[claimed]))
        self._serve(rest, self.search.prices, plan)
        self._take_over(plan)

    def _plan_at_prices(self) -> None:
        """Plan all orders anew at the best prices, then once more at true cost."""
        plan = PlanState.empty(self.problem)
        self._serve(np.arange(self.problem.n_orders), self.search.prices, plan)
        self._take_over(plan)

    def _take_over(self, plan: PlanState) -> None:
        """Serve all orders of a plan anew at true cost, learn from it, and keep it if it is the best."""
        self._serve(np.arange(self.problem.n_orders), self.zero, plan)
        self._adopt(plan)
        self.search.learn(plan)
        self._passed()

    def _serve(self, sequence: Int64s, prices: Prices, plan: PlanState) -> None:
        plan_in_sequence(sequence, self.arrays, prices.stock, prices.capacity, self.scratch, plan)

    def _passed(self) -> None:
        """Count a pass, tell of it, and ask whether to stop."""
        self.passes += 1
        cost, bound = self.best.cost(), self.search.prices.lower_bound
        planned = self.params.passes_planned if self.start is None else self.params.warm_passes_planned
        progress = Progress(self.passes, planned, time.monotonic() - self.began, cost, bound)
        if not self.trace or (cost, bound) != (self.trace[-1].cost, self.trace[-1].lower_bound):
            self.trace.append(TracePoint(progress.seconds, cost, bound))
        if self.on_progress:
            self.on_progress(progress)
        reason = self.stop.reason(progress)
        if reason:
            raise _Stopped(reason)
