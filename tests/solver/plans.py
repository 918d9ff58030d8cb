"""Plan whole problems in tests, and look at what came out."""

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.check import PlanCheck, check_plan
from solver.plan_state import PlanState
from solver.problem import AllocationProblem
from solver.sequence import plan_in_sequence
from solver.solve import SolveParams

QUICK = SolveParams(
    climbs=4,
    temperature=0.2,
    climb_steps=12,
    samples=1,
    plan_every=2,
    cycles=1,
    improvement_rounds=2,
    blocks=4,
    block_orders=40,
    large_order_effort=0.2,
    threads=1,
)
"""Few passes: tests ask what holds at any stop, not how good a plan gets."""


def zero_prices(p: AllocationProblem) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(p.n_stock, np.int64), np.zeros(p.n_nodes, np.int64)


def first_come(p: AllocationProblem) -> PlanState:
    """Every order in turn, exactly, on what is left."""
    plan = PlanState.empty(p)
    plan_in_sequence(
        np.arange(p.n_orders), ProblemArrays.of(p), *zero_prices(p), Scratch.for_problem(p), plan
    )
    return plan


def checked(p: AllocationProblem, plan: PlanState) -> PlanCheck:
    """Check a plan; it must be feasible and cost what it says."""
    found = check_plan(p, plan.to_plan())
    assert found.violations == ()
    assert found.total_micros == plan.cost()
    return found
