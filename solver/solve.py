"""Plan a batch: the one way in.

1. First come, first served, exactly (`sequence` at zero prices): a feasible plan at once.
2. Prices of stock and capacity from the smoothed dual (`smooth_dual`), cooling down in stages. After each
   stage the
   exact bound at the best prices is recorded, and the orders are planned in sequence at these prices, so that
   each leaves what is worth more elsewhere.
3. That plan is improved by giving each order back and serving it anew at its true cost; nothing can get
   dearer.

A stop at any moment leaves the best plan and the best bound so far. The result depends on the problem, the
parameters and the seed, not on the number of workers.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.plan_state import PlanState
from solver.prices import Prices, lower_bound
from solver.problem import AllocationPlan, AllocationProblem, Int64s
from solver.sequence import plan_in_sequence
from solver.smooth_dual import Floats, SmoothDual, Stage, climb
from solver.stop import NeverStop, Progress, Stop


class Status(StrEnum):
    """What a result is."""

    OPTIMAL = "optimal"  # the plan costs what the bound proves
    FEASIBLE = "feasible"  # all passes done
    STOPPED = "stopped"  # the stop said so; plan and bound are the best so far


@dataclass(frozen=True, slots=True)
class SolveParams:
    """How a batch is solved; the defaults suit a day of retail orders."""

    stages: tuple[Stage, ...] = (Stage(0.2, 15), Stage(0.05, 20), Stage(0.015, 25), Stage(0.005, 25))
    improvement_sweeps: int = 3
    workers: int = 2

    def __post_init__(self) -> None:
        if self.workers < 1 or self.improvement_sweeps < 0:
            raise ValueError("workers must be at least 1 and improvement_sweeps at least 0")

    @property
    def passes_planned(self) -> int:
        """The most passes over all orders that a solve makes."""
        return 1 + sum(stage.passes + self.improvement_sweeps for stage in self.stages)


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

    Returns
    -------
    Result
        Also on KeyboardInterrupt, with status STOPPED.
    """
    run = _Run(
        problem, stop or NeverStop(), params or SolveParams(), np.random.default_rng(seed), on_progress
    )
    try:
        run.first_come()
        run.climb_and_plan()
        reason = "passes done"
    except _Stopped as stopped:
        reason = stopped.reason
    except KeyboardInterrupt:
        reason = "interrupted"
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
        self._passed()

    def climb_and_plan(self) -> None:
        dual = SmoothDual(self.problem, self.params.workers)
        mean_cost = max(1.0, self.first_come_cost / max(1, self.problem.n_orders))
        x = dual.start()
        best_x, best_hard = x, -np.inf

        def on_pass(at: Floats, hard: float) -> None:
            nonlocal best_x, best_hard
            if hard > best_hard:
                best_x, best_hard = at.copy(), hard
            self._passed()

        for stage in self.params.stages:
            try:
                x = climb(dual, x, stage.temperature * mean_cost, stage.passes, on_pass)
            finally:  # also when stopped: the work of the stage is not lost
                self._adopt(dual, best_x)
            self._plan_at_prices()

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
            repeatable=self.stop.repeatable and reason != "interrupted",
            trace=tuple(self.trace),
        )

    def _adopt(self, dual: SmoothDual, x: Floats) -> None:
        """Prove the exact bound at variables `x`, and keep it if it is the best."""
        stock, capacity = dual.to_prices(x)
        bound = lower_bound(self.problem, stock, capacity, self.params.workers)
        if bound > self.prices.lower_bound:
            self.prices = Prices(stock, capacity, bound)

    def _plan_at_prices(self) -> None:
        """Plan all orders anew at the best prices, then improve at true cost."""
        zero = Prices.zero(self.problem)
        plan = PlanState.empty(self.problem)
        in_turn = np.arange(self.problem.n_orders)
        self._serve(in_turn, self.prices, plan)
        for _ in range(self.params.improvement_sweeps):
            before = plan.cost()
            self._serve(self.rng.permutation(self.problem.n_orders), zero, plan)
            if plan.cost() < self.best.cost():
                self.best = plan.copy()
            self._passed()
            if plan.cost() == before:
                break

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
