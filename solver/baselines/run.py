"""Run a rule over a day and say what it came to, in the same `Result` as the optimiser's.

A rule sets no prices, so its bound is the one at prices of zero: what the orders would cost if none stood in
another's way. It is valid, and weak where stock is scarce.
"""

import time
from collections.abc import Callable

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.plan_state import PlanState
from solver.prices import Prices, lower_bound
from solver.problem import AllocationProblem, Int64s
from solver.sequence import plan_in_sequence
from solver.shards import ThreadShards
from solver.solve import Result, Status, TracePoint
from solver.stop import Progress

Server = Callable[[Int64s, PlanState], None]
"""Serves the orders of a sequence on what a plan has left, and enters them there."""

STEPS = 20  # in which a day is served, so that progress is seen and an interrupt is heard


def run_rule(
    problem: AllocationProblem,
    serve: Server,
    threads: int = 2,
    on_progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Serve all orders of a problem by a rule, in the sequence of their arrival.

    On KeyboardInterrupt the orders that were not reached stay unfilled, and the status is STOPPED.
    """
    began = time.monotonic()
    zero = Prices.zero(problem)
    plan, first_come = PlanState.empty(problem), PlanState.empty(problem)
    reason, bound = "all orders served", 0
    try:
        for step, orders in enumerate(np.array_split(np.arange(problem.n_orders), STEPS), start=1):
            serve(orders, plan)
            if on_progress:
                seconds = time.monotonic() - began
                on_progress(Progress(step, STEPS, seconds, plan.cost(), lower_bound=0))
        seconds = time.monotonic() - began
        serve_first_come(problem)(np.arange(problem.n_orders), first_come)
        bound = max(0, lower_bound(problem, zero.stock, zero.capacity, ThreadShards(problem, threads)))
    except KeyboardInterrupt:
        reason, seconds = "interrupted", time.monotonic() - began
    cost = plan.cost()
    if cost == bound:
        status = Status.OPTIMAL
    else:
        status = Status.STOPPED if reason == "interrupted" else Status.FEASIBLE
    return Result(
        status=status,
        stop_reason=reason,
        plan=plan.to_plan(),
        cost=cost,
        first_come_cost=first_come.cost(),
        prices=Prices(zero.stock, zero.capacity, bound),
        passes=1,
        repeatable=reason != "interrupted",
        trace=(TracePoint(seconds, cost, bound),),
    )


def serve_first_come(problem: AllocationProblem) -> Server:
    """Each order in turn gets its cheapest plan on what the ones before it left, exactly."""
    arrays, scratch, zero = ProblemArrays.of(problem), Scratch.for_problem(problem), Prices.zero(problem)

    def serve(sequence: Int64s, plan: PlanState) -> None:
        plan_in_sequence(sequence, arrays, zero.stock, zero.capacity, scratch, plan)

    return serve
