"""Let every contestant run on a problem, one after the other, and collect the curves."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from benchmarks.peers.contestant import END, START, save_problem
from benchmarks.peers.curves import OURS, Curve, Point
from benchmarks.peers.logs import READERS
from solver.problem import AllocationProblem

CONTESTANTS = (OURS, *READERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What every contestant gets."""

    seconds: float
    threads: int = 2
    memory_gib: float = 16.0  # of address space; who wants more ends with what its log says until then
    grace_seconds: float = 400.0  # for the model before, and for a solver that overruns; then it is killed


def race(problem: AllocationProblem, folder: Path, limits: Limits, solvers: tuple[str, ...]) -> list[Curve]:
    """Run the contestants; their logs are left in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    problem_file = folder / "problem.npz"
    save_problem(problem, problem_file)
    try:
        return [run(solver, problem_file, folder, limits) for solver in solvers]
    finally:
        problem_file.unlink()


def run(solver: str, problem_file: Path, folder: Path, limits: Limits) -> Curve:
    """Run one contestant in a process of its own and read its curve off its log as it comes."""
    outcome_file, log_file = folder / f"{solver}.outcome.json", folder / f"{solver}.log"
    outcome_file.unlink(missing_ok=True)
    given = (solver, problem_file, outcome_file, limits.seconds, limits.threads, limits.memory_gib)
    command = [sys.executable, "-m", "benchmarks.peers.contestant", *map(str, given)]
    curve = Curve(solver)
    with log_file.open("w") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        patience = limits.seconds + limits.grace_seconds
        killer = threading.Timer(patience, process.kill)
        killer.start()
        try:
            _follow(process, curve, log)
        finally:
            killer.cancel()
            process.stdout.close()
            _, wait_status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(wait_status)
    curve.peak_memory_mib = usage.ru_maxrss // 1024
    _add_outcome(curve, outcome_file, process.returncode)
    if process.returncode == -signal.SIGKILL:
        curve.status += f", killed after {patience:g} s"
    return curve


def _follow(process: subprocess.Popen, curve: Curve, log: TextIO) -> None:
    read, began, unit_micros = READERS.get(curve.solver), 0.0, 0
    for line in process.stdout:
        log.write(line)
        if line.startswith(START):
            began, unit_micros = time.monotonic(), int(line.removeprefix(START))
            curve.status = "started"
        elif line.startswith(END):
            curve.ended_seconds = round(time.monotonic() - began, 3)
        elif unit_micros and read and (reading := read(line)):
            seconds = time.monotonic() - began
            cost, bound = (value if value is None else round(value * unit_micros) for value in reading)
            curve.points.append(Point(round(seconds, 3), cost, bound))


def _add_outcome(curve: Curve, outcome_file: Path, exit_code: int) -> None:
    if not outcome_file.exists():
        curve.status += f", and ended with exit code {exit_code}"
        return
    outcome = json.loads(outcome_file.read_text())
    outcome_file.unlink()
    if "points" in outcome:
        curve.points = [Point(*point) for point in outcome.pop("points")]
    for name, value in outcome.items():
        setattr(curve, name, value)
    if curve.checked_cost is not None or curve.final_bound is not None:
        curve.points.append(Point(curve.ended_seconds, curve.checked_cost, curve.final_bound))
