"""What a contestant reached, when; and whether all of them can be true."""

from dataclasses import dataclass, field
from itertools import pairwise

OURS = "ours"
# Logs round to seven digits and the peers count in floating point.
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Point:
    """Best cost and best bound after so many seconds; micros, None where there is none yet."""

    seconds: float
    cost: int | None
    bound: int | None

    @property
    def gap(self) -> float:
        """(cost - bound) / cost; 1 while one of them is missing: no cost is negative."""
        if self.cost is None or self.bound is None:
            return 1.0
        return max(0.0, (self.cost - max(0, self.bound)) / self.cost) if self.cost > 0 else 0.0


@dataclass(slots=True)
class Curve:
    """One contestant's run on one case."""

    solver: str
    status: str = "did not start"
    points: list[Point] = field(default_factory=list)  # in the order of time
    checked_cost: int | None = None  # of the final plan, added up afresh; None when there is no plan
    violations: list[str] = field(default_factory=list)  # rules that the final plan breaks
    final_bound: int | None = None
    ended_seconds: float | None = None  # when the solver came to its result, its overrun included
    build_seconds: float | None = None  # the peer's model; our kernels
    peak_memory_mib: int = 0
    model: dict[str, int] = field(default_factory=dict)  # columns, rows, entries

    def at(self, seconds: float) -> Point:
        """Read the curve: the best of all that was known by then."""
        reached = [point for point in self.points if point.seconds <= seconds]
        costs = [point.cost for point in reached if point.cost is not None]
        bounds = [point.bound for point in reached if point.bound is not None]
        return Point(seconds, min(costs, default=None), max(bounds, default=None))


def contradictions(curves: list[Curve]) -> list[str]:
    """List what cannot be true together.

    A final plan breaks a rule; it costs more than its solver said; a bound is above some contestant's checked
    cost; a curve gets worse with time.
    """
    wrong = []
    checked = [(curve.checked_cost, curve.solver) for curve in curves if curve.checked_cost is not None]
    least, owner = min(checked, default=(None, ""))
    for curve in curves:
        wrong += [f"{curve.solver}: its plan is infeasible: {violation}" for violation in curve.violations]
        last = min((point.cost for point in curve.points if point.cost is not None), default=None)
        if curve.checked_cost is not None and last is not None and _exceeds(curve.checked_cost, last):
            wrong.append(f"{curve.solver}: its plan costs {curve.checked_cost:,}, it said {last:,}")
        bounds = [point.bound for point in curve.points] + [curve.final_bound]
        highest = max((bound for bound in bounds if bound is not None), default=None)
        if least is not None and highest is not None and _exceeds(highest, least):
            wrong.append(f"{curve.solver}: its bound {highest:,} is above the plan of {owner}, {least:,}")
        times = [point.seconds for point in curve.points]
        if any(after < before for before, after in pairwise(times)):
            wrong.append(f"{curve.solver}: its curve goes back in time")
    return wrong


def _exceeds(one: int, other: int) -> bool:
    return one > other + TOLERANCE * abs(other)
