"""The race as a page for `docs/`: the table, and a picture of each case beside it."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers.curves import Curve
from benchmarks.peers.picture import draw
from benchmarks.peers.race import Limits
from benchmarks.peers.table import table

HEAD = """# Beside its peers

The same problem, exact to the cent, as one integer program in CP-SAT, SCIP and HiGHS (those inside OR-Tools
{ortools}) and in this solver: the same arrays, time limits and processors, each in a process of its own. The
clock starts when a solver has the problem; building its model, or loading our compiled kernels, is the column
"build s". Every plan was judged afresh by a checker that shares no code with any of them, and no bound is
above another's cost. The days are made up (`benchmarks/cases/`). A solver without a plan has "none"; one that
ended without an answer, because its model was larger than its memory or was not built in time, says so in its
status.

{threads} threads and {memory:g} GiB of address space each, Python {python}, {cpus} processors, load
{load:.1f} at the end. To repeat it:

    {command}

"""


def write_page(
    path: Path, command: str, races: dict[str, list[Curve]], marks: list[float], limits: Limits
) -> None:
    """Write the page, and its pictures into ``img`` beside it.

    command : what was run.   marks : seconds at which the curves are read.
    """
    images = path.parent / "img"
    images.mkdir(parents=True, exist_ok=True)
    head = HEAD.format(
        ortools=version("ortools"), threads=limits.threads, memory=limits.memory_gib,
        python=platform.python_version(), cpus=os.cpu_count(), command=command,
        load=os.getloadavg()[0],
    )  # fmt: skip
    parts = [head, table(races, marks)]
    for case, curves in races.items():
        picture = images / f"peers-{case}.png"
        draw(case, curves, picture)
        parts.append(f"\n![{case}: the gap of each solver over the seconds](img/{picture.name})\n")
    path.write_text("".join(parts))
