"""Dual prices on stock and capacity, and the lower bound they prove.

Give every unit of a position a price ``lambda >= 0`` and every parcel of a node a price ``mu >= 0``, and let
each order choose alone, paying them (Lagrangian relaxation; Fisher 1981) ::

    bound(lambda, mu) = sum over orders of min(cost + sum lambda*units + sum mu*parcels)
                        - sum lambda*free - sum mu*capacity

For every feasible plan the prices paid are at most the prices of all there is, so no plan costs less than the
bound, whatever the prices. The sums are of integers, so the bound is exact and the same whoever adds them
up. An order too large for the exact search counts with `large_order.bound_large_order`.
"""

from dataclasses import dataclass

import numpy as np

from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Int64s
from solver.shards import ShardPool, ThreadShards, least_costs


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices and the lower bound they prove, all in micros."""

    stock: Int64s  # [p] >= 0
    capacity: Int64s  # [n] >= 0; 0 where capacity is unlimited
    lower_bound: int

    @classmethod
    def zero(cls, problem: AllocationProblem) -> "Prices":
        """Return prices of zero, as if nothing were scarce; costs are never negative, so 0 is a bound."""
        return cls(np.zeros(problem.n_stock, np.int64), np.zeros(problem.n_nodes, np.int64), 0)


def lower_bound(
    problem: AllocationProblem, pos_price: Int64s, node_price: Int64s, pool: ShardPool | None = None
) -> int:
    """Compute the bound that prices prove, exactly, in micros.

    pos_price, node_price : int64[p], int64[n], micros, >= 0; 0 where capacity is unlimited.
    pool : who prices the orders of `problem`; by default one thread.
    """
    total = int(least_costs(pool or ThreadShards(problem, 1), pos_price, node_price).sum())
    return total - int(pos_price @ problem.pos_free) - int(node_price @ limited_capacity(problem))


def limited_capacity(problem: AllocationProblem) -> Int64s:
    """Capacity in parcels, 0 where it is unlimited and so can have no price; int64[n]."""
    unlimited = problem.node_capacity >= UNLIMITED_PARCELS
    return np.where(unlimited, 0, problem.node_capacity)
