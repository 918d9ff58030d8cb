"""Run the race from the command line; see the package's docstring."""

import argparse
import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.cases.axes import add_axes, axes_of
from benchmarks.peers import __doc__ as usage
from benchmarks.peers.curves import contradictions
from benchmarks.peers.page import write_page
from benchmarks.peers.picture import draw
from benchmarks.peers.race import CONTESTANTS, Limits, race
from benchmarks.peers.sites import NotPinned, require_pinned
from benchmarks.peers.table import table
from benchmarks.plans import find_day
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import build_problem
from fulfillment.scenario.read import read_scenario
from solver.problem import AllocationProblem


def main(arguments: list[str]) -> int:
    """Race all contestants on all cases; 1 when their figures contradict each other."""
    given = _parser().parse_args(arguments)
    try:
        days = [find_day(name, axes_of(given)) for name in given.cases]
    except InvalidRequest as error:
        _parser().error(f"neither a folder nor a case: {error.message}; {error.remedy}")
    limits = Limits(seconds=max(given.seconds), threads=given.threads, memory_gib=given.memory_gib)
    races, wrong = {}, []
    for day in days:
        problem = _problem(day)
        try:
            require_pinned(problem)
        except NotPinned as error:
            _parser().error(f"{day.name}: {error}")
        curves = race(problem, given.out / day.name, limits, tuple(given.solvers))
        races[day.name] = curves
        wrong += [f"{day.name}: {text}" for text in contradictions(curves)]
        document = {"case": day.name, **asdict(limits), "curves": [asdict(curve) for curve in curves]}
        (given.out / day.name / "curves.json").write_text(json.dumps(document, indent=1) + "\n")
        for ending in ("png", "svg"):
            draw(day.name, curves, given.out / day.name / f"curves.{ending}")
    text = table(races, given.seconds)
    (given.out / "table.md").write_text(text)
    if given.page:
        write_page(given.page, _asked(arguments), races, given.seconds, limits)
    sys.stdout.write(text)
    sys.stdout.writelines(f"CONTRADICTION {line}\n" for line in wrong)
    return 1 if wrong else 0


def _problem(day: Path | Case) -> AllocationProblem:
    scenario = day.generate() if isinstance(day, Case) else read_scenario(day)
    return build_problem(scenario, Policy.default()).problem


def _asked(arguments: list[str]) -> str:
    """Return the command without where its files go."""
    kept = list(arguments)
    for option in {"--out", "--page"} & set(kept):
        at = kept.index(option)
        del kept[at : at + 2]
    return shlex.join(["python", "-m", "benchmarks.peers", *kept, "--page", "docs/peers.md"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="+", metavar="CASE_OR_DIR", help="as in benchmarks.cases, or a folder")
    parser.add_argument("--seconds", type=_numbers, default=[60.0], metavar="S,S", help="default 60")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory-gib", type=float, default=16.0, help="address space of a contestant")
    parser.add_argument("--solvers", nargs="+", choices=CONTESTANTS, default=CONTESTANTS)
    parser.add_argument("--out", type=Path, default=Path("out/peers"), metavar="DIR")
    parser.add_argument(
        "--page", type=Path, metavar="FILE.md", help="a page with table and pictures, as well"
    )
    add_axes(parser)
    return parser


def _numbers(text: str) -> list[float]:
    numbers = [float(part) for part in text.split(",")]
    if min(numbers) <= 0:
        raise ValueError(text)
    return numbers


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
