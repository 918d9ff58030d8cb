"""A restricted master over order patterns, solved block by block with OR-Tools.

Formulation
-----------
Let ``x[j]`` say that pattern ``j`` is used. Over the orders of a block, on the stock and capacity that the
others leave ::

    minimise    sum over j of cost[j] x[j] + sum over r of tail_cost[r] t[r]
    subject to  sum over the patterns of an order of x[j] <= 1      or it takes nothing
                sum over j of qty[j, r] x[j] <= left[r]             every row that could run out
                sum over j of qty[j, r] x[j] - t[r] <= max(0, left[r] - tail[r])
                x binary, t >= 0

(Barnhart et al. 1998, price and branch.) A plan's present patterns are among the columns, so the master never
makes it worse. Over order patterns the relaxation is almost integral, unlike the plain model of lines and
parcels. A whole day is too much for one program, so the master walks over **blocks**: orders that want the
same contested rows, grown around an order that pays far more than it would at the prices alone. Columns are
the patterns within a reach of their order's best at the prices.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from ortools.linear_solver.python import model_builder_helper
from scipy.sparse import bmat, csc_matrix, csr_matrix, identity, vstack

from solver.arrays import ProblemArrays, Scratch
from solver.claims import NO_COLUMN, serve_by_patterns
from solver.jit import kernel
from solver.patterns import Patterns, excess_at_prices, merge, patterns_of_plan, rows_that_bind
from solver.plan_state import PlanState
from solver.prices import Prices, limited_capacity
from solver.problem import AllocationProblem, Int64s
from solver.restricted_dual import most_wanted
from solver.search import too_large

Bools = npt.NDArray[np.bool_]
BLOCK_NODES, BLOCK_GAP = 50, 1e-4  # of the search tree of a block, and when it is good enough
# Limits that do not look at a clock, so that plans repeat. Ctrl-C is for the caller, who keeps what there is.
SCIP_PARAMETERS = "limits/gap={gap}\nlimits/nodes={nodes}\nmisc/catchctrlc=FALSE"
MICROS_PER_CENT = 10_000.0  # the program counts in cents, so that its tolerances mean something


class Columns(NamedTuple):
    """The patterns that a master may use, by order and by row. Axes: ``j`` columns, ``r`` rows."""

    patterns: Patterns
    order_ptr: Int64s  # [o+1]
    row_ptr: Int64s  # [r+1] columns that take of row r are row_column[row_ptr[r]:row_ptr[r+1]]
    row_column: Int64s
    is_contested: Bools  # [r] all orders together could take more than there is
    excess: Int64s  # [j] micros above the order's best at the prices


class Master:
    """Restricted masters over a plan, at given prices and patterns.

    Parameters
    ----------
    problem, patterns, prices
        `patterns` are all that are known.
    plan : PlanState
        Changed in place; its cost never rises.
    reach : int
        Micros by which a column may cost more than its order's best at the prices.
    threads : int
    rng : Generator
    nodes, gap
        When the search of a block ends: after so many nodes of its tree, or at so small a gap.
    columns_max : int, optional
        With more columns in reach, only so many of them are used, those nearest to their order's best. Beyond
        a few an order, they cost a program more time than they save.
    """

    def __init__(
        self,
        problem: AllocationProblem,
        patterns: Patterns,
        prices: Prices,
        plan: PlanState,
        reach: float,
        threads: int,
        rng: np.random.Generator,
        *,
        nodes: int = BLOCK_NODES,
        gap: float = BLOCK_GAP,
        columns_max: int | None = None,
    ) -> None:
        self.plan = plan
        self._limits = SCIP_PARAMETERS.format(nodes=nodes, gap=gap)
        self._problem = problem
        self._arrays = ProblemArrays.of(problem)
        self._scratch = Scratch.for_problem(problem)
        self._binds = rows_that_bind(problem)
        self._threads = threads
        self._rng = rng
        self._prices = np.concatenate((prices.stock, prices.capacity))
        arrays = self._arrays
        self._tail = np.concatenate((arrays.stock_tail, arrays.node_tail))
        self._tail_cost = np.concatenate((arrays.stock_tail_cost, arrays.node_tail_cost))
        self._tail_cost = np.where(self._tail > 0, self._tail_cost, 0)
        paid = np.concatenate(([0], np.cumsum(problem.line_qty * problem.line_penalty)))
        self._nothing = np.diff(paid[problem.order_ptr])
        self._fixed = too_large(self._arrays)
        present = patterns_of_plan(problem, plan, self._binds)
        self.columns = self._choose(patterns, present, reach, columns_max)
        self._takes = csc_matrix(
            (
                self.columns.patterns.qty.astype(np.float64),
                self.columns.patterns.row,
                self.columns.patterns.entry_ptr,
            ),
            shape=(len(self._binds), len(self.columns.patterns.order)),
            copy=True,  # adding up duplicates happens in place
        )
        self._takes.sum_duplicates()
        self._present = np.full(problem.n_orders, NO_COLUMN)
        find_columns(self.columns, present, self._present)
        self._visited = self._fixed.copy()

    def improve(self, size: int, at_once: int = 2) -> int:
        """Solve the masters of `at_once` blocks of about `size` orders each, on several threads.

        Returns how many blocks there were; 0 when no order pays more than it would at the prices, or all
        were visited since the last such answer.
        """
        blocks = []
        for _ in range(at_once):
            block = self._grow(size)
            if len(block):
                blocks.append(block)
        if not blocks:
            self._visited[:] = self._fixed
            return 0
        left = np.concatenate((self.plan.pos_left, self.plan.node_left)).astype(np.float64)
        programs = []
        for block in blocks:
            program = self._program(block, left)
            left -= program.could_take  # what several blocks could use goes to the first
            programs.append(program)
        with ThreadPoolExecutor(self._threads) as pool:
            for program, used in zip(programs, pool.map(_Program.solve, programs), strict=True):
                self._use(program, used)
        return len(blocks)

    def _choose(
        self, patterns: Patterns, present: Patterns, reach: float, columns_max: int | None
    ) -> Columns:
        excess, _ = excess_at_prices(patterns, self._nothing, self._prices)
        if columns_max is not None and columns_max < len(excess):
            reach = min(reach, np.partition(excess, columns_max)[columns_max])
        columns = merge(patterns.chosen(np.flatnonzero(excess <= reach)), present)
        excess, self._least = excess_at_prices(columns, self._nothing, self._prices)
        order_ptr = np.searchsorted(columns.order, np.arange(len(self._nothing) + 1))
        by_row = csc_matrix(
            (np.ones(len(columns.row), np.int8), columns.row, columns.entry_ptr),
            shape=(len(self._binds), len(columns.order)),
        ).tocsr()
        supply = np.concatenate((self._problem.pos_free, limited_capacity(self._problem)))
        return Columns(
            patterns=columns,
            order_ptr=order_ptr,
            row_ptr=by_row.indptr.astype(np.int64),
            row_column=by_row.indices.astype(np.int64),
            is_contested=self._binds & (most_wanted(order_ptr, columns, len(supply)) > supply),
            excess=excess,
        )

    def _grow(self, size: int) -> Int64s:
        """Grow a block around the order that loses most; its orders ascend, empty if none loses anything."""
        loss = self._nothing - self._least
        held = np.flatnonzero(self._present != NO_COLUMN)
        loss[held] = self.columns.excess[self._present[held]]
        loss[self._visited] = 0
        seed = int(np.argmax(loss)) if len(loss) else 0
        if not len(loss) or loss[seed] <= 0:
            return np.zeros(0, np.int64)
        block = np.zeros(size, np.int64)
        n = grow_block(seed, self._problem.n_stock, self.columns, self._visited, self._rng.random(), block)
        return np.sort(block[:n])

    def _program(self, block: Int64s, left: npt.NDArray[np.float64]) -> "_Program":
        begin, end = self.columns.order_ptr[block], self.columns.order_ptr[block + 1]
        count = end - begin
        block_ptr = np.concatenate(([0], np.cumsum(count)))
        column = np.repeat(begin - block_ptr[:-1], count) + np.arange(block_ptr[-1])
        takes = self._takes[:, column]
        present = self._present[block]
        held = np.asarray(self._takes[:, present[present != NO_COLUMN]].sum(axis=1)).ravel()
        free = left + held
        patterns = self.columns.patterns
        most = most_wanted(block_ptr, patterns.chosen(column), len(left)).astype(np.float64)
        rows = np.flatnonzero(most > free)
        before_tail = np.maximum(0.0, free - self._tail)
        tails = np.flatnonzero((self._tail_cost > 0) & (most > before_tail))
        of_order = np.repeat(np.arange(len(block)), count)
        one_each = csr_matrix((np.ones(len(column)), (of_order, np.arange(len(column)))))
        one_each.resize(len(block), len(column))
        return _Program(
            block=block,
            column=column,
            rows=rows,
            cost=np.concatenate(
                (patterns.cost[column] - self._nothing[patterns.order[column]], self._tail_cost[tails])
            )
            / MICROS_PER_CENT,
            matrix=bmat(
                [
                    [vstack([one_each, takes.tocsr()[rows]]), None],
                    [takes.tocsr()[tails], -identity(len(tails))],
                ]
                if len(tails)
                else [[vstack([one_each, takes.tocsr()[rows]])]]
            ).tocsr(),
            limit=np.concatenate((np.ones(len(block)), free[rows], before_tail[tails])),
            present=np.isin(column, present),
            could_take=np.clip(np.minimum(most, free) - held, 0.0, left),
            limits=self._limits,
        )

    def _use(self, program: "_Program", used: Int64s) -> None:
        """Serve the orders of a block by the columns that its master chose, if that is cheaper."""
        chosen = np.full(len(self._nothing), NO_COLUMN)
        chosen[self.columns.patterns.order[used]] = used
        changed = program.block[chosen[program.block] != self._present[program.block]]
        if not len(changed):
            return
        before, kept = self.plan.cost(), self.plan.copy()
        serve_by_patterns(
            changed,
            chosen[changed],
            self.columns.patterns,
            self._binds,
            self._problem,
            self._scratch,
            self.plan,
        )
        if self.plan.cost() > before:
            self.plan = kept
            return
        self._present[changed] = chosen[changed]


@dataclass(frozen=True, slots=True)
class _Program:
    """The integer program of one block."""

    block: Int64s  # orders, ascending
    column: Int64s  # [j]
    rows: Int64s  # the rows that could run out
    cost: npt.NDArray[np.float64]  # [j, then tails] cents; a column's above what its order costs unfilled
    matrix: csr_matrix  # [orders, rows, tails; j, then tails]
    limit: npt.NDArray[np.float64]  # [orders, rows, tails]
    present: Bools  # [j] as the plan has it
    could_take: npt.NDArray[np.float64]  # [r] of what is left, beside what the block holds
    limits: str  # SCIP's parameters

    def solve(self) -> Int64s:
        """Return the columns to use; those of the plan when the search finds nothing in its limits."""
        model = model_builder_helper.ModelBuilderHelper()
        n, n_tails, m = len(self.column), len(self.cost) - len(self.column), len(self.limit)
        most = np.concatenate((np.ones(n), np.full(n_tails, np.inf)))
        # Its stubs name the element type where numpy's have the shape.
        fill: Any = model.fill_model_from_sparse_data
        fill(np.zeros(len(most)), most, self.cost, np.full(m, -np.inf), self.limit, self.matrix)
        for j in range(n):
            model.set_var_integrality(j, True)
            model.add_hint(j, float(self.present[j]))
        solver = model_builder_helper.ModelSolverHelper("scip")
        solver.set_solver_specific_parameters(self.limits)
        solver.solve(model)
        if not solver.has_solution():
            return self.column[self.present]
        return self.column[np.array(solver.variable_values())[:n] > 0.5]


@kernel
def find_columns(columns: Columns, present: Patterns, column: Int64s) -> None:
    """Find the column that each of the plan's patterns is; column : int64[o], written."""
    for i in range(len(present.order)):
        order = present.order[i]
        for j in range(columns.order_ptr[order], columns.order_ptr[order + 1]):
            if columns.patterns.key[j] == present.key[i] and columns.patterns.cost[j] <= present.cost[i]:
                column[order] = j


@kernel
def grow_block(seed: int, n_stock: int, columns: Columns, visited: Bools, spin: float, block: Int64s) -> int:
    """Collect orders around `seed` that want the same contested rows, breadth first.

    Stock rows are followed first; capacities, which join very many orders, when those are used up.

    visited : bool[o], orders to pass over; those of the block are marked.   spin : in [0, 1), where the walk
    around a row begins.   block : int64[size], written. Returns the number of orders.
    """
    p = columns.patterns
    block[0] = seed
    visited[seed] = True
    n = 1
    for over_nodes in (False, True):
        at = 0
        while at < n and n < len(block):
            order = block[at]
            at += 1
            for j in range(columns.order_ptr[order], columns.order_ptr[order + 1]):
                for e in range(p.entry_ptr[j], p.entry_ptr[j + 1]):
                    row = p.row[e]
                    if not columns.is_contested[row] or (row >= n_stock) != over_nodes:
                        continue
                    first, end = columns.row_ptr[row], columns.row_ptr[row + 1]
                    begin = int(spin * (end - first))
                    for k in range(end - first):
                        other = p.order[columns.row_column[first + (begin + k) % (end - first)]]
                        if not visited[other] and n < len(block):
                            visited[other] = True
                            block[n] = other
                            n += 1
    return n
