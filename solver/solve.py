"""Plan a batch: the one way in.

1. First come, first served, exactly (`sequence` at zero prices): a feasible plan at once.
2. Prices of stock and capacity from the smoothed dual (`smooth_dual`), cooling down in stages. After each
   stage the exact bound at the best prices is recorded, and the orders are planned in sequence at these
   prices, so that each leaves what is worth more elsewhere.
3. The best plan is improved by letting orders displace each other (`improve`).

A stop at any moment leaves the best plan and the best bound so far. The result depends on the problem, the
parameters and the seed, not on who evaluates the shards of orders.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.improve import DisplacementSearch
from solver.plan_state import PlanState
from solver.prices import Prices, lower_bound
from solver.problem import AllocationPlan, AllocationProblem, Int64s
from solver.sequence import plan_in_sequence
from solver.shards import ShardPool, ThreadShards, WorkersLost
from solver.smooth_dual import SmoothDual, Stage, climb
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
    """How a batch is solved; the defaults suit a day of retail orders."""

    stages: tuple[Stage, ...] = (
        Stage(0.1, passes=30, chain=False),
        Stage(0.03, passes=30, chain=False),
        Stage(0.01, passes=20, chain=True),
        Stage(0.004, passes=20, chain=True),
    )
    improvement_rounds: int = 24
    moves_per_order: float = 1.0  # in each round
    threshold: float = 0.005  # of the first round, as a share of an order's mean cost; falls to zero
    threads: int = 2

    def __post_init__(self) -> None:
        if self.threads < 1 or self.improvement_rounds < 0 or self.moves_per_order < 0 or self.threshold < 0:
            raise ValueError("threads must be at least 1, rounds, moves and threshold at least 0")

    @classmethod
    def for_size(cls, n_orders: int, threads: int = 2) -> "SolveParams":
        """Return the default effort: fewer passes over very many orders, so that a day stays minutes."""
        if n_orders <= LONG_DAY_ORDERS:
            return cls(threads=threads)
        stages = (
            Stage(0.03, passes=10, chain=False),
            Stage(0.01, passes=6, chain=True),
            Stage(0.004, passes=4, chain=True),
        )
        return cls(stages=stages, improvement_rounds=10, moves_per_order=0.5, threads=threads)

    @property
    def passes_planned(self) -> int:
        """The most passes over all orders that a solve makes."""
        return 1 + sum(stage.passes + 1 for stage in self.stages) + self.improvement_rounds


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

    @property
    def lower_bound(self) -> int:
        """No plan of the problem costs less, in micros."""
        return self.prices.lower_bound

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

    Returns
    -------
    Result
        Also on KeyboardInterrupt and when the pool loses its workers for good, with status STOPPED.
    """
    params = params or SolveParams.for_size(problem.n_orders)
    pool = pool or ThreadShards(problem, params.threads)
    if pool.problem is not problem:
        raise ValueError("the pool must hold the orders of this problem")
    run = _Run(problem, stop or NeverStop(), params, np.random.default_rng(seed), on_progress, pool)
    try:
        run.first_come()
        run.climb_and_plan()
        run.improve()
        reason = "passes done"
    except _Stopped as stopped:
        reason = stopped.reason
    except KeyboardInterrupt:
        reason = INTERRUPTED
    except WorkersLost as lost:
        reason = f"{WORKERS_LOST}: {lost}"
    return run.result(reason)


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
    began: float = field(default_factory=time.monotonic)
    passes: int = 0
    trace: list[TracePoint] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.arrays = ProblemArrays.of(self.problem)
        self.scratch = Scratch.for_problem(self.problem)
        self.best = PlanState.empty(self.problem)
        self.prices = Prices.zero(self.problem)
        self.first_come_cost = self.best.cost()

    def first_come(self) -> None:
        zero = Prices.zero(self.problem)
        plan = PlanState.empty(self.problem)
        self._serve(np.arange(self.problem.n_orders), zero, plan)
        self.best = plan
        self.first_come_cost = plan.cost()
        bound = lower_bound(self.problem, zero.stock, zero.capacity, self.pool)
        self.prices = Prices(zero.stock, zero.capacity, max(0, bound))
        self._passed()

    def climb_and_plan(self) -> None:
        dual = SmoothDual(self.problem, self.pool)
        prices = best_prices = np.zeros(len(dual.supply), np.int64)
        best_hard = 0

        def on_pass(at: Int64s, hard: int) -> None:
            nonlocal best_prices, best_hard
            if hard > best_hard:
                best_prices, best_hard = at, hard
            self._passed()

        for stage in self.params.stages:
            try:
                temperature = stage.temperature * self._mean_cost()
                prices = climb(dual, prices, temperature, stage, on_pass)
            finally:  # also when stopped: the work of the stage is not lost
                self._adopt(*dual.split(best_prices))
            best_hard = 0  # hard duals of other stages do not compare: they may count joint stock or not
            self._plan_at_prices()

    def improve(self) -> None:
        search = DisplacementSearch(self.problem, self.best, self.prices, self.rng)
        moves = int(self.params.moves_per_order * self.problem.n_orders)
        rounds = self.params.improvement_rounds
        for done in range(rounds):
            share = self.params.threshold * (1 - (done + 1) / rounds)
            search.run(moves, share * self._mean_cost())
            if search.plan.cost() < self.best.cost():
                self.best = search.plan.copy()
            self._passed()

    def fill_in(self) -> None:
        """Serve the orders that lack units anew at true cost until none gets cheaper.

        So what stays unfilled at the end would cost more to send than to leave.
        """
        zero, cost = Prices.zero(self.problem), self.best.cost() + 1
        while self.best.cost() < cost:
            cost = self.best.cost()
            self._serve(self._short_orders(), zero, self.best)

    def _short_orders(self) -> Int64s:
        plan = self.best.to_plan()
        held = np.zeros(self.problem.n_lines, np.int64)
        np.add.at(held, plan.entry_line, plan.entry_qty)
        short = np.flatnonzero(held < self.problem.line_qty)
        return np.unique(np.searchsorted(self.problem.order_ptr, short, side="right") - 1)

    def result(self, reason: str) -> Result:
        self.fill_in()
        cost = self.best.cost()
        if cost == self.prices.lower_bound:
            status = Status.OPTIMAL
        else:
            status = Status.FEASIBLE if reason == "passes done" else Status.STOPPED
        return Result(
            status=status,
            stop_reason=reason,
            plan=self.best.to_plan(),
            cost=cost,
            first_come_cost=self.first_come_cost,
            prices=self.prices,
            passes=self.passes,
            repeatable=self.stop.repeatable and not reason.startswith((INTERRUPTED, WORKERS_LOST)),
            trace=tuple(self.trace),
        )

    def _mean_cost(self) -> float:
        """Return a first-come order's mean cost, the natural unit of temperatures; micros."""
        return max(1.0, self.first_come_cost / max(1, self.problem.n_orders))

    def _adopt(self, stock: Int64s, capacity: Int64s) -> None:
        """Prove the exact bound at prices, and keep them if it is the best."""
        bound = lower_bound(self.problem, stock, capacity, self.pool)
        if bound > self.prices.lower_bound:
            self.prices = Prices(stock, capacity, bound)

    def _plan_at_prices(self) -> None:
        """Plan all orders anew at the best prices, then once more at true cost."""
        in_turn = np.arange(self.problem.n_orders)
        plan = PlanState.empty(self.problem)
        self._serve(in_turn, self.prices, plan)
        self._serve(in_turn, Prices.zero(self.problem), plan)
        if plan.cost() < self.best.cost():
            self.best = plan
        self._passed()

    def _serve(self, sequence: Int64s, prices: Prices, plan: PlanState) -> None:
        plan_in_sequence(sequence, self.arrays, prices.stock, prices.capacity, self.scratch, plan)

    def _passed(self) -> None:
        """Count a pass, tell of it, and ask whether to stop."""
        self.passes += 1
        cost, bound = self.best.cost(), self.prices.lower_bound
        progress = Progress(
            self.passes, self.params.passes_planned, time.monotonic() - self.began, cost, bound
        )
        if not self.trace or (cost, bound) != (self.trace[-1].cost, self.trace[-1].lower_bound):
            self.trace.append(TracePoint(progress.seconds, cost, bound))
        if self.on_progress:
            self.on_progress(progress)
        reason = self.stop.reason(progress)
        if reason:
            raise _Stopped(reason)
