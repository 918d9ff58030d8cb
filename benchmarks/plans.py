"""Plan several days, each in a process of its own, and set their figures side by side.

usage: python -m benchmarks.plans DIR_OR_CASE ... [--scarcity 0.5 and other axes] [--out DIR]
                                  [-- OPTIONS OF fulfillment plan]

A name that is no folder is a generated case, such as small-scarce or 20000x200x3000; axes and names:
`benchmarks.cases`. A small day is planned first and not shown: it compiles the kernels, and its seconds stand
in the first line. Money is in dollars; memory is the process's peak. With --out, the run.json of each day,
its trace of (seconds, cost, bound) included, is left as DIR/NAME.json.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cases import Case, case_of
from benchmarks.cases.axes import add_axes, axes_of
from fulfillment.domain.errors import InvalidRequest
from fulfillment.scenario.write import write_scenario

COLUMNS = (
    "scenario",
    "orders",
    "first-come",
    "cost",
    "bound",
    "gap",
    "unfilled",
    "solve s",
    "whole s",
    "MiB",
)
WARM_UP = "tiny-ordinary"


def find_day(name: str, axes: dict[str, float]) -> Path | Case:
    """Find the folder or else the generated case of a name; axes apply to cases only."""
    return Path(name) if Path(name).is_dir() else case_of(name, axes)


def plan(day: Path | Case, options: list[str], scratch: Path) -> dict[str, object]:
    """Run `fulfillment plan` on a folder or a case; returns its run.json and the seconds of the command."""
    folder = day if isinstance(day, Path) else scratch / day.name
    if isinstance(day, Case):
        write_scenario(day.generate(), folder)
    command = [sys.executable, "-c", "from fulfillment.cli import main; main()", "plan", str(folder)]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--out", str(scratch / f"plan-of-{folder.name}"), "--json", *options],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout) | {"whole_seconds": time.perf_counter() - began}


def row(name: str, run: dict) -> tuple[str, ...]:
    """Lay a run out under `COLUMNS`."""
    return (
        name,
        f"{run['counts']['orders']:,}",
        f"{run['first_come_policy_cents'] / 100:,.0f}",
        f"{run['policy_cents'] / 100:,.0f}",
        f"{run['lower_bound_policy_cents'] / 100:,.0f}",
        f"{run['gap']:.3%}",
        f"{run['counts']['units_unfilled']:,}",
        f"{run['seconds']['solve']:.1f}",
        f"{run['whole_seconds']:.1f}",
        f"{run['peak_memory_mib']:,}",
    )


def table(rows: list[tuple[str, ...]]) -> str:
    """Align the rows under their headings, the first column to the left."""
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in [COLUMNS, *rows]
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Plan all days that are named and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.plans",
        description="Plan days side by side. Options of the plan follow --.",
    )
    parser.add_argument("names", nargs="+", metavar="DIR_OR_CASE")
    parser.add_argument("--out", type=Path, metavar="DIR", help="leave each run.json, with its trace, here")
    add_axes(parser)
    at = arguments.index("--") if "--" in arguments else len(arguments)
    given, options = parser.parse_args(arguments[:at]), arguments[at + 1 :]
    try:
        days = [find_day(name, axes_of(given)) for name in given.names]
    except InvalidRequest as error:
        parser.error(f"neither a folder nor a case: {error.message}; {error.remedy}")
    with tempfile.TemporaryDirectory() as scratch:
        cold = plan(case_of(WARM_UP), [], Path(scratch))["whole_seconds"]
        sys.stdout.write(f"warm-up, kernels compiled or loaded: {cold:.1f} s\n")
        rows = []
        for day in days:
            run = plan(day, options, Path(scratch))
            rows.append(row(day.name, run))
            if given.out:
                given.out.mkdir(parents=True, exist_ok=True)
                (given.out / f"{day.name}.json").write_text(json.dumps(run, indent=2) + "\n")
    sys.stdout.write(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
