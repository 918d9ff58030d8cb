"""Published instances that are exact special cases of a batch of orders.

Plant location, generalised assignment, assignment and set covering from the OR-Library (Beasley 1990, JORS
41, 1069-1072; generalised assignment from Chu & Beasley 1997, Computers & OR 24, 17-23). `read` takes the
files, `as_orders` turns each instance into an `AllocationProblem` whose best plan costs what the instance's
best solution costs, and ``python -m benchmarks.or_library DIR`` solves them and sets the results beside the
published optima. The files themselves are not part of this project.
"""
