"""Prices of what there is too little of: where the search for prices begins.

Suppose a SKU's units lay all in one place. If more are asked for than there are, they clear at the value of
the first unit that goes without. A unit's value is what leaving it unfilled costs beyond sending it, which is
taken from what its order costs alone. Units lie in many places, so this is a start and no answer; but it
spares the search the long way up from nothing, which it would go in steps of a temperature.
"""

import numpy as np

from solver.problem import AllocationProblem, Int64s


def scarcity_prices(problem: AllocationProblem, least_cost: Int64s) -> Int64s:
    """Price the stock rows of every SKU that more units are asked for than there are.

    Parameters
    ----------
    problem : AllocationProblem
    least_cost : int64[o]
        Micros; what each order costs at prices of nothing, in competition with nobody.

    Returns
    -------
    int64[h]
        Micros, one price for all rows of a SKU; 0 where there is enough.
    """
    qty = problem.line_qty
    order = np.repeat(np.arange(problem.n_orders), np.diff(problem.order_ptr))
    units = np.maximum(1, np.bincount(order, qty, problem.n_orders))
    value = np.maximum(0, problem.line_penalty - (least_cost / units)[order])
    rows = np.minimum(problem.sku_ptr, problem.n_stock)  # an item made of others has none
    supply = np.diff(np.concatenate(([0], np.cumsum(problem.pos_free)))[rows])
    # Lines by SKU, the most valuable first; the units before each, within its SKU.
    by_value = np.lexsort((-value, problem.line_sku))
    sku = problem.line_sku[by_value]
    asked = np.cumsum(qty[by_value])
    first = np.searchsorted(sku, sku, side="left")
    within = asked - (asked - qty[by_value])[first]
    short = within > supply[sku]
    firsts, at = np.unique(sku[short], return_index=True)
    price = np.zeros(problem.n_skus)
    price[firsts] = value[by_value][short][at]
    row_sku = np.repeat(np.arange(problem.n_skus), np.diff(problem.sku_ptr))[: problem.n_stock]
    return np.rint(price[row_sku]).astype(np.int64)
