"""Hand a formulation to CP-SAT, SCIP or HiGHS, the solvers inside OR-Tools, as the very same model.

All three are reached through MathOpt: the HiGHS inside it lives beside the rest, where the `highspy` package
would clash with OR-Tools in one process. The model is filled from arrays, which MathOpt's modelling classes
cannot do for millions of columns.

Threads: CP-SAT runs as many workers, HiGHS may use as many threads. SCIP searches on one: with more, OR-Tools
starts its concurrent mode, which runs the same search with other seeds, tells nothing until it ends, and was
no better than one thread where we tried it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.core.python import solver as core
from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from benchmarks.peers.formulation import Floats, Formulation

SOLVERS = {
    "cp-sat": mathopt.SolverType.CP_SAT,
    "scip": mathopt.SolverType.GSCIP,
    "highs": mathopt.SolverType.HIGHS,
}


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver came to; objective values in units of the formulation's unit_micros."""

    status: str
    values: Floats | None  # [v], None when no solution was found
    bound: float


def to_proto(model: Formulation) -> model_pb2.ModelProto:
    """Write a formulation as MathOpt's model."""
    proto = model_pb2.ModelProto()
    columns, matrix = proto.variables, proto.linear_constraint_matrix
    columns.ids.extend(range(len(model.cost)))
    columns.lower_bounds.extend([0.0] * len(model.cost))
    columns.upper_bounds.extend(model.upper.tolist())
    columns.integers.extend([True] * len(model.cost))
    costly = np.flatnonzero(model.cost)
    proto.objective.linear_coefficients.ids.extend(costly.tolist())
    proto.objective.linear_coefficients.values.extend(model.cost[costly].tolist())
    proto.linear_constraints.ids.extend(range(len(model.row_lo)))
    proto.linear_constraints.lower_bounds.extend(model.row_lo.tolist())
    proto.linear_constraints.upper_bounds.extend(model.row_hi.tolist())
    matrix.row_ids.extend(model.entry_row.tolist())
    matrix.column_ids.extend(model.entry_col.tolist())
    matrix.coefficients.extend(model.entry_value.tolist())
    return proto


def solve_with(
    name: str,
    model: Formulation,
    *,
    seconds: float,
    threads: int,
    on_line: Callable[[str], None] | None = None,
) -> Solution:
    """Solve a formulation with a solver of `SOLVERS`, to optimality or until the time is over.

    on_line : told every line of the solver's log; HiGHS writes its own to the process's standard output.
    """
    is_highs = name == "highs"
    parameters = mathopt.SolveParameters(
        time_limit=timedelta(seconds=seconds),
        relative_gap_tolerance=0.0,
        enable_output=is_highs and on_line is not None,
    )
    if is_highs:
        # MathOpt refuses its own `threads` for HiGHS, and hands HiGHS's option on.
        parameters.highs = highs_pb2.HighsOptionsProto(
            int_options={"threads": threads}, double_options={"mip_min_logging_interval": 1.0}
        )
    else:
        parameters.threads = threads if name == "cp-sat" else 1

    def on_lines(lines: list[str]) -> None:
        for line in lines:
            on_line(line)

    result = core.solve(
        to_proto(model),
        SOLVERS[name].value,
        mathopt.StreamableSolverInitArguments().to_proto(),
        parameters.to_proto(),
        mathopt.ModelSolveParameters().to_proto(),
        None if is_highs or on_line is None else on_lines,
        mathopt.CallbackRegistration().to_proto(),
        None,
        None,
    )
    reason = mathopt.TerminationReason(result.termination.reason).name.lower()
    bound = result.termination.objective_bounds.dual_bound
    if not result.solutions:
        return Solution(reason, None, bound)
    found = result.solutions[0].primal_solution.variable_values
    values = np.zeros(len(model.cost))
    values[np.array(found.ids, np.int64)] = np.array(found.values)
    return Solution(reason, values, bound)
