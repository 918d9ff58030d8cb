"""Plan several days, each in a process of its own, and set their figures side by side.

usage: python -m benchmarks.plans DIR_OR_CASE ... [-- OPTIONS OF fulfillment plan]

A name that is no folder is a generated case, such as small-scarce. A small day is planned first and not
shown: it compiles the kernels, and its seconds stand in the first line. Money is in dollars; memory is the
process's peak.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cases import CASES
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


def plan(name: str, options: list[str], scratch: Path) -> dict[str, object]:
    """Run `fulfillment plan` on a folder or a case; returns its run.json and the seconds of the command."""
    folder = Path(name)
    if not folder.is_dir():
        folder = scratch / name
        write_scenario(CASES[name].generate(), folder)
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
        Path(name).name,
        f"{run['counts']['orders']:,}",
        f"{run['first_come_policy_cents'] / 100:,.0f}",
        f"{run['total_cents'] / 100:,.0f}",
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
    at = arguments.index("--") if "--" in arguments else len(arguments)
    names, options = arguments[:at], arguments[at + 1 :]
    unknown = [name for name in names if not Path(name).is_dir() and name not in CASES]
    if not names or unknown:
        sys.stderr.write(f"{__doc__}\nneither a folder nor a case: {', '.join(unknown) or 'nothing named'}\n")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        cold = plan(WARM_UP, [], Path(scratch))["whole_seconds"]
        sys.stdout.write(f"warm-up, kernels compiled or loaded: {cold:.1f} s\n")
        rows = [row(name, plan(name, options, Path(scratch))) for name in names]
    sys.stdout.write(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
