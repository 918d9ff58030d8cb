"""A weighted sum of goals for every node: cost, distance, load and the stock that would be left.

The sourcing engines of the large suites offer goals with weights: what a parcel costs, how far it travels,
how full the node already is, how little stock it would keep. The node with the least sum sends all it can.
The weights give a scarce unit and a busy node a price, but one that is the same for every SKU and every node
and is set by hand: an optimiser finds each price from the orders of the day.
"""

from dataclasses import dataclass

import numpy as np

from solver.baselines.node_by_node import SCORE, node_by_node
from solver.baselines.places import Places
from solver.baselines.run import Server
from solver.problem import AllocationProblem

MICROS_PER_CENT = 10_000


@dataclass(frozen=True, slots=True)
class WeightedSumParams:
    """What each goal weighs; the sum is divided by the units that the node would send."""

    cost_percent: float = 100.0  # of the parcel's transport and handling
    cents_per_100_km: float = 10.0
    cents_at_full_load: float = 100.0  # at a node whose capacity is used up; half of that at half of it
    cents_for_the_last_unit: float = 200.0  # for each unit; half of that when it leaves as many as it takes

    def __post_init__(self) -> None:
        if min(self.in_micros()) < 0:
            raise ValueError("weights must be at least 0")

    def in_micros(self) -> tuple[float, float, float, float]:
        """Return the weights in the order in which `node_by_node` reads them."""
        return (
            self.cost_percent / 100,
            self.cents_per_100_km * MICROS_PER_CENT / 100,
            self.cents_at_full_load * MICROS_PER_CENT,
            self.cents_for_the_last_unit * MICROS_PER_CENT,
        )


def weighted_sum(
    problem: AllocationProblem, places: Places, params: WeightedSumParams | None = None
) -> Server:
    """Rank nodes by their weighted sum; ties go to the node that stands first."""
    weights = np.array((params or WeightedSumParams()).in_micros())
    return node_by_node(problem, places, (SCORE,), weights)
