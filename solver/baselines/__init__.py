"""The rules that others use, to be measured against: one rule a file.

Every rule serves the orders in the sequence of their arrival on what the ones before left, and gives a plan
that is as feasible as the optimiser's; what it cannot serve stays unfilled.
"""

from collections.abc import Callable
from dataclasses import dataclass

from solver.baselines.fewest_parcels import fewest_parcels
from solver.baselines.first_come import first_come
from solver.baselines.nearest import nearest
from solver.baselines.places import Places
from solver.baselines.rule_list import rule_list
from solver.baselines.run import Server, run_rule
from solver.baselines.weighted_sum import weighted_sum
from solver.problem import AllocationProblem
from solver.solve import Result
from solver.stop import Progress


@dataclass(frozen=True, slots=True)
class Baseline:
    """A rule, and what it does in one line."""

    summary: str
    server: Callable[[AllocationProblem, Places], Server]


BASELINES: dict[str, Baseline] = {
    "first-come": Baseline("each order in turn, at its own least cost, exactly", first_come),
    "nearest": Baseline("the nearest node that has something, then the next nearest", nearest),
    "fewest-parcels": Baseline("as few parcels as possible, then as few kilometres", fewest_parcels),
    "rules": Baseline(
        "own stock, then who fills most, warehouses before stores before vendors, nearest", rule_list
    ),
    "weighted-sum": Baseline("the least sum of cost, distance, load and low stock, by weights", weighted_sum),
}


def solve_by_rule(
    name: str,
    problem: AllocationProblem,
    places: Places | None = None,
    threads: int = 2,
    on_progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Plan a problem by the rule of `BASELINES` that is called `name`.

    places : where things are; without them all stand on one spot.
    """
    places = places or Places.on_one_spot(problem)
    return run_rule(problem, BASELINES[name].server(problem, places), threads, on_progress)
