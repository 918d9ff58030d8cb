"""Solve published instances as orders, and set the results beside the published optima.

usage: python -m benchmarks.or_library DIR [NAME ...]

DIR holds folders of files in the OR-Library's formats, plain or gzipped, by family: ufl and cflp (cap41 and
so on), gap, assignment (assign100 …), scp (scp41 …). With NAMEs, only these instances are solved, each by one
call of `solve` as it is. The seconds are of this machine's CPUs, kernels compiled.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.or_library import as_orders, price_limit, read
from benchmarks.or_library.as_orders import Batch
from benchmarks.or_library.optima import OPTIMA
from benchmarks.or_library.read import FormatError
from solver.solve import solve


@dataclass(frozen=True, slots=True)
class Family:
    """How a family's files are read, and turned into orders."""

    read: Callable[[Path], Any]
    as_orders: Callable[[Any], Batch]


FAMILIES = {
    "ufl": Family(read.read_plant_location, as_orders.uncapacitated_plant_location),
    "cflp": Family(read.read_plant_location, as_orders.capacitated_plant_location),
    "gap": Family(read.read_generalised_assignment, as_orders.generalised_assignment),
    "assignment": Family(read.read_assignment, as_orders.assignment),
    "scp": Family(read.read_set_covering, as_orders.set_covering),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; money in the instance's own unit."""

    family: str
    name: str
    optimum: Fraction | None  # as published; None when it is not known here
    cost: Fraction
    bound: Fraction
    seconds: float
    remark: str

    @property
    def gap(self) -> float:
        """(cost - bound) / cost; 0 when the plan costs nothing."""
        return float((self.cost - self.bound) / self.cost) if self.cost else 0.0


def instances_in(folder: Path, names: Sequence[str]) -> list[tuple[str, Path]]:
    """Find the files of a folder, by family; all of them or those named."""
    found = [
        (family, path)
        for family in FAMILIES
        for path in sorted((folder / family).glob("*"))
        if path.is_file() and (not names or _name(path) in names)
    ]
    missing = set(names) - {_name(path) for _, path in found}
    if missing:
        raise FormatError(f"{folder}: no instance named {', '.join(sorted(missing))}")
    if not found:
        raise FormatError(f"{folder}: holds none of the folders {', '.join(FAMILIES)} with files in them")
    return found


def run(family: str, path: Path) -> Row:
    """Solve one instance."""
    instance = FAMILIES[family].read(path)
    try:
        batch = FAMILIES[family].as_orders(instance)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    began = time.process_time()
    result = solve(batch.problem)
    seconds = time.process_time() - began
    micros, bound = result.cost, result.lower_bound
    optimum = OPTIMA.get((family, _name(path)))
    cost = batch.published(micros)
    return Row(
        family=family,
        name=_name(path),
        optimum=None if optimum is None else Fraction(optimum),
        cost=cost,
        bound=batch.published(bound),
        seconds=seconds,
        remark=_remark(micros, bound, None if optimum is None else Fraction(optimum), instance, batch),
    )


def _remark(cost: int, bound: int, optimum: Fraction | None, instance: Any, batch: Batch) -> str:
    """Say what was proved, or why a gap stays."""
    if not batch.is_complete(cost):
        return "no complete plan found"
    if cost == bound:
        return "proved optimal"
    if batch.published(bound) == optimum:
        return "the bound is the optimum, the plan is not"
    at_optimum = "optimal, not proved: " if batch.published(cost) == optimum else ""
    limit = price_limit.best_bound(instance)
    if limit is None:
        return at_optimum + "the integer program reached its limit"
    provable = batch.round_up(int(limit * batch.micros))
    if provable <= bound:
        return at_optimum + f"duality gap, no prices prove more than {_money(batch.published(bound))}"
    return at_optimum + f"the best prices would prove {_money(batch.published(provable))}"


def table(rows: Sequence[Row]) -> str:
    """Align the rows under their headings."""
    heads = ("family", "instance", "published", "cost", "bound", "gap", "seconds", "")
    cells = [heads] + [
        (
            row.family,
            row.name,
            "-" if row.optimum is None else _money(row.optimum),
            _money(row.cost),
            _money(row.bound),
            f"{row.gap:.3%}",
            f"{row.seconds:.1f}",
            row.remark,
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    to_left = {0, 1, len(heads) - 1}
    lines = [
        "  ".join(
            cell.ljust(width) if at in to_left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    return "\n".join(lines) + "\n"


def _name(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".txt")


def _money(amount: Fraction) -> str:
    """Write an amount without needless decimals, at most four."""
    text = f"{float(amount):,.4f}"
    return text.rstrip("0").rstrip(".")


def main(arguments: Sequence[str]) -> int:
    """Solve the instances of a folder and write the table; 2 when there is nothing to solve."""
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        chosen = instances_in(Path(arguments[0]), arguments[1:])
        run(*chosen[0])  # compiles the kernels
        rows = [run(family, path) for family, path in chosen]
    except FormatError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
