"""Plan a day: build the problem, solve it, check what came out, and say it in the retailer's words."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fulfillment.domain.errors import Busy, invariant
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import BuiltProblem, build_problem
from fulfillment.planning.cost import PlanCost, PolicyCost, pinned_cost, policy_cost
from fulfillment.planning.decode import Allocations, decode_plan
from fulfillment.planning.earlier_plan import EarlierPlan, StartedFrom, start_from
from fulfillment.planning.methods import OPTIMAL, plan_by_rule
from fulfillment.planning.unfilled import Unfilled, explain_unfilled
from fulfillment.scenario.tables import Scenario
from solver.check import check_plan
from solver.problem import AllocationProblem
from solver.remote_shards import RemoteShards, Workforce
from solver.shards import ShardPool, WorkersLost
from solver.solve import Result, SolveParams, solve
from solver.stop import Progress, Stop


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A checked plan of a scenario's orders."""

    scenario: Scenario
    policy: Policy
    method: str  # a key of METHODS
    seed: int
    built: BuiltProblem
    result: Result
    allocations: Allocations
    unfilled: Unfilled
    cost: PlanCost
    policy_cost: PolicyCost
    seconds: dict[str, float]  # by phase
    started_from: StartedFrom | None = None

    @property
    def parcels_late(self) -> int:
        """Count the parcels that arrive after their promise, which only a policy allows."""
        lists = self.built.tariffs.lists
        return sum(lists[r].days_late > 0 for r in self.result.plan.parcel_list.tolist())


def plan_day(
    scenario: Scenario,
    policy: Policy,
    *,
    method: str = OPTIMAL,
    seed: int = 0,
    stop: Stop | None = None,
    params: SolveParams | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    workforce: Workforce | None = None,
    earlier: EarlierPlan | None = None,
) -> PlannedDay:
    """Plan all orders of a scenario.

    method : a key of METHODS; only the optimiser reads `seed` and `stop`, a rule has nothing to search.
    workforce : who evaluates the orders at prices, in place of `params.threads` threads.
    earlier : a plan that the optimiser starts from, of the same or of another day.

    Raises
    ------
    Busy
        When no worker can be had.
    InvariantViolation
        When the solver's plan breaks a rule or does not cost what it says: never handed on.
    """
    seconds = {}
    began = time.monotonic()
    built = build_problem(scenario, policy)
    start, started_from = (None, None) if earlier is None else start_from(earlier, scenario, built)
    seconds["build"] = time.monotonic() - began
    if method == OPTIMAL:
        with _shards(built.problem, workforce) as pool:
            result = solve(built.problem, stop, seed, params, on_progress, pool, start)
    else:
        threads = (params or SolveParams()).threads
        result = plan_by_rule(method, scenario, built, threads, on_progress)
    seconds["solve"] = time.monotonic() - began - sum(seconds.values())
    checked = check_plan(built.problem, result.plan)
    invariant(checked.is_feasible, "a plan breaks no rule", violations=checked.violations)
    invariant(
        checked.total_micros == result.cost,
        "a plan costs what the solver says",
        solver_micros=result.cost,
        checked_micros=checked.total_micros,
    )
    invariant(result.lower_bound <= result.cost, "no plan costs less than the bound")
    allocations = decode_plan(scenario, built, result.plan)
    unfilled = explain_unfilled(scenario, built, result.plan, allocations)
    to_policy = policy_cost(scenario, policy, built, result.plan, checked)
    cost = pinned_cost(scenario, to_policy, unfilled)
    seconds["check"] = time.monotonic() - began - sum(seconds.values())
    return PlannedDay(
        scenario, policy, method, seed, built, result, allocations, unfilled, cost, to_policy, seconds,
        started_from,
    )  # fmt: skip


@contextmanager
def _shards(problem: AllocationProblem, workforce: Workforce | None) -> Iterator[ShardPool | None]:
    if workforce is None:
        yield None
        return
    try:
        pool = RemoteShards(problem, workforce)
    except WorkersLost as lost:
        raise Busy(str(lost)) from lost
    with pool:
        yield pool
