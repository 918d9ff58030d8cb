"""The nearest node that has something sends it; the next nearest sends what is still lacking.

The default of most shop platforms that know where their sources are: sources are sorted by distance to the
customer, and quantities are deducted from each in turn until the order is filled. It keeps transport short
and pays for it in parcels: a near node with one unit of three is still used first. What the nodes charge, and
who else will want the unit, plays no part.
"""

from solver.baselines.node_by_node import DISTANCE, node_by_node
from solver.baselines.places import Places
from solver.baselines.run import Server
from solver.problem import AllocationProblem


def nearest(problem: AllocationProblem, places: Places) -> Server:
    """Rank nodes by distance; ties go to the node that stands first."""
    return node_by_node(problem, places, (DISTANCE,))
