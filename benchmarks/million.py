"""Plan one day far larger than a retailer's, shard by shard, and say what it took.

usage: python -m benchmarks.million [NAME] [--workers 2] [--seconds S] [--out FILE] [axes]

NAME is a generated case, by default 1000000x2000x100000. The day is planned as the command `plan` does it,
but never stands in a folder: a million orders as tables would only measure the disk. Each pass writes a line.
Memory is the peak of the main process, and of the largest worker; CPU seconds are those of all processes, and
tell what a run takes where other work shares the processors.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

from benchmarks.cases import case_of
from benchmarks.cases.axes import add_axes, axes_of
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import build_problem
from solver.check import check_plan
from solver.problem import AllocationProblem
from solver.processes import LocalProcesses
from solver.remote_shards import RemoteShards
from solver.solve import Result, solve
from solver.stop import MaxSeconds, NeverStop, Progress

DEFAULT = "1000000x2000x100000"
WARM_UP = "tiny"
MICROS_PER_DOLLAR = 1_000_000


class Laps:
    """Seconds, CPU seconds and memory of one phase after another, told as they end."""

    def __init__(self) -> None:
        self.told: list[dict[str, object]] = []
        self._wall, self._cpu = time.monotonic(), _cpu_seconds()

    def end(self, phase: str) -> None:
        """End a phase."""
        wall, cpu = time.monotonic(), _cpu_seconds()
        self.told.append(
            {
                "phase": phase,
                "seconds": round(wall - self._wall, 1),
                "cpu_seconds": round(cpu - self._cpu, 1),
                "peak_mib": _peak_mib(resource.RUSAGE_SELF),
                "peak_worker_mib": _peak_mib(resource.RUSAGE_CHILDREN),
            }
        )
        tell(", ".join(f"{name} {value}" for name, value in self.told[-1].items()))
        self._wall, self._cpu = wall, cpu


def _cpu_seconds() -> float:
    """CPU seconds of this process and of the workers that have ended."""
    used = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_mib(whose: int) -> int:
    return resource.getrusage(whose).ru_maxrss // 1024


def tell(line: str) -> None:
    """Write a line at once: who waits an hour wants to see that it goes on."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def search(problem: AllocationProblem, workers: int, seconds: float | None) -> Result:
    """Plan with worker processes and tell of each pass."""

    def on_progress(progress: Progress) -> None:
        tell(
            f"pass {progress.passes} of {progress.passes_planned}: {progress.seconds:,.0f} s, "
            f"cost {progress.cost / MICROS_PER_DOLLAR:,.0f}, "
            f"bound {progress.lower_bound / MICROS_PER_DOLLAR:,.0f}, "
            f"gap {progress.gap:.3%}, {_peak_mib(resource.RUSAGE_SELF):,} MiB"
        )

    stop = NeverStop() if seconds is None else MaxSeconds(seconds)
    with RemoteShards(problem, LocalProcesses(workers)) as pool:
        return solve(problem, stop, on_progress=on_progress, pool=pool)


def main(arguments: list[str]) -> int:
    """Plan the day and write what it took."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.million", description="Plan a very large day."
    )
    parser.add_argument("name", nargs="?", default=DEFAULT, help="such as 100000x2000x10000")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop the search after so many")
    parser.add_argument("--out", type=Path, metavar="FILE", help="leave the figures there, as JSON")
    add_axes(parser)
    given = parser.parse_args(arguments)
    try:
        case = case_of(given.name, axes_of(given))
    except InvalidRequest as error:
        parser.error(f"{error.message}: {error.remedy}")
    laps = Laps()
    solve(build_problem(case_of(WARM_UP).generate(), Policy.default()).problem, MaxSeconds(60.0))
    laps.end("compile or load the kernels")
    scenario = case.generate()
    laps.end("make the day up")
    problem = build_problem(scenario, Policy.default()).problem
    del scenario
    laps.end("build the problem")
    tell(
        f"{case.name}: {problem.n_orders:,} orders, {problem.n_lines:,} lines, {problem.n_nodes:,} nodes, "
        f"{problem.n_skus:,} SKUs, {problem.n_positions:,} positions"
    )
    result = search(problem, given.workers, given.seconds)
    laps.end("search")
    found = check_plan(problem, result.plan)
    laps.end("check the plan")
    is_sound = found.is_feasible and found.total_micros == result.cost and result.lower_bound <= result.cost
    tell(
        f"{result.status} ({result.stop_reason}): "
        f"first-come {result.first_come_cost / MICROS_PER_DOLLAR:,.0f}, "
        f"cost {result.cost / MICROS_PER_DOLLAR:,.0f}, bound {result.lower_bound / MICROS_PER_DOLLAR:,.0f}, "
        f"gap {result.gap:.3%}; the plan is {'feasible' if is_sound else 'WRONG'}"
    )
    if given.out:
        figures = {
            "case": case.name,
            "workers": given.workers,
            "status": result.status,
            "stop_reason": result.stop_reason,
            "first_come_micros": result.first_come_cost,
            "cost_micros": result.cost,
            "lower_bound_micros": result.lower_bound,
            "gap": result.gap,
            "phases": laps.told,
            "trace": [(point.seconds, point.cost, point.lower_bound) for point in result.trace],
        }
        given.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
