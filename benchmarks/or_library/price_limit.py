"""How much any prices can prove, where orders of one unit compete for capacity or stock.

The Lagrangian bound at the best prices equals the linear relaxation of the assignment, because an order alone
takes its cheapest node: its relaxation has no fractional corner (Geoffrion 1974; Fisher 1981). So the gap
between that relaxation and the optimum is one that prices cannot close, whoever looks for them.
"""

from fractions import Fraction

from ortools.linear_solver import pywraplp

from benchmarks.or_library.read import Assignment, GeneralisedAssignment


def best_bound(instance: object) -> Fraction | None:
    """Solve the linear relaxation in the published unit; None where orders do not compete."""
    match instance:
        case GeneralisedAssignment(cost, use, capacity):
            return _relaxation(cost, use, capacity)
        case Assignment(cost):
            n = len(cost)
            return _relaxation([list(column) for column in zip(*cost, strict=True)], [[1] * n] * n, [1] * n)
    return None


def _relaxation(cost: list[list[Fraction]], use: list[list[int]], capacity: list[int]) -> Fraction:
    solver = pywraplp.Solver.CreateSolver("GLOP")
    m, n = len(cost), len(cost[0])
    share = [[solver.NumVar(0, 1, "") for _ in range(n)] for _ in range(m)]
    for j in range(n):
        solver.Add(sum(share[i][j] for i in range(m)) == 1)
    for i in range(m):
        solver.Add(sum(use[i][j] * share[i][j] for j in range(n)) <= capacity[i])
    solver.Minimize(sum(float(cost[i][j]) * share[i][j] for i in range(m) for j in range(n)))
    if solver.Solve() != pywraplp.Solver.OPTIMAL:
        raise ValueError("the relaxation has no solution: the instance has none either")
    return Fraction(solver.Objective().Value() - 1e-6)
