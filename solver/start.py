"""A warm start: what an earlier plan knew, in the terms of the problem that is planned now.

The next window has most of the orders of the last one, nearly the same stock, and so nearly the same prices.
Neither prices nor claims have to fit: any prices that are not negative prove a bound, and a claim is served
as far as the stock suffices. A start can therefore mislead the search, but never make a result wrong.
"""

from dataclasses import dataclass, field

import numpy as np

from solver.patterns import Bools, Patterns
from solver.problem import AllocationProblem, Int64s
from solver.validation import QTY_MAX


def _none() -> Int64s:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Start:
    """Prices to start from, and what orders took in the plan before.

    A claim is an order, a row and units: a stock row, or n_stock + a node for its capacity, as patterns
    have it. Claims may stand in any sequence; those of one order on one row add up. An order that claims no
    capacity of a node that has a limit is not served from there first.

    Raises
    ------
    ValueError
        When an array is no int64 of one axis, a price is negative, or claims are no triples.
    """

    stock: Int64s  # [h] micros, >= 0
    capacity: Int64s  # [n] micros, >= 0
    claim_order: Int64s = field(default_factory=_none)  # [c]
    claim_row: Int64s = field(default_factory=_none)  # [c]
    claim_qty: Int64s = field(default_factory=_none)  # [c] units, >= 1

    def __post_init__(self) -> None:
        for name in self.__slots__:
            values = getattr(self, name)
            if not (isinstance(values, np.ndarray) and values.dtype == np.int64 and values.ndim == 1):
                raise ValueError(f"{name}: must be an array of int64 with one axis")
        if min(self.stock.min(initial=0), self.capacity.min(initial=0)) < 0:
            raise ValueError("stock, capacity: prices must be at least 0")
        if not len(self.claim_order) == len(self.claim_row) == len(self.claim_qty):
            raise ValueError("claim_order, claim_row, claim_qty: must have as many entries each")
        if self.claim_qty.min(initial=1) < 1:
            raise ValueError("claim_qty: must be at least 1")

    def require_fits(self, problem: AllocationProblem) -> None:
        """Raise ValueError unless all prices and claims are of orders and rows of `problem`."""
        rows = problem.n_stock + problem.n_nodes
        if (len(self.stock), len(self.capacity)) != (problem.n_stock, problem.n_nodes):
            raise ValueError(
                f"stock, capacity: must have {problem.n_stock} and {problem.n_nodes} entries as the problem"
            )
        for name, values, end in (
            ("order", self.claim_order, problem.n_orders),
            ("row", self.claim_row, rows),
        ):
            if values.min(initial=0) < 0 or values.max(initial=-1) >= end:
                raise ValueError(f"claim_{name}: must be from 0 to {end - 1}")

    def prices(self, problem: AllocationProblem, binds: Bools) -> tuple[Int64s, Int64s]:
        """Cut prices to what can raise a bound; int64[h], int64[n], micros.

        Where nothing can run out (`binds`, bool[h + n]) a price only lowers it, and without a limit there is
        no supply that pays it back. Above what any unit or order is worth nobody buys.
        """
        paid = np.concatenate(([0], np.cumsum(problem.line_qty * problem.line_penalty)))
        unit_max = problem.line_penalty.max(initial=0)
        order_max = np.diff(paid[problem.order_ptr]).max(initial=0)
        return (
            np.minimum(self.stock, unit_max) * binds[: problem.n_stock],
            np.minimum(self.capacity, order_max) * binds[problem.n_stock :],
        )

    def claims(self, problem: AllocationProblem, binds: Bools) -> tuple[Patterns, Int64s]:
        """Grant claims on rows that could run out, first come first; in the sequence of orders.

        binds : bool[h + n].
        Returns a pattern for each order that claims anything, whose cost and key say nothing, and the orders
        that claim more than there is left, ascending.
        """
        supply = np.concatenate((problem.pos_free, problem.node_capacity))
        qty = np.minimum(self.claim_qty, QTY_MAX)
        by_row = np.lexsort((self.claim_order, self.claim_row))
        row, wanted = self.claim_row[by_row], qty[by_row]
        total = np.cumsum(wanted)
        before = total - wanted
        before -= before[np.searchsorted(row, row)]  # by earlier orders from the same row
        granted = np.empty_like(qty)
        granted[by_row] = np.clip(supply[row] - before, 0, wanted)

        orders = np.unique(self.claim_order)
        kept = np.flatnonzero(binds[self.claim_row] & (granted > 0))
        kept = kept[np.lexsort((self.claim_row[kept], self.claim_order[kept]))]
        patterns = Patterns(
            order=orders,
            cost=np.zeros(len(orders), np.int64),
            key=np.zeros(len(orders), np.int64),
            entry_ptr=np.searchsorted(self.claim_order[kept], np.append(orders, problem.n_orders)),
            row=self.claim_row[kept].astype(np.int32),
            qty=granted[kept],
        )
        return patterns, np.unique(self.claim_order[granted < qty])
