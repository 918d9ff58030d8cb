"""Serve orders from the units that patterns claim for them.

A pattern does not say which parcels it stands for. The exact search, shown only these units, finds parcels
that cost no more.
"""

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.jit import kernel
from solver.patterns import Bools, Patterns
from solver.plan_state import PlanState, release_order, take_parcels
from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Int64s
from solver.search import search_order

NO_COLUMN = -1


def serve_by_patterns(
    orders: Int64s,
    column: Int64s,
    patterns: Patterns,
    binds: Bools,
    problem: AllocationProblem,
    scratch: Scratch,
    plan: PlanState,
) -> None:
    """Serve orders anew, each from its column of `patterns` and from the rows that cannot run out.

    orders : int64, none too large for the exact search.   column : int64, one for each of them, or NO_COLUMN.
    binds : bool[h + n], the rows that patterns count.   plan : changed in place.
    """
    serve_claims(
        orders, column, patterns,
        np.where(binds[: problem.n_stock], 0, problem.pos_free),
        np.where(problem.node_capacity < UNLIMITED_PARCELS, 0, problem.node_capacity),
        np.zeros(problem.n_stock, np.int64), np.zeros(problem.n_nodes, np.int64),
        ProblemArrays.of(problem), scratch, plan,
    )  # fmt: skip


@kernel
def serve_claims(
    orders: Int64s,
    column: Int64s,
    patterns: Patterns,
    claim: Int64s,
    node_claim: Int64s,
    no_price: Int64s,
    no_node_price: Int64s,
    p: ProblemArrays,
    w: Scratch,
    plan: PlanState,
) -> None:
    """Serve orders anew, each from nothing but what its column takes.

    column : int64, one for each of `orders`, or NO_COLUMN to take nothing.   claim, node_claim : int64[h],
    int64[n], units shown to every order: 0 for the rows that columns count (scratch).
    """
    for order in orders:
        release_order(order, p, plan)
    n_stock = len(claim)
    for i in range(len(orders)):
        first, end = 0, 0
        if column[i] != NO_COLUMN:
            first, end = patterns.entry_ptr[column[i]], patterns.entry_ptr[column[i] + 1]
        for e in range(first, end):
            row = patterns.row[e]
            if row < n_stock:
                claim[row] += patterns.qty[e]
            else:
                node_claim[row - n_stock] += patterns.qty[e]
        n_out = 0
        if column[i] != NO_COLUMN:
            n_out = search_order(orders[i], p, claim, node_claim, no_price, no_node_price, w)[1]
        take_parcels(orders[i], n_out, p, w, plan)
        for e in range(first, end):
            row = patterns.row[e]
            if row < n_stock:
                claim[row] = 0
            else:
                node_claim[row - n_stock] = 0
