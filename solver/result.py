"""What a solve hands back."""

from dataclasses import dataclass
from enum import StrEnum

from solver.prices import Prices
from solver.problem import AllocationPlan

INTERRUPTED, WORKERS_LOST = "interrupted", "workers lost"  # how a stop reason begins that nobody planned


class Status(StrEnum):
    """What a result is."""

    OPTIMAL = "optimal"  # the plan costs what the bound proves
    FEASIBLE = "feasible"  # all passes done
    STOPPED = "stopped"  # the stop said so; plan and bound are the best so far


@dataclass(frozen=True, slots=True)
class TracePoint:
    """What was reached after so many seconds; micros."""

    seconds: float
    cost: int
    lower_bound: int


@dataclass(frozen=True, slots=True)
class Result:
    """A feasible plan with what it costs and how good it can be proved to be; money in micros."""

    status: Status
    stop_reason: str
    plan: AllocationPlan
    cost: int
    first_come_cost: int
    prices: Prices
    passes: int
    repeatable: bool
    trace: tuple[TracePoint, ...]
    large_orders_raise: int = 0  # what integer programs of large orders add to the bound that prices prove
    cost_step: int = 1  # every plan costs a multiple of it

    @property
    def lower_bound(self) -> int:
        """No plan of the problem costs less, in micros.

        What is proved, rounded up to what a plan can cost: a plan at or above a bound, whose cost is a
        multiple of `cost_step`, is at or above the next multiple too. The certificate has the bound of the
        prices alone, by its formula.
        """
        proved = self.prices.lower_bound + self.large_orders_raise
        return -(-proved // self.cost_step) * self.cost_step

    @property
    def gap(self) -> float:
        """(cost - bound) / cost; 0 when the plan costs nothing."""
        return (self.cost - self.lower_bound) / self.cost if self.cost > 0 else 0.0
