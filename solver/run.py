"""One solve under way, phase by phase; `solve` says in which sequence, and why."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.claims import serve_by_patterns
from solver.columns import Master
from solver.cooling import Cooling
from solver.improve import DisplacementSearch
from solver.params import SolveParams
from solver.patterns import rows_that_bind
from solver.plan_state import PlanState
from solver.price_search import PriceSearch
from solver.prices import Prices, cost_step
from solver.problem import AllocationProblem, Int64s
from solver.replan import prove_large_orders, replan_large_orders
from solver.result import INTERRUPTED, WORKERS_LOST, Result, Status, TracePoint
from solver.search import too_large
from solver.sequence import plan_in_sequence
from solver.shards import ShardPool
from solver.start import Start
from solver.stop import Progress, Stop


class Stopped(Exception):
    """The stop said so, and why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass
class Run:
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
    _spared: int = 0  # passes that were planned and are not needed
    trace: list[TracePoint] = field(default_factory=list)
    large_orders_raise: int = 0
    temperature: float = 1.0  # micros, of the climb's last step

    def __post_init__(self) -> None:
        self.arrays = ProblemArrays.of(self.problem)
        self.scratch = Scratch.for_problem(self.problem)
        self.best = PlanState.empty(self.problem)
        self.at_prices = self.best  # the best of the plans that were made whole at prices
        self.zero = Prices.zero(self.problem)
        self.search = PriceSearch(self.problem, self.pool, self.params.threads, self.rng, self._passed)
        self.first_come_cost = self.best.cost()

    def first_come(self) -> None:
        """Plan every order in turn, exactly, on what the ones before it left."""
        plan = PlanState.empty(self.problem)
        self._serve(np.arange(self.problem.n_orders), self.zero, plan)
        self.best = plan
        self.first_come_cost = plan.cost()

    def begin_prices(self) -> None:
        """Take over what a start knows, and price all orders at the prices to begin with."""
        self.search.learn(self.best)
        if self.start is not None:
            self.search.begin(*self.start.prices(self.problem, rows_that_bind(self.problem)))
            self._plan_from(self.start)
        self.search.begin_cold(self.best.cost())  # a start may be worse than none
        if self.start is not None:
            self._displace(1.0, self.best)  # at prices that are good already

    def climb_and_plan(self) -> None:
        """Climb for as long as it pays, and now and then plan at the prices reached."""
        params = self.params
        first = params.temperature if self.start is None else params.warm_temperature
        cooling = Cooling(params, first, self._mean_cost())
        for done in range(1, params.climbs + 1):
            self.temperature = cooling.temperature
            longer = params.climb_longer if cooling.is_trusted else 1
            step = self.search.step(self.temperature, longer * params.climb_steps, params.samples)
            cooling.after(step)
            is_last = cooling.is_cold or done == params.climbs
            if done % params.plan_every == 0 or is_last or not cooling.pays(self._gap()):
                self._plan_at_prices()
            if is_last or not cooling.pays(self._gap()):  # the gap to a plan at these prices
                self._spared += (params.climbs - done) * (1 + params.samples)
                return

    def polish_prices(self) -> None:
        """Take the last prices from the linear program over the patterns, where it is small."""
        params = self.params
        if self._is_tiny() and self.problem.n_orders * self.problem.n_nodes <= params.master_patterns:
            self.search.learn_single_nodes()
        bound = self.search.prices.lower_bound
        self.search.polish(
            params.master_rounds,
            self._reach(params.master_reach),
            params.master_patterns,
            params.master_rows,
            enough=0.0 if self._is_tiny() else params.climb_pays * self._gap(),
        )
        if self.search.prices.lower_bound > bound:
            self._plan_at_prices()

    def improve(self) -> None:
        """Let orders displace each other, then combine patterns by programs, and so on in turn.

        From a start, the first displacement begins at a plan made at prices, though the one that came from
        the earlier plan may be cheaper: that one is improved already, and stuck.
        """
        for cycle in range(self.params.cycles):
            is_stuck = cycle == 0 and self.start is not None
            self._displace(0.5**cycle, self.at_prices if is_stuck else self.best)
            self._choose_patterns()
        if self._is_tiny():
            self._choose_among_all()

    def _gap(self) -> int:
        return self.best.cost() - self.search.prices.lower_bound

    def _is_tiny(self) -> bool:
        return self.problem.n_orders <= self.params.tiny

    def _reach(self, share: float) -> float:
        """Micros above an order's best at the prices that a pattern may cost.

        In a tiny batch all that could be in a better plan: a plan with a pattern beyond the gap costs more
        than the bound and the gap together, so more than the best plan known.
        """
        return max(share * self._mean_cost(), self._gap() if self._is_tiny() else 0)

    def _displace(self, warmth: float, plan: PlanState) -> None:
        search = DisplacementSearch(self.problem, plan, self.search.prices, self.search.lone_cost, self.rng)
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
        columns_max = None if self._is_tiny() else int(self.params.block_columns * self.problem.n_orders)
        master = Master(
            self.problem, self.search.patterns, prices, plan, self._reach(self.params.reach),
            self.params.threads, self.rng, columns_max=columns_max,
        )  # fmt: skip
        blocks = 0
        while blocks < self.params.blocks:
            solved = master.improve(self.params.block_orders, self.params.blocks_at_once)
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
        """Plan the orders that are too large for the exact search by a program of their own."""
        plan = self.best.copy()
        for _ in replan_large_orders(self.problem, plan, self.params.large_order_effort):
            self._adopt(plan)
            self._passed()

    def fill_in(self) -> None:
        """Serve the orders that lack units anew at true cost for as long as that makes the plan cheaper.

        So what stays unfilled at the end would cost more to send than to leave. An order by itself never gets
        dearer, but what last units cost it is an estimate (`sequence.price_tails`).
        """
        while True:
            plan = self.best.copy()
            orders = _short_orders(self.problem, plan)
            searched = orders[~too_large(self.arrays)[orders]]  # the heuristic could make one dearer
            self._serve(searched, self.zero, plan)
            if plan.cost() >= self.best.cost():
                return
            self.best = plan

    def prove(self) -> None:
        """Raise the bound by what the programs of orders too large for the exact search prove."""
        prices = self.search.prices
        self.large_orders_raise = prove_large_orders(
            self.problem, prices.stock, prices.capacity, self.params.large_order_effort
        )

    def result(self, reason: str) -> Result:
        """Sum up what was reached, whatever ended it."""
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
        self._take_over(plan, np.arange(self.problem.n_orders))

    def _plan_at_prices(self) -> None:
        """Plan all orders anew at the best prices, those with most at stake first."""
        plan = PlanState.empty(self.problem)
        sequence = self.search.by_stake(self.temperature)
        self._serve(sequence, self.search.prices, plan)
        self._take_over(plan, sequence)
        if plan.cost() < self.at_prices.cost():
            self.at_prices = plan

    def _take_over(self, plan: PlanState, sequence: Int64s) -> None:
        """Serve all orders of a plan anew at true cost, learn from it, and keep what is best on the way."""
        self._adopt(plan)  # as it is: what tails cost an order that is served anew is an estimate
        self._serve(sequence, self.zero, plan)
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
        planned = max(self.passes, planned - self._spared)
        progress = Progress(self.passes, planned, time.monotonic() - self.began, cost, bound)
        if not self.trace or (cost, bound) != (self.trace[-1].cost, self.trace[-1].lower_bound):
            self.trace.append(TracePoint(progress.seconds, cost, bound))
        if self.on_progress:
            self.on_progress(progress)
        reason = self.stop.reason(progress)
        if reason:
            raise Stopped(reason)


def _short_orders(problem: AllocationProblem, state: PlanState) -> Int64s:
    """Orders that lack units in a plan, ascending."""
    plan = state.to_plan()
    held = np.zeros(problem.n_lines, np.int64)
    np.add.at(held, plan.entry_line, plan.entry_qty)
    short = np.flatnonzero(held < problem.line_qty)
    return np.unique(np.searchsorted(problem.order_ptr, short, side="right") - 1)
