"""In which sequence orders are planned at prices: first those with most at stake.

At good prices many orders are torn between patterns that cost nearly the same, and others have one choice
that counts. Planned as they were placed, the torn take what the others cannot do without. So an order's stake
is what it pays at the prices, times the chance of its best pattern as the soft minimum sees it
(`restricted_dual`): who pays much and is sure goes first, and the torn take one of their many good choices
from what is left.
"""

import numpy as np

from solver.patterns import Patterns, excess_at_prices
from solver.problem import Int64s


def by_stake(patterns: Patterns, nothing: Int64s, prices: Int64s, temperature: float) -> Int64s:
    """Return all orders, those with most at stake first; ties as they were placed.

    nothing : int64[o], micros, what taking nothing costs.   prices : int64[h + n], micros.
    temperature : micros, > 0: patterns that much dearer are hardly a choice.
    """
    excess, least = excess_at_prices(patterns, nothing, prices)
    choices = np.exp((least - nothing) / temperature)
    choices += np.bincount(patterns.order, np.exp(-excess / temperature), len(nothing))
    return np.argsort(-(least / choices), kind="stable")
