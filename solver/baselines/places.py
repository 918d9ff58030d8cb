"""Where things are and what they are: what rules look at and an allocation problem does not hold.

The optimiser needs none of this: what distance and kind are worth stands in a problem's costs. A rule goes by
them directly, so planning hands them over beside the problem.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.jit import kernel
from solver.problem import AllocationProblem, Int64s

Floats = npt.NDArray[np.float64]
EARTH_RADIUS_KM = 6371.0
NO_NODE = -1


class Places(NamedTuple):
    """Positions and kinds, indexed as in `AllocationProblem`; ``d`` destinations, ``n`` nodes."""

    destination: Floats  # [d, 3] unit vectors from the centre of the earth
    node: Floats  # [n, 3]
    node_kind: Int64s  # [n] rank of its kind; what that means is up to the rule that reads it
    own_node: Int64s  # [d] the node at which the customer collects, NO_NODE where goods are sent

    @classmethod
    def on_one_spot(cls, problem: AllocationProblem) -> "Places":
        """Return places that tell nodes apart by nothing: every rule falls back on the lower index."""
        n_destinations = problem.lane_band.shape[0]
        return cls(
            destination=np.zeros((n_destinations, 3)),
            node=np.zeros((problem.n_nodes, 3)),
            node_kind=np.zeros(problem.n_nodes, np.int64),
            own_node=np.full(n_destinations, NO_NODE, np.int64),
        )


@kernel
def distance_km(destination: int, node: int, places: Places) -> float:
    """Great-circle distance; the half chord is the sine of half the angle."""
    square = 0.0
    for axis in range(3):
        square += (places.destination[destination, axis] - places.node[node, axis]) ** 2
    return float(2 * EARTH_RADIUS_KM * np.arcsin(min(1.0, np.sqrt(square) / 2)))
