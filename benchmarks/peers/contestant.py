"""One contestant's run, as a process of its own.

usage: python -m benchmarks.peers.contestant SOLVER PROBLEM.npz OUTCOME.json SECONDS THREADS MEMORY_GIB

Standard output carries the solver's log between a line that starts with `START` and the line `END`; the
parent reads the curve off it as it comes, so that a run that is killed leaves its curve behind. The outcome
is written at the end.
"""

import json
import os
import resource
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.cases import case_of
from benchmarks.peers.curves import OURS
from benchmarks.peers.formulation import formulate
from benchmarks.peers.mathopt import solve_with
from benchmarks.peers.sites import Sites
from benchmarks.peers.to_plan import to_plan
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import build_problem
from solver.check import check_plan
from solver.problem import AllocationPlan, AllocationProblem
from solver.solve import SolveParams, solve
from solver.stop import MaxSeconds

START, END = "@start ", "@end"  # the solver has the problem; it has come to its result
WARM_UP = "tiny-ordinary"
Outcome = dict[str, object]


def save_problem(problem: AllocationProblem, path: Path) -> None:
    """Write the arrays of a problem."""
    np.savez(path, **{f.name: getattr(problem, f.name) for f in fields(problem)})


def load_problem(path: Path) -> AllocationProblem:
    """Read back what `save_problem` wrote."""
    with np.load(path) as arrays:
        return AllocationProblem(**arrays)


def run_ours(problem: AllocationProblem, seconds: float, threads: int) -> Outcome:
    """Plan with our solver; the trace comes with the outcome."""
    began = time.perf_counter()
    warm_up = build_problem(case_of(WARM_UP).generate(), Policy.default()).problem
    solve(warm_up, params=SolveParams.for_size(warm_up.n_orders, threads))  # compiles, or loads, the kernels
    build_seconds = time.perf_counter() - began
    _start(1)
    params = SolveParams.for_size(problem.n_orders, threads)
    result = solve(problem, MaxSeconds(seconds), params=params)
    _tell(END)
    return {
        "status": f"{result.status}: {result.stop_reason}",
        "final_bound": result.lower_bound,
        "build_seconds": build_seconds,
        "points": [[point.seconds, point.cost, point.lower_bound] for point in result.trace],
        **_judge(problem, result.plan),
    }


def run_peer(name: str, problem: AllocationProblem, seconds: float, threads: int) -> Outcome:
    """Build the integer program and hand it to a peer."""
    began = time.perf_counter()
    sites = Sites.of(problem)
    model = formulate(problem, sites)
    build_seconds = time.perf_counter() - began
    _start(model.unit_micros)
    solution = solve_with(name, model, seconds=seconds, threads=threads, on_line=_tell)
    _tell(END)
    outcome: Outcome = {
        "status": solution.status,
        "final_bound": round(solution.bound * model.unit_micros) if np.isfinite(solution.bound) else None,
        "build_seconds": build_seconds,
        "model": model.size,
    }
    if solution.values is not None:
        outcome |= _judge(problem, to_plan(problem, sites, model, solution.values))
    return outcome


def _judge(problem: AllocationProblem, plan: AllocationPlan) -> Outcome:
    checked = check_plan(problem, plan)
    return {"checked_cost": checked.total_micros, "violations": list(checked.violations)}


def _start(unit_micros: int) -> None:
    _tell(f"{START}{unit_micros}")


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Run one contestant and write its outcome."""
    name, problem_file, outcome_file, seconds, threads, memory_gib = arguments
    limit = int(float(memory_gib) * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if hasattr(os, "sched_setaffinity"):  # the same processors for all, whatever a solver makes of `threads`
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    problem = load_problem(Path(problem_file))
    run = (float(seconds), int(threads))
    outcome = run_ours(problem, *run) if name == OURS else run_peer(name, problem, *run)
    Path(outcome_file).write_text(json.dumps(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
