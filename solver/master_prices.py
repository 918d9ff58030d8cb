"""Prices from the linear program over known patterns: the last stage of the price search, where it is small.

Formulation
-----------
The relaxation of the restricted master (`columns`) over the patterns of all orders ::

    minimise    sum over j of cost[j] x[j] + sum over r of tail_cost[r] t[r]
    subject to  sum over the patterns of an order of x[j] <= 1      or it takes nothing
                sum over j of qty[j, r] x[j] <= supply[r]           every row that could run out
                sum over j of qty[j, r] x[j] - t[r] <= supply[r] - tail[r]
                x, t >= 0

The price of a row is what one more unit of it saves: minus the sum of its two duals. The second is at most
``tail_cost``, so the dual objective is ``worth`` of `prices`, tails included. Once no order has a pattern
that pays less at these prices than the program thinks it does, its value is the best bound that any prices
prove: column generation (Gilmore & Gomory 1961; Barnhart et al. 1998). The smoothed dual before it has found
nearly all patterns that matter, so a few rounds are enough.

A dual lies between prices that are rounded and a program in floating point; neither harms the bound, which
`PriceSearch` proves afresh, in integers, at the prices that come out.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.linear_solver.python import model_builder_helper
from scipy.sparse import bmat, csc_matrix, csr_matrix, identity, vstack

from solver.patterns import Patterns
from solver.problem import Int64s
from solver.restricted_dual import most_wanted

Floats = npt.NDArray[np.float64]
# A limit that does not look at a clock, so that prices repeat; GLOP's deterministic seconds.
GLOP_PARAMETERS = "max_deterministic_time: 20"
MICROS_PER_CENT = 10_000.0  # the program counts in cents, so that its tolerances mean something


@dataclass(frozen=True, slots=True)
class MasterPrices:
    """The optimum of the linear program: its value, and a price for each row; micros."""

    value: float
    prices: Floats  # [r] >= 0


def master_prices(
    patterns: Patterns, nothing: Int64s, supply: Int64s, tail: Int64s, tail_cost: Int64s, rows_max: int
) -> MasterPrices | None:
    """Solve the linear program over patterns.

    Parameters
    ----------
    patterns : Patterns
    nothing, supply, tail, tail_cost
        As in `restricted_dual.RestrictedDual`.
    rows_max : int
        More rows that could run out are not tried.

    Returns
    -------
    MasterPrices or None
        None with too many rows, or when GLOP reached its limit.
    """
    order_ptr = np.searchsorted(patterns.order, np.arange(len(nothing) + 1))
    most = most_wanted(order_ptr, patterns, len(supply))
    rows = np.flatnonzero(most > supply)
    tails = np.flatnonzero((tail > 0) & (tail_cost > 0) & (most > supply - tail))
    if len(rows) + len(tails) > rows_max:
        return None
    n = len(patterns.order)
    takes = csc_matrix(
        (patterns.qty.astype(np.float64), patterns.row, patterns.entry_ptr),
        shape=(len(supply), n),
        copy=True,  # adding up duplicates, two parcels from one node, happens in place
    )
    takes.sum_duplicates()
    by_row = takes.tocsr()
    one_each = csr_matrix((np.ones(n), (patterns.order, np.arange(n))), shape=(len(nothing), n))
    blocks = [[vstack([one_each, by_row[rows]])]]
    if len(tails):
        blocks = [[*blocks[0], None], [by_row[tails], -identity(len(tails))]]
    model = model_builder_helper.ModelBuilderHelper()
    cost = np.concatenate((patterns.cost - nothing[patterns.order], tail_cost[tails])) / MICROS_PER_CENT
    limit = np.concatenate((np.ones(len(nothing)), supply[rows], supply[tails] - tail[tails]))
    # Its stubs name the element type where numpy's have the shape.
    fill: Any = model.fill_model_from_sparse_data
    fill(
        np.zeros(len(cost)),
        np.full(len(cost), np.inf),
        cost,
        np.full(len(limit), -np.inf),
        limit.astype(np.float64),
        bmat(blocks).tocsr(),
    )
    solver = model_builder_helper.ModelSolverHelper("glop")
    solver.set_solver_specific_parameters(GLOP_PARAMETERS)
    solver.solve(model)
    status = model_builder_helper.SolveStatus
    if solver.status() in (status.MODEL_INVALID, status.INVALID_SOLVER_PARAMETERS, status.INFEASIBLE):
        raise RuntimeError(f"GLOP refused a program that is always feasible: {solver.status_string()}")
    if solver.status() != status.OPTIMAL:
        return None
    saved = np.maximum(0.0, -np.array(solver.dual_values()) * MICROS_PER_CENT)[len(nothing) :]
    prices = np.zeros(len(supply))
    prices[rows] += saved[: len(rows)]
    prices[tails] += saved[len(rows) :]
    return MasterPrices(float(nothing.sum()) + solver.objective_value() * MICROS_PER_CENT, prices)
