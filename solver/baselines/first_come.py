"""Each order in turn gets its own cheapest plan, exactly, on what the ones before it left.

The best that can be done order by order without a thought for the others, and what a sound real-time router
does: all costs count, weight steps and splits included. Every other rule here decides on less. What the
optimiser gains over it is the worth of looking at the day as a whole.
"""

from solver.baselines.places import Places
from solver.baselines.run import Server, serve_first_come
from solver.problem import AllocationProblem


def first_come(problem: AllocationProblem, _places: Places) -> Server:
    """Serve orders exactly, in the sequence of their arrival, at prices of zero."""
    return serve_first_come(problem)
